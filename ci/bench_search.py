"""Fills databases for ci/bench-search, asks, and prints p99s and ratios."""
import pathlib, random, statistics, sys, time
from bench_fill import Filled, ORDERS_A_CUSTOMER, SESSION

few, many, calls = (int(x) for x in sys.argv[1:4])
PLAYED = {"buy-completes": 88, "buy-cancelled": 7, "identity-final": 5}


def play(server):
    """Orders of each kind, played to their end: what the copies are made of."""
    for name in PLAYED:
        play = server.ask("POST", f"/widget/sandbox/scenarios/{name}")[0]
        while play["state"] == "playing" or play["state"] == "waiting":
            time.sleep(0.2)
            play = server.ask("GET", f"/widget/sandbox/plays/{play['id']}")[0]
        assert play["state"] == "reached", play
        yield play["merchant_transaction_id"], PLAYED[name]


class Asker:
    """One server with so many orders, and what it is asked."""

    def __init__(self, engine, count):
        self.filled = Filled(engine, play, count, time.time() - 3600, SECONDS_APART)
        self.server, self.known, self.customers = self.filled.server(), self.filled.known, max(count // ORDERS_A_CUSTOMER, 1)
        self.server.sign_in()
        self.draw = random.Random(13)
        partner = self.server.ready["partners"][0]["partner_id"]
        draw = self.draw
        known = self.known
        self.searches = [
            lambda: f"query={draw.choice(known)}",
            lambda: f"query={draw.choice(known)[:13]}",
            lambda: f"query=user-{draw.randrange(self.customers)}",
            lambda: f"status={draw.choice(['completed', 'failed', 'cancelled', 'pending'])}",
            lambda: f"partner={partner}&side={draw.choice(['buy', 'sell'])}",
            lambda: f"partner={partner}&status=failed&after={draw.choice(known)}",
            lambda: f"side=sell&after={draw.choice(known)}",
            lambda: "",
        ]

    def create(self, n):
        body = {**SESSION, "partner_user_id": f"user-{self.draw.randrange(self.customers)}"}
        return self.server.ask("POST", "/widget/session", body)[1]

    def poll(self, n):
        return self.server.ask("GET", f"/widget/transactions/{self.draw.choice(self.known)}")[1]

    def search(self, n):
        return self.server.ask("GET", "/console/api/orders?" + self.searches[n % len(self.searches)](), console=True)[1]


def warm(data):
    """Reads the whole file: what no caller wants yet, the system may have put away, and a disk's first read is not what is asked."""
    for file in pathlib.Path(data).rglob("proof.db"):
        with open(file, "rb") as read:
            while read.read(1 << 20):
                pass


def p99(times):
    return sorted(times)[int(len(times) * 0.99)] * 1000


SECONDS_APART = 15
ROUNDS = 10
print("| engine | call | p99 with few | p99 with many | ratio of p99s, median of rounds (least, most) |")
print("|---|---|---|---|---|")
for engine in ["sqlite", "postgres"]:
    one, other = Asker(engine, few), Asker(engine, many)
    for asker in (one, other):
        # The first has waited for the other's orders; its connection may be gone. The next call opens one.
        asker.server.http.close()
    for call in ["create", "poll", "search"]:
        rounds = []
        for asker in (one, other):
            warm(asker.filled.data)
            for n in range(400):
                getattr(asker, call)(n)
        for _ in range(ROUNDS):
            took = ([], [])
            # In turns, so that whatever else the machine does is shared.
            for n in range(calls // ROUNDS):
                for asker, times in zip((one, other), took):
                    times.append(getattr(asker, call)(n))
            rounds.append([p99(times) for times in took])
        ratios = sorted(b / a for a, b in rounds)
        few_ms, many_ms = (statistics.median(r[side] for r in rounds) for side in (0, 1))
        print(f"| {engine} | {call} | {few_ms:.2f} ms | {many_ms:.2f} ms | {statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f}) |", flush=True)
    for kind in range(8):
        medians = [statistics.median(asker.search(n) for n in range(kind, kind + 8 * 40, 8)) * 1000 for asker in (one, other)]
        print(f"search {kind}, median ms: {medians[0]:.2f}, {medians[1]:.2f}", file=sys.stderr, flush=True)
    for asker in (one, other):
        asker.server.end()
        asker.filled.drop()
