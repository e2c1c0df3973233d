"""Worlds for the tests: journals whose lines have the shape of real ones, told as short stories.

Everything goes well here. What goes wrong is planted by the test, in the lists of lines.
"""
from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

Line = dict[str, Any]

SECOND = 1_000_000
GENESIS = 1_795_563_408 * SECOND
INSTALLATION = "01a20feb4bf57125b45ca27cd35023c1"
USDT = ("USDT", "TRC20")
USDC = ("USDC", "ERC20")
BTC = ("BTC", "BITCOIN")
DECIMALS = {USDT: 6, USDC: 6, BTC: 8, ("TRX", "TRC20"): 6, ("ETH", "ERC20"): 18, ("BNB", "BEP20"): 18}
FEES = {"TRC20": 16_875_000, "ERC20": 750_000_000_000_000, "BITCOIN": 2_500}
NATIVE = {"TRC20": "TRX", "ERC20": "ETH", "BEP20": "BNB", "BITCOIN": "BTC"}
# Longer than any chain here takes until a transfer is final.
FINAL_S = 20


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def decimal(base: int, asset: tuple[str, str]) -> str:
    whole, part = divmod(base, 10 ** DECIMALS[asset])
    return f"{whole}.{part:0{DECIMALS[asset]}d}"


def eur(minor: int) -> Line:
    return {"fiat": "EUR", "minor": str(minor)}


class Order:
    """A name, and what it is about; `base` in base units, `minor` in euro cents."""

    def __init__(self, number: int, side: str, asset: tuple[str, str], base: int):
        self.id = digest(f"order {number}")[:32]
        self.side, self.asset, self.base, self.minor = side, asset, base, 9_000 + number
        self.sequence = 1
        self.deposit_address = "D" + digest(f"deposit {number}")[:33]
        self.refund_address = "R" + digest(f"refund {number}")[:33]

    def reference(self, leg: str, attempt: int = 1) -> str:
        return f"{INSTALLATION}-{self.id}-{leg}-{attempt}"


