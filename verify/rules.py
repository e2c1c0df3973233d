"""What must be true of every order, every transfer and every total. One function a rule.

The rules about money come first. An order that one of them names is not judged by what the shop was
told of it: the telling follows from the money, and one defect should be one finding.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from facts import NATIVE, Finding, Order, World, uuid, written, written_money
from journals import Asset, Money, News, Note, Place, Transfer
from match import Claim, Matching, may_stay

TERMINAL = ("completed", "failed", "cancelled")
RANK = {"pending": 0, "processing": 1, "completed": 2, "failed": 2, "cancelled": 2}

Rule = Callable[[World, Matching], Iterator[Finding]]


def places(*facts: object) -> tuple[Place, ...]:
    return tuple(place for fact in facts if isinstance(place := getattr(fact, "place", None), Place))


def buys(world: World) -> Iterator[Order]:
    return (order for order in world.orders.values() if order.payments)


# Cards


def foreign_reference(world: World, _: Matching) -> Iterator[Finding]:
    """Nothing happens under a name that is not one of ours."""
    yield from world.strangers


def double_capture(world: World, _: Matching) -> Iterator[Finding]:
    for order in buys(world):
        captures = order.captures()
        if len(captures) > 1:
            yield Finding("double_capture", order.id, f"captured {len(captures)} times", places(*captures))


def capture_without_hold(world: World, _: Matching) -> Iterator[Finding]:
    """What is captured was held, all of it and no more, and not let go before."""
    for order in buys(world):
        for payment in order.payments.values():
            if payment.hold is None:
                found = places(*payment.captures, *payment.voids, *payment.refunds)
                yield Finding("capture_without_hold", order.id, "settled, but never authorised", found)
            if payment.hold is None or not payment.captures:
                continue
            first = payment.captures[0]
            if not payment.was_held() or payment.voids:
                cause = "captured, but not held"
            elif first.amount != payment.hold.amount:
                held, taken = written_money(payment.hold.amount), written_money(first.amount)
                cause = f"captured {taken} of {held}"
            else:
                continue
            found = places(payment.hold, *payment.voids, first)
            yield Finding("capture_without_hold", order.id, cause, found)


def refund_exceeds_capture(world: World, _: Matching) -> Iterator[Finding]:
    for order in buys(world):
        for payment in order.payments.values():
            fiats = {fact.amount.fiat for fact in payment.captures}
            fiats |= {fact.amount.fiat for fact in payment.refunds}
            back = payment.refunded() + payment.disputed()
            if back > payment.captured() or len(fiats) > 1:
                cause = f"refunded and disputed {back} minor units of {payment.captured()} captured"
                found = places(*payment.captures, *payment.refunds)
                yield Finding("refund_exceeds_capture", order.id, cause, found)


def held_for_ever(world: World, _: Matching) -> Iterator[Finding]:
    for order in buys(world) if world.healed else ():
        for payment in order.payments.values():
            if payment.is_open():
                cause = f"{payment.reference} is neither captured nor given back"
                yield Finding("held_for_ever", order.id, cause, places(payment.hold, payment.answer))


# Deliveries and returns


def leftovers(world: World, matching: Matching) -> Iterator[Finding]:
    """Every transfer that we signed is somebody's, and says whose it nearly was if it is not.

    What explains a leftover claim is not reported a second time: it is marked as served.
    """
    # Charged, and the shop has not heard of it yet: each may have been sent anything.
    unheard = sum(1 for order in buys(world) if order.kept() > 0 and order.asset is None)
    for transfer in matching.leftovers:
        found = (
            kept_and_sent(world, matching, transfer)
            or sent_again(matching, transfer)
            or sent_wrong(world, matching, transfer)
        )
        if found is None and unheard > 0:
            unheard -= 1
        else:
            yield found or unaccounted(transfer)


def kept_and_sent(world: World, matching: Matching, transfer: Transfer) -> Finding | None:
    """The other of two things of which only one may be: delivered and refunded, paid and returned."""
    for order in world.orders.values():
        refunded = order.refunds() and order.kept() <= 0
        address = order.note.address if order.note else None
        same = (order.asset, order.base) == (transfer.asset, transfer.base)
        if refunded and same and address in (None, transfer.recipient):
            cause = f"refunded in full, and {written(transfer.asset, transfer.base)} delivered"
            found = places(*order.refunds(), transfer)
            return Finding("delivered_and_refunded", order.id, cause, found)
    for account in matching.accounts:
        seller = account.order
        if seller is None or not seller.sent_payouts() or transfer.asset != seller.asset:
            continue
        amounts = {seller.base, account.received()} | {deposit.base for deposit in account.own()}
        if transfer.base in amounts and account.refund_address() in (None, transfer.recipient):
            cause = f"paid out, and {written(transfer.asset, transfer.base)} given back"
            found = places(*seller.sent_payouts(), *account.own(), transfer)
            return Finding("paid_and_returned", seller.id, cause, found, transfer.asset)
    return None


def sent_again(matching: Matching, transfer: Transfer) -> Finding | None:
    for claim in matching.claims:
        first = claim.transfer
        if first is None or (first.asset, first.base) != (transfer.asset, transfer.base):
            continue
        if first.recipient == transfer.recipient:
            code = "double_delivery" if claim.kind == "deliver" else "double_return"
            cause = f"{written(transfer.asset, transfer.base)} went to {transfer.recipient} once more"
            return Finding(code, claim.order, cause, places(first, transfer), sold(claim))
    return None


def sent_wrong(world: World, matching: Matching, transfer: Transfer) -> Finding | None:
    """A claim that nobody served, and a transfer that would have but for one thing."""
    open_claims = [
        claim for claim in matching.claims if claim.transfer is None and claim.asset == transfer.asset
    ]
    done = {"deliver": "delivered", "return": "returned"}
    for claim in open_claims:
        known = claim.recipient in (None, transfer.recipient)
        if claim.base != transfer.base or known and claim.is_in_time(world, transfer):
            continue
        if not known:
            code, why = "elsewhere", f"to {transfer.recipient} instead of {claim.recipient}"
        elif transfer.at < claim.release:
            code, why = "too_early", "before what it is for was there"
        else:
            code, why = "too_late", "the shop was told that it was final before it was"
        claim.transfer = transfer
        cause = f"{written(transfer.asset, transfer.base)}: {why}"
        code = f"{done[claim.kind]}_{code}"
        return Finding(code, claim.order, cause, places(transfer) + claim.places, sold(claim))
    for claim in open_claims:
        if claim.recipient in (None, transfer.recipient) and claim.is_in_time(world, transfer):
            claim.transfer = transfer
            sent, due = written(transfer.asset, transfer.base), written(claim.asset, claim.base)
            code = f"{done[claim.kind]}_wrong_amount"
            found = places(transfer) + claim.places
            return Finding(code, claim.order, f"{sent} instead of {due}", found, sold(claim))
    return None


def sold(claim: Claim) -> Asset | None:
    return claim.asset if claim.kind == "return" else None


def unaccounted(transfer: Transfer) -> Finding:
    cause = f"{written(transfer.asset, transfer.base)} to {transfer.recipient} is nobody's"
    return Finding("unaccounted_transfer", None, cause, places(transfer), transfer.asset)


def captured_not_delivered(world: World, matching: Matching) -> Iterator[Finding]:
    for order in buys(world) if world.healed else ():
        served = matching.delivered(order) is not None
        # Of an order that the shop has never heard of nobody knows what was to be delivered.
        if order.kept() > 0 and not served and order.asset is not None:
            money = Money(order.captures()[0].amount.fiat, order.kept())
            cause = f"{written_money(money)} taken, neither delivered nor refunded"
            found = places(*order.captures(), *order.refunds())
            yield Finding("captured_not_delivered", order.id, cause, found)


def lost_deposit(world: World, matching: Matching) -> Iterator[Finding]:
    for account in matching.accounts if world.healed else ():
        missing = [c for c in account.claims if c.transfer is None and not may_stay(c)]
        if missing:
            sums = ", ".join(written(claim.asset, claim.base) for claim in missing)
            order = account.order.id if account.order else None
            cause = f"{sums} at {account.address} is final, neither paid out nor given back"
            found = tuple(dict.fromkeys(place for claim in missing for place in claim.places))
            yield Finding("lost_deposit", order, cause, found, missing[0].asset)


# Payouts


def double_payout(world: World, _: Matching) -> Iterator[Finding]:
    for order in world.orders.values():
        sent = order.sent_payouts()
        if len(sent) > 1:
            yield Finding("double_payout", order.id, f"paid out {len(sent)} times", places(*sent))


def paid_without_deposit(world: World, matching: Matching) -> Iterator[Finding]:
    """All of it was final when the payout was sent, and still stands."""
    for order in world.orders.values():
        sent = order.sent_payouts()
        if not sent or order.base is None or order.asset is None:
            continue
        account = matching.account(order)
        own = account.own() if account else []
        at = sent[0].sent_at or 0
        final = [deposit for deposit in own if world.final_at(deposit) <= at]
        came = sum(deposit.base for deposit in final)
        if came < order.base:
            cause = (
                f"paid out for {written(order.asset, order.base)}, "
                f"of which {written(order.asset, came)} was final"
            )
            yield Finding("paid_without_deposit", order.id, cause, places(sent[0], *own), order.asset)


# Chains and totals


def chain_damage(world: World, _: Matching) -> Iterator[Finding]:
    """Each chain's journal is one that its chain can have written."""
    for chain in world.chains.values():
        yield from chain.damage


