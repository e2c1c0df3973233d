#!/usr/bin/env python3
"""The crash campaign: many users, and a server that is killed again and again.

    python3 verify/campaign.py [--binary PATH] [--seed N] [--orders N] [--kills N] [--concurrency N]
                               [--data DIR] [--settle]

Starts the real binary, lets users buy and sell through its HTTP surface, and kills it with SIGKILL at
random moments, also while it is coming up. Then the faults stop, everything must come to its end, and
everybody who can say whether money was lost or doubled is asked: the oracle beside this file, which
reads only what the outside world wrote down, and the product's own books. Exit status: 0 all agree,
1 something is wrong, and then the folder is kept.

A seed decides the plan (who comes, what they do, when it is killed), not how real processes meet: the
same seed is another run of the same plan.
"""
from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facts import Sources, read
from journals import NETWORKS, Unreadable
from match import match
from people import Notes, Person
from restored import Restored, plain
from rules import describe, judge
from world import Halted, Lost, Product, Receiver, Trouble, is_empty

# Between two kills, and from a start to the next kill when it is not even left to come up.
PAUSE_S = (0.5, 6.0)
HURRY_S = (0.0, 0.6)
HURRY_PERCENT = 25
# Most kills wait until money has just moved outside, at most so long, and then strike so much later: the
# server has asked for it, and may not have written down that it was done.
AIM_PERCENT = 60
AIM_WAIT_S = 3.0
AIM_S = (0.0, 0.03)
# Of the webhooks, for the first time: the shop is not well, either.
REFUSE_PERCENT = 10
# After the last order: webhooks that wait for their next try.
TELL_S_MAX = 120
# The product takes a difference for one when it is this old (SETTLE_SECONDS in reconcile.rs), and then some.
SETTLE_S = 15 * 60 + 30

ROOT = Path(__file__).resolve().parent.parent


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Users, kills, and the question where the money is.")
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "proof"
    parser.add_argument("--binary", type=Path, default=built)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=42)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--concurrency", type=int, default=24, help="users at the same time")
    parser.add_argument(
        "--restore", action="store_true",
        help="instead of kills: a backup is taken under load, the server goes on and dies, and the backup is restored",
    )
    parser.add_argument("--data", type=Path, help="an empty folder; a fresh one that goes unless something is wrong")
    parser.add_argument(
        "--settle", action="store_true",
        help="compare the books with the world a second time, a quarter of an hour later: before, the"
        " product takes a difference for something on its way",
    )
    return parser.parse_args(argv)