class Book:
    """The journals of one world, and its clock in microseconds."""

    def __init__(self) -> None:
        self.now = GENESIS + SECOND
        self.cards: list[Line] = []
        self.identity: list[Line] = []
        self.chains: dict[str, list[Line]] = {}
        self.webhooks: list[Line] = []
        self.notes: list[Line] = []
        self.orders = 0
        self.names = 0
        self.nonces: dict[str, int] = {}
        self.coins: list[Line] = []
        for network, native in NATIVE.items():
            self.chains[network] = [{"type": "genesis", "at": GENESIS}]
            self.nonces[network] = 0
            for asset in (asset for asset in DECIMALS if asset[1] == network):
                self.faucet(asset, 10 ** (DECIMALS[asset] + 6))
            if native == "BTC":
                self.faucet(BTC, 5 * 10**8)

    def fresh(self, what: str) -> str:
        self.names += 1
        return digest(f"{what} {self.names}")

    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    # Chains

    def hot(self, network: str) -> str:
        return "H" + digest(network)[:33]

    def faucet(self, asset: tuple[str, str], base: int) -> None:
        ticker, network = asset
        self.chains[network].append({
            "type": "faucet", "at": self.now, "address": self.hot(network), "ticker": ticker, "base": str(base),
        })
        if asset == BTC:
            n = sum(1 for line in self.chains[network] if line["type"] == "faucet")
            self.coins.append({"hash": digest(f"proof-simchain/faucet/{n}"), "index": 0, "base": str(base)})

    def send(self, asset: tuple[str, str], recipient: str, base: int) -> Line:
        """From our wallet."""
        ticker, network = asset
        body: Line = {
            "sender": self.hot(network), "recipient": recipient, "ticker": ticker,
            "base": str(base), "fee": str(FEES[network]),
        }
        name = self.fresh("hash")
        if network == "BITCOIN":
            coin = self.coins.pop(0)
            body["coins"] = [coin]
            change = int(coin["base"]) - base - FEES[network]
            self.coins.append({"hash": name, "index": 1, "base": str(change)})
        else:
            body["nonce"] = self.nonces[network]
            self.nonces[network] += 1
        line = {"type": "received", "at": self.now, "hash": name, "body": body}
        self.chains[network].append(line)
        self.wait(1)
        return line

    def come(self, asset: tuple[str, str], recipient: str, base: int) -> Line:
        """From somebody outside."""
        ticker, network = asset
        body = {
            "sender": "S" + digest("somebody")[:33], "recipient": recipient, "ticker": ticker,
            "base": str(base), "fee": "13500000",
        }
        line = {"type": "sent", "at": self.now, "hash": self.fresh("hash"), "body": body}
        self.chains[network].append(line)
        self.wait(1)
        return line

    # Orders

    def order(self, side: str, asset: tuple[str, str], base: int) -> Order:
        self.orders += 1
        order = Order(self.orders, side, asset, base)
        note: Line = {
            "order": order.id, "type": side, "currency": asset[0], "network": asset[1],
            "amount": decimal(base, asset),
        }
        if side == "buy":
            note["address"] = self.shop()
        else:
            note["deposit_address"] = order.deposit_address
            note["refund_address"] = order.refund_address
        self.notes.append(note)
        self.identify(order)
        return order

    def shop(self) -> str:
        """The shop's own wallet: one for all of its orders."""
        return "W" + digest("shop")[:33]

    def identify(self, order: Order) -> None:
        reference = order.reference("kyc")
        picture = {"sha256": digest("picture"), "width": 800, "height": 500}
        place = {"document": ["passport", "front"]}
        self.identity.append({"type": "received", "reference": reference, "place": place, "picture": picture})
        self.identity.append({
            "type": "submitted", "reference": reference, "email": "ann@example.com", "at": self.now,
        })

    def tell(self, order: Order, status: str) -> Line:
        order.sequence += 3
        event = f"evt_{self.fresh('event')[:32]}"
        moment = datetime.fromtimestamp(self.now // SECOND, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        dashed = "-".join((order.id[:8], order.id[8:12], order.id[12:16], order.id[16:20], order.id[20:]))
        body = {
            "merchant_transaction_id": dashed, "type": order.side, "status": status,
            "currency": order.asset[0], "network": order.asset[1],
            "crypto_amount": decimal(order.base, order.asset), "fiat_currency": "EUR",
            "fiat_amount": f"{order.minor // 100}.{order.minor % 100:02d}", "created_at": moment,
            "updated_at": moment, "event_id": event, "sequence": order.sequence,
        }
        line = {"at": self.now, "webhook_id": event, "body": body}
        self.webhooks.append(line)
        return line

    # Cards

    def authorise(self, order: Order, status: Any = "held", attempt: int = 1) -> None:
        token = f"tok_{self.fresh('token')[:32]}"
        card = {"brand": "visa", "last4": "4242", "country": "DE", "fingerprint": digest("card")[:24]}
        self.cards.append({
            "type": "token_made", "token": token, "card": card, "behaviour": "held",
            "expires_at": self.now + 900 * SECOND,
        })
        self.cards.append({
            "type": "authorised", "reference": order.reference("pay", attempt), "token": token,
            "amount": eur(order.minor), "status": status,
        })

    def answer(self, challenge: str, approve: bool) -> None:
        self.cards.append({"type": "challenge_answered", "challenge": challenge, "approve": approve})

    def capture(self, order: Order, attempt: int = 1) -> None:
        reference = order.reference("pay", attempt)
        self.cards.append({"type": "captured", "reference": reference, "amount": eur(order.minor)})

    def void(self, order: Order, attempt: int = 1) -> None:
        self.cards.append({"type": "voided", "reference": order.reference("pay", attempt)})

    def refund(self, order: Order, minor: int | None = None, number: int = 1) -> None:
        self.cards.append({
            "type": "refunded", "reference": order.reference("pay"),
            "refund_reference": order.reference("refund", number),
            "amount": eur(order.minor if minor is None else minor),
        })

    def dispute(self, order: Order, stage: str, minor: int | None = None) -> None:
        """As far as it came."""
        amount = eur(order.minor if minor is None else minor)
        reference, name = order.reference("pay"), f"dp_{len(self.cards)}"
        self.cards.append({
            "type": "disputed", "id": name, "reference": reference, "amount": amount,
            "stage": "evidence_due", "due": self.now,
        })
        if stage != "evidence_due":
            self.cards.append({"type": "dispute_moved", "id": name, "stage": stage})

    def pay_out(self, order: Order, sent: bool = True, attempt: int = 1) -> None:
        outcome: Line = {"sent": {"at": self.now}} if sent else {"refused": {"code": "declined"}}
        self.cards.append({
            "type": "paid_out", "reference": order.reference("payout", attempt), "card_id": "pcd_1",
            "amount": eur(order.minor), "outcome": outcome,
        })

    # Stories

    def bought(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("buy", asset, base)
        self.authorise(order)
        self.deliver(order)
        return order

    def deliver(self, order: Order, attempt: int = 1) -> None:
        self.capture(order, attempt)
        self.tell(order, "processing")
        self.send(order.asset, self.shop(), order.base)
        self.wait(FINAL_S)
        self.tell(order, "completed")

    def bought_after_all(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        """Declined, rejected at the bank, and approved there at last."""
        order = self.order("buy", asset, base)
        self.authorise(order, {"declined": {"code": "insufficient_funds"}})
        for attempt, approve in ((2, False), (3, True)):
            challenge = self.fresh("challenge")[:32]
            self.authorise(order, {"three_ds_required": {"challenge": challenge}}, attempt)
            self.answer(challenge, approve)
        self.deliver(order, 3)
        return order

    def refunded(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("buy", asset, base)
        self.authorise(order)
        self.capture(order)
        self.tell(order, "processing")
        self.refund(order)
        self.tell(order, "failed")
        return order

    def voided(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("buy", asset, base)
        self.authorise(order)
        self.void(order)
        self.tell(order, "cancelled")
        return order

    def declined(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("buy", asset, base)
        self.authorise(order, {"declined": {"code": "declined"}})
        self.tell(order, "cancelled")
        return order

    def sold(self, asset: tuple[str, str] = USDT, base: int = 100_000_000, parts: int = 1) -> Order:
        order = self.order("sell", asset, base)
        for part in range(parts):
            share = base // parts if part else base - base // parts * (parts - 1)
            self.come(asset, order.deposit_address, share)
        self.settle(order)
        return order

    def settle(self, order: Order) -> None:
        self.wait(FINAL_S)
        self.tell(order, "processing")
        self.pay_out(order)
        self.tell(order, "completed")

    def give_back(self, order: Order, asset: tuple[str, str], base: int) -> None:
        self.send(asset, order.refund_address, base)
        self.wait(FINAL_S)

    def sold_too_much(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        """More than agreed, once more when it was over, and another token; all of it goes back."""
        order = self.order("sell", asset, base)
        self.come(asset, order.deposit_address, base + base // 4)
        self.settle(order)
        self.give_back(order, asset, base // 4)
        for late, much in ((asset, base // 2), (USDC, 40_000_000)):
            self.come(late, order.deposit_address, much)
            self.wait(FINAL_S)
            self.give_back(order, late, much)
        return order

    def sold_after_reorg(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("sell", asset, base)
        gone = self.come(asset, order.deposit_address, base)
        self.chains[asset[1]].append({"type": "dropped", "hash": gone["hash"]})
        self.come(asset, order.deposit_address, base)
        self.settle(order)
        return order

    def sold_with_dust(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        """A second deposit that is worth less than sending it back."""
        order = self.sold(asset, base)
        self.come(asset, order.deposit_address, 1_000)
        self.wait(FINAL_S)
        return order

    def payout_refused(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("sell", asset, base)
        self.come(asset, order.deposit_address, base)
        self.wait(FINAL_S)
        self.tell(order, "processing")
        self.pay_out(order, sent=False)
        self.give_back(order, asset, base)
        self.tell(order, "failed")
        return order

    def underpaid(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("sell", asset, base)
        for part in (base // 2, base // 5):
            self.come(asset, order.deposit_address, part)
        self.wait(FINAL_S)
        self.tell(order, "processing")
        self.give_back(order, asset, base // 2 + base // 5)
        self.tell(order, "failed")
        return order

    def came_late(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        """What comes to a cancelled order goes back, each deposit by itself."""
        order = self.order("sell", asset, base)
        self.tell(order, "cancelled")
        for part in (base // 2, base - base // 2):
            self.come(asset, order.deposit_address, part)
            self.wait(FINAL_S)
            self.give_back(order, asset, part)
        return order

    def nothing_came(self, asset: tuple[str, str] = USDT, base: int = 100_000_000) -> Order:
        order = self.order("sell", asset, base)
        self.tell(order, "failed")
        return order

    # On disk

    def balances(self) -> dict[str, dict[str, dict[str, str]]]:
        """As the chains would answer, of our own wallets and of deposit addresses."""
        held: dict[tuple[str, str, str], int] = {}

        def add(network: str, address: str, ticker: str, base: int) -> None:
            held[(network, address, ticker)] = held.get((network, address, ticker), 0) + base

        for network, lines in self.chains.items():
            dropped = {line["hash"] for line in lines if line["type"] == "dropped"}
            for line in lines:
                body = line.get("body", {})
                if line["type"] == "faucet":
                    add(network, line["address"], line["ticker"], int(line["base"]))
                if body and line["hash"] not in dropped:
                    add(network, body["recipient"], body["ticker"], int(body["base"]))
                if line["type"] == "received":
                    add(network, body["sender"], body["ticker"], -int(body["base"]))
                    add(network, body["sender"], NATIVE[network], -int(body["fee"]))
        result: dict[str, dict[str, dict[str, str]]] = {}
        for (network, address, ticker), base in held.items():
            result.setdefault(network, {}).setdefault(address, {})[ticker] = str(base)
        return result

    def write(self, folder: Path) -> None:
        sandbox = folder / "sandbox"
        lines(sandbox / "cards" / "journal.jsonl", self.cards)
        lines(sandbox / "identity" / "journal.jsonl", self.identity)
        for network, facts in self.chains.items():
            lines(sandbox / "chains" / network / "journal.jsonl", facts)
        received = [{**line, "body": compact(line["body"])} for line in self.webhooks]
        lines(folder / "webhooks.jsonl", received)
        lines(folder / "orders.jsonl", self.notes)


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def lines(path: Path, values: list[Line]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{compact(value)}\n" for value in values))
