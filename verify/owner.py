"""What the owner of an installation does by hand: looks up its hot wallet, and says that coins are their own."""
from __future__ import annotations

import re
import subprocess
import time

from world import Product, Trouble

TAKE_S = 120


def hot_wallet(product: Product, network: str) -> str:
    """Its address, by the same commands as an owner's: the sandbox's key is read into a wallet of `proof wallet`."""
    word, sealed = product.data / "passphrase", product.data / "wallet.json"
    word.touch(mode=0o600)
    word.write_text("correct horse battery staple")
    secret = ["--wallet", str(sealed), "--passphrase-file", str(word)]
    key = str(product.data / "signer" / "master.key")
    for words in (["import", "--raw", key], ["addresses"]):
        command = [str(product.binary), "wallet", *words, *secret]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(rf"{network}\s+(0x[0-9a-fA-F]{{40}})", done.stdout)
    if found is None:
        raise Trouble(f"no address of {network}: {done.stdout}")
    return found[1]


def take_in(product: Product, coins: int) -> None:
    """Two people call so many coins that came to hot wallets the owner's."""
    until, mine = time.monotonic() + TAKE_S, set[str]()
    while len(mine) < coins:
        if time.monotonic() > until:
            raise Trouble(f"the wallet's coins are not found: {mine}")
        time.sleep(1)
        product.command("ledger", "reconcile")
        for stray in set(re.findall(r"dep_\w+", product.command("ledger", "findings").stdout)) - mine:
            said = [
                product.command("ledger", "own", stray, "--as", by, "--reason", "from the owner's wallet")
                for by in ("alice", "bob")
            ]
            if all(one.returncode == 0 for one in said):
                mine.add(stray)
