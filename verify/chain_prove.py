#!/usr/bin/env python3
"""`proof chain prove` as an operator meets it, on a real node.

    python3 verify/chain_prove.py [--binary PATH]

A network is proven with an empty hot wallet first, which is refused with what is missing; then the command dies between a
signature and its end, and another one goes on. What counts is what stands in the chain's blocks: one transfer of each coin, and no
second one. Exit status: 0 all is so, 1 something is not, and then the folder is kept.
"""
from __future__ import annotations

import argparse
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from node import CHAIN_ID, NETWORK, Node
from owner import hot_wallet, take_in
from world import Product, Receiver, Trouble

ROOT = Path(__file__).resolve().parent.parent
# Blocks come every second.
CONFIRMATIONS = 2
FUNDS_ETH, FUNDS_USDT = 10**18, 100 * 10**6
# What the user's own wallet sends: more than the least, so that nobody can take it for what was sent out.
GIFT_ETH, GIFT_USDT = 2 * 10**14, 30_000
LINE_S = 60


class Proving:
    """The command while it runs, line by line."""

    def __init__(self, product: Product, config: Path):
        command = [
            str(product.binary), "chain", "prove", NETWORK, "--config", str(config), "--as", "alice",
        ]
        environment = {**os.environ, "NO_COLOR": "1", "RUST_BACKTRACE": "0"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        )
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.said: list[str] = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip())
        self.lines.put(None)

    def until(self, pattern: str) -> re.Match[str]:
        """The next line that is so."""
        end = time.monotonic() + LINE_S
        while True:
            try:
                line = self.lines.get(timeout=max(end - time.monotonic(), 0.01))
            except queue.Empty:
                line = None
            if line is None:
                raise Trouble(f"it never said {pattern!r}:\n" + "\n".join(self.said))
            self.said.append(line)
            found = re.search(pattern, line)
            if found:
                return found

    def die(self) -> None:
        self.process.kill()
        self.process.wait()


def written(path: Path, data: Path, node: Node) -> tuple[Path, Path]:
    """The node as `proof dev` and as `proof chain prove` are told of it."""
    networks, config = path / "networks.toml", path / "proof.toml"
    database = json.dumps("sqlite:" + str(data / "proof.db"))
    networks.write_text(
        f'[networks.{NETWORK}]\nadapter = "evm"\nrpc = ["http://127.0.0.1:{node.port}"]\nchain_id = {CHAIN_ID}\n'
        f'tokens = {{ USDT = "{node.usdt}" }}\nconfirmations = {CONFIRMATIONS}\nfee_gwei_max = 80\npoll_ms = 250\n'
        'explorer = "http://127.0.0.1:9"\n'
    )
    config.write_text(
        'listen = "127.0.0.1:0"\nbase_url = "http://127.0.0.1:8080"\n'
        f'database = {database}\nsigner = {json.dumps(str(data / "signer"))}\n'
        # Nobody listens there: a proof is between the operator, the signer and the nodes.
        '[sandbox]\ncards_url = "http://127.0.0.1:9"\nworld_url = "http://127.0.0.1:9"\nkey = "unused"\n'
        f'[[operators]]\nname = "alice"\n{networks.read_text()}'
    )
    return networks, config


def same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Trouble(f"{what}: {found}, and not {wanted}")


def prove(product: Product, node: Node, config: Path) -> None:
    """Up and down: on SQLite the server stands still while a network is proven."""
    product.spawn()
    product.come_up()
    product.stop()
    status = [str(product.binary), "chain", "status", "--config", str(config)]
    told = lambda: subprocess.run(status, capture_output=True, text=True, check=True).stdout
    if f"unproven; run proof chain prove {NETWORK}" not in told():
        raise Trouble(f"nobody proved it yet: {told()}")

    empty = Proving(product, config)
    address = empty.until(r"^    (0x[0-9a-fA-F]{40})$")[1]
    empty.until("fund the hot wallet first")
    same("its exit status", empty.process.wait(LINE_S), 1)
    if "the proof has begun" not in told():
        raise Trouble(f"it has begun: {told()}")

    wallet = hot_wallet(product, NETWORK)
    node.send(wallet, wei=FUNDS_ETH)
    node.send(wallet, token=FUNDS_USDT)
    product.spawn()
    product.come_up()
    take_in(product, 2)
    product.stop()

    first = Proving(product, config)
    same("the address after a death", first.until(r"^    (0x[0-9a-fA-F]{40})$")[1], address)
    signed = {first.until(r"out: signed, (0x\w+)")[1] for _ in range(2)}
    first.die()
    second = Proving(product, config)
    same("what was signed", {second.until(r"out: signed, (0x\w+)")[1] for _ in range(2)}, signed)
    node.send(address, wei=GIFT_ETH)
    node.send(address, token=GIFT_USDT)
    second.until(rf"^{NETWORK} is proven")
    same("its exit status", second.process.wait(LINE_S), 0)
    for line in ("ETH/ERC20 out: final", "USDT/ERC20 out: final", "ETH/ERC20 in:  final", "USDT/ERC20 in:  final"):
        same(f"how often it said {line}", sum(line in said for said in second.said), 1)
    if "proven 2" not in told() or "by alice" not in told():
        raise Trouble(f"it is proven: {told()}")

    third = Proving(product, config)
    third.until(rf"^{NETWORK} is proven")
    same("its exit status", third.process.wait(LINE_S), 0)
    moved = [line for line in node.movements(wallet) if line.get("body", {}).get("recipient") == address]
    ours = {line["hash"] for line in moved if line["type"] == "received"}
    same("what the wallet sent", ours, signed)
    same("what came to the address", len(moved), 4)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="`proof chain prove` on a real node.")
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "proof"
    parser.add_argument("--binary", type=Path, default=built)
    args = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="proof-chain-prove-"))
    data = folder / "data"
    data.mkdir()
    node = Node(folder / "node", 1)
    networks, config = written(folder, data, node)
    product = Product(args.binary.resolve(), data, Receiver(folder / "webhooks.jsonl", 0, 1), ("--networks", str(networks)))
    try:
        prove(product, node, config)
    except (Trouble, subprocess.SubprocessError) as error:
        print(f"{error}\neverything is in {folder}")
        return 1
    finally:
        if product.process is not None:
            product.process.kill()
        node.stop()
    shutil.rmtree(folder)
    print("chain prove: one transfer of each coin each way, over a death, and no second one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
