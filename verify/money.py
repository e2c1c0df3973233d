#!/usr/bin/env python3
"""The money oracle: what happened to everybody's money, by the outside world's own logs.

    python3 verify/money.py --sandbox DIR --webhooks FILE [--orders FILE] [--balances FILE] [--healed] [--json]

It shares nothing with the server and never sees its database. Exit status: 0 nothing to say, 1
findings, 2 the input cannot be read. See README.md beside this file.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from facts import Finding, Sources, World, read, uuid, written, written_money
from journals import Money, Unreadable
from match import Matching, match
from rules import describe, fiat_totals, judge, totals


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Judges the outside world's logs of a run.")
    parser.add_argument("--sandbox", type=Path, required=True, help="the sandbox world's data folder")
    parser.add_argument("--webhooks", type=Path, action="append", required=True, help="what the shop received")
    parser.add_argument("--orders", type=Path, action="append", default=[], help="what the shop asked for and users typed")
    parser.add_argument("--balances", type=Path, help="what the chains answered at the end")
    parser.add_argument("--healed", action="store_true", help="the run is over: nothing may be left open")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    return parser.parse_args(argv)


def summary(world: World, matching: Matching, findings: list[Finding]) -> dict[str, Any]:
    """Exact integers as text: a reader's numbers may be floats."""
    assets = {
        f"{asset[0]}/{asset[1]}": {
            name: str(getattr(total, name)) for name in ("came", "went", "fees", "held", "deposits")
        }
        for asset, total in sorted(totals(world, matching).items())
    }
    fiats = {
        fiat: {name: str(minor) for name, minor in sums.items()}
        for fiat, sums in sorted(fiat_totals(world).items())
    }
    orders = sum(1 for order in world.orders.values() if order.news or order.captures() or order.payouts)
    return {
        "orders": orders,
        "transfers": sum(1 for claim in matching.claims if claim.transfer) + len(matching.leftovers),
        "unjoined_deposits": sum(1 for account in matching.accounts if account.order is None),
        "guessed": [f"{ticker}/{network}" for ticker, network in sorted(matching.guessed)],
        "fiat": fiats,
        "crypto": assets,
        "findings": [
            {
                "code": finding.code,
                "order": uuid(finding.order) if finding.order else None,
                "cause": finding.cause,
                "lines": [str(place) for place in finding.places],
            }
            for finding in findings
        ],
    }


def line(world: World, matching: Matching, facts: dict[str, Any]) -> str:
    """The summary for people."""
    parts = [f"{facts['orders']} orders, {facts['transfers']} transfers, {len(facts['findings'])} findings"]
    for fiat, sums in sorted(fiat_totals(world).items()):
        said = (f"{name} {written_money(Money(fiat, minor))}" for name, minor in sums.items())
        parts.append(", ".join(said))
    for asset, total in sorted(totals(world, matching).items()):
        if total.went or total.deposits or total.fees:
            parts.append(
                f"{written(asset, total.held)} held = {written(asset, total.came)} in"
                f" - {written(asset, total.went)} out - {written(asset, total.fees)} fees"
                f" ({written(asset, total.deposits)} at deposit addresses)"
            )
    if matching.guessed:
        names = ", ".join(f"{ticker}/{network}" for ticker, network in sorted(matching.guessed))
        parts.append(f"whose the deposits of {names} are is a guess: judged by their sum (see --orders)")
    return "; ".join(parts)


def main(argv: list[str] | None = None) -> int:
    args = arguments(argv)
    sources = Sources(args.sandbox, args.webhooks, args.orders, args.balances)
    try:
        world = read(sources, args.healed)
    except Unreadable as error:
        print(f"unreadable: {error}", file=sys.stderr)
        return 2
    matching = match(world)
    findings = judge(world, matching)
    facts = summary(world, matching, findings)
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        for finding in findings:
            print(describe(finding))
        print(f"money: {line(world, matching, facts)}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
