#!/usr/bin/env python3
"""The campaign on a real node: many users, re-orgs, nodes that fail or lie, and the question where the money is.

    python3 verify/node_campaign.py [--binary PATH] [--seed N] [--orders N] [--concurrency N] [--faults SECONDS] [--data DIR]

Starts the real binary with a chain of its own behind three nodes (doors to one anvil), which fail and deny, one of which lies, and
takes back up to five blocks again and again. Users buy and sell through the HTTP surface. Then the faults stop, everything
must come to its end, and the oracle judges: what it reads of this chain was written from the chain's blocks alone, after the
end. Exit status: 0 all agree, 1 something is wrong, and then the folder is kept.
"""
from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from campaign import REFUSE_PERCENT, ROOT, Campaign, leave_nothing_behind, verdict
from node import CHAIN_ID, CONFIRMATIONS, NETWORK, Door, Node
from owner import hot_wallet, take_in
from people import STORIES, Deposit, Notes, Person
from world import Lost, Product, Receiver, Trouble, is_empty

ASSET = ("USDT", NETWORK)
# What needs another chain, or a chain that does as it is told.
ELSEWHERE = ("other-network", "other-token", "deposit-reorged")
FUNDS_ETH, FUNDS_USDT = 1_000 * 10**18, 100_000_000 * 10**6
# Between two re-orgs.
REORG_S = (4.0, 12.0)


class Trader(Person):
    """One whose wallet is on the node."""

    node: Node
    stories = tuple(replace(story, assets=(ASSET,)) for story in STORIES if story.name not in ELSEWHERE)

    def transfer(self, deposit: Deposit, where: str) -> str:
        return self.node.send(where, token=int(deposit.amount * 10**6))

    def history(self, deposit: Deposit, where: str) -> list[str]:
        base = int(deposit.amount * 10**6)
        return [hash for _, _, hash, to, sent in self.node.paid if (to, sent) == (where, base)]


@dataclass
class NodeCampaign(Campaign):
    node: Node | None = None
    doors: tuple[Door, ...] = ()
    faults_s: float = 0
    wallet: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What stood in the chain's blocks at the end."""

    def chain(self) -> Node:
        assert self.node is not None
        return self.node

    def kill(self) -> None:
        """Nobody is killed here: for so long the nodes fail and blocks are taken back."""
        chance = random.Random(f"re-orgs {self.seed}")
        until = time.monotonic() + self.faults_s
        while time.monotonic() < until and self.ended < self.orders:
            self.product.watch(chance.uniform(*REORG_S))
            self.chain().reorg()
        for door in self.doors:
            door.is_well = True

    def fund(self) -> None:
        """The wallet's chain is read from its first deposit address on; what comes then is the owner's by two people's word."""
        first = Trader(self.product, self.notes, 0, self.seed)
        first.story = next(story for story in Trader.stories if story.name == "sell-cancelled")
        first.asset = ASSET
        self.people.append(first)
        first.run()
        self.wallet = hot_wallet(self.product, NETWORK)
        self.chain().send(self.wallet, wei=FUNDS_ETH)
        self.chain().send(self.wallet, token=FUNDS_USDT)
        take_in(self.product, 2)

    def ask_chains(self, path: Path) -> None:
        super().ask_chains(path)
        said: dict[str, Any] = json.loads(path.read_text())
        moved = self.chain().movements(self.wallet)
        said[NETWORK] = self.chain().balances({line["body"]["recipient"] for line in moved if "body" in line})
        path.write_text(json.dumps(said))
        self.lines = [{"type": "genesis", "at": min(self.chain().seen.values())}, *moved]

    def judge(self, balances: Path) -> None:
        journal = self.product.data / "sandbox" / "chains" / NETWORK / "journal.jsonl"
        journal.write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        if not all(sum(getattr(door, told) for door in self.doors) for told in ("failed", "lied")):
            raise Trouble("no node failed or lied: nothing was tried")
        super().judge(balances)

    def summary(self, seconds: float) -> str:
        asked, failed = sum(door.asked for door in self.doors), sum(door.failed for door in self.doors)
        lied, denied = sum(door.lied for door in self.doors), sum(door.denied for door in self.doors)
        node = self.chain()
        return (
            f"{super().summary(seconds)}; on {NETWORK}: {node.reorgs} re-orgs, after which wallets sent {node.restored}"
            f" transfers again, {failed} of {asked} calls to nodes failed, {lied} named another height, and {denied} times"
            f" a node denied what it had taken"
        )


def networks(path: Path, node: Node, doors: tuple[Door, ...]) -> None:
    path.write_text(
        f'[networks.{NETWORK}]\nadapter = "evm"\nrpc = {json.dumps([door.url for door in doors])}\n'
        f'chain_id = {CHAIN_ID}\ntokens = {{ USDT = "{node.usdt}" }}\nconfirmations = {CONFIRMATIONS}\n'
        'fee_gwei_max = 80\npoll_ms = 1000\nexplorer = "http://127.0.0.1:9"\n'
    )


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Users on a real node, re-orgs, and the question where the money is.")
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "proof"
    parser.add_argument("--binary", type=Path, default=built)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=54)
    parser.add_argument("--concurrency", type=int, default=27, help="users at the same time")
    parser.add_argument("--faults", type=float, default=120, help="for so many seconds, or until all are done")
    parser.add_argument("--data", type=Path, help="an empty folder; a fresh one that goes unless something is wrong")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    args = arguments(argv)
    data = args.data or Path(tempfile.mkdtemp(prefix="proof-node-campaign-"))
    if not is_empty(data):
        print(f"{data} is not empty", file=sys.stderr)
        return 2
    data.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    node = Node(data / "node", args.seed)
    doors = tuple(Door(node, index == 2, random.Random(f"door {args.seed} {index}")) for index in range(3))
    for door in doors:
        door.open()
    networks(data / "networks.toml", node, doors)
    receiver = Receiver(data / "webhooks.jsonl", REFUSE_PERCENT, args.seed)
    product = Product(args.binary.resolve(), data, receiver, ("--networks", str(data / "networks.toml")))
    Trader.node = node
    campaign = NodeCampaign(
        product, Notes(data / "orders.jsonl"), args.seed, args.orders, 0, who=Trader,
        node=node, doors=doors, faults_s=args.faults,
    )
    leave_nothing_behind(product)
    product.spawn()
    try:
        product.come_up()
        campaign.fund()
        for door in doors:
            door.is_well = False
        campaign.run(args.concurrency)
        campaign.settle(False, data / "balances.json")
        product.stop()
        campaign.judge(data / "balances.json")
    except (Trouble, Lost) as error:
        campaign.troubles.append(str(error))
        product.stop()
    finally:
        node.stop()
    return verdict(campaign, data, args.data is not None, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