@dataclass
class Campaign:
    product: Product
    notes: Notes
    seed: int
    orders: int
    kills: int
    begun: int = 0
    ended: int = 0
    over: bool = False
    """The server cannot be brought up any more: nobody has to begin."""
    who: type[Person] = Person
    lock: threading.Lock = field(default_factory=threading.Lock)
    people: list[Person] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    restored: Restored | None = None
    explained: int = 0
    """Findings about orders that a restore has named to people."""

    # Users and kills, each waiting for the other, so that no kill meets an idle server

    def live(self, number: int) -> None:
        """One user, from the first click to the last."""
        person = self.who(self.product, self.notes, number, self.seed)
        # Whoever comes early in the plan comes early among the kills.
        while not self.over and not self.restored and self.product.kills < (number - 1) * self.kills // self.orders:
            time.sleep(0.05)
        if self.over or self.product.halted:
            with self.lock:
                self.ended += 1
            return
        with self.lock:
            self.people.append(person)
            self.begun += 1
        try:
            person.run()
        except Halted:
            pass
        except (Trouble, Lost) as error:
            self.complain(person, str(error))
        except Exception as error:  # A user who cannot go on is a finding, not the end of the campaign.
            self.complain(person, f"{type(error).__name__}: {error}")
        for answer in person.strange:
            self.complain(person, answer)
        with self.lock:
            self.ended += 1

    def complain(self, person: Person, words: str) -> None:
        with self.lock:
            self.troubles.append(f"{person.name} ({person.story.name}) {person.order}: {words}")

    def kill(self) -> None:
        """All the kills, spread over the users; in one of four the server is not left to come up."""
        chance = random.Random(f"kills {self.seed}")
        while self.product.kills < self.kills:
            self.product.watch(chance.uniform(*PAUSE_S))
            while self.begun < self.product.kills * self.orders // self.kills:
                self.product.watch(0.1)
            if chance.randrange(100) < AIM_PERCENT:
                self.product.wait_for_movement(AIM_WAIT_S)
                time.sleep(chance.uniform(*AIM_S))
            self.product.kill()
            self.product.spawn()
            while self.product.kills < self.kills and chance.randrange(100) < HURRY_PERCENT:
                time.sleep(chance.uniform(*HURRY_S))
                self.product.kill()
                self.product.spawn()
            self.product.come_up()

    def run(self, concurrency: int) -> None:
        """Until every user is done; the faults end before."""
        with ThreadPoolExecutor(concurrency) as pool:
            for number in range(1, self.orders + 1):
                pool.submit(self.live, number)
            try:
                self.kill()
                while self.ended < self.orders:
                    self.product.watch(0.5)
            except BaseException:
                self.over = True
                raise

    # When the faults are over

    def partner(self, method: str, path: str, token: str) -> Any:
        answer = self.product.ask("base_url", method, path, None, {"authorization": f"Bearer {token}"})
        if not answer.is_good():
            raise Trouble(f"{method} {path}: {answer}")
        return answer.body

    def tokens(self) -> list[str]:
        return [partner["client_token"] for partner in self.product.alive().ready["partners"]]

    def hear(self) -> None:
        """Waits until the shop knows how each order ended; what waits for minutes is asked for."""
        until = time.monotonic() + TELL_S_MAX
        endings = {person.order: person.view.get("status") for person in self.people if person.order}
        while True:
            told = self.product.receiver.told()
            missing = [order for order, status in endings.items() if told.get(order) != status]
            if not missing:
                return
            if time.monotonic() > until:
                self.troubles.append(f"the shop was not told the end of {', '.join(map(str, missing))}")
                return
            for token in self.tokens():
                waiting = self.partner("GET", "/widget/webhook/deliveries?state=pending&limit=100", token)
                for delivery in waiting["data"]:
                    self.partner("POST", f"/widget/webhook/deliveries/{delivery['id']}/redeliver", token)
            self.product.watch(3)

    def count_orders(self) -> None:
        """The partners' feeds know the orders that were asked for, and no more: a repeated call made none."""
        asked = {person.order for person in self.people}
        known: dict[str, list[int]] = {}
        for token in self.tokens():
            after = ""
            while True:
                page = self.partner("GET", f"/widget/events?limit=100&after={after}", token)
                if not page["data"]:
                    break
                for event in page["data"]:
                    known.setdefault(event["merchant_transaction_id"], []).append(event["sequence"])
                after = page["next_cursor"]
        unknown = self.restored.lost if self.restored else set()
        if {order for order in known if plain(order) not in unknown} != asked:
            self.troubles.append(f"the feeds know {len(known)} orders, {len(asked)} were asked for")
        for order, numbers in known.items():
            if numbers != list(range(1, len(numbers) + 1)):
                self.troubles.append(f"{order}: the feed has a gap: {numbers}")

    def ask_product(self, *words: str, says: str) -> str:
        """One of the product's own judges; its words belong to the finding."""
        done = self.product.command(*words)
        if done.returncode or says not in done.stdout:
            self.troubles.append(f"proof {' '.join(words)}: {done.stdout.strip()} {done.stderr.strip()}")
        return done.stdout.strip()

    def ask_chains(self, path: Path) -> None:
        """What each chain says now of everybody it ever gave something to."""
        said: dict[str, dict[str, Any]] = {}
        for network in NETWORKS:
            lines = list(self.product.chain_lines(network))
            addresses = {line["address"] for line in lines if line["type"] == "faucet"}
            addresses |= {line["body"]["recipient"] for line in lines if "body" in line}
            said[network] = {}
            for one in sorted(addresses):
                account = self.product.ask(
                    "world_url", "GET", f"/chains/v1/{network}/accounts/{one}", None, self.product.key(),
                )
                said[network][one] = account.body["balances"]
        path.write_text(json.dumps(said))

    def settle(self, settle: bool, balances: Path) -> None:
        """Everything that has to be asked of a running server."""
        self.hear()
        self.count_orders()
        if self.restored:
            self.restored.name()
        else:
            self.ask_product("order", "list", says="No order waits for people.")
        self.ask_product("ledger", "reconcile", says="Books and world agree.")
        if settle:
            print(f"campaign: the users are done, waiting {SETTLE_S} s for the second comparison", flush=True)
            self.product.watch(SETTLE_S)
            print(f"campaign: {self.ask_product('ledger', 'reconcile', says='Books and world agree.')}")
        self.ask_chains(balances)

    def judge(self, balances: Path) -> None:
        """Of a world that stands still."""
        data, product = self.product.data, self.product
        self.ask_product("ledger", "check", says=" 0 mismatches")
        try:
            sources = Sources(data / "sandbox", [product.receiver.path], [self.notes.path], balances)
            world = read(sources, healed=True)
            for finding in judge(world, match(world)):
                if self.restored and self.restored.explains(finding):
                    self.explained += 1
                else:
                    self.troubles.append(describe(finding))
        except Unreadable as error:
            self.troubles.append(f"unreadable: {error}")
        self.troubles += product.unexpected + product.panics()

    def summary(self, seconds: float) -> str:
        endings = Counter(str(person.view.get("status")) for person in self.people)
        parts = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
        product, receiver = self.product, self.product.receiver
        return (
            f"campaign: seed {self.seed}, {len(self.people)} orders ({parts}),"
            f" {product.kills} kills ({product.early_kills} while it came up),"
            f" {product.lives - 1} restarts ({product.failed_starts} starts failed),"
            f" {product.interrupted()} jobs in hand when it was killed,"
            f" {receiver.taken} webhooks ({receiver.refused} refused),"
            f" {seconds:.0f} s, {len(self.troubles)} findings"
            + (f", {self.explained} more about orders that the restore named" if self.restored else "")
        )


