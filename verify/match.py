"""Who each coin that left our wallets was for.

A chain knows no orders: a transfer carries a recipient and an amount, and nothing of ours. What an
order has coming is therefore written down as a claim (asset, amount, recipient where it is known, and
the time in which it can be), and transfers are given to claims, each to one. What is left over on
either side is what the rules speak of. Orders of the same amount to the same address stand in for one
another; the time in which each can have been served narrows that down.
"""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count

from facts import NATIVE, Order, World
from journals import CRYPTO_DECIMALS, Asset, Place, Transfer

# The server's clock and the sandbox's are one machine's; the contract's moments are whole seconds.
SECOND_US = 1_000_000

# What the sandbox's coins cost around which its rates walk, in euro cents, and what its chains take
# for a transfer, in base units. Needed for one thing only: an accident that is worth less than
# sending it back may be kept.
PRICE_CENTS = {"USDT": 92, "USDC": 92, "BTC": 6_100_000, "ETH": 290_000, "BNB": 54_000, "TRX": 15}
FEE_BASE = {
    "TRC20": 13_500_000, "ERC20": 600_000_000_000_000, "BEP20": 20_000_000_000_000, "BITCOIN": 2_000,
}
# Rates walk by at most 0.4 % each way.
WALK_PERCENT = 1


@dataclass
class Claim:
    """One movement that somebody has coming. `release` and `deadline` in microseconds.

    `owner`: the order, or the deposit address where no order is known.
    """

    kind: str
    """`deliver` or `return`"""
    owner: str
    order: str | None
    asset: Asset
    base: int
    recipient: str | None
    release: int
    """It cannot have been sent before."""
    deadline: int | None
    """It was said to be final by then."""
    may_stay: bool
    """An accident: it is kept if sending it back would cost more than it is worth."""
    places: tuple[Place, ...]
    transfer: Transfer | None = None

    def fits(self, world: World, transfer: Transfer) -> bool:
        return (
            transfer.asset == self.asset
            and transfer.base == self.base
            and self.recipient in (None, transfer.recipient)
            and self.is_in_time(world, transfer)
        )

    def is_in_time(self, world: World, transfer: Transfer) -> bool:
        in_time = self.deadline is None or world.final_at(transfer) <= self.deadline
        return self.release <= transfer.at and in_time


@dataclass
class Account:
    """A deposit address, what came there, and whose it is."""

    address: str
    deposits: list[Transfer]
    order: Order | None = None
    claims: list[Claim] = field(default_factory=list)

    def own(self) -> list[Transfer]:
        """In the asset of the order, in the order in which they came."""
        asset = self.order.asset if self.order else None
        return [deposit for deposit in self.deposits if deposit.asset == asset]

    def received(self) -> int:
        """Base units of the order's asset."""
        return sum(deposit.base for deposit in self.own())

    def is_noted(self) -> bool:
        return self.order is not None and is_noted(self.order)

    def refund_address(self) -> str | None:
        note = self.order.note if self.order else None
        return note.refund_address if note else None


@dataclass
class Matching:
    claims: list[Claim]
    accounts: list[Account]
    leftovers: list[Transfer]
    """Signed by us, and nobody's."""
    guessed: set[Asset]
    """Of which some deposit address may be another sell's than we say: nobody noted it, and more
    than one would do."""

    def delivered(self, order: Order) -> Claim | None:
        found = (claim for claim in self.claims if claim.kind == "deliver" and claim.transfer)
        return next((claim for claim in found if claim.order == order.id), None)

    def account(self, order: Order) -> Account | None:
        return next((account for account in self.accounts if account.order is order), None)

    def shops(self) -> set[str]:
        """Who was delivered to."""
        return {c.transfer.recipient for c in self.claims if c.kind == "deliver" and c.transfer}

    def adds_up(self, world: World, asset: Asset) -> bool:
        """Of the sells that nobody noted: what came was paid out or given back, all together."""
        accounts = [account for account in self.accounts if not account.is_noted()]
        came = [
            deposit for account in accounts for deposit in account.deposits if deposit.asset == asset
        ]
        paid = sum(
            order.base or 0 for order in world.orders.values()
            if order.asset == asset and order.sent_payouts() and not is_noted(order)
        )
        kept = sum(deposit.base for deposit in came) - paid - self.given_back(accounts, asset)
        return 0 <= kept <= sum(d.base for d in came if may_stay(alone(world, d)))

    def given_back(self, accounts: list[Account], asset: Asset) -> int:
        """Base units: all that may have been for these accounts."""
        served = (claim.transfer for account in accounts for claim in account.claims)
        shops = self.shops()
        loose = (transfer for transfer in self.leftovers if transfer.recipient not in shops)
        # A leftover that explains a claim is there twice.
        transfers = {transfer for transfer in (*served, *loose) if transfer is not None}
        return sum(transfer.base for transfer in transfers if transfer.asset == asset)


