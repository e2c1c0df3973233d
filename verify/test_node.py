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
        return json.dumps({"id": json.loads(body)["id"], "result": "0x64"}).encode()


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
    def ask(self, method: str, lies: bool, is_well: bool) -> list[Any]:
        door = Door(Silent(), lies, random.Random(1), port=1, is_well=is_well)
        body = json.dumps({"id": 1, "method": method}).encode()
        with patch("time.sleep"):
            return [door.answer(body) for _ in range(200)]

    def test_a_healthy_door_changes_nothing(self) -> None:
        told = self.ask("eth_blockNumber", True, True)
        self.assertEqual({text for _, text in told}, {b'{"id": 1, "result": "0x64"}'})

    def test_a_liars_heights_differ_and_what_it_took_it_denies(self) -> None:
        heights = {json.loads(one[1]).get("result") for one in self.ask("eth_blockNumber", True, False) if one and one[1][:1] == b"{"}
        self.assertGreater(len(heights), 10)
        errors = [one for one in self.ask("eth_sendRawTransaction", True, False) if one and b"error" in one[1]]
        self.assertGreater(len(errors), 10)


if __name__ == "__main__":
    unittest.main()
