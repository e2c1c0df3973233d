"""What happened, put together from the lines: orders with their legs, and chains with their balances."""
from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import journals
from journals import (
    NETWORKS, Answered, Asset, Authorised, CardFact, Captured, ChainLog, Disputed, DisputeMoved, Dropped, Faucet, Money,
    News, Note, PaidBack, PaidOut, Place, Refunded, Transfer, Unreadable, Voided,
)

# Of the simulated chains: time between two blocks in microseconds, and blocks until a transfer is
# final, its own included.
BLOCK_US = {"TRC20": 2_000_000, "ERC20": 2_000_000, "BEP20": 2_000_000, "BITCOIN": 5_000_000}
CONFIRMATIONS_FINAL = 3
# How far ahead of its turn a node still keeps a transfer.
EARLY_MAX = 64
NATIVE = {"TRC20": "TRX", "ERC20": "ETH", "BEP20": "BNB", "BITCOIN": "BTC"}

REFERENCE = re.compile(r"[0-9a-f]{32}-([0-9a-f]{32})-(pay|payout)-([1-9][0-9]*)")


@dataclass(frozen=True)
class Finding:
    """Something that must not be. `order`: 32 hex digits, or nothing where none can be named.

    `sold`: the asset, where it hangs on whose deposit address is whose.
    """

    code: str
    order: str | None
    cause: str
    places: tuple[Place, ...]
    sold: Asset | None = None


@dataclass
class Payment:
    """One attempt at a card: its hold and what became of it."""

    reference: str
    hold: Authorised | None = None
    answer: Answered | None = None
    captures: list[Captured] = field(default_factory=list)
    voids: list[Voided] = field(default_factory=list)
    refunds: list[Refunded] = field(default_factory=list)
    disputes: list[Disputed] = field(default_factory=list)
    stages: dict[str, str] = field(default_factory=dict)

    def is_open(self) -> bool:
        """Something is held, or may still become so."""
        if self.hold is None or self.captures or self.voids or self.hold.status == "declined":
            return False
        return self.answer is None or self.answer.approve

    def was_held(self) -> bool:
        if self.hold is None:
            return False
        approved = self.answer is not None and self.answer.approve
        return self.hold.status == "held" or (self.hold.status == "three_ds_required" and approved)

    def captured(self) -> int:
        """Minor units."""
        return sum(fact.amount.minor for fact in self.captures)

    def refunded(self) -> int:
        """Minor units."""
        return sum(fact.amount.minor for fact in self.refunds)

    def disputed(self) -> int:
        """Minor units that the provider withholds or has given to the cardholder."""
        here = ("inquiry", "won", "closed")
        return sum(fact.amount.minor for fact in self.disputes if self.stages[fact.dispute] not in here)


@dataclass
class Order:
    """All that was sent out under an order's name, and all that was told of it."""

    id: str
    payments: dict[str, Payment] = field(default_factory=dict)
    payouts: list[PaidOut] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    note: Note | None = None

    @property
    def side(self) -> str | None:
        if self.news:
            return self.news[0].side
        if self.note and self.note.side:
            return self.note.side
        if self.payments:
            return "buy"
        return "sell" if self.payouts else None

    @property
    def asset(self) -> Asset | None:
        return self.news[0].asset if self.news else self.note.asset if self.note else None

    @property
    def base(self) -> int | None:
        """Base units."""
        return self.news[0].base if self.news else self.note.base if self.note else None

    @property
    def last(self) -> News | None:
        """What the shop was told last, by the order's own numbers."""
        return max(self.news, key=lambda item: item.sequence, default=None)

    def told(self, status: str) -> News | None:
        return next((item for item in self.news if item.status == status), None)

    def captures(self) -> list[Captured]:
        return [fact for payment in self.payments.values() for fact in payment.captures]

    def refunds(self) -> list[Refunded]:
        return [fact for payment in self.payments.values() for fact in payment.refunds]

    def captured(self) -> int:
        """Minor units."""
        return sum(payment.captured() for payment in self.payments.values())

    def refunded(self) -> int:
        """Minor units."""
        return sum(payment.refunded() for payment in self.payments.values())

    def kept(self) -> int:
        """Fiat that was taken and not given back, in minor units."""
        return self.captured() - self.refunded() - sum(payment.disputed() for payment in self.payments.values())

    def sent_payouts(self) -> list[PaidOut]:
        return [fact for fact in self.payouts if fact.sent_at is not None]


