"""A node of a real chain, as everybody in a campaign meets it: wallets that send, doors that fail, re-orgs, and at the end
what stands in its blocks, written down as the simulated chain would have written it.

The node is Foundry's anvil from npm; the token is compiled as for the server's own tests.
"""
from __future__ import annotations

import http.client
import json
import platform
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from world import Trouble, free_port

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = ("darwin" if sys.platform == "darwin" else "linux") + (
    "-arm64" if platform.machine() in ("arm64", "aarch64") else "-amd64"
)
ANVIL = ROOT / f"node_modules/@foundry-rs/anvil-{PLATFORM}/bin/anvil"
COMPILER = ROOT / "crates/proof-tests/tests/contract/evm/compile.mjs"
NETWORK = "ERC20"
CHAIN_ID = 31_337
READY_S = 15
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
GAS = 200_000
BLOCK_S = 1
GWEI = 10**9
# A transfer of ours counts as final after so many blocks; no re-org here is as deep.
CONFIRMATIONS = 8
REORG_MAX = 5
# More transfers than wallets make between two blocks and a re-org.
PAID_MAX = 2_000
# Of the calls through a door, in this order: refused, an answer of another program, lost after it was done, slow.
FAULTS = (("refuse", 2), ("page", 1), ("lose", 4), ("slow", 3))
SLOW_S = (0.5, 3.0)
# So often a liar says another height, by so much; and so often a door denies that it took a transfer.
LIE_PERCENT = 30
LIE_BLOCKS = 12
DENY_PERCENT = 30


def word(value: int | str) -> str:
    return (f"{value:x}" if isinstance(value, int) else value[2:].lower()).rjust(64, "0")


def number(text: str) -> int:
    return int(text, 16)