def leave_nothing_behind(product: Product) -> None:
    """Whoever stops the campaign stops what it has started; its threads would wait for each other."""
    def end(number: int, _: Any) -> None:
        if product.process is not None:
            product.process.kill()
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def verdict(campaign: Campaign, data: Path, is_kept: bool, seconds: float) -> int:
    """Says what came of it; the folder goes unless something is wrong, or somebody named it."""
    for trouble in campaign.troubles:
        print(trouble)
    print(campaign.summary(seconds))
    if campaign.troubles:
        print(f"campaign: seed {campaign.seed}, everything is in {data}")
        return 1
    if not is_kept:
        shutil.rmtree(data)
    return 0


def main(argv: list[str] | None = None) -> int:
    args = arguments(argv)
    data = args.data or Path(tempfile.mkdtemp(prefix="proof-campaign-"))
    if not is_empty(data):
        print(f"{data} is not empty", file=sys.stderr)
        return 2
    data.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    receiver = Receiver(data / "webhooks.jsonl", REFUSE_PERCENT, args.seed)
    product = Product(args.binary.resolve(), data, receiver)
    notes = Notes(data / "orders.jsonl")
    campaign = Campaign(product, notes, args.seed, args.orders, args.kills)
    leave_nothing_behind(product)
    product.spawn()
    try:
        # The sandbox's wallets are filled at the first start; a kill in between fills them twice.
        product.come_up()
        if args.restore:
            campaign.restored = Restored(campaign)
            campaign.restored.run(args.concurrency)
        else:
            campaign.run(args.concurrency)
        campaign.settle(args.settle, data / "balances.json")
    except (Trouble, Lost) as error:
        campaign.troubles.append(str(error))
    finally:
        product.stop()
    campaign.judge(data / "balances.json")
    return verdict(campaign, data, args.data is not None, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
