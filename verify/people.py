"""What users do: which orders there are, and how each of them goes through the widget.

A user looks at the screen and does what it asks for, as in a browser. A call that was lost is not
repeated blindly: the next look says whether it happened. Only a wallet cannot be asked that way, so
its user reads its history before sending again.
"""
from __future__ import annotations

import hashlib
import json
import random
import struct
import threading
import time
import zlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from journals import CRYPTO_DECIMALS, Asset
from world import Answer, Lost, Product, Trouble

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
POOR = "4000000000009995"
THREE_DS = "4000000000003220"
# As a payment: held, and the capture is refused. As a payout: its bank takes ten seconds.
SLOW = "4000000000000341"

ENDS = ("completed", "failed", "cancelled", "expired")
# Two orders' worth of waiting for the slowest chain, and for what the faults put off by a minute.
PATIENCE_S = 600
LOOK_S = 5
# Answers that a user of a product under fire has to live with: somebody was faster, or out of reach.
EXPECTED = (409, 502, 503)


# Pictures and addresses


def png(width: int, height: int) -> bytes:
    """A picture of nothing, which is what the sandbox's identity check is content with."""
    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    row = b"\0" + bytes((90, 120, 150)) * width
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(row * height)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def base58check(payload: bytes) -> str:
    digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    whole = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(whole, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = digits[digit] + text
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + text


def address(network: str, name: str) -> str:
    """An address that is good on its network, and that nobody else has. Nobody has its key, either."""
    account = hashlib.sha256(name.encode()).digest()[:20]
    if network in ("ERC20", "BEP20"):
        return "0x" + account.hex()
    return base58check((b"\x41" if network == "TRC20" else b"\x00") + account)


def is_same(shown: str, typed: str) -> bool:
    """An EVM address is shown with the checksum in its capitals, whatever was typed."""
    return shown == typed or (typed.startswith("0x") and shown.lower() == typed.lower())


DOCUMENT, FRAME = png(480, 300), png(160, 120)


# Stories

TOKENS: tuple[Asset, ...] = (
    ("USDT", "TRC20"), ("USDT", "ERC20"), ("USDC", "ERC20"), ("USDT", "BEP20"), ("USDC", "BEP20"),
)
EVM = TOKENS[1:]
ANY: tuple[Asset, ...] = (*TOKENS, ("BTC", "BITCOIN"))


@dataclass(frozen=True)
class Story:
    """One way in which an order may go, and how it has to end."""

    name: str
    side: str
    ending: str
    assets: tuple[Asset, ...] = ANY
    cards: tuple[str, ...] = (GOOD,)
    """One after the other, as long as they are declined; then the user gives up."""
    approves: bool = True
    """What the user tells the bank."""
    cancels_at: str | None = None
    tag: str = ""
    """Of the email; it scripts the identity check."""
    tabs: int = 1
    """In how many of them *pay* is pressed at the same time."""
    deposits: str = "whole"
    cases: int = 0
    """What comes beside the order, each of which has to go back."""


STORIES = (
    Story("bought", "buy", "completed"),
    Story("declined-then-bought", "buy", "completed", cards=(DECLINED, POOR, GOOD)),
    Story("declined", "buy", "cancelled", cards=(DECLINED, POOR)),
    Story("three-ds", "buy", "completed", cards=(THREE_DS,)),
    Story("three-ds-rejected", "buy", "completed", cards=(THREE_DS, GOOD), approves=False),
    Story("three-ds-left", "buy", "cancelled", cards=(THREE_DS,), cancels_at="three_ds"),
    Story("capture-refused", "buy", "failed", cards=(SLOW,)),
    Story("cancelled", "buy", "cancelled", cancels_at="pay"),
    Story("two-tabs", "buy", "completed", tabs=2),
    Story("identity-refused", "buy", "failed", tag="+kyc-fail"),
    Story("identity-again", "buy", "completed", tag="+kyc-retry"),
    Story("sold", "sell", "completed"),
    Story("sold-in-parts", "sell", "completed", deposits="parts"),
    Story("too-much", "sell", "completed", assets=TOKENS, deposits="too_much", cases=1),
    Story("second-deposit", "sell", "completed", assets=TOKENS, deposits="second", cases=1),
    Story("other-network", "sell", "completed", assets=EVM, deposits="other_network", cases=1),
    Story("other-token", "sell", "completed", assets=TOKENS, deposits="other_token", cases=1),
    Story("payout-refused", "sell", "failed", cards=(POOR,)),
    Story("payout-slow", "sell", "completed", cards=(SLOW,)),
    Story("deposit-reorged", "sell", "completed", assets=TOKENS, deposits="reorged"),
    Story("sell-cancelled", "sell", "cancelled", cancels_at="deposit"),
)


@dataclass
class Deposit:
    """One transfer from the user's own wallet. `early`: before the order has all that it asked for."""

    asset: Asset
    amount: Decimal
    early: bool = True
    drops: bool = False
    """The chain takes it back before it is final."""
    hash: str | None = None


def elsewhere(asset: Asset) -> Asset:
    """The same address, on another network."""
    return (asset[0], "BEP20" if asset[1] == "ERC20" else "ERC20")


def other_token(asset: Asset) -> Asset:
    if asset[1] == "TRC20":
        return ("TRX", "TRC20")
    return ("USDC" if asset[0] == "USDT" else "USDT", asset[1])


def deposits(story: Story, asset: Asset, amount: Decimal) -> list[Deposit]:
    """No two of them alike, so that what goes back is known by its amount, too."""
    part = (amount * Decimal("0.6")).quantize(Decimal(1) if asset[0] != "BTC" else Decimal("0.001"))
    extra = amount - Decimal(70)
    plans = {
        "whole": [Deposit(asset, amount)],
        "parts": [Deposit(asset, part), Deposit(asset, amount - part)],
        "too_much": [Deposit(asset, amount + extra)],
        "second": [Deposit(asset, amount), Deposit(asset, extra, early=False)],
        "other_network": [Deposit(elsewhere(asset), extra), Deposit(asset, amount)],
        "other_token": [Deposit(other_token(asset), extra * 10), Deposit(asset, amount)],
        "reorged": [Deposit(asset, amount, drops=True), Deposit(asset, amount)],
    }
    return plans[story.deposits] if story.side == "sell" else []


# A user


@dataclass
class Notes:
    """What the shop asked for and its users were shown, for the oracle."""

    path: Path
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, **facts: str) -> None:
        with self.lock, self.path.open("a") as file:
            file.write(json.dumps(facts) + "\n")


