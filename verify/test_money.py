"""The oracle is itself put to the test: what is planted is found, once, and nothing else is."""
from __future__ import annotations

import contextlib
import copy
import io
import json
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fixture import BTC, FINAL_S, SECOND, USDC, USDT, Book, Line, Order, decimal
from money import main


def run(book: Book, *options: str, orders: bool = True, snapshot: Line | None = None) -> tuple[int, Line]:
    """The command itself, over the files of a world: its exit status and its report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book.write(folder)
        args = ["--sandbox", str(folder / "sandbox"), "--webhooks", str(folder / "webhooks.jsonl")]
        if orders:
            args += ["--orders", str(folder / "orders.jsonl")]
        if snapshot is not None:
            (folder / "balances.json").write_text(json.dumps(snapshot))
            args += ["--balances", str(folder / "balances.json")]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*args, "--json", *options])
        return status, json.loads(out.getvalue()) if status != 2 else {"error": err.getvalue()}


def codes(book: Book, *options: str, **more: Any) -> list[str]:
    _, report = run(book, *(options or ("--healed",)), **more)
    return [finding["code"] for finding in report["findings"]]


STORIES: tuple[Callable[..., Order], ...] = (
    Book.bought, Book.bought_after_all, Book.refunded, Book.voided, Book.declined, Book.sold,
    Book.sold_too_much, Book.sold_after_reorg, Book.sold_with_dust, Book.payout_refused,
    Book.underpaid, Book.came_late, Book.nothing_came,
)


def everything() -> Book:
    """Each story once, some of them with the same amount to the same address."""
    book = Book()
    for number, story in enumerate(STORIES):
        story(book, base=(100 + number) * 1_000_000)
    for _ in range(2):
        book.bought()
    book.bought(BTC, 1_000_000)
    book.sold(BTC, 2_000_000, parts=2)
    book.payout_refused(USDC, 70_000_000)
    return book


def last(lines: list[Line], kind: str) -> Line:
    return next(line for line in reversed(lines) if line["type"] == kind)


class Clean(unittest.TestCase):
    def test_a_healthy_world_is_called_healthy(self) -> None:
        book = everything()
        status, report = run(book, "--healed", snapshot=book.balances())
        self.assertEqual((status, report["findings"]), (0, []))
        self.assertEqual(report["unjoined_deposits"], 0)
        self.assertEqual(report["crypto"]["USDT/TRC20"]["went"], "777500000")

    def test_so_is_one_of_which_nobody_kept_notes(self) -> None:
        self.assertEqual(codes(everything(), orders=False), [])

    def test_a_shop_that_takes_its_coins_back_itself(self) -> None:
        """Its wallet is where bought coins go, and where sold ones go back to."""
        book = Book()
        book.bought()
        order = book.order("sell", USDT, 100_000_000)
        order.refund_address = book.notes[-1]["refund_address"] = book.shop()
        book.come(USDT, order.deposit_address, order.base)
        book.wait(60)
        book.tell(order, "processing")
        book.pay_out(order, sent=False)
        book.give_back(order, USDT, order.base)
        book.tell(order, "failed")
        self.assertEqual(codes(book), [])

    def test_a_wrong_guess_accuses_nobody(self) -> None:
        """Whose address is whose cannot be told, but all of it went where it should."""
        book = Book()
        orders = [book.order("sell", USDT, 100_000_000) for _ in range(2)]
        for order in orders:
            book.come(USDT, order.deposit_address, order.base)
        book.settle(orders[0])
        book.tell(orders[1], "cancelled")
        book.give_back(orders[1], USDT, orders[1].base)
        for address in (order.deposit_address for order in orders):
            late = book.come(USDT, address, 30_000_000)
            book.wait(60)
            book.send(USDT, orders[0].refund_address, int(late["body"]["base"]))
        _, report = run(book, "--healed", orders=False)
        self.assertEqual((report["findings"], report["guessed"]), ([], ["USDT/TRC20"]))
        book.chains["TRC20"].remove(last(book.chains["TRC20"], "received"))
        _, report = run(book, "--healed", orders=False)
        self.assertEqual([finding["code"] for finding in report["findings"]], ["lost_deposit"])

    def test_what_is_under_way_is_no_finding(self) -> None:
        book = Book()
        order = book.order("buy", USDT, 100_000_000)
        book.authorise(order)
        paid = book.order("buy", USDT, 101_000_000)
        book.authorise(paid)
        book.capture(paid)
        book.tell(paid, "processing")
        seen = book.order("sell", USDT, 102_000_000)
        book.come(USDT, seen.deposit_address, 102_000_000)
        self.assertEqual(codes(book, "--json"), [])
        found = sorted(codes(book))
        self.assertEqual(found, ["captured_not_delivered", "held_for_ever", "lost_deposit"])

    def test_what_the_shop_has_not_heard_yet_is_no_finding(self) -> None:
        book = everything()
        book.bought(base=555_000_000)
        del book.webhooks[-2:], book.notes[-1:]
        self.assertEqual(codes(book, "--json"), [])
        self.assertEqual(codes(book), ["never_told"])

    def test_a_repeated_webhook_is_no_finding(self) -> None:
        book = everything()
        book.webhooks.append(copy.deepcopy(book.webhooks[0]))
        self.assertEqual(codes(book), [])

    def test_the_lines_for_people_end_in_a_summary(self) -> None:
        book = Book()
        book.pay_out(book.sold())
        with tempfile.TemporaryDirectory() as name:
            book.write(Path(name))
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                main(["--sandbox", f"{name}/sandbox", "--webhooks", f"{name}/webhooks.jsonl"])
        found, total = out.getvalue().splitlines()
        self.assertRegex(found, r"^double_payout .*: paid out 2 times \[cards/journal.jsonl:1, .*:2\]$")
        self.assertRegex(total, r"^money: 1 orders, .* 1 findings; .*paid_out 180.02 EUR")


class Unreadable(unittest.TestCase):
    def broken(self, spoil: Callable[[Book], None]) -> None:
        book = everything()
        spoil(book)
        status, report = run(book)
        self.assertEqual(status, 2, report)
        self.assertIn("unreadable: ", report["error"])

    def test_whatever_is_not_known_is_an_error(self) -> None:
        for spoil in (
            lambda book: book.cards.append({"type": "charged_back", "reference": "x"}),
            lambda book: book.cards[0].update(memo="hi"),
            lambda book: book.cards[1].pop("amount"),
            lambda book: book.cards[1].update(status="maybe"),
            lambda book: book.cards[1]["amount"].update(minor=9001),
            lambda book: book.cards[1]["amount"].update(minor="-1"),
            lambda book: book.cards[1]["amount"].update(minor="1.5"),
            lambda book: book.identity.append({"type": "rejected", "reference": "x"}),
            lambda book: book.chains["TRC20"].pop(0),
            lambda book: book.chains["TRC20"].append(book.chains["TRC20"][0]),
            lambda book: last(book.chains["TRC20"], "received")["body"].update(memo="hi"),
            lambda book: last(book.chains["TRC20"], "received").update(at=1.5),
            lambda book: book.webhooks[0]["body"].update(status="done"),
            lambda book: book.webhooks[0]["body"].update(crypto_amount="0.0000001"),
            lambda book: book.notes[0].update(password="x"),
        ):
            self.broken(spoil)

    def test_a_torn_last_line_is_left_out_and_other_damage_is_not(self) -> None:
        book = everything()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            book.write(folder)
            journal = folder / "sandbox" / "cards" / "journal.jsonl"
            args = ["--sandbox", f"{name}/sandbox", "--webhooks", f"{name}/webhooks.jsonl", "--healed"]
            whole = journal.read_bytes()
            for content, expected in ((whole + b'{"type":"capt', 0), (b"x\n" + whole, 2)):
                journal.write_bytes(content)
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    self.assertEqual(main(args), expected)
            journal.unlink()
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(main(args), 2)


class Planted(unittest.TestCase):
    """Each defect beside a healthy world, found by its own code alone."""

    def planted(self, *expected: str, **more: Any) -> Book:
        """A healthy world, in which the test plants; judged when the test is over."""
        book = everything()
        self.addCleanup(lambda: self.assertEqual(codes(book, **more), list(expected)))
        return book

    def test_double_capture(self) -> None:
        book = self.planted("double_capture")
        book.capture(book.bought())

    def test_capture_under_another_attempt(self) -> None:
        book = self.planted("double_capture")
        order = book.bought()
        book.authorise(order, attempt=2)
        book.capture(order, attempt=2)

    def test_capture_of_what_the_bank_refused(self) -> None:
        book = self.planted("capture_without_hold")
        order = book.order("buy", USDT, 100_000_000)
        book.authorise(order, {"declined": {"code": "declined"}})
        book.deliver(order)

    def test_capture_of_less_than_was_held(self) -> None:
        book = self.planted("capture_without_hold")
        book.bought()
        last(book.cards, "captured")["amount"]["minor"] = "1"

    def test_capture_after_a_void(self) -> None:
        book = self.planted("capture_without_hold")
        order = book.order("buy", USDT, 100_000_000)
        book.authorise(order)
        book.void(order)
        book.deliver(order)

    def test_refunds_above_the_capture(self) -> None:
        book = self.planted("refund_exceeds_capture")
        book.refund(book.refunded(), 1, number=2)

    def test_refund_of_what_was_not_captured(self) -> None:
        book = self.planted("refund_exceeds_capture")
        book.refund(book.voided())

    def test_held_for_ever(self) -> None:
        book = self.planted("held_for_ever")
        book.voided()
        book.cards.pop()

    def test_a_bank_page_left_open(self) -> None:
        book = self.planted("held_for_ever")
        order = book.order("buy", USDT, 100_000_000)
        book.authorise(order, {"three_ds_required": {"challenge": "c"}})
        book.tell(order, "cancelled")

    def test_captured_and_nothing_else(self) -> None:
        book = self.planted("captured_not_delivered")
        order = book.order("buy", USDT, 100_000_000)
        book.authorise(order)
        book.capture(order)
        book.tell(order, "processing")
        book.tell(order, "completed")

    def test_captured_and_refunded_in_part(self) -> None:
        book = self.planted("captured_not_delivered")
        book.refunded()
        last(book.cards, "refunded")["amount"]["minor"] = "5"

    def test_refunded_and_disputed(self) -> None:
        """A dispute that was won took nothing."""
        for stage, found in (("won", []), ("lost", ["refund_exceeds_capture"]), ("evidence_due", ["refund_exceeds_capture"])):
            book = everything()
            order = book.refunded()
            book.dispute(order, stage)
            self.assertEqual(codes(book), found, stage)

    def test_a_lost_dispute_has_paid_who_got_nothing(self) -> None:
        for stage, found in (("won", ["captured_not_delivered"]), ("lost", []), ("accepted", [])):
            book = everything()
            order = book.order("buy", USDT, 100_000_000)
            book.authorise(order)
            book.capture(order)
            book.dispute(order, stage)
            book.tell(order, "processing")
            book.tell(order, "failed")
            self.assertEqual(codes(book), found, stage)

    def test_double_delivery(self) -> None:
        for orders in (True, False):
            book = everything()
            order = book.bought(base=333_000_000)
            book.send(USDT, book.shop(), order.base)
            self.assertEqual(codes(book, orders=orders), ["double_delivery"])

    def test_double_delivery_among_orders_of_the_same_amount(self) -> None:
        book = self.planted("double_delivery")
        order = book.bought()
        book.send(USDT, book.shop(), order.base)

    def test_one_delivered_twice_and_the_other_not_at_all(self) -> None:
        """The sum is right; the time tells."""
        book = self.planted("double_delivery", "captured_not_delivered")
        first = book.bought(base=333_000_000)
        book.send(USDT, book.shop(), first.base)
        book.wait(60)
        second = book.order("buy", USDT, first.base)
        book.authorise(second)
        book.capture(second)
        book.tell(second, "processing")
        book.tell(second, "completed")

    def test_delivered_and_refunded(self) -> None:
        book = self.planted("delivered_and_refunded")
        order = book.bought(base=333_000_000)
        book.refund(order)

    def test_delivered_elsewhere(self) -> None:
        book = self.planted("delivered_elsewhere")
        book.bought()
        last(book.chains["TRC20"], "received")["body"]["recipient"] = "Wthief"

    def test_delivered_too_little(self) -> None:
        book = self.planted("delivered_wrong_amount")
        book.bought()
        last(book.chains["TRC20"], "received")["body"]["base"] = "99000000"

    def test_delivered_before_it_was_paid(self) -> None:
        book = self.planted("delivered_too_early")
        order = book.order("buy", USDT, 333_000_000)
        book.send(USDT, book.shop(), order.base)
        book.wait(60)
        book.authorise(order)
        book.capture(order)
        book.tell(order, "processing")
        book.tell(order, "completed")

    def test_called_completed_before_it_was_final(self) -> None:
        book = self.planted("delivered_too_late")
        order = book.order("buy", USDT, 333_000_000)
        book.authorise(order)
        book.capture(order)
        book.tell(order, "processing")
        book.send(USDT, book.shop(), order.base)
        book.tell(order, "completed")

    def test_double_payout(self) -> None:
        for attempt in (1, 2):
            book = everything()
            book.pay_out(book.sold(), attempt=attempt)
            self.assertEqual(codes(book), ["double_payout"])

    def test_paid_without_a_deposit(self) -> None:
        for orders in (True, False):
            book = everything()
            order = book.order("sell", USDT, 444_000_000)
            book.settle(order)
            self.assertEqual(codes(book, orders=orders), ["paid_without_deposit"])

    def test_paid_before_the_deposit_was_final(self) -> None:
        book = self.planted("paid_without_deposit")
        order = book.sold()
        last(book.chains["TRC20"], "sent")["at"] = book.now - SECOND
        self.assertEqual(order.side, "sell")

    def test_paid_for_a_deposit_that_vanished(self) -> None:
        book = self.planted("paid_without_deposit")
        book.sold()
        book.chains["TRC20"].append({"type": "dropped", "hash": last(book.chains["TRC20"], "sent")["hash"]})

    def test_lost_deposit(self) -> None:
        for orders in (True, False):
            book = everything()
            order = book.order("sell", USDT, 444_000_000)
            book.come(USDT, order.deposit_address, order.base)
            book.wait(60)
            book.tell(order, "processing")
            book.tell(order, "failed")
            self.assertEqual(codes(book, orders=orders), ["lost_deposit"])

    def test_lost_second_deposit(self) -> None:
        book = self.planted("lost_deposit")
        order = book.sold()
        book.come(USDT, order.deposit_address, 50_000_000)

    def test_lost_on_another_network(self) -> None:
        book = self.planted("lost_deposit")
        order = book.sold(USDC, 80_000_000)
        book.come(("BNB", "BEP20"), order.deposit_address, 10**18)

    def test_double_return(self) -> None:
        book = self.planted("double_return")
        order = book.payout_refused(base=333_000_000)
        book.give_back(order, USDT, order.base)

    def test_returned_elsewhere(self) -> None:
        book = self.planted("returned_elsewhere")
        book.payout_refused()
        last(book.chains["TRC20"], "received")["body"]["recipient"] = "Rthief"

    def test_returned_too_much(self) -> None:
        book = self.planted("returned_wrong_amount")
        book.payout_refused()
        last(book.chains["TRC20"], "received")["body"]["base"] = "100000001"

    def test_returned_before_it_was_final(self) -> None:
        book = self.planted("returned_too_early")
        order = book.order("sell", USDT, 333_000_000)
        book.come(USDT, order.deposit_address, order.base)
        book.give_back(order, USDT, order.base)
        book.tell(order, "processing")
        book.tell(order, "failed")

    def test_paid_and_returned(self) -> None:
        book = self.planted("paid_and_returned")
        order = book.sold(base=333_000_000)
        book.give_back(order, USDT, order.base)

    def test_a_transfer_that_is_nobodys(self) -> None:
        book = self.planted("unaccounted_transfer")
        book.send(USDT, "Xnobody", 123_456)

    def test_a_strangers_signature(self) -> None:
        book = self.planted("overdrawn", "foreign_sender")
        book.bought()
        line = last(book.chains["TRC20"], "received")
        line["body"] |= {"sender": "Hthief", "nonce": 0}

    def test_transfers_that_came_before_their_turn(self) -> None:
        book = self.planted()
        orders = [book.order("buy", USDT, 100_000_000 + number) for number in range(3)]
        for order in orders:
            book.authorise(order)
            book.capture(order)
            book.tell(order, "processing")
        lines = [book.send(order.asset, book.shop(), order.base) for order in orders]
        bodies = [line["body"] for line in lines]
        nonces = [body["nonce"] for body in bodies]
        for body, nonce in zip(bodies, reversed(nonces), strict=True):
            body["nonce"] = nonce
        book.wait(FINAL_S)
        for order in orders:
            book.tell(order, "completed")

    def test_a_turn_that_never_came(self) -> None:
        book = self.planted("nonce_out_of_order", "captured_not_delivered")
        book.bought()
        last(book.chains["TRC20"], "received")["body"]["nonce"] += 1

    def test_a_turn_that_is_over(self) -> None:
        book = self.planted("nonce_out_of_order")
        book.bought()
        last(book.chains["TRC20"], "received")["body"]["nonce"] = 0

    def test_the_same_transfer_twice(self) -> None:
        book = self.planted("transfer_repeated")
        book.bought()
        book.chains["TRC20"].append(copy.deepcopy(book.chains["TRC20"][-1]))

    def test_a_coin_spent_twice(self) -> None:
        book = self.planted("coin_not_there", "double_delivery", "balance_disagrees")
        book.bought(BTC, 3_000_000)
        again = copy.deepcopy(last(book.chains["BITCOIN"], "received"))
        again["hash"] = "f" * 64
        book.chains["BITCOIN"].append(again)

    def test_a_chain_that_says_otherwise(self) -> None:
        book = everything()
        said = book.balances()
        said["TRC20"][book.hot("TRC20")]["USDT"] = "7"
        self.assertEqual(codes(book, snapshot=said), ["balance_disagrees"])

    def test_a_name_that_is_not_ours(self) -> None:
        book = self.planted("foreign_reference")
        book.cards.append({"type": "voided", "reference": "theirs"})

    def test_one_event_with_two_bodies(self) -> None:
        book = self.planted("event_bodies_differ")
        again = copy.deepcopy(book.webhooks[0])
        again["body"]["fiat_amount"] = "1.00"
        book.webhooks.append(again)

    def test_an_event_under_another_id(self) -> None:
        book = self.planted("event_bodies_differ")
        book.webhooks[0]["webhook_id"] = "evt_other"

    def test_numbers_that_fall(self) -> None:
        book = self.planted("sequence_falls")
        book.bought()
        book.webhooks[-2:] = reversed(book.webhooks[-2:])

    def test_an_end_that_does_not_stay(self) -> None:
        book = self.planted("status_goes_back")
        order = book.bought()
        book.tell(order, "failed")

    def test_another_amount_than_before(self) -> None:
        book = self.planted("facts_change")
        order = book.refunded()
        book.webhooks[-1]["body"]["crypto_amount"] = decimal(order.base + 1, USDT)

    def test_a_sell_that_was_charged(self) -> None:
        book = self.planted("facts_change")
        order = book.nothing_came()
        book.authorise(order)
        book.void(order)

    def test_money_that_the_shop_never_heard_of(self) -> None:
        book = self.planted("never_told")
        book.refunded()
        del book.webhooks[-2:]

    def test_a_deposit_that_the_shop_never_heard_of(self) -> None:
        book = self.planted("never_told")
        book.payout_refused()
        del book.webhooks[-2:]

    def test_a_last_word_that_is_missing(self) -> None:
        book = self.planted("status_not_final")
        book.bought()
        book.webhooks.pop()

    def test_called_completed_and_refunded(self) -> None:
        book = self.planted("status_disagrees")
        book.refunded()
        book.webhooks[-1]["body"]["status"] = "completed"

    def test_called_failed_and_delivered(self) -> None:
        book = self.planted("status_disagrees")
        book.bought()
        book.webhooks[-1]["body"]["status"] = "failed"

    def test_called_failed_and_paid_out(self) -> None:
        book = self.planted("status_disagrees")
        book.sold()
        book.webhooks[-1]["body"]["status"] = "failed"

    def test_called_completed_and_not_paid_out(self) -> None:
        book = self.planted("status_disagrees")
        book.payout_refused()
        book.webhooks[-1]["body"]["status"] = "completed"

    def test_told_another_price(self) -> None:
        for story in (Book.bought, Book.sold):
            book = everything()
            story(book)
            book.webhooks[-1]["body"]["fiat_amount"] = "1.00"
            self.assertEqual(codes(book), ["amount_disagrees"])


if __name__ == "__main__":
    unittest.main()
