"""Random healthy worlds, each spoiled in one random place: the oracle has to see it.

What it cannot see, because nothing of it can be seen, is listed by name, and must indeed pass.
"""
from __future__ import annotations

import copy
import random
import unittest
from collections.abc import Callable
from dataclasses import dataclass

from fixture import BTC, USDC, USDT, Book, Line
from test_money import STORIES, run

WORLDS = 500
SEED = 20_261
# An order's amount, in the smallest unit of its asset, for each step of its size.
STEP = {USDT: 1_000_000, USDC: 1_000_000, BTC: 100_000}
# By how much an amount is changed: more than what may be kept because it is worth so little.
CHANGE_PERCENT = 10

# Nothing of the money is in these.
HARMLESS = {
    "a token or a kept card": "moves nothing",
    "a hold that was declined": "nothing was held",
    "a hold that was given back": "of whatever size, it came back whole",
    "a payout that was refused": "nothing was paid",
    "a status on the way": "a newer one may overtake it",
    "the end of an order without money": "an order that moved nothing may be unheard of",
    "the price of what did not happen": "nothing of that size moved",
    "a deposit that vanished": "of whatever size, it is not there",
    "an outsider's fee": "is not ours",
}
# These show when the chain itself is asked what is there, and not otherwise.
BY_SNAPSHOT = {
    "what the operator put in": "nobody else knows how much",
    "a fee of ours": "it may be anything",
    "less than its return would cost": "it may be kept, and is never spoken of again",
}


@dataclass
class Mutation:
    """`name`: `None` where it has to be seen."""

    name: str | None
    text: str


def world(rng: random.Random) -> Book:
    book = Book()
    for number in range(rng.randint(1, 6)):
        asset = rng.choice((USDT, USDC, BTC))
        rng.choice(STORIES)(book, asset, (60 + 20 * number + rng.randint(0, 19)) * STEP[asset])
    return book


def journals(book: Book) -> list[list[Line]]:
    return [book.cards, *book.chains.values(), book.webhooks]


def dropped(book: Book, line: Line) -> bool:
    return any(
        other["type"] == "dropped" and other["hash"] == line["hash"]
        for lines in book.chains.values() for other in lines
    )


def card_name(book: Book, line: Line) -> str | None:
    kind = line["type"]
    if kind in ("token_made", "card_kept"):
        return "a token or a kept card"
    if kind == "authorised" and isinstance(line["status"], dict) and "declined" in line["status"]:
        return "a hold that was declined"
    if kind == "paid_out" and "refused" in line["outcome"]:
        return "a payout that was refused"
    return None


def chain_name(book: Book, line: Line) -> str | None:
    if line["type"] == "faucet":
        return "what the operator put in"
    if line["type"] == "sent" and int(line["body"]["base"]) == 1_000:
        return "less than its return would cost"
    return None


def news_name(book: Book, line: Line) -> str | None:
    body = line["body"]
    if body["status"] == "processing":
        return "a status on the way"
    order = body["merchant_transaction_id"]
    alone = sum(1 for other in book.webhooks if other["body"]["merchant_transaction_id"] == order) == 1
    return "the end of an order without money" if alone and not got_coins(book, order) else None


def got_coins(book: Book, order: str) -> bool:
    note = next(note for note in book.notes if note["order"] == order.replace("-", ""))
    address = note.get("deposit_address")
    recipients = (
        line["body"]["recipient"] for lines in book.chains.values() for line in lines if "body" in line
    )
    return address in recipients


def drop_line(book: Book, rng: random.Random) -> Mutation:
    lines = rng.choice([lines for lines in journals(book) if lines])
    index = rng.randrange(len(lines))
    line = lines[index]
    if lines is book.cards:
        name = card_name(book, line)
    else:
        name = news_name(book, line) if lines is book.webhooks else chain_name(book, line)
    del lines[index]
    return Mutation(name, f"without {line}")


