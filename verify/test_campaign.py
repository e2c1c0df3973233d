"""The campaign's own parts: a plan that leaves nothing out, pictures and addresses that are ones, and
a shop's receiver that keeps what it takes."""
from __future__ import annotations

import json
import tempfile
import unittest
import zlib
from decimal import Decimal
from pathlib import Path

from campaign import Campaign, arguments
from journals import CRYPTO_DECIMALS, notes
from facts import Finding
from people import STORIES, Notes, Person, address, base58check, deposits, is_same, png
from restored import Restored, plain
from world import Halted, Product, Receiver, is_empty


class Parts(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name)

    def people(self, orders: int, seed: int = 7) -> list[Person]:
        receiver = Receiver(self.data / "webhooks.jsonl", 0, seed)
        product, noted = Product(Path("proof"), self.data, receiver), Notes(self.data / "orders.jsonl")
        return [Person(product, noted, number, seed) for number in range(1, orders + 1)]

    def test_every_story_comes_round_before_one_comes_again(self) -> None:
        people = self.people(3 * len(STORIES))
        for turn in range(3):
            part = people[turn * len(STORIES):][:len(STORIES)]
            self.assertEqual({person.story.name for person in part}, {story.name for story in STORIES})

    def test_a_seed_is_a_plan(self) -> None:
        def plan(seed: int) -> list[tuple[object, ...]]:
            return [(p.story, p.asset, p.amount, p.refund_address) for p in self.people(50, seed)]

        self.assertEqual(plan(3), plan(3))
        self.assertNotEqual(plan(3), plan(4))

    def test_no_two_transfers_of_a_plan_are_alike(self) -> None:
        for person in self.people(400):
            amounts = [(deposit.asset, deposit.amount) for deposit in person.deposits if not deposit.drops]
            self.assertEqual(len(set(amounts)), len(amounts), person.story.name)
        totals = [(person.asset, person.amount) for person in self.people(400)]
        self.assertEqual(len(set(totals)), len(totals))

    def test_what_is_sent_is_whole_and_enough(self) -> None:
        for person in self.people(400):
            for deposit in person.deposits:
                base = deposit.amount * 10 ** CRYPTO_DECIMALS[deposit.asset]
                self.assertEqual(base, int(base))
                self.assertGreater(deposit.amount, 0)
            own = sum(d.amount for d in person.deposits if d.asset == person.asset and not d.drops)
            self.assertGreaterEqual(own, person.amount if person.deposits else Decimal(0))

    def test_only_a_sell_has_deposits(self) -> None:
        for story in STORIES:
            found = deposits(story, story.assets[0], Decimal(100))
            self.assertEqual(bool(found), story.side == "sell", story.name)

    def test_addresses_are_good(self) -> None:
        # From TRON's own documentation: the USDT contract, which has the bytes 41a614f8….
        account = bytes.fromhex("41a614f803b6fd780986a42c78ec9c7f77e6ded13c")
        self.assertEqual(base58check(account), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
        # Bitcoin's first block paid to this hash.
        first = bytes.fromhex("0062e907b15cbf27d5425399ebf6f0fb50ebb88f18")
        self.assertEqual(base58check(first), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
        self.assertEqual(len(address("ERC20", "ann")), 42)
        self.assertTrue(is_same("0xAB", "0xab"))
        self.assertFalse(is_same("TAB", "Tab"))

    def test_a_picture_is_one(self) -> None:
        picture = png(3, 2)
        self.assertEqual(picture[16:24], bytes((0, 0, 0, 3, 0, 0, 0, 2)))
        length = int.from_bytes(picture[33:37], "big")
        self.assertEqual(len(zlib.decompress(picture[41:41 + length])), 2 * (1 + 3 * 3))

    def test_the_receiver_keeps_what_it_takes(self) -> None:
        receiver = Receiver(self.data / "webhooks.jsonl", 0, 1)
        for sequence, status in ((1, "pending"), (3, "completed"), (2, "processing")):
            event = {"merchant_transaction_id": "o", "sequence": sequence, "status": status}
            self.assertTrue(receiver.take(f"evt_{sequence}", json.dumps(event)))
        self.assertEqual(receiver.told(), {"o": "completed"})
        unwilling = Receiver(self.data / "others.jsonl", 100, 1)
        self.assertFalse(unwilling.take("evt_1", "{}"))
        self.assertEqual(unwilling.told(), {})

    def test_the_oracle_reads_the_notes(self) -> None:
        written = Notes(self.data / "orders.jsonl")
        order = "01a2101c-eaf7-7b0f-9f4f-59fa3b3f21ca"
        written.write(order=order, type="sell", currency="BTC", network="BITCOIN", amount="0.01001")
        written.write(order=order, deposit_address="bc1q", refund_address="1A")
        asked, shown = notes(written.path, "orders.jsonl")
        self.assertEqual((asked.base, shown.deposit_address), (1_001_000, "bc1q"))

    def test_a_folder_with_a_world_in_it_is_not_taken(self) -> None:
        self.assertTrue(is_empty(self.data) and is_empty(self.data / "new"))
        (self.data / "proof.db").touch()
        self.assertFalse(is_empty(self.data))

    def campaign(self, script: str) -> Campaign:
        """With a product that is nothing but this script."""
        binary = self.data / "proof"
        binary.write_text(f"#!/bin/sh\n{script}\n")
        binary.chmod(0o755)
        receiver = Receiver(self.data / "webhooks.jsonl", 0, 1)
        product = Product(binary, self.data, receiver)
        return Campaign(product, Notes(self.data / "orders.jsonl"), 1, 0, 0)

    def test_a_judge_who_says_something_else_is_heard(self) -> None:
        for script, findings in (("echo all well", 0), ("echo something", 1), ("echo all well; exit 1", 1)):
            campaign = self.campaign(script)
            campaign.ask_product("ledger", "check", says="all well")
            self.assertEqual(len(campaign.troubles), findings, script)

    def test_an_end_that_nobody_caused_is_a_finding(self) -> None:
        campaign = self.campaign('if [ -e "$9/once" ]; then echo {}; exec sleep 60; fi; touch "$9/once"; echo {}; exit 3')
        product = campaign.product
        product.spawn()
        product.come_up()
        product.watch(10)
        product.stop()
        self.assertEqual(product.unexpected, ["the server ended by itself with status 3"])
        self.assertEqual(product.lives, 2)

    def test_a_restore_explains_what_the_product_has_named_and_nothing_else(self) -> None:
        known = "01a210d3-d176-7b04-bf1d-58b5b49d8c99"
        waiting = f"ord_{known.replace('-', '')}  buy  stopped in paid since today: why"
        restored = Restored(self.campaign(f"echo '{waiting}'"))
        restored.lost, restored.resumed = {"a" * 32}, {"b" * 32}
        restored.name()
        cases = [
            ("captured_not_delivered", known, True), ("captured_not_delivered", "a" * 32, True),
            ("captured_not_delivered", "b" * 32, False), ("delivered_too_early", "b" * 32, True),
            ("balance_disagrees", None, False),
        ]
        for code, order, explained in cases:
            self.assertEqual(restored.explains(Finding(code, order, "why", ())), explained, (code, order))
        self.assertEqual(plain(f"ord_{known}"), plain(known))

    def test_nobody_gets_through_while_all_is_halted(self) -> None:
        product = self.campaign("").product
        product.halt()
        self.assertRaises(Halted, product.alive)

    def test_a_world_that_is_not_there_is_not_called_clean(self) -> None:
        campaign = self.campaign("echo 0 entries, 0 accounts, 0 mismatches")
        campaign.judge(self.data / "balances.json")
        self.assertIn("unreadable", " ".join(campaign.troubles))

    def test_a_panic_is_a_finding(self) -> None:
        campaign = self.campaign("exit 0")
        campaign.product.log.write_text("thread 'main' panicked at src/main.rs:1\nreleased=2\n")
        self.assertEqual(len(campaign.product.panics()), 1)

    def test_it_runs_without_arguments(self) -> None:
        self.assertEqual(arguments([]).binary.name, "proof")


if __name__ == "__main__":
    unittest.main()
