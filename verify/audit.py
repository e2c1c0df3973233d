#!/usr/bin/env python3
"""Whether what people did at the console is still what was written down. Shares no code with the server.

    python3 verify/audit.py DATABASE [--checkpoint FILE]     # a SQLite file, or postgres://… by way of psql

Each record is a text. Its hash is SHA-256 over the hash before, a line feed, and the text; the first one follows
64 zeros. The columns beside the text (number, by_name, act, subject) say what it says. The chain ends where
`audit_head` says, and leads through each checkpoint (`/.well-known/proof-audit`) that somebody kept: FILE has one or many.

Exit status: 0 all is as it was written, 1 the first thing that is not is named, 2 unreadable input.
"""

import argparse
import hashlib
import json
import sqlite3
import subprocess
import sys

BEGINNING = "0" * 64
COLUMNS = "number, by_name, act, subject, record, hash"


class Broken(Exception):
    """The chain is not what it was."""


def read(database):
    """The records in their order, and the end that the database claims."""
    if database.startswith(("postgres:", "postgresql:")):
        # One picture of both tables.
        sql = (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
            f"SELECT json_build_array({COLUMNS}) FROM audit ORDER BY number; "
            "SELECT json_build_array(number, hash) FROM audit_head"
        )
        done = subprocess.run(["psql", "-XAtq", database, "-c", sql], capture_output=True, text=True, check=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return rows[:-1], rows[-1]
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None) as connection:
        connection.execute("BEGIN")
        rows = connection.execute(f"SELECT {COLUMNS} FROM audit ORDER BY number").fetchall()
        head = connection.execute("SELECT number, hash FROM audit_head").fetchone()
        return rows, head


def walk(rows):
    """Yields (number, hash) of each record that is as it was written."""
    previous = BEGINNING
    for wanted, (number, by, act, subject, text, kept) in enumerate(rows, start=1):
        if number != wanted:
            raise Broken(f"record {wanted} is missing")
        if hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest() != kept:
            raise Broken(f"record {number} was changed: its text does not have its hash")
        record = json.loads(text)
        if [record["number"], record["by"], record["act"], record["subject"]] != [number, by, act, subject]:
            raise Broken(f"record {number} was changed: a column says something else than the text that was hashed")
        previous = kept
        yield number, kept


def checkpoints(text):
    """One on each line, or a single one."""
    lines = [line for line in text.splitlines() if line.strip()] or [text]
    return [(kept["number"], kept["hash"]) for kept in map(json.loads, lines)]


def verify(rows, head, kept=()):
    """The end of the chain, or Broken."""
    ends = {0: BEGINNING, **dict(walk(rows))}
    end = max(ends.items())
    for name, (number, digest) in [("audit_head", tuple(head)), *(("the checkpoint", one) for one in kept)]:
        if ends.get(number) != digest or (name == "audit_head" and (number, digest) != end):
            raise Broken(f"the chain ends at record {end[0]}, but {name} names record {number} with another hash")
    return end


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("database")
    arguments.add_argument("--checkpoint")
    given = arguments.parse_args()
    try:
        rows, head = read(given.database)
        kept = []
        if given.checkpoint:
            with open(given.checkpoint, encoding="utf-8") as file:
                kept = checkpoints(file.read())
    except (OSError, ValueError, KeyError, sqlite3.Error, subprocess.CalledProcessError) as error:
        print(f"unreadable: {error}", file=sys.stderr)
        return 2
    try:
        number, digest = verify(rows, head, kept)
    except Broken as broken:
        print(broken)
        return 1
    print(f"{number} records, each as it was written; the last hash is {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