def send_twice(book: Book, rng: random.Random) -> Mutation:
    """Under another hash, as a signer would: with the next nonce, and all that follow moved on."""
    found = [
        (lines, index) for lines in book.chains.values()
        for index, line in enumerate(lines) if line["type"] in ("received", "sent")
    ]
    if not found:
        return drop_line(book, rng)
    lines, index = rng.choice(found)
    again = copy.deepcopy(lines[index])
    again["hash"] = "f" * 64
    for line in [again, *lines[index + 1:]]:
        if "nonce" in line.get("body", {}):
            line["body"]["nonce"] += 1
    lines.insert(index + 1, again)
    return Mutation(chain_name(book, again), f"twice {again}")


def given_back(book: Book, line: Line) -> bool:
    """A hold that was let go, or that the user did not confirm at the bank."""
    reference = line["reference"]
    return not any(
        other["type"] == "captured" and other["reference"] == reference for other in book.cards
    )


def amounts(book: Book) -> list[tuple[Line, str, str | None]]:
    """Where an amount is, and what its change is called."""
    found: list[tuple[Line, str, str | None]] = []
    for line in book.cards:
        if "amount" in line:
            name = card_name(book, line)
            if name is None and line["type"] == "authorised" and given_back(book, line):
                name = "a hold that was given back"
            found.append((line["amount"], "minor", name))
    for lines in book.chains.values():
        for line in lines:
            if line["type"] == "faucet":
                found.append((line, "base", chain_name(book, line)))
            if "body" in line:
                gone = "a deposit that vanished" if dropped(book, line) else chain_name(book, line)
                fee = "an outsider's fee" if line["type"] == "sent" else "a fee of ours"
                found += [(line["body"], "base", gone), (line["body"], "fee", fee)]
    for line in book.webhooks:
        done = line["body"]["status"] == "completed"
        found.append((line["body"], "crypto_amount", None))
        found.append((line["body"], "fiat_amount", None if done else "the price of what did not happen"))
    return found


def change_amount(book: Book, rng: random.Random) -> Mutation:
    record, field, name = rng.choice(amounts(book))
    digits = record[field].replace(".", "")
    changed = int(digits) * (100 + rng.choice((-1, 1)) * CHANGE_PERCENT) // 100
    point = len(record[field].partition(".")[2])
    text = str(changed).rjust(point + 1, "0")
    record[field] = f"{text[:-point]}.{text[-point:]}" if point else text
    return Mutation(name, f"{field} changed in {record}")


MUTATIONS: tuple[Callable[[Book, random.Random], Mutation], ...] = (drop_line, send_twice, change_amount)


class Mutations(unittest.TestCase):
    def test_whatever_is_spoiled_is_seen(self) -> None:
        met: dict[str | None, int] = {}
        for number in range(WORLDS):
            rng = random.Random(SEED + number)
            book = world(rng)
            said = book.balances()
            healthy = run(book, "--healed", snapshot=said)
            self.assertEqual(healthy[0], 0, f"world {number}: {healthy[1]}")
            mutation = rng.choice(MUTATIONS)(book, rng)
            with self.subTest(world=number, mutation=mutation):
                self.judge(book, mutation, said)
            met[mutation.name] = met.get(mutation.name, 0) + 1
        self.assertEqual(set(met), {None, *HARMLESS, *BY_SNAPSHOT}, "each name is of use")
        self.assertGreater(met[None], WORLDS // 2)

    def judge(self, book: Book, mutation: Mutation, said: Line) -> None:
        alone, asked = run(book, "--healed"), run(book, "--healed", snapshot=said)
        if mutation.name in HARMLESS:
            self.assertEqual((alone[0], asked[0]), (0, 0), asked[1])
        else:
            self.assertNotEqual(asked[0], 0)
        if mutation.name is None:
            self.assertNotEqual(alone[0], 0)


if __name__ == "__main__":
    unittest.main()