@dataclass
class Chain:
    """The fold over one chain's journal."""

    log: ChainLog
    held: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """Base units, by address and ticker, by what moved."""
    coins: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    """Unspent outputs, by hash and index: whose they are, and how much."""
    nonces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    early: dict[tuple[str, int], Transfer] = field(default_factory=dict)
    """Those that came before their turn, by sender and nonce: the node keeps them, nothing has moved yet."""
    transfers: dict[str, Transfer] = field(default_factory=dict)
    """Those that stand, by hash; a dropped one is not among them."""
    faucets: list[Faucet] = field(default_factory=list)
    damage: list[Finding] = field(default_factory=list)

    def balances(self) -> dict[tuple[str, str], int]:
        """What is there, in base units: where a chain counts coins, by its coins."""
        if self.log.network != "BITCOIN":
            return self.held
        found: dict[tuple[str, str], int] = defaultdict(int)
        for owner, base in self.coins.values():
            found[(owner, NATIVE[self.log.network])] += base
        return found

    def final_at(self, transfer: Transfer) -> int:
        """The moment from which a transfer is final, in microseconds."""
        # It is mined with the block after the one that was the last when it came.
        block = (transfer.at - self.log.genesis) // BLOCK_US[self.log.network] + 1
        return self.log.genesis + (block + CONFIRMATIONS_FINAL - 1) * BLOCK_US[self.log.network]


@dataclass
class World:
    orders: dict[str, Order]
    chains: dict[str, Chain]
    strangers: list[Finding]
    """Money that moved under a name that is not one of ours."""
    snapshot: dict[tuple[str, Asset], int] | None
    healed: bool

    def hot(self, network: str) -> set[str]:
        """Our wallets: the sandbox's operator funds them, and nobody else, from the faucet."""
        return {faucet.address for faucet in self.chains[network].faucets}

    def final_at(self, transfer: Transfer) -> int:
        return self.chains[transfer.network].final_at(transfer)


# Chains


def fold(log: ChainLog, healed: bool) -> Chain:
    chain = Chain(log)
    for fact in log.facts:
        if isinstance(fact, Faucet):
            chain.faucets.append(fact)
            chain.held[(fact.address, fact.ticker)] += fact.base
            # The chain gives each faucet's coin this name.
            name = f"proof-simchain/faucet/{len(chain.faucets)}"
            chain.coins[(hashlib.sha256(name.encode()).hexdigest(), 0)] = (fact.address, fact.base)
        elif isinstance(fact, Dropped):
            drop(chain, fact)
        elif known := chain.transfers.get(fact.hash) or waiting(chain, fact.hash):
            damage(chain, "transfer_repeated", f"{fact.hash} is there twice", fact, known)
        else:
            receive(chain, fact)
    for fact in chain.early.values() if healed else ():
        cause = f"{fact.sender} uses nonce {fact.nonce}, {chain.nonces[fact.sender]} never came"
        damage(chain, "nonce_out_of_order", cause, fact)
    return chain


def waiting(chain: Chain, name: str) -> Transfer | None:
    return next((fact for fact in chain.early.values() if fact.hash == name), None)


