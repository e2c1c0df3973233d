"""Zones, and what another implementation (PyPI's `mrz`) reads in them, for tests/mrz_vectors.rs.

    python3 -m venv /tmp/mrz && /tmp/mrz/bin/pip install mrz==0.6.2
    /tmp/mrz/bin/python mrz_vectors.py >mrz-vectors.txt

Half of them have one character changed. Seeded: the same file each time.
"""

import random

from mrz.checker.mrva import MRVACodeChecker
from mrz.checker.mrvb import MRVBCodeChecker
from mrz.checker.td1 import TD1CodeChecker
from mrz.checker.td2 import TD2CodeChecker
from mrz.checker.td3 import TD3CodeChecker
from mrz.generator.mrva import MRVACodeGenerator
from mrz.generator.mrvb import MRVBCodeGenerator
from mrz.generator.td1 import TD1CodeGenerator
from mrz.generator.td2 import TD2CodeGenerator
from mrz.generator.td3 import TD3CodeGenerator

SURNAMES = ["Eriksson", "Müller", "O'Connor", "de la Cruz", "Nowak-Kowalska", "Papandropoulos", "Li", "Ødegård"]
GIVEN = ["Anna Maria", "Jörg", "Li", "Jonathon Alec", "Zoë", "María José", "K", "Bartholomew"]
STATES = ["UTO", "D", "FRA", "GBR", "XXA", "ESP", "POL", "UKR", "USA"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
rng = random.Random(9303)


def text(low, high):
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(low, high)))


def date():
    return f"{rng.randint(0, 99):02}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"


def generated(form):
    surname, given, state = rng.choice(SURNAMES), rng.choice(GIVEN), rng.choice(STATES)
    number, nationality, sex = text(4, 9), rng.choice(STATES), rng.choice("MF")
    birth, expiry = date(), date()
    if form == "td1":
        code = TD1CodeGenerator("ID", state, number, birth, sex, expiry, nationality, surname, given, text(0, 9), text(0, 6))
    elif form == "td2":
        code = TD2CodeGenerator("ID", state, surname, given, number, nationality, birth, sex, expiry, text(0, 7))
    elif form == "td3":
        code = TD3CodeGenerator("P", state, surname, given, number, nationality, birth, sex, expiry, text(0, 14))
    elif form == "mrv_a":
        code = MRVACodeGenerator("V", state, surname, given, number, nationality, birth, sex, expiry, text(0, 16))
    else:
        code = MRVBCodeGenerator("V", state, surname, given, number, nationality, birth, sex, expiry, text(0, 8))
    return str(code)


CHECKERS = {
    "td1": TD1CodeChecker,
    "td2": TD2CodeChecker,
    "td3": TD3CodeChecker,
    "mrv_a": MRVACodeChecker,
    "mrv_b": MRVBCodeChecker,
}


def changed(zone, form):
    """One other letter or digit where there was one, in the lines that have check digits."""
    lines = zone.split("\n")
    line = 1
    column = rng.choice([at for at, letter in enumerate(lines[line]) if letter.isdigit() or (at < 9 and letter != "<")])
    old = lines[line][column]
    new = rng.choice([letter for letter in ("0123456789" if old.isdigit() else LETTERS) if letter != old])
    lines[line] = lines[line][:column] + new + lines[line][column + 1 :]
    return "\n".join(lines)


def row(form, zone):
    checker = CHECKERS[form](zone)
    fields = checker.fields()
    hashes = {
        "number": checker.document_number_hash,
        "birth": checker.birth_date_hash,
        "expiry": checker.expiry_date_hash,
    }
    if form == "td3":
        hashes["optional"] = checker.optional_data_hash
    if form in ("td1", "td2", "td3"):
        hashes["composite"] = checker.final_hash
    wrong = ",".join(name for name, holds in hashes.items() if not holds)
    return "|".join(
        [form, zone.replace("\n", "/"), fields.surname, fields.name, fields.document_number, fields.birth_date,
         fields.expiry_date, wrong]
    )


for turn in range(40):
    for form in CHECKERS:
        zone = generated(form)  # short names: the package refuses those that do not fit
        print(row(form, changed(zone, form) if turn % 2 else zone))
