"""Reads what the outside world wrote down, line by line, and believes nothing that it does not know.

A line with an unknown event, an unknown or missing field, or a value of another kind is an error: an
oracle that skips what it does not understand would call a world clean that it has not read. Only a
last line without its end is dropped, because the journal itself never answered for it.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

NETWORKS = ("TRC20", "ERC20", "BEP20", "BITCOIN")

# Digits after the point, by ticker and network; by the token contracts, not by the server's table.
CRYPTO_DECIMALS = {
    ("USDT", "TRC20"): 6, ("TRX", "TRC20"): 6,
    ("USDT", "ERC20"): 6, ("USDC", "ERC20"): 6, ("ETH", "ERC20"): 18,
    ("USDT", "BEP20"): 18, ("USDC", "BEP20"): 18, ("BNB", "BEP20"): 18,
    ("BTC", "BITCOIN"): 8,
}
FIAT_DECIMALS = {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0}
STATUSES = ("pending", "processing", "completed", "failed", "cancelled")
DECLINES = ("declined", "insufficient_funds", "three_ds_failed", "token_invalid")

Asset = tuple[str, str]
"""Ticker and network: USDT on TRC20 and USDT on BEP20 are two."""


class Unreadable(Exception):
    """The input is not what its writer writes; nothing can be said about it."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a fact is written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Money:
    """Fiat, in minor units."""

    fiat: str
    minor: int


@dataclass(frozen=True)
class Authorised:
    """`status`: `held`, `declined` or `three_ds_required`."""

    place: Place
    reference: str
    amount: Money
    status: str
    challenge: str | None


@dataclass(frozen=True)
class Answered:
    """What the user told the bank."""

    place: Place
    challenge: str
    approve: bool


@dataclass(frozen=True)
class Captured:
    place: Place
    reference: str
    amount: Money


@dataclass(frozen=True)
class Voided:
    place: Place
    reference: str


@dataclass(frozen=True)
class Refunded:
    place: Place
    reference: str
    refund_reference: str
    amount: Money


@dataclass(frozen=True)
class Disputed:
    """The cardholder's bank asks, or takes the money back."""

    place: Place
    dispute: str
    reference: str
    amount: Money
    stage: str


@dataclass(frozen=True)
class DisputeMoved:
    place: Place
    dispute: str
    stage: str


@dataclass(frozen=True)
class PaidOut:
    """`sent_at` in microseconds; `None`: the bank refused."""

    place: Place
    reference: str
    amount: Money
    sent_at: int | None


@dataclass(frozen=True)
class PaidBack:
    """The card's bank sent a payout back."""

    place: Place
    reference: str


CardFact = Authorised | Answered | Captured | Voided | Refunded | Disputed | DisputeMoved | PaidOut | PaidBack


@dataclass(frozen=True)
class Coin:
    """One output of a transfer, in base units."""

    hash: str
    index: int
    base: int


@dataclass(frozen=True)
class Transfer:
    """A movement on a chain. `at` in microseconds, `base` and `fee` in base units.

    `signed`: its sender's key signed it. Otherwise somebody outside sent it.
    """

    place: Place
    network: str
    at: int
    hash: str
    sender: str
    recipient: str
    ticker: str
    base: int
    fee: int
    nonce: int | None
    coins: tuple[Coin, ...] | None
    signed: bool

    @property
    def asset(self) -> Asset:
        return (self.ticker, self.network)


@dataclass(frozen=True)
class Faucet:
    """Coins out of nothing: how the operator funds a wallet of the sandbox."""

    place: Place
    at: int
    address: str
    ticker: str
    base: int


@dataclass(frozen=True)
class Dropped:
    """A re-org: the transfer is in no block any more."""

    place: Place
    hash: str


@dataclass(frozen=True)
class ChainLog:
    """One chain; `genesis` in microseconds."""

    network: str
    genesis: int
    facts: tuple[Transfer | Faucet | Dropped, ...]


@dataclass(frozen=True)
class News:
    """A webhook as the shop took it. `updated` in seconds, `base` in base units, `fiat` if known."""

    place: Place
    webhook_id: str
    body: str
    event_id: str
    order: str
    side: str
    status: str
    asset: Asset
    base: int
    fiat: Money | None
    updated: int
    sequence: int