class Person:
    """One user with one order."""

    stories = STORIES

    def __init__(self, product: Product, notes: Notes, number: int, seed: int):
        self.product, self.notes = product, notes
        self.random = random.Random(f"person {seed} {number}")
        self.name = f"user-{seed}-{number}"
        # Each story comes round before one comes again, each time in another order.
        turn, place = divmod(number - 1, len(self.stories))
        order = list(self.stories)
        random.Random(f"stories {seed} {turn}").shuffle(order)
        self.story = order[place]
        self.asset = self.random.choice(self.story.assets)
        cents = Decimal(number) / 100
        self.amount = cents / 1_000 + Decimal("0.01") if self.asset[0] == "BTC" else 100 + cents
        self.deposits = deposits(self.story, self.asset, self.amount)
        self.sent = 0
        self.refund_address = address(self.asset[1], f"refund {self.name}")
        self.order: str | None = None
        self.token = self.visit = ""
        self.view: dict[str, Any] = {}
        self.until = 0.0
        self.is_done = False
        self.is_unknown = False
        """The product has lost this order in a restore."""
        self.strange: list[str] = []
        """What should not have been answered."""

    # The shop

    def open(self) -> None:
        """The shop's backend asks for a session, as often as it must, and the page opens the widget."""
        partner = self.random.choice(self.product.alive().ready["partners"])
        self.token = partner["client_token"]
        ticker, network = self.asset
        wanted = {
            "partner_user_id": self.name, "user_email": f"{self.name}{self.story.tag}@example.com",
            "network": network, "currency": ticker, "amount": str(self.amount), "type": self.story.side,
        }
        if partner["type"] == "user_wallet" and self.story.side == "buy":
            wanted["address"] = address(network, f"wallet {self.name}")
        session = self.session(wanted)
        self.order = session["merchant_transaction_id"]
        if "address" in wanted and not is_same(session["address"], wanted["address"]):
            raise Trouble(f"{session['address']} is shown as address, {wanted['address']} was asked for")
        noted = {"address": session["address"]} if self.story.side == "buy" else {}
        self.notes.write(
            order=self.order, type=self.story.side, currency=ticker, network=network,
            amount=str(self.amount), **noted,
        )
        opened = self.product.ask("base_url", "POST", "/frame/api/visits", {
            "widget_id": session["widget_id"], "init_token": session["init_token"],
            "parameters": session, "page_origin": partner["origins"][-1],
        })
        if not opened.is_good():
            raise Trouble(f"the widget does not open: {opened}")
        self.visit = opened.body["visit_token"]

    def session(self, wanted: dict[str, str]) -> dict[str, Any]:
        """A lost call is repeated under the same key, and sometimes one that was not lost: it is one
        order in any case."""
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": self.name}
        times = 2 if self.random.random() < 0.3 else 1
        answers = [
            self.product.ask("base_url", "POST", "/widget/session", wanted, headers) for _ in range(times)
        ]
        if not answers[0].is_good():
            raise Trouble(f"no session: {answers[0]}")
        if answers[0].body != answers[-1].body:
            raise Trouble(f"one key, two sessions: {answers}")
        return dict(answers[0].body)

    # The widget

    def ask(self, method: str, path: str, body: Any = None) -> Answer | None:
        """`None`: it was lost, and the next look tells what happened."""
        headers = {"authorization": f"Bearer {self.visit}"}
        try:
            answer = self.product.call("base_url", method, f"/frame/api/{path}", body, headers)
        except Lost:
            return None
        if not answer.is_good() and answer.status not in EXPECTED:
            self.strange.append(f"{method} {path}: {answer}")
        return answer

    def post(self, path: str, body: Any) -> Answer | None:
        return self.ask("POST", path, body)

    def look(self) -> None:
        """The screen, as soon as it is another one."""
        while time.monotonic() < self.until:
            seen = f"?seen={self.view['version']}&wait={LOOK_S}" if self.view else ""
            answer = self.ask("GET", f"order{seen}")
            if answer is not None and answer.is_good():
                self.view = answer.body
                return
            # After a kill nothing is known any more: the next look does not wait.
            self.view = {}
            time.sleep(0.2)
        raise Trouble("the widget shows nothing")

    def run(self) -> None:
        """Through the whole story."""
        self.until = time.monotonic() + PATIENCE_S
        self.open()
        self.look()
        while self.view["step"] not in ENDS:
            self.act()
            self.look()
            if time.monotonic() > self.until:
                raise Trouble(f"it stays in {self.view['step']}")
        self.see_to_the_rest()
        status = self.view["status"]
        if status != self.story.ending:
            raise Trouble(f"it ended {status} instead of {self.story.ending}: {self.view['failure']}")
        self.is_done = True

    # After a restore

    def resume(self, patience: float) -> None:
        """The page is opened again: it does what the screen asks for, whatever came of its story."""
        self.until = time.monotonic() + patience
        headers = {"authorization": f"Bearer {self.visit}"}
        first = self.product.ask("base_url", "GET", "/frame/api/order", None, headers)
        if not first.is_good():
            self.is_unknown = first.status in (401, 404)
            if not self.is_unknown:
                raise Trouble(f"the page does not open again: {first}")
            return
        self.view = first.body
        self.recount()
        while self.view["step"] not in ENDS:
            self.act()
            self.give_back()
            self.look()
            if time.monotonic() > self.until:
                raise Trouble(f"after the restore it stays in {self.view['step']}")
        while any(case["state"] in ("waiting", "choose") for case in self.cases()):
            self.give_back()
            time.sleep(1)
            self.view = {}
            self.look()
            if time.monotonic() > self.until:
                raise Trouble(f"after the restore cases stay open: {self.cases()}")

    def cases(self) -> list[dict[str, Any]]:
        return list((self.view.get("sale") or {}).get("cases", []))

    def give_back(self) -> None:
        """What came too late for the order that was restored is taken back."""
        for case in self.cases():
            if case["state"] == "choose":
                self.post(f"cases/{case['id']}/choice", {"choice": "return"})

    def recount(self) -> None:
        """A transfer may have been on its way when everybody stopped: the wallet's history knows. What was
        not sent by then stays where it is."""
        where = (self.view.get("sale") or {}).get("deposit_address")
        if where is None:
            return
        made = [deposit for deposit in self.deposits if self.history(deposit, where)]
        if made:
            self.deposits, self.sent = made, len(made)

    def act(self) -> None:
        step = self.view["step"]
        if step == self.story.cancels_at:
            self.post("cancel", {})
        elif step == "identity":
            self.identify()
        elif step == "quote" or step == "terms" and self.view["quote"] is None:
            self.post("quote", {})
        elif step == "pay":
            self.pay()
        elif step == "three_ds":
            self.answer_bank()
        elif step == "terms":
            self.accept()
        elif step == "choice":
            # The price walks less than an agreed one may; whoever is asked all the same takes it.
            self.choose()
        if self.story.side == "sell":
            self.use_wallet()

    def identify(self) -> None:
        """Picture by picture. When one does not arrive, the screen says where to go on from."""
        steps: list[tuple[str, str, Any]] = [
            ("POST", "start", {"document": "passport", "consent": "2026-11-26"}), ("PUT", "documents/front", DOCUMENT),
        ]
        for index, step in enumerate(("center", "center", "left", "left", "right", "right")):
            steps.append(("PUT", f"frames/{index}?step={step}", FRAME))
        for method, path, body in (*steps, ("POST", "submit", {})):
            answer = self.ask(method, f"identity/{path}", body)
            if answer is None or not answer.is_good():
                return

    def card_token(self, number: str) -> str:
        """The hosted fields talk to the processor themselves."""
        card = {"number": number, "expiry": "12/34", "cvc": "123"}
        answer = self.product.ask("cards_url", "POST", "/fields/v1/tokens", card)
        if not answer.is_good():
            raise Trouble(f"no card token: {answer}")
        return str(answer.body["token"])

    def pay(self) -> None:
        payment = self.view["payment"]
        tried = payment["attempt"] if payment and payment["declined"] else 0
        if tried >= len(self.story.cards):
            self.post("cancel", {})
            return
        card, quote = self.story.cards[tried], self.view["quote"]["id"]
        bodies = [{"card_token": self.card_token(card), "quote_id": quote} for _ in range(self.story.tabs)]
        tabs = [threading.Thread(target=self.post, args=("payments", body)) for body in bodies]
        for tab in tabs:
            tab.start()
        for tab in tabs:
            tab.join()

    def answer_bank(self) -> None:
        """The bank's page belongs to the processor; the widget is told when it is done."""
        url = self.view["payment"]["three_ds_url"]
        if url is not None:
            challenge = url.rpartition("/")[2]
            answered = self.product.ask(
                "cards_url", "POST", f"/three-ds/{challenge}", {"approve": self.story.approves},
            )
            if not answered.is_good() and answered.status != 409:
                self.strange.append(f"3-D Secure: {answered}")
            self.post("payments/check", {})

    # Selling

    def accept(self) -> None:
        self.post("sale", {
            "quote_id": self.view["quote"]["id"], "card_token": self.card_token(self.story.cards[0]),
            "refund_address": self.refund_address,
        })

    def choose(self) -> None:
        if self.view["quote"] is None:
            self.post("quote", {})
        else:
            self.post("sale/choice", {"choice": "payout", "quote_id": self.view["quote"]["id"]})

    def use_wallet(self) -> None:
        """The next of the transfers that this user makes, if it is time for it."""
        where = (self.view.get("sale") or {}).get("deposit_address")
        if where is None or self.story.cancels_at or self.sent == len(self.deposits):
            return
        deposit = self.deposits[self.sent]
        if deposit.early or self.view["step"] in ("progress", "completed"):
            self.note_address(where)
            deposit.hash = self.transfer(deposit, where)
            self.sent += 1
            if deposit.drops:
                self.drop(deposit)

    def note_address(self, where: str) -> None:
        shown = self.view["sale"]["refund_address"]
        if not is_same(shown, self.refund_address):
            raise Trouble(f"{shown} is shown as refund address, {self.refund_address} was typed")
        if self.sent == 0 and self.order is not None:
            self.notes.write(order=self.order, deposit_address=where, refund_address=shown)

    def transfer(self, deposit: Deposit, where: str) -> str:
        """Sends once. When no answer comes, the wallet's history is read in the sandbox's next life,
        because the last one may have been writing still."""
        ticker, network = deposit.asset
        body = {"address": where, "currency": ticker, "amount": str(deposit.amount)}
        before = self.history(deposit, where)
        while True:
            try:
                sent = self.product.call("world_url", "POST", f"/wallet/v1/{network}/transfers", body)
                if not sent.is_good():
                    raise Trouble(f"the wallet does not send: {sent}")
                return str(sent.body["hash"])
            except Lost as lost:
                self.product.alive(after=lost.life)
                made = [hash for hash in self.history(deposit, where) if hash not in before]
                if made:
                    return made[0]

    def history(self, deposit: Deposit, where: str) -> list[str]:
        base = str(int(deposit.amount * 10 ** CRYPTO_DECIMALS[deposit.asset]))
        return [
            line["hash"] for line in self.product.chain_lines(deposit.asset[1])
            if line["type"] == "sent" and line["body"]["ticker"] == deposit.asset[0]
            and line["body"]["recipient"] == where and line["body"]["base"] == base
        ]

    def drop(self, deposit: Deposit) -> None:
        """A re-org: never of what is nearly final, because that would be another story, of a day."""
        network, key = deposit.asset[1], self.product.key()
        while True:
            seen = self.product.ask("world_url", "GET", f"/chains/v1/{network}/transfers/{deposit.hash}", None, key)
            if seen.status == 404:
                return
            if seen.body["confirmations"] > 1:
                # Too late; what was to be sent in its place would be a second deposit.
                self.sent = len(self.deposits)
                return
            try:
                body = {"hash": deposit.hash}
                self.product.call("world_url", "POST", f"/chains/v1/{network}/reorgs", body, key)
            except Lost as lost:
                self.product.alive(after=lost.life)

    def see_to_the_rest(self) -> None:
        """What came beside the order has to go back, whatever became of the order."""
        if self.story.side == "buy" or self.story.cancels_at:
            return
        while True:
            self.use_wallet()
            cases = self.view["sale"]["cases"]
            open_cases = [case for case in cases if case["state"] == "waiting"]
            if self.sent == len(self.deposits) and len(cases) >= self.story.cases and not open_cases:
                break
            if time.monotonic() > self.until:
                raise Trouble(f"cases stay open: {cases}")
            time.sleep(1)
            # A case may change without the order's number.
            self.view = {}
            self.look()
        states = sorted(case["state"] for case in self.view["sale"]["cases"])
        if states != ["returned"] * self.story.cases:
            raise Trouble(f"its cases are {states} instead of {self.story.cases} returned")