def is_noted(order: Order) -> bool:
    return order.note is not None and order.note.deposit_address is not None


def match(world: World) -> Matching:
    outgoing = ours_out(world)
    accounts = accounts_of(world, outgoing)
    guessed = join(world, accounts)
    pool = Pool(world, outgoing)
    # Nothing is delivered to an address that is for refunds alone.
    refunds = {account.refund_address() for account in accounts} - destinations(world)
    claims = deliveries(world)
    pool.serve(claims, [transfer for transfer in outgoing if transfer.recipient not in refunds])
    # Whoever has the fewest ways to be served goes first, so that nobody takes another's only way.
    for account in sorted(accounts, key=lambda account: pool.ways(account)):
        account.claims = pool.give_back(account)
        claims.extend(account.claims)
    return Matching(claims, accounts, pool.free(), guessed)


def ours_out(world: World) -> list[Transfer]:
    """What our wallets sent to anybody but ourselves, by time."""
    found = []
    for network, chain in world.chains.items():
        hot = world.hot(network)
        moves = (transfer for transfer in chain.transfers.values() if transfer.signed)
        found += [transfer for transfer in moves if transfer.recipient not in hot]
    return sorted(found, key=lambda transfer: (transfer.at, transfer.place))


# Deliveries


def deliveries(world: World) -> list[Claim]:
    found = []
    for order in world.orders.values():
        if order.side != "buy" or order.kept() <= 0 or order.asset is None or order.base is None:
            continue
        paid, done = order.told("processing"), order.told("completed")
        found.append(Claim(
            kind="deliver", owner=order.id, order=order.id, asset=order.asset, base=order.base,
            recipient=order.note.address if order.note else None,
            release=paid.updated * SECOND_US if paid else 0,
            deadline=(done.updated + 1) * SECOND_US if done else None,
            may_stay=False, places=tuple(fact.place for fact in order.captures()),
        ))
    return found


# Deposits


def accounts_of(world: World, outgoing: list[Transfer]) -> list[Account]:
    """Addresses at which somebody outside put something, with their orders where somebody noted it."""
    noted = {
        order.note.deposit_address: order
        for order in world.orders.values()
        if order.note and order.note.deposit_address
    }
    # Whoever is paid by us is not one of us, unless the user was told so.
    others = {transfer.recipient for transfer in outgoing} - set(noted)
    others |= destinations(world)
    deposits: dict[str, list[Transfer]] = defaultdict(list)
    for network, chain in world.chains.items():
        known = others | world.hot(network)
        for transfer in chain.transfers.values():
            if not transfer.signed and transfer.recipient not in known:
                deposits[transfer.recipient].append(transfer)
    return [
        Account(address, sorted(found, key=lambda t: (t.at, t.place)), noted.get(address))
        for address, found in deposits.items()
    ]


def destinations(world: World) -> set[str]:
    notes = (order.note for order in world.orders.values() if order.note)
    return {note.address for note in notes if note.address}