@dataclass(frozen=True)
class Note:
    """What the shop asked for and what its user typed or was shown; `base` in base units."""

    place: Place
    order: str
    side: str | None
    asset: Asset | None
    base: int | None
    address: str | None
    deposit_address: str | None
    refund_address: str | None


class Record:
    """One JSON object; every field has to be taken before `end`."""

    def __init__(self, place: Place, value: Any):
        if not isinstance(value, dict):
            raise Unreadable(f"{place}: not an object")
        self.place = place
        self.left = dict(value)

    def fail(self, problem: str) -> Unreadable:
        return Unreadable(f"{self.place}: {problem}")

    def take(self, name: str, kind: type) -> Any:
        if name not in self.left:
            raise self.fail(f"the field {name} is missing")
        value = self.left.pop(name)
        # A truth value is a number to Python and not to anybody else.
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise self.fail(f"the field {name} is not of the kind {kind.__name__}")
        return value

    def text(self, name: str) -> str:
        return str(self.take(name, str))

    def number(self, name: str) -> int:
        return int(self.take(name, int))

    def units(self, name: str) -> int:
        """An amount above or at zero, written as text."""
        text = self.text(name)
        if not re.fullmatch(r"0|[1-9][0-9]*", text):
            raise self.fail(f"the field {name} is not a whole number in text")
        return int(text)

    def optional(self, name: str) -> str | None:
        return self.text(name) if name in self.left else None

    def inner(self, name: str) -> Record:
        return Record(self.place, self.take(name, dict))

    def one_of(self, name: str, known: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in known:
            raise self.fail(f"{name} {value!r} is not known")
        return value

    def end(self) -> None:
        if self.left:
            raise self.fail(f"unknown fields: {', '.join(sorted(self.left))}")


def parse(place: Place, text: str) -> Any:
    """JSON without what different readers read differently: no floats, no field twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise Unreadable(f"{place}: a field is there twice")
        return dict(pairs)

    def never(text: str) -> Any:
        raise Unreadable(f"{place}: {text} is not a whole number")

    try:
        return json.loads(text, object_pairs_hook=once, parse_float=never, parse_constant=never)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{place}: not JSON: {error}") from error


def lines(path: Path, name: str) -> Iterator[tuple[Place, str]]:
    """The whole lines of a file; a torn last one is left out."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{name}: {error.strerror}") from error
    whole = content[: content.rfind(b"\n") + 1]
    for index, line in enumerate(whole.split(b"\n")[:-1]):
        place = Place(name, index + 1)
        try:
            yield place, line.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"{place}: not UTF-8") from error


def records(path: Path, name: str) -> Iterator[Record]:
    for place, text in lines(path, name):
        yield Record(place, parse(place, text))