def foreign_sender(world: World, _: Matching) -> Iterator[Finding]:
    """Only our own wallets sign; a stranger's key or a deposit address that spends is a surprise."""
    for network, chain in world.chains.items():
        hot = world.hot(network)
        for transfer in chain.transfers.values():
            if transfer.signed and transfer.sender not in hot:
                cause = f"{transfer.sender} is not a wallet of ours"
                yield Finding("foreign_sender", None, cause, places(transfer))


@dataclass
class Total:
    """Of one asset in our wallets, in base units."""

    came: int = 0
    went: int = 0
    fees: int = 0
    held: int = 0
    """By the fold of the chain."""
    deposits: int = 0
    """At deposit addresses; they are not swept."""
    places: list[Place] = field(default_factory=list)


def totals(world: World, matching: Matching) -> dict[Asset, Total]:
    found: dict[Asset, Total] = defaultdict(Total)
    for network, chain in world.chains.items():
        hot = world.hot(network)
        native = (NATIVE[network], network)
        for faucet in chain.faucets:
            found[(faucet.ticker, network)].came += faucet.base
        for transfer in chain.transfers.values():
            if transfer.recipient in hot:
                found[transfer.asset].came += transfer.base
            if transfer.signed and transfer.sender in hot:
                found[transfer.asset].went += transfer.base
                found[native].fees += transfer.fee
        for (address, ticker), base in chain.balances().items():
            if address in hot:
                found[(ticker, network)].held += base
    for account in matching.accounts:
        for deposit in account.deposits:
            found[deposit.asset].deposits += deposit.base
    return found