def receive(chain: Chain, fact: Transfer) -> None:
    """A transfer moves money when it is its turn, with those that waited for it; before that a node keeps it."""
    if fact.nonce is None:
        move(chain, fact)
        return
    turn = chain.nonces[fact.sender]
    if not 0 <= fact.nonce - turn <= EARLY_MAX or (fact.sender, fact.nonce) in chain.early:
        damage(chain, "nonce_out_of_order", f"{fact.sender} uses nonce {fact.nonce}, expected {turn}", fact)
        move(chain, fact)
        return
    chain.early[(fact.sender, fact.nonce)] = fact
    while next_one := chain.early.pop((fact.sender, chain.nonces[fact.sender]), None):
        if next_one is not fact and not covered(chain, next_one):
            # The node forgets it; its number stays free.
            break
        chain.nonces[fact.sender] += 1
        # It goes into the block of the one that it waited for.
        move(chain, replace(next_one, at=fact.at))


def covered(chain: Chain, fact: Transfer) -> bool:
    need: dict[str, int] = defaultdict(int)
    need[fact.ticker] += fact.base
    need[NATIVE[fact.network]] += fact.fee
    return all(chain.held[(fact.sender, ticker)] >= base for ticker, base in need.items())


def damage(chain: Chain, code: str, cause: str, *facts: Transfer | Dropped) -> None:
    places = tuple(fact.place for fact in facts)
    chain.damage.append(Finding(code, None, f"{chain.log.network}: {cause}", places))


def drop(chain: Chain, fact: Dropped) -> None:
    gone = chain.transfers.pop(fact.hash, None)
    if gone is None or gone.signed:
        damage(chain, "drop_impossible", f"{fact.hash} could not be dropped", fact)
        return
    chain.held[(gone.recipient, gone.ticker)] -= gone.base
    chain.coins.pop((fact.hash, 0), None)


def move(chain: Chain, fact: Transfer) -> None:
    chain.transfers[fact.hash] = fact
    chain.held[(fact.recipient, fact.ticker)] += fact.base
    chain.coins[(fact.hash, 0)] = (fact.recipient, fact.base)
    if not fact.signed:
        # Somebody outside has enough of everything.
        return
    native = NATIVE[fact.network]
    chain.held[(fact.sender, fact.ticker)] -= fact.base
    chain.held[(fact.sender, native)] -= fact.fee
    if any(chain.held[(fact.sender, ticker)] < 0 for ticker in (fact.ticker, native)):
        damage(chain, "overdrawn", f"{fact.sender} sends more than it has", fact)
    if fact.coins is not None:
        spend(chain, fact)


def spend(chain: Chain, fact: Transfer) -> None:
    total = 0
    for coin in fact.coins or ():
        if chain.coins.pop((coin.hash, coin.index), None) != (fact.sender, coin.base):
            damage(chain, "coin_not_there", f"{coin.hash}/{coin.index} is spent, or never was", fact)
        total += coin.base
    change = total - fact.base - fact.fee
    if change < 0:
        damage(chain, "overdrawn", f"the coins of {fact.hash} do not cover it", fact)
    if change > 0:
        chain.coins[(fact.hash, 1)] = (fact.sender, change)


# Orders


