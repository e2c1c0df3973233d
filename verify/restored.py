"""A restore in the middle of things: a backup under load, more work, a kill, the backup in place of what
was there, an owner's word, and more work.

What the backup does not know cannot end as its story says: its orders are unknown to the product, which
has to name each of them. Whoever was under way goes on from where the backup had them, and may have to be
content with another ending; nobody may be charged, paid or sent to twice.
"""
from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from people import Person
from world import Lost, Trouble

if TYPE_CHECKING:
    from campaign import Campaign
    from facts import Finding

# Orders that have ended when the backup is taken, and when the server dies, of those that come before.
BACKUP_PERCENT = 30
DEATH_PERCENT = 70
# A transfer of an order that the backup does not know has to be final before an owner may accept.
ACCEPT_S_MAX = 120
# For somebody who was under way to come to some end.
RESUME_S = 240


def plain(order: str) -> str:
    """However it is written: its 32 digits."""
    return re.sub(r"[^0-9a-f]", "", order.removeprefix("ord_"))


class Restored:
    """One such campaign. A third of the users comes after the restore."""

    def __init__(self, campaign: Campaign):
        self.campaign, self.product = campaign, campaign.product
        self.first = campaign.orders * 2 // 3
        self.before: list[str] = []
        """Orders that had ended when the backup was taken."""
        self.lost: set[str] = set()
        self.resumed: set[str] = set()
        self.known_to_people: set[str] = set()
        self.shown: dict[str, Any] = {}

    def command(self, *words: str) -> str:
        done = self.product.command(*words)
        if done.returncode:
            raise Trouble(f"proof {' '.join(words)}: {done.stdout.strip()} {done.stderr.strip()}")
        return done.stdout

    def ended(self) -> list[Person]:
        return [person for person in self.campaign.people if person.is_done]

    # Before

    def wait_for(self, percent: int) -> None:
        while len(self.ended()) * 100 < self.first * percent:
            self.product.watch(0.1)

    def run(self, concurrency: int) -> None:
        campaign, product = self.campaign, self.product
        backup = product.data / "backup"
        with ThreadPoolExecutor(concurrency) as pool:
            for number in range(1, self.first + 1):
                pool.submit(campaign.live, number)
            try:
                self.wait_for(BACKUP_PERCENT)
                # Whoever is seen to have ended before it is taken has ended in it.
                self.before = [person.order for person in self.ended() if person.order]
                self.command("backup", "--to", str(backup))
                self.wait_for(DEATH_PERCENT)
            finally:
                product.halt()
            product.kill()
        print(f"campaign: {len(self.before)} orders had ended in the backup, {len(self.ended())} when it died", flush=True)
        self.restore(backup)
        self.recover()
        self.resume(concurrency)
        with ThreadPoolExecutor(concurrency) as pool:
            for number in range(self.first + 1, campaign.orders + 1):
                pool.submit(campaign.live, number)
            while campaign.ended < campaign.orders:
                product.watch(0.5)

    # In between

    def restore(self, backup: Any) -> None:
        """What was there goes out of the way, as an operator would do it."""
        product, lost = self.product, self.product.data / "lost"
        lost.mkdir()
        for path in product.data.glob("proof.db*"):
            shutil.move(path, lost / path.name)
        # What partners heard in the lost life is not judged, but of orders that ended before.
        shutil.move(product.receiver.path, lost / "webhooks.jsonl")
        product.receiver.path.touch()
        self.command("restore", "--from", str(backup), "--verify")
        # The sandbox world lives for a moment longer than its server.
        self.command("restore", "--from", str(backup))
        product.go_on()
        product.spawn()
        product.come_up()
        # Dying in recovery changes nothing.
        product.kill()
        product.spawn()
        product.come_up()

    def recover(self) -> None:
        """The owner looks, and accepts what they saw, as soon as the product lets them."""
        refused = self.session_refused()
        if refused != "recovering":
            raise Trouble(f"a server in recovery answered a session with {refused}")
        until = time.monotonic() + ACCEPT_S_MAX
        (self.product.data / "recovery.txt").write_text(self.command("recovery", "show"))
        while True:
            self.shown = json.loads(self.command("recovery", "show", "--json"))
            words = ("recovery", "accept", "--as", "alice", "--digest", self.shown["digest"])
            done = self.product.command(*words)
            if done.returncode == 0:
                break
            if time.monotonic() > until:
                raise Trouble(f"it is not accepted: {done.stderr.strip()}")
            time.sleep(1)
        self.lost = {plain(one["order"]) for one in self.shown["unknown"]}
        moved = [one for one in self.shown["orders"] if "by itself" not in one["then"]]
        print(
            f"campaign: {len(self.shown['orders'])} orders were further outside ({len(moved)} taken over),"
            f" {len(self.lost)} unknown",
            flush=True,
        )

    def session_refused(self) -> str:
        token = self.campaign.tokens()[0]
        wanted = {
            "partner_user_id": "early", "user_email": "early@example.com", "network": "TRC20",
            "currency": "USDT", "amount": "100", "type": "buy",
        }
        headers = {"authorization": f"Bearer {token}"}
        return self.product.call("base_url", "POST", "/widget/session", wanted, headers).code()

    # After

    def resume(self, concurrency: int) -> None:
        """Everybody who was there looks at their page again."""
        ended_before = set(self.before)
        under_way = [p for p in self.campaign.people if p.order and p.order not in ended_before]
        with ThreadPoolExecutor(concurrency) as pool:
            futures = [pool.submit(self.resume_one, person) for person in under_way]
            while not all(future.done() for future in futures):
                self.product.watch(2)
                self.decide()
        known = set(ended_before)
        for person in under_way:
            if person.is_unknown:
                # Opened, but nothing of it moved: the product need not name it.
                self.lost.add(plain(person.order or ""))
            else:
                known.add(person.order or "")
                self.resumed.add(plain(person.order or ""))
        self.campaign.people = [p for p in self.campaign.people if p.order in known]
        self.keep_told()

    def decide(self) -> None:
        """A sell whose payout card got lost, or whose crypto went back already, waits for people: two of them
        say that it goes back."""
        waiting = self.product.command("order", "list").stdout
        lost = r"(?:its payout card is not known any more|its crypto went back before the restore)"
        for order in re.findall(rf"(ord_[0-9a-f-]+) .*{lost}", waiting):
            for name in ("alice", "bob"):
                words = ("order", "return", order, "--as", name, "--reason", "the card got lost in the restore")
                self.product.command(*words)

    def over_in_backup(self) -> set[str]:
        """Orders of which nothing more is told; their cases may be open."""
        with sqlite3.connect(f"file:{self.product.data}/backup/proof.db?mode=ro", uri=True) as backup:
            rows = backup.execute("SELECT lower(hex(id)) FROM orders WHERE status NOT IN ('pending', 'processing')")
            return {str(row[0]) for row in rows}

    def keep_told(self) -> None:
        """Of orders that had ended, what was heard stays; of unknown ones, too: their life is over."""
        orders = self.over_in_backup() | self.lost
        receiver = self.product.receiver
        old = (self.product.data / "lost" / "webhooks.jsonl").read_text().splitlines()
        kept = []
        for line in old:
            order = json.loads(json.loads(line)["body"])["merchant_transaction_id"]
            if plain(order) in orders:
                kept.append(line)
        with receiver.lock:
            fresh = receiver.path.read_text()
            receiver.path.write_text("".join(f"{line}\n" for line in kept) + fresh)

    def resume_one(self, person: Person) -> None:
        try:
            person.resume(RESUME_S)
        except (Trouble, Lost) as error:
            self.campaign.complain(person, str(error))
        except Exception as error:  # As for everybody: a finding, not the end of the campaign.
            self.campaign.complain(person, f"{type(error).__name__}: {error}")

    # What may be found

    def explains(self, finding: Finding) -> bool:
        """An order that the product has named to people; or one whose payment its shop heard of in the lost
        life: when money came, the oracle knows from the shop alone."""
        order = plain(finding.order or "")
        return order in self.known_to_people or finding.code == "delivered_too_early" and order in self.resumed

    def name(self) -> None:
        """Orders that the product has named to people: unknown ones, and those that wait."""
        waiting = self.product.command("order", "list").stdout
        self.known_to_people = self.lost | {plain(order) for order in re.findall(r"ord_[0-9a-f-]+", waiting)}