def balance_disagrees(world: World, matching: Matching) -> Iterator[Finding]:
    """What came less what went less fees is what is there: by our fold, and by what the chain said."""
    for asset, total in totals(world, matching).items():
        if total.came - total.went - total.fees != total.held:
            by_flow = written(asset, total.came - total.went - total.fees)
            cause = f"{by_flow} by what moved, {written(asset, total.held)} by address"
            yield Finding("balance_disagrees", None, cause, ())
    for (address, asset), said in (world.snapshot or {}).items():
        held = world.chains[asset[1]].balances().get((address, asset[0]), 0)
        # Somebody outside sends without ever having had.
        if held != said and not is_stranger(world, asset[1], address):
            cause = f"{address}: the chain says {written(asset, said)}, its journal {written(asset, held)}"
            yield Finding("balance_disagrees", None, cause, ())


def is_stranger(world: World, network: str, address: str) -> bool:
    transfers = world.chains[network].transfers.values()
    return any(not transfer.signed and transfer.sender == address for transfer in transfers)


# What the shop was told


def event_bodies_differ(world: World, _: Matching) -> Iterator[Finding]:
    """One event, one body, under one id."""
    first: dict[str, News] = {}
    for item in all_news(world):
        known = first.setdefault(item.event_id, item)
        if known.body != item.body:
            cause = f"{item.event_id} has two bodies"
            yield Finding("event_bodies_differ", item.order, cause, places(known, item))
        elif item.webhook_id != item.event_id:
            cause = f"{item.event_id} came under {item.webhook_id}"
            yield Finding("event_bodies_differ", item.order, cause, places(item))


def all_news(world: World) -> Iterator[News]:
    return (item for order in world.orders.values() for item in order.news)


def fresh(order: Order) -> list[News]:
    """Each event once, as it first came."""
    first: dict[str, News] = {}
    for item in order.news:
        first.setdefault(item.event_id, item)
    return list(first.values())


def sequence_falls(world: World, _: Matching) -> Iterator[Finding]:
    for order in world.orders.values():
        news = fresh(order)
        for earlier, later in zip(news, news[1:]):
            if later.sequence <= earlier.sequence:
                cause = f"number {later.sequence} came after {earlier.sequence}"
                yield Finding("sequence_falls", order.id, cause, places(earlier, later))


def status_goes_back(world: World, _: Matching) -> Iterator[Finding]:
    """An end stays, and nothing is pending again."""
    for order in world.orders.values():
        news = sorted(fresh(order), key=lambda item: item.sequence)
        for earlier, later in zip(news, news[1:]):
            if earlier.status in TERMINAL or RANK[later.status] < RANK[earlier.status]:
                cause = f"{later.status} after {earlier.status}"
                yield Finding("status_goes_back", order.id, cause, places(earlier, later))


