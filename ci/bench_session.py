"""Runs the rounds of ci/bench-session and prints medians and ratios."""
import json, os, pathlib, shutil, statistics, subprocess, sys, tempfile

clients, seconds, rounds = (int(x) for x in sys.argv[1:4])
cluster = os.environ["PROOF_TEST_POSTGRES_URL"]
base = cluster.rsplit("/", 1)[0]
proof = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release" / "proof"
BODY = json.dumps({"partner_user_id": "bench", "user_email": "bench@example.com", "network": "TRC20",
                   "currency": "USDT", "amount": "100", "client_ip": "203.0.113.7"})

# What one session writes: the same tables, the same indexes, rows of the same size.
PGBENCH = """
\\set n random(1, 1000000000)
BEGIN;
UPDATE customers SET email = 'bench@example.com' WHERE id = '00000000-0000-0000-0000-000000000003';
INSERT INTO orders VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'test',
  '00000000-0000-0000-0000-000000000003', 1, 'created', :body, now(), now()) RETURNING id \\gset
INSERT INTO events VALUES (gen_random_uuid(), :id, 1, 'order.created', '{"amount":"100.00"}', now(),
  '00000000-0000-0000-0000-000000000001', 'test', 'pending');
INSERT INTO jobs (id, kind, key, run_at, generation, attempts)
  VALUES (gen_random_uuid(), 'order', :id, now() + interval '1 day', 1, 0);
INSERT INTO sessions VALUES (:id, sha256(convert_to(:id, 'UTF8')), :parameters, repeat('0', 131), '203.0.113.7', NULL,
  NULL, now());
COMMIT;
"""
ORDER = '{"filler": "%s"}' % ("x" * 620)
PARAMETERS = '{"filler": "%s"}' % ("x" * 560)


def psql(database, sql):
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", f"{base}/{database}", "-c", sql], check=True)


def server(*args):
    data = tempfile.mkdtemp(prefix="proof-bench-")
    child = subprocess.Popen([proof, "dev", "--port", "0", "--shop-port", "0", "--shop", "/none", "--data", data,
                              "--no-limits", "--json", *args], stdout=subprocess.PIPE, text=True)
    return child, json.loads(child.stdout.readline()), data


def oha(ready):
    url = ready["base_url"] + "/widget/session"
    token = ready["partners"][0]["client_token"]
    out = subprocess.run(["oha", "--no-tui", "--output-format", "json", "-c", str(clients), "-z", f"{seconds}s", "-m", "POST", "-H",
                          f"Authorization: Bearer {token}", "-d", BODY, url], check=True, capture_output=True, text=True)
    result = json.loads(out.stdout)
    good = result["statusCodeDistribution"].get("200", 0)
    assert good and set(result["statusCodeDistribution"]) == {"200"}, result["statusCodeDistribution"]
    return result["summary"]["requestsPerSec"], result["latencyPercentiles"]["p99"] * 1000


def memory_kb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(l for l in status.splitlines() if l.startswith("VmRSS")).split()[1])


def pgbench(database):
    script = pathlib.Path(tempfile.mkdtemp()) / "session.sql"
    script.write_text(PGBENCH.replace(":body", f"'{ORDER}'").replace(":parameters", f"'{PARAMETERS}'"))
    out = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f",
                          script, f"{base}/{database}"], stdout=subprocess.PIPE, text=True, check=True)
    return float(next(l for l in out.stdout.splitlines() if l.startswith("tps")).split()[2])


results = {"sqlite": [], "sqlite, a commit each": [], "postgres": [], "postgres, a commit each": [], "pgbench": []}
rest = None
for n in range(rounds):
    for name in (f"bench_{n}", f"bench_{n}_each"):
        psql("postgres", f"CREATE DATABASE {name}")
    each = "--separate-commits"
    for engine, args in [("sqlite", []), ("sqlite, a commit each", [each]),
                         ("postgres", ["--database-url", f"{base}/bench_{n}"]),
                         ("postgres, a commit each", [each, "--database-url", f"{base}/bench_{n}_each"])]:
        child, ready, data = server(*args)
        try:
            rest = rest or memory_kb(ready["pid"])
            results[engine].append(oha(ready))
        finally:
            child.terminate()
            child.wait()
            shutil.rmtree(data)
    if n == 0:
        # The same schema, empty, for the rival: our migrations made it.
        psql("postgres", "CREATE DATABASE bench_rival TEMPLATE bench_0")
        psql("bench_rival", "TRUNCATE partners CASCADE; INSERT INTO partners VALUES "
             "('00000000-0000-0000-0000-000000000001','b','treasury','sandbox',gen_random_uuid(),'b','k','{}',now());"
             "INSERT INTO customers VALUES ('00000000-0000-0000-0000-000000000003',"
             "'00000000-0000-0000-0000-000000000001','test','bench','b',NULL,now())")
    results["pgbench"].append((pgbench("bench_rival"), 0.0))

rate = {k: statistics.median(r for r, _ in v) for k, v in results.items()}
tail = {k: statistics.median(p for _, p in v) for k, v in results.items()}
print(f"{clients} clients, {seconds} s, median of {rounds} rounds, durable commits")
for engine in list(results)[:-1]:
    print(f"  {engine:<24} {rate[engine]:8.0f} sessions/s   p99 {tail[engine]:7.1f} ms   {rate[engine] / rate['pgbench']:.2f} x pgbench")
print(f"  {'pgbench':<24} {rate['pgbench']:8.0f} transactions/s with the same rows")
print(f"  memory of the server at rest: {rest / 1024:.1f} MB")