def decimal(record: Record, text: str, decimals: int) -> int:
    """A decimal as an integer of its smallest unit; digits that do not fit are an error."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise record.fail(f"{text!r} is not a decimal")
    whole, _, part = text.partition(".")
    if part[decimals:].strip("0"):
        raise record.fail(f"{text!r} is finer than its smallest unit")
    return int(whole + part[:decimals].ljust(decimals, "0"))


def money(record: Record) -> Money:
    amount = record.inner("amount")
    result = Money(amount.one_of("fiat", tuple(FIAT_DECIMALS)), amount.units("minor"))
    amount.end()
    return result


def order_id(record: Record, text: str) -> str:
    """32 hex digits, however it was written."""
    plain = text.replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{32}", plain):
        raise record.fail(f"{text!r} is not an order")
    return plain


def asset_of(record: Record, ticker: str, network: str) -> Asset:
    if (ticker, network) not in CRYPTO_DECIMALS:
        raise record.fail(f"{ticker} on {network} is not known")
    return (ticker, network)


# Cards


def authorised(record: Record) -> Authorised:
    reference = record.text("reference")
    record.text("token")
    amount = money(record)
    challenge = None
    if isinstance(record.left.get("status"), str):
        status = record.one_of("status", ("held",))
    else:
        inner = record.inner("status")
        if "declined" in inner.left:
            status, why = "declined", inner.inner("declined")
            why.one_of("code", DECLINES)
            why.end()
        else:
            status, asked = "three_ds_required", inner.inner("three_ds_required")
            challenge = asked.text("challenge")
            asked.end()
        inner.end()
    return Authorised(record.place, reference, amount, status, challenge)


def paid_out(record: Record) -> PaidOut:
    reference = record.text("reference")
    record.text("card_id")
    amount = money(record)
    outcome = record.inner("outcome")
    sent_at = None
    if "refused" in outcome.left:
        refused = outcome.inner("refused")
        refused.one_of("code", DECLINES)
        refused.end()
    else:
        sent = outcome.inner("sent")
        sent_at = sent.number("at")
        sent.end()
    outcome.end()
    return PaidOut(record.place, reference, amount, sent_at)


STAGES = ("inquiry", "evidence_due", "submitted", "won", "lost", "accepted", "closed")


def card_fact(record: Record) -> CardFact | None:
    """`None`: it moves no money."""
    kind = record.text("type")
    fact: CardFact | None = None
    if kind == "token_made":
        record.text("token")
        record.take("card", dict)
        record.text("behaviour")
        # A wallet's has no month; nor had any before cards were stored.
        if record.left.get("expires") is None:
            record.left.pop("expires", None)
        else:
            record.number("expires")
        record.number("expires_at")
    elif kind == "card_kept":
        record.text("token")
        record.text("id")
    elif kind == "card_stored":
        record.text("reference")
        record.text("id")
    elif kind == "stored_key_made":
        record.text("key")
        record.text("card")
        record.number("expires_at")
    elif kind == "card_forgotten":
        record.text("id")
    elif kind == "authorised":
        fact = authorised(record)
    elif kind == "challenge_answered":
        fact = Answered(record.place, record.text("challenge"), record.take("approve", bool))
    elif kind == "captured":
        fact = Captured(record.place, record.text("reference"), money(record))
    elif kind == "voided":
        fact = Voided(record.place, record.text("reference"))
    elif kind == "refunded":
        names = (record.text("reference"), record.text("refund_reference"))
        fact = Refunded(record.place, *names, money(record))
    elif kind == "disputed":
        names = (record.text("id"), record.text("reference"))
        fact = Disputed(record.place, *names, money(record), record.one_of("stage", STAGES))
        record.number("due")
    elif kind == "dispute_moved":
        fact = DisputeMoved(record.place, record.text("id"), record.one_of("stage", STAGES))
    elif kind == "paid_out":
        fact = paid_out(record)
    elif kind == "payout_bounced":
        fact = PaidBack(record.place, record.text("reference"))
    else:
        raise record.fail(f"the event {kind!r} is not known")
    record.end()
    return fact


def cards(path: Path, name: str) -> list[CardFact]:
    return [fact for fact in map(card_fact, records(path, name)) if fact is not None]


# Identity


def identity(path: Path, name: str) -> int:
    """Moves no money; it is read so that a world that cannot be read is not called clean."""
    count = 0
    for record in records(path, name):
        kind = record.one_of("type", ("received", "submitted"))
        record.text("reference")
        if kind == "received":
            record.take("place", dict)
            record.take("picture", dict)
        else:
            record.text("email")
            record.number("at")
        record.end()
        count += 1
    return count


# Chains


def coin(place: Place, value: Any) -> Coin:
    record = Record(place, value)
    result = Coin(record.text("hash"), record.number("index"), record.units("base"))
    record.end()
    return result


def transfer(record: Record, network: str, signed: bool) -> Transfer:
    at, name, body = record.number("at"), record.text("hash"), record.inner("body")
    ticker, _ = asset_of(record, body.text("ticker"), network)
    nonce = body.number("nonce") if "nonce" in body.left else None
    coins = None
    if "coins" in body.left:
        coins = tuple(coin(record.place, value) for value in body.take("coins", list))
    if signed and (nonce is None) == (coins is None):
        raise record.fail("a signed transfer has a nonce or coins")
    result = Transfer(
        record.place, network, at, name, body.text("sender"), body.text("recipient"), ticker,
        body.units("base"), body.units("fee"), nonce, coins, signed,
    )
    body.end()
    return result


def chain(path: Path, name: str, network: str) -> ChainLog:
    genesis: int | None = None
    facts: list[Transfer | Faucet | Dropped] = []
    for record in records(path, name):
        kind = record.text("type")
        if (kind == "genesis") != (genesis is None):
            raise record.fail("a chain begins with its one genesis")
        if kind == "genesis":
            genesis = record.number("at")
        elif kind == "received":
            facts.append(transfer(record, network, True))
        elif kind == "sent":
            facts.append(transfer(record, network, False))
        elif kind == "faucet":
            at, address = record.number("at"), record.text("address")
            ticker, _ = asset_of(record, record.text("ticker"), network)
            facts.append(Faucet(record.place, at, address, ticker, record.units("base")))
        elif kind == "dropped":
            facts.append(Dropped(record.place, record.text("hash")))
        else:
            raise record.fail(f"the event {kind!r} is not known")
        record.end()
    if genesis is None:
        raise Unreadable(f"{name}: a chain without a genesis")
    return ChainLog(network, genesis, tuple(facts))


# The shop


def seconds(record: Record, text: str) -> int:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise record.fail(f"{text!r} is not a moment") from error
    return int(moment.replace(tzinfo=timezone.utc).timestamp())


def news(outer: Record) -> News | None:
    """`None`: an event that the shop asked for as a test."""
    webhook_id, body = outer.text("webhook_id"), outer.text("body")
    if "at" in outer.left:
        outer.number("at")
    outer.end()
    record = Record(outer.place, parse(outer.place, body))
    order = order_id(record, record.text("merchant_transaction_id"))
    side = record.one_of("type", ("buy", "sell"))
    status = record.one_of("status", STATUSES)
    asset = asset_of(record, record.text("currency"), record.text("network"))
    base = decimal(record, record.text("crypto_amount"), CRYPTO_DECIMALS[asset])
    fiat_currency, fiat_amount = record.text("fiat_currency"), record.text("fiat_amount")
    fiat = None
    if fiat_amount:
        if fiat_currency not in FIAT_DECIMALS:
            raise record.fail(f"the currency {fiat_currency!r} is not known")
        fiat = Money(fiat_currency, decimal(record, fiat_amount, FIAT_DECIMALS[fiat_currency]))
    seconds(record, record.text("created_at"))
    updated = seconds(record, record.text("updated_at"))
    event_id, sequence = record.text("event_id"), record.number("sequence")
    test = record.take("test", bool) if "test" in record.left else False
    record.end()
    if test:
        return None
    return News(
        outer.place, webhook_id, body, event_id, order, side, status, asset, base, fiat, updated,
        sequence,
    )


def webhooks(path: Path, name: str) -> list[News]:
    return [item for item in map(news, records(path, name)) if item is not None]


def note(record: Record) -> Note:
    order = order_id(record, record.text("order"))
    side = record.one_of("type", ("buy", "sell")) if "type" in record.left else None
    asset = base = None
    if "currency" in record.left:
        asset = asset_of(record, record.text("currency"), record.text("network"))
        base = decimal(record, record.text("amount"), CRYPTO_DECIMALS[asset])
    result = Note(
        record.place, order, side, asset, base, record.optional("address"),
        record.optional("deposit_address"), record.optional("refund_address"),
    )
    record.end()
    return result


def notes(path: Path, name: str) -> list[Note]:
    return [note(record) for record in records(path, name)]


def balances(path: Path, name: str) -> dict[tuple[str, Asset], int]:
    """What the chain answered when it was asked, in base units, by address and asset."""
    place = Place(name, 1)
    try:
        value = parse(place, path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{name}: {error}") from error
    found: dict[tuple[str, Asset], int] = {}
    networks = Record(place, value)
    for network in list(networks.left):
        addresses = networks.inner(network)
        for address in list(addresses.left):
            held = addresses.inner(address)
            for ticker in list(held.left):
                found[(address, asset_of(held, ticker, network))] = held.units(ticker)
    return found