def join(world: World, accounts: list[Account]) -> set[Asset]:
    """Gives the addresses that nobody noted to the sells that they fit: first to those that were paid
    out, whose deposit must be there, and each time first where the amount is the very same. Gives
    the assets of which it had to choose."""
    guessed: set[Asset] = set()
    known: set[str] = set()
    sells = [
        order for order in world.orders.values()
        if order.side == "sell" and not is_noted(order) and order.asset is not None
    ]
    sells.sort(key=lambda order: (there_by(order), order.id))
    for paid, exact in ((True, True), (True, False), (False, True), (False, False)):
        for order in sells:
            if order.id in known or bool(order.sent_payouts()) != paid or order.asset is None:
                continue
            free = (account for account in accounts if account.order is None)
            fitting = [account for account in free if suits(order, came_by(world, account, order), exact)]
            if len(fitting) > 1:
                guessed.add(order.asset)
            if fitting:
                min(fitting, key=lambda account: remoteness(world, account, order)).order = order
                known.add(order.id)
    return guessed


def remoteness(world: World, account: Account, order: Order) -> tuple[int, int, str]:
    """An order hears of its deposit soon: the smallest excess, then the latest one that it can be."""
    finals = [
        world.final_at(deposit) for deposit in account.deposits
        if deposit.asset == order.asset and world.final_at(deposit) <= there_by(order)
    ]
    return (came_by(world, account, order), -max(finals, default=0), account.address)


def there_by(order: Order) -> int:
    """By when the deposit was final, in microseconds; for ever, if nobody said that it was."""
    paid = [fact.sent_at or 0 for fact in order.sent_payouts()]
    told = order.told("processing")
    return min([*paid, *([(told.updated + 1) * SECOND_US] if told else [])], default=2**63)


def came_by(world: World, account: Account, order: Order) -> int:
    """Base units of the order's asset."""
    return sum(
        deposit.base for deposit in account.deposits
        if deposit.asset == order.asset and world.final_at(deposit) <= there_by(order)
    )


def suits(order: Order, came: int, exact: bool) -> bool:
    if exact or order.base is None:
        return came == order.base
    return came >= order.base if order.sent_payouts() else came > 0


# Returns


@dataclass(frozen=True)
class Piece:
    """What goes back in one transfer. `final` in microseconds."""

    asset: Asset
    base: int
    final: int
    may_stay: bool
    places: tuple[Place, ...]


def alone(world: World, deposit: Transfer) -> Piece:
    return Piece(deposit.asset, deposit.base, world.final_at(deposit), True, (deposit.place,))


def together(world: World, deposits: list[Transfer], base: int, may_stay: bool) -> Piece:
    final = max(world.final_at(deposit) for deposit in deposits)
    places = tuple(deposit.place for deposit in deposits)
    return Piece(deposits[0].asset, base, final, may_stay, places)


def ways_back(world: World, account: Account) -> list[list[Piece]]:
    """Every way in which what came may go back.

    The first deposits belong to the order, as many as it took; each later one, and each of another
    asset, is an accident of its own, and so is what the order's own had too much.
    """
    own = account.own()
    foreign = [alone(world, deposit) for deposit in account.deposits if deposit not in own]
    wanted = account.order.base if account.order else None
    paid = account.order is not None and bool(account.order.sent_payouts())
    found = []
    for taken in range(len(own), -1, -1):
        pieces = [alone(world, deposit) for deposit in own[taken:]] + foreign
        came = sum(deposit.base for deposit in own[:taken])
        enough = wanted is not None and came >= wanted
        if paid and not enough:
            continue
        if taken and enough and wanted is not None:
            if came > wanted:
                pieces.insert(0, together(world, own[:taken], came - wanted, True))
            if not paid:
                pieces.insert(0, together(world, own[:taken], wanted, False))
        elif taken:
            pieces.insert(0, together(world, own[:taken], came, False))
        found.append(pieces)
    # A payout without its deposit: the rules speak of that, and nothing is to go back.
    return found or [foreign]


def whole(asset: Asset) -> int:
    """One coin, in base units."""
    return int(10 ** CRYPTO_DECIMALS[asset])


