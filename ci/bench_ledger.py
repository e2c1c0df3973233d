"""Runs the rounds of ci/bench-ledger and prints medians, ratios and their intervals."""
import json, os, pathlib, sqlite3, statistics, subprocess, sys, tempfile, time, uuid

clients, seconds, rounds = (int(x) for x in sys.argv[1:4])
cluster = os.environ["PROOF_TEST_POSTGRES_URL"]
base = cluster.rsplit("/", 1)[0]
ledger = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release" / "ledger"

# The same rows as one entry of ours, by people who know what they do: one round trip, two locks, no more.
FUNCTION = """
CREATE FUNCTION bench_post(units numeric) RETURNS void LANGUAGE plpgsql AS $$
DECLARE a text := 'capital:USDT/TRC20'; b text := 'wallet:USDT/TRC20'; entry uuid := gen_random_uuid(); x numeric; y numeric;
BEGIN
  INSERT INTO entries (id, order_id, kind, created_at, memo) VALUES (entry, NULL, 'fund', now(), NULL);
  SELECT balance INTO x FROM accounts WHERE key = a FOR UPDATE;
  UPDATE accounts SET balance = x - units WHERE key = a;
  INSERT INTO postings (entry_id, line, account_key, amount) VALUES (entry, 0, a, -units);
  SELECT balance INTO y FROM accounts WHERE key = b FOR UPDATE;
  IF y + units < 0 THEN RAISE EXCEPTION 'floor'; END IF;
  UPDATE accounts SET balance = y + units WHERE key = b;
  INSERT INTO postings (entry_id, line, account_key, amount) VALUES (entry, 1, b, units);
END $$
"""
CALL = "SELECT bench_post(1000000);\n"


def psql(database, sql):
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", f"{base}/{database}", "-c", sql], check=True)


def ours(place, length=seconds):
    out = subprocess.run([ledger, place, str(clients), str(length)], check=True, capture_output=True, text=True).stdout
    return json.loads(out)["entries_per_s"] if out else None


def function(database):
    script = pathlib.Path(tempfile.mkdtemp()) / "post.sql"
    script.write_text(CALL)
    out = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", script,
                          f"{base}/{database}"], stdout=subprocess.PIPE, text=True, check=True)
    return float(next(l for l in out.stdout.splitlines() if l.startswith("tps")).split()[2])


def loop(path):
    """One process, no clients, as many entries to a commit as there are clients; balances kept in memory."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        db.execute("PRAGMA " + pragma)
    accounts = ("capital:USDT/TRC20", "wallet:USDT/TRC20")
    balances = {key: int(db.execute("SELECT balance FROM accounts WHERE key = ?", (key,)).fetchone()[0]) for key in accounts}
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        db.execute("BEGIN IMMEDIATE")
        for _ in range(clients):
            entry = uuid.uuid4().bytes
            db.execute("INSERT INTO entries (id, order_id, kind, created_at, memo) VALUES (?, NULL, 'fund', 1, NULL)", (entry,))
            for line, (key, units) in enumerate(zip(accounts, (-1_000_000, 1_000_000))):
                balances[key] += units
                db.execute("UPDATE accounts SET balance = ? WHERE key = ?", (str(balances[key]), key))
                db.execute("INSERT INTO postings (entry_id, line, account_key, amount) VALUES (?, ?, ?, ?)",
                           (entry, line, key, str(units)))
        db.execute("COMMIT")
        done += clients
    db.close()
    return done / seconds


def middle(values):
    """The median, and the interval in which the true one lies with at least 95 %: by the ranks of the sample."""
    values, n = sorted(values), len(values)
    chance, rank = 0.5 ** n, 0
    while rank < n // 2 and 2 * chance < 0.05:
        rank += 1
        ways = 1
        for k in range(rank):
            ways = ways * (n - k) // (k + 1)
        chance += ways * 0.5 ** n
    low = max(rank - 1, 0)
    return statistics.median(values), values[low], values[n - 1 - low]


rates = {"ours, SQLite": [], "ours, PostgreSQL": [], "function": [], "loop": []}
for n in range(rounds):
    data = pathlib.Path(tempfile.mkdtemp(prefix="proof-bench-"))
    for name in (f"ours_{n}", f"rival_{n}"):
        psql("postgres", f"CREATE DATABASE {name}")
    # Our migrations make the schema and the accounts for the rivals, too.
    ours(f"{base}/rival_{n}", 0)
    ours(str(data / "loop.db"), 0)
    psql(f"rival_{n}", FUNCTION)
    rates["ours, SQLite"].append(ours(str(data / "ours.db")))
    rates["function"].append(function(f"rival_{n}"))
    rates["loop"].append(loop(data / "loop.db"))
    rates["ours, PostgreSQL"].append(ours(f"{base}/ours_{n}"))

print(f"{clients} clients, one hot account, {seconds} s, median of {rounds} rounds with its 95 % interval, durable commits")
for name, values in rates.items():
    print("  {:<18} {:8.0f} entries/s  ({:.0f} to {:.0f})".format(name, *middle(values)))
for name in ("ours, SQLite", "ours, PostgreSQL"):
    for rival in ("function", "loop"):
        ratios = [a / b for a, b in zip(rates[name], rates[rival])]
        print("  {:<18} {:.2f} x the {}  ({:.2f} to {:.2f})".format(name, middle(ratios)[0], rival, *middle(ratios)[1:]))