class Orders:
    """Orders by the references under which we let money move."""

    def __init__(self) -> None:
        self.all: dict[str, Order] = {}
        self.strangers: list[Finding] = []
        self.challenges: dict[str, Payment] = {}

    def order(self, name: str) -> Order:
        return self.all.setdefault(name, Order(name))

    def of(self, reference: str, leg: str, place: Place) -> Order | None:
        match = REFERENCE.fullmatch(reference)
        if match and match[2] == leg:
            return self.order(match[1])
        cause = f"{reference!r} is not one of our references for {leg!r}"
        self.strangers.append(Finding("foreign_reference", None, cause, (place,)))
        return None

    def payment(self, reference: str, place: Place) -> Payment | None:
        order = self.of(reference, "pay", place)
        return order.payments.setdefault(reference, Payment(reference)) if order else None

    def card(self, fact: CardFact) -> None:
        if isinstance(fact, Answered):
            self.answer(fact)
            return
        if isinstance(fact, PaidOut):
            order = self.of(fact.reference, "payout", fact.place)
            if order:
                order.payouts.append(fact)
            return
        if isinstance(fact, PaidBack):
            # Who is paid by bank instead, no world outside knows; whose it was, it has to.
            self.of(fact.reference, "payout", fact.place)
            return
        if isinstance(fact, DisputeMoved):
            self.dispute_moved(fact)
            return
        payment = self.payment(fact.reference, fact.place)
        if payment is None:
            return
        if isinstance(fact, Authorised):
            if payment.hold is not None:
                raise Unreadable(f"{fact.place}: {fact.reference} is authorised twice")
            payment.hold = fact
            if fact.challenge is not None:
                self.challenges[fact.challenge] = payment
        elif isinstance(fact, Captured):
            payment.captures.append(fact)
        elif isinstance(fact, Voided):
            payment.voids.append(fact)
        elif isinstance(fact, Disputed):
            payment.disputes.append(fact)
            payment.stages[fact.dispute] = fact.stage
        else:
            payment.refunds.append(fact)

    def dispute_moved(self, fact: DisputeMoved) -> None:
        payments = [payment for order in self.all.values() for payment in order.payments.values()]
        known = [payment for payment in payments if fact.dispute in payment.stages]
        if len(known) != 1:
            raise Unreadable(f"{fact.place}: the dispute {fact.dispute} is about no payment")
        known[0].stages[fact.dispute] = fact.stage

    def answer(self, fact: Answered) -> None:
        payment = self.challenges.get(fact.challenge)
        if payment is None:
            cause = f"nobody was asked {fact.challenge}"
            self.strangers.append(Finding("foreign_reference", None, cause, (fact.place,)))
        else:
            payment.answer = fact


@dataclass
class Sources:
    """Where the logs are. `notes` and `snapshot` are there if somebody kept them."""

    sandbox: Path
    webhooks: list[Path]
    notes: list[Path] = field(default_factory=list)
    snapshot: Path | None = None


def read(sources: Sources, healed: bool) -> World:
    orders = Orders()
    for fact in journals.cards(sources.sandbox / "cards" / "journal.jsonl", "cards/journal.jsonl"):
        orders.card(fact)
    journals.identity(sources.sandbox / "identity" / "journal.jsonl", "identity/journal.jsonl")
    for path in sources.webhooks:
        for item in journals.webhooks(path, path.name):
            orders.order(item.order).news.append(item)
    for path in sources.notes:
        for note in journals.notes(path, path.name):
            order = orders.order(note.order)
            order.note = note if order.note is None else joined(order.note, note)
    chains = {}
    for network in NETWORKS:
        name = f"chains/{network}/journal.jsonl"
        chains[network] = fold(journals.chain(sources.sandbox / name, name, network), healed)
    snapshot = None
    if sources.snapshot is not None:
        snapshot = journals.balances(sources.snapshot, sources.snapshot.name)
    return World(orders.all, chains, orders.strangers, snapshot, healed)


def joined(earlier: Note, later: Note) -> Note:
    """What is known of an order grows: its deposit address is shown long after it was asked for."""
    known = {name: value for name, value in vars(later).items() if value is not None}
    return replace(earlier, **known)


def uuid(order: str) -> str:
    """As the shop knows it."""
    return "-".join((order[:8], order[8:12], order[12:16], order[16:20], order[20:]))


def written(asset: Asset, base: int) -> str:
    """A decimal for people."""
    decimals = journals.CRYPTO_DECIMALS[asset]
    whole, part = divmod(abs(base), 10**decimals)
    sign = "-" if base < 0 else ""
    return f"{sign}{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".") + f" {asset[0]}/{asset[1]}"


def written_money(money: Money) -> str:
    """A decimal for people."""
    decimals = journals.FIAT_DECIMALS[money.fiat]
    text = str(abs(money.minor)).rjust(decimals + 1, "0")
    sign = "-" if money.minor < 0 else ""
    if decimals == 0:
        return f"{sign}{text} {money.fiat}"
    return f"{sign}{text[:-decimals]}.{text[-decimals:]} {money.fiat}"