def may_stay(piece: Piece | Claim) -> bool:
    """Whether it is worth no more than sending it back costs, generously."""
    if not piece.may_stay:
        return False
    ticker, network = piece.asset
    native = NATIVE[network]
    if ticker == native:
        return piece.base <= FEE_BASE[network]
    worth = piece.base * PRICE_CENTS[ticker] // whole(piece.asset)
    cost = FEE_BASE[network] * PRICE_CENTS[native] // whole((native, network)) + 1
    return worth * 100 <= cost * (100 + WALK_PERCENT) + 100


class Pool:
    """The transfers that are nobody's yet."""

    def __init__(self, world: World, transfers: list[Transfer]):
        self.world = world
        self.by_amount: dict[tuple[Asset, int], list[Transfer]] = defaultdict(list)
        for transfer in transfers:
            self.by_amount[(transfer.asset, transfer.base)].append(transfer)

    def free(self) -> list[Transfer]:
        left = (transfer for transfers in self.by_amount.values() for transfer in transfers)
        return sorted(left, key=lambda transfer: (transfer.at, transfer.place))

    def take(self, claim: Claim, transfer: Transfer) -> None:
        claim.transfer = transfer
        self.by_amount[(transfer.asset, transfer.base)].remove(transfer)

    def serve(self, claims: list[Claim], transfers: list[Transfer]) -> None:
        """Each transfer, by time, to the open claim that must be served first: no other rule serves
        more of them."""
        by_amount: dict[tuple[Asset, int], list[Claim]] = defaultdict(list)
        for claim in claims:
            by_amount[(claim.asset, claim.base)].append(claim)
        for transfer in transfers:
            claims_here = by_amount[(transfer.asset, transfer.base)]
            fitting = [
                claim for claim in claims_here
                if claim.transfer is None and claim.fits(self.world, transfer)
            ]
            if fitting:
                urgent = min(fitting, key=lambda claim: (claim.deadline or 2**63, claim.release))
                self.take(urgent, transfer)

    def first(self, claim: Claim, taken: list[Transfer]) -> Transfer | None:
        found = self.by_amount.get((claim.asset, claim.base), [])
        return next(
            (t for t in found if t not in taken and claim.fits(self.world, t)), None,
        )

    def plan(self, account: Account, pieces: list[Piece]) -> tuple[int, list[tuple[Claim, Transfer | None]]]:
        """Who would serve these pieces, and how much would be missing: in base units of whatever it
        is, to tell ways back from each other and for nothing else."""
        plan: list[tuple[Claim, Transfer | None]] = []
        taken: list[Transfer] = []
        missing = 0
        for piece in pieces:
            claim = claim_of(account, piece)
            transfer = self.first(claim, taken)
            if transfer is not None:
                taken.append(transfer)
            elif not may_stay(piece):
                missing += piece.base
            plan.append((claim, transfer))
        return missing, plan

    def ways(self, account: Account) -> int:
        plans = (self.plan(account, pieces) for pieces in ways_back(self.world, account))
        return sum(1 for missing, _ in plans if missing == 0)

    def give_back(self, account: Account) -> list[Claim]:
        """The way in which the least is missing, and then the one that explains the most."""
        number = count()

        def order(plan: tuple[int, list[tuple[Claim, Transfer | None]]]) -> tuple[int, int, int]:
            served = sum(1 for _, transfer in plan[1] if transfer)
            return (plan[0], -served, next(number))

        plans = [self.plan(account, pieces) for pieces in ways_back(self.world, account)]
        _, best = min(plans, key=order)
        for claim, transfer in best:
            if transfer is not None:
                self.take(claim, transfer)
        return [claim for claim, _ in best]


def claim_of(account: Account, piece: Piece) -> Claim:
    return Claim(
        kind="return", owner=account.address, order=account.order.id if account.order else None,
        asset=piece.asset, base=piece.base, recipient=account.refund_address(),
        release=piece.final, deadline=None, may_stay=piece.may_stay, places=piece.places,
    )
