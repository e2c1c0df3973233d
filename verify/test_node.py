"""What is read from a chain's blocks, without a node."""
from __future__ import annotations

import json
import random
import unittest
from typing import Any
from unittest.mock import patch

from node import TRANSFER, Door, Node
from world import Trouble

TOKEN, OURS, RICH, USER = ("0x" + digit * 40 for digit in "1234")


class Silent(Node):
    def __init__(self) -> None:
        self.usdt = TOKEN

    def spelt(self, address: str) -> str:
        return address

    def post(self, body: bytes) -> bytes:
        asked = json.loads(body)
        said: Any = "0x64"
        if asked["method"] == "eth_getBlockByNumber":
            height = 100 if asked["params"][0] == "latest" else int(asked["params"][0], 16)
            said = {"number": hex(height), "hash": f"0x{height}"} if height <= 100 else None
        return json.dumps({"id": asked.get("id"), "result": said}).encode()


def moved(sender: str, value: int = 0, to: str = TOKEN, *logs: tuple[str, str, int]) -> list[dict[str, Any]]:
    told = [
        {"address": token, "topics": [TRANSFER, "", "0x" + "0" * 24 + owner[2:]], "data": hex(base)}
        for token, owner, base in logs
    ]
    sent = {"hash": "0xaa", "from": sender, "to": to, "value": hex(value), "nonce": "0x7"}
    receipt = {"logs": told, "gasUsed": "0xa", "effectiveGasPrice": "0x3"}
    return Silent().moved(sent, receipt, 5, OURS)


class Blocks(unittest.TestCase):
    def test_what_we_sign_has_a_number_and_a_fee(self) -> None:
        (line,) = moved(OURS, 0, TOKEN, (TOKEN, USER, 9))
        self.assertEqual(line["type"], "received")
        body = {"sender": OURS, "recipient": USER, "ticker": "USDT", "base": "9", "fee": "30", "nonce": 7}
        self.assertEqual(line["body"], body)
        (line,) = moved(OURS, 4, USER)
        self.assertEqual((line["body"]["ticker"], line["body"]["base"]), ("ETH", "4"))

    def test_what_comes_to_the_wallet_is_the_operators_and_all_else_a_users(self) -> None:
        (line,) = moved(RICH, 0, TOKEN, (TOKEN, OURS, 9))
        self.assertEqual(line, {"type": "faucet", "at": 5, "address": OURS, "ticker": "USDT", "base": "9"})
        (line,) = moved(RICH, 0, TOKEN, (TOKEN, USER, 9))
        self.assertEqual((line["type"], "nonce" in line["body"]), ("sent", False))

    def test_another_token_is_no_money_and_ours_moves_once(self) -> None:
        self.assertEqual(moved(RICH, 0, TOKEN, (USER, USER, 9)), [])
        for logs in ([], [(TOKEN, USER, 1), (TOKEN, RICH, 2)]):
            with self.assertRaises(Trouble):
                moved(OURS, 0, TOKEN, *logs)


class Doors(unittest.TestCase):
    def door(self, lies: bool, is_well: bool) -> Door:
        return Door(Silent(), lies, random.Random(1), port=1, is_well=is_well)

    def ask(self, door: Door, method: str, *params: Any) -> Any:
        """Again where it fails: `None` if it says that there is nothing."""
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        with patch("time.sleep"):
            while True:
                answer = door.answer(body)
                if answer is not None and answer[1][:1] == b"{":
                    said = json.loads(answer[1])
                    return said.get("error") or said["result"]

    def test_a_healthy_door_changes_nothing(self) -> None:
        door = self.door(True, True)
        heights = {self.ask(door, "eth_getBlockByNumber", "latest", False)["number"] for _ in range(200)}
        self.assertEqual(heights, {"0x64"})
        self.assertEqual({self.ask(door, "eth_sendRawTransaction", "0x") for _ in range(200)}, {"0x64"})
        self.assertEqual((door.lied, door.denied), (0, 0))

    def test_a_liars_heights_are_below_and_above_and_stay_what_they_were(self) -> None:
        door = self.door(True, False)
        said = [self.ask(door, "eth_getBlockByNumber", "latest", False) for _ in range(200)]
        heights = {int(block["number"], 16) for block in said}
        self.assertTrue(min(heights) < 100 < max(heights), heights)
        self.assertGreater(len(heights), 10)
        for block in said:
            there = self.ask(door, "eth_getBlockByNumber", block["number"], False)
            self.assertEqual(there["hash"], block["hash"])
        self.assertGreater(door.lied, 20)
        honest = self.door(False, False)
        told = {self.ask(honest, "eth_getBlockByNumber", "latest", False)["number"] for _ in range(200)}
        self.assertEqual(told, {"0x64"})

    def test_what_any_door_took_it_may_deny(self) -> None:
        door = self.door(False, False)
        said = [self.ask(door, "eth_sendRawTransaction", "0x") for _ in range(200)]
        words = {one["message"] for one in said if isinstance(one, dict)}
        self.assertEqual(words, {"already known", "nonce too low"})
        self.assertGreater(door.denied, 20)


if __name__ == "__main__":
    unittest.main()