class Node:
    """The chain, asked directly: what is said here is true."""

    def __init__(self, folder: Path, seed: int):
        if not ANVIL.exists():
            raise Trouble(f"{ANVIL} is missing: run 'npm ci', or leave this network out with PROOF_WITHOUT=evm")
        folder.mkdir(parents=True)
        self.folder, self.port = folder, free_port()
        self.random = random.Random(f"node {seed}")
        self.lock = threading.Lock()
        self.paid: list[tuple[int, str, str, str, int]] = []
        """What wallets outside have sent: number, bytes, hash, recipient, amount."""
        self.seen: dict[str, int] = {}
        """When each block was first seen, in microseconds."""
        self.reorgs = self.restored = 0
        compiled = folder / "contracts.json"
        subprocess.run(["node", str(COMPILER), str(compiled)], check=True, stdout=subprocess.DEVNULL)
        token = json.loads(compiled.read_text())["Moody"]
        self.calls = token["calls"]
        self.process = subprocess.Popen([
            str(ANVIL), "--port", str(self.port), "--chain-id", str(CHAIN_ID), "--block-time", str(BLOCK_S), "--quiet",
            "--balance", "1000000",
        ])
        self.come_up()
        self.rich = self.rpc("eth_accounts")[0]
        made = self.rpc("eth_sendTransaction", {"from": self.rich, "data": token["code"], "gas": hex(3_000_000)})
        self.usdt = self.receipt(made)["contractAddress"]
        self.first = self.height() + 1
        self.nonce = number(self.rpc("eth_getTransactionCount", self.rich, "latest"))
        self.over = False
        threading.Thread(target=self.watch, daemon=True).start()

    def come_up(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            try:
                self.rpc("eth_chainId")
                return
            except OSError:
                time.sleep(0.05)
        raise Trouble(f"no node within {READY_S} s")

    def post(self, body: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/", body, {"content-type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def rpc(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        answer = json.loads(self.post(body))
        if "error" in answer:
            raise Trouble(f"{method}: {answer['error']}")
        return answer["result"]

    def height(self) -> int:
        return number(self.rpc("eth_blockNumber"))

    def receipt(self, hash: str) -> dict[str, Any]:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            found = self.rpc("eth_getTransactionReceipt", hash)
            if found is not None:
                return dict(found)
            time.sleep(0.1)
        raise Trouble(f"{hash} is not mined")

    def watch(self) -> None:
        """When blocks come: a re-org gives them times of their own choice."""
        while not self.over:
            block = self.rpc("eth_getBlockByNumber", "latest", False)
            # A re-org in between takes it away.
            while block and block["hash"] not in self.seen and number(block["number"]) >= self.first:
                self.seen[block["hash"]] = time.time_ns() // 1_000
                block = self.rpc("eth_getBlockByHash", block["parentHash"], False)
            try:
                self.tell_again()
            except Trouble:
                pass  # A block came in between: the next look says whether it is there.
            time.sleep(0.2)

    def tell_again(self) -> None:
        """A node forgets what it believes to be out of its turn after a re-org; then the rest waits behind it."""
        with self.lock:
            done = number(self.rpc("eth_getTransactionCount", self.rich, "latest"))
            for nonce, raw, hash, *_ in self.paid[-PAID_MAX:]:
                if nonce == done and self.rpc("eth_getTransactionByHash", hash) is None:
                    self.rpc("eth_sendRawTransaction", raw)
                    self.restored += 1

    # Wallets outside

    def send(self, to: str, wei: int = 0, token: int = 0) -> str:
        """One transfer of ETH or of the token. It is in a block when this returns."""
        data = f"0x{self.calls['transfer(address,uint256)']}{word(to)}{word(token)}" if token else "0x"
        with self.lock:
            signed = self.rpc("eth_signTransaction", {
                "from": self.rich, "to": self.usdt if token else to, "value": hex(wei), "data": data,
                "nonce": hex(self.nonce), "gas": hex(GAS), "maxFeePerGas": hex(100 * GWEI),
                "maxPriorityFeePerGas": hex(GWEI), "chainId": hex(CHAIN_ID),
            })
            raw = signed if isinstance(signed, str) else signed["raw"]
            hash = str(self.rpc("eth_sendRawTransaction", raw))
            self.paid.append((self.nonce, raw, hash, to, token))
            self.nonce += 1
        return hash

    def reorg(self) -> None:
        """The last blocks are others. Wallets send again what is not there any more; ours does so itself."""
        depth = self.random.randint(1, REORG_MAX)
        with self.lock:
            if self.height() <= self.first + depth:
                return
            # A block that is mined in the middle of it leaves a chain with a hole.
            self.rpc("evm_setIntervalMining", 0)
            self.rpc("anvil_reorg", depth, [])
            self.reorgs += 1
            newest = self.height()
            lost = [n for n in range(newest - depth, newest) if not self.rpc("eth_getBlockByNumber", hex(n), False)]
            if lost:
                raise Trouble(f"the node has lost its blocks {lost}: it is no chain any more")
            done = number(self.rpc("eth_getTransactionCount", self.rich, "latest"))
            for nonce, raw, hash, *_ in self.paid:
                if nonce >= done:
                    self.restored += 1
                    try:
                        self.rpc("eth_sendRawTransaction", raw)
                    except Trouble:
                        # It waits there still.
                        if self.rpc("eth_getTransactionByHash", hash) is None:
                            raise
            self.rpc("evm_setIntervalMining", BLOCK_S)

    def stop(self) -> None:
        self.over = True
        self.process.kill()
        self.process.wait()

    # What stands in the blocks

    def spelt(self, address: str) -> str:
        """With the checksum in its capitals (EIP-55)."""
        plain = address[2:].lower()
        digest = self.rpc("web3_sha3", "0x" + plain.encode().hex())[2:]
        return "0x" + "".join(c.upper() if int(d, 16) > 7 else c for c, d in zip(plain, digest))

    def balances(self, addresses: set[str]) -> dict[str, dict[str, str]]:
        call = self.calls["balanceOf(address)"]
        ask = lambda owner: self.rpc("eth_call", {"to": self.usdt, "data": f"0x{call}{word(owner)}"}, "latest")
        return {owner: {"USDT": str(number(ask(owner)))} for owner in sorted(addresses)}

    def movements(self, wallet: str) -> list[dict[str, Any]]:
        """Each transfer of the chain that stands now, as lines of a journal; `wallet` is ours."""
        lines: list[dict[str, Any]] = []
        for height in range(self.first, self.height() + 1):
            block = self.rpc("eth_getBlockByNumber", hex(height), True)
            receipts = {one["transactionHash"]: one for one in self.rpc("eth_getBlockReceipts", hex(height))}
            at = self.seen.get(block["hash"]) or number(block["timestamp"]) * 1_000_000
            for sent in block["transactions"]:
                lines += self.moved(sent, receipts[sent["hash"]], at, wallet)
        return lines

    def moved(self, sent: dict[str, Any], receipt: dict[str, Any], at: int, wallet: str) -> list[dict[str, Any]]:
        moves = [
            ("USDT", self.spelt("0x" + log["topics"][2][-40:]), number(log["data"]))
            for log in receipt["logs"]
            if log["address"].lower() == self.usdt.lower() and log["topics"][0] == TRANSFER
        ]
        if number(sent["value"]):
            moves.append(("ETH", self.spelt(sent["to"]), number(sent["value"])))
        sender = self.spelt(sent["from"])
        lines: list[dict[str, Any]] = []
        for ticker, recipient, base in moves:
            if recipient == wallet and sender != wallet:
                # The operator's own: nobody else pays to the wallet itself here.
                lines.append({"type": "faucet", "at": at, "address": wallet, "ticker": ticker, "base": str(base)})
                continue
            fee = number(receipt["gasUsed"]) * number(receipt["effectiveGasPrice"])
            body: dict[str, Any] = {
                "sender": sender, "recipient": recipient, "ticker": ticker, "base": str(base), "fee": str(fee),
            }
            if sender == wallet:
                body["nonce"] = number(sent["nonce"])
            kind = "received" if sender == wallet else "sent"
            lines.append({"type": kind, "at": at, "hash": sent["hash"], "body": body})
        if sender == wallet and len(moves) != 1:
            raise Trouble(f"{sent['hash']} of ours moves {len(moves)} times")
        return lines


@dataclass
class Door:
    """One operator's node: the same chain behind a line that fails, and sometimes a lie."""

    node: Node
    lies: bool
    random: random.Random
    port: int = field(default_factory=free_port)
    is_well: bool = True
    asked: int = 0
    failed: int = 0
    lied: int = 0
    denied: int = 0
    made_up: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Blocks that nobody made, by their height: asked again, it says the same."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                answer = door.answer(body)
                if answer is None:
                    self.close_connection = True
                    return
                status, text = answer
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Whoever asked has given up meanwhile."""

        server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def fault(self) -> str | None:
        self.asked += 1
        if self.is_well:
            return None
        throw = self.random.randrange(100)
        for name, percent in FAULTS:
            throw -= percent
            if throw < 0:
                self.failed += 1
                return name
        return None

    def answer(self, body: bytes) -> tuple[int, bytes] | None:
        """`None`: the line breaks."""
        fault = self.fault()
        if fault == "refuse":
            return (503, b"")
        if fault == "page":
            return (200, b"<html>busy</html>")
        if fault == "slow":
            time.sleep(self.random.uniform(*SLOW_S))
        text = self.node.post(body)
        if fault == "lose":
            return None
        return (200, self.said(body, text))

    def said(self, body: bytes, text: bytes) -> bytes:
        """What passes for the truth. A liar's heights agree with each other, however it is asked about them."""
        asked = json.loads(body)
        if self.is_well or not isinstance(asked, dict):
            return text
        method, throw = asked.get("method"), self.random.randrange(100)
        if method == "eth_sendRawTransaction" and throw < DENY_PERCENT:
            self.denied += 1
            error = {"code": -32000, "message": self.random.choice(["already known", "nonce too low"])}
            return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
        if method == "eth_getBlockByNumber" and self.lies:
            block = self.another(asked["params"], throw, json.loads(text).get("result"))
            if block is not None:
                self.lied += 1
                return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": block}).encode()
        return text

    def another(self, params: list[Any], throw: int, newest: dict[str, Any] | None) -> dict[str, Any] | None:
        """An older block as the newest one, or one that nobody made yet."""
        if params[0] != "latest":
            return self.made_up.get(params[0])
        if throw >= LIE_PERCENT or newest is None:
            return None
        height = max(number(newest["number"]) + self.random.choice([-1, 1]) * self.random.randint(1, LIE_BLOCKS), 0)
        if height <= number(newest["number"]):
            return dict(self.node.rpc("eth_getBlockByNumber", hex(height), params[1]))
        made = {**newest, "number": hex(height), "hash": f"0x{self.random.getrandbits(256):064x}", "transactions": []}
        return self.made_up.setdefault(hex(height), made)