def facts_change(world: World, _: Matching) -> Iterator[Finding]:
    """What an order is about stays what it was asked to be."""
    for order in world.orders.values():
        said: list[News | Note] = [*order.news]
        if order.note is not None and order.note.side and order.note.asset:
            said.insert(0, order.note)
        facts = [(item.side, item.asset, item.base) for item in said]
        other = next((item for item, fact in zip(said, facts) if fact != facts[0]), None)
        wrong_leg = order.payouts if order.side == "buy" else order.payments if order.side == "sell" else None
        if other is not None:
            cause = "two tell of two different orders"
            yield Finding("facts_change", order.id, cause, places(said[0], other))
        elif wrong_leg:
            found = places(*order.payouts, *(payment.hold for payment in order.payments.values()))
            yield Finding("facts_change", order.id, f"a {order.side} moved money the other way", found)


def never_told(world: World, matching: Matching) -> Iterator[Finding]:
    """The shop has heard of every order that moved money."""
    for order in world.orders.values() if world.healed else ():
        account = matching.account(order)
        moved = [*order.captures(), *order.sent_payouts(), *(account.own() if account else [])]
        if moved and not order.news:
            cause = "money moved, and the shop was told nothing"
            yield Finding("never_told", order.id, cause, places(*moved))


def status_not_final(world: World, _: Matching) -> Iterator[Finding]:
    for order in world.orders.values() if world.healed else ():
        if order.last is not None and order.last.status not in TERMINAL:
            cause = f"the last that the shop was told is {order.last.status}"
            yield Finding("status_not_final", order.id, cause, places(order.last))


def status_disagrees(world: World, matching: Matching) -> Iterator[Finding]:
    """Completed: delivered or paid out. Failed or cancelled: nothing was kept."""
    for order in world.orders.values():
        last = order.last
        if last is None or last.status not in TERMINAL:
            continue
        done = last.status == "completed"
        served = matching.delivered(order)
        if order.side == "buy":
            agrees = (order.kept() > 0 and served is not None) if done else order.kept() <= 0
            moved = places(*order.captures(), *order.refunds(), served and served.transfer)
        else:
            agrees = bool(order.sent_payouts()) == done
            moved = places(*order.payouts)
        if not agrees:
            cause = f"the shop was told {last.status}, the money says otherwise"
            yield Finding("status_disagrees", order.id, cause, places(last) + moved)


def amount_disagrees(world: World, _: Matching) -> Iterator[Finding]:
    """What the shop was told that a completed order cost or brought is what moved."""
    for order in world.orders.values():
        moved = order.captures() if order.side == "buy" else order.sent_payouts()
        last = order.last
        if last is None or last.status != "completed" or not moved:
            continue
        if last.fiat != moved[0].amount:
            told = written_money(last.fiat) if last.fiat else "nothing"
            cause = f"the shop was told {told}, {written_money(moved[0].amount)} moved"
            yield Finding("amount_disagrees", order.id, cause, places(last, moved[0]))


# Those of leftovers come before those of claims, because they mark the claims that they explain.
MONEY: tuple[Rule, ...] = (
    foreign_reference, double_capture, capture_without_hold, refund_exceeds_capture, held_for_ever,
    chain_damage, foreign_sender, paid_without_deposit, leftovers, captured_not_delivered,
    lost_deposit, double_payout, balance_disagrees,
)
TELLING: tuple[Rule, ...] = (event_bodies_differ, sequence_falls, status_goes_back, facts_change)
AGREEMENT: tuple[Rule, ...] = (never_told, status_not_final, status_disagrees, amount_disagrees)


def judge(world: World, matching: Matching) -> list[Finding]:
    found = certain(world, matching, [finding for rule in MONEY for finding in rule(world, matching)])
    found += [finding for rule in TELLING for finding in rule(world, matching)]
    blamed = {finding.order for finding in found}
    for rule in AGREEMENT:
        found += [finding for finding in rule(world, matching) if finding.order not in blamed]
        blamed = {finding.order for finding in found}
    return found


def certain(world: World, matching: Matching, found: list[Finding]) -> list[Finding]:
    """Where deposit addresses had to be guessed, a wrong guess must accuse nobody: what adds up all
    together is let be."""
    fine = {asset for asset in matching.guessed if matching.adds_up(world, asset)}
    return [finding for finding in found if finding.sold not in fine]


def fiat_totals(world: World) -> dict[str, dict[str, int]]:
    """Minor units, by currency: captured, refunded, paid out."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"captured": 0, "refunded": 0, "paid_out": 0})
    for order in world.orders.values():
        for name, facts in (
            ("captured", order.captures()),
            ("refunded", order.refunds()),
            ("paid_out", order.sent_payouts()),
        ):
            for fact in facts:
                found[fact.amount.fiat][name] += fact.amount.minor
    return dict(found)


def describe(finding: Finding) -> str:
    order = f" {uuid(finding.order)}" if finding.order else ""
    where = f" [{', '.join(map(str, finding.places))}]" if finding.places else ""
    return f"{finding.code}{order}: {finding.cause}{where}"
