"""Runs the rounds of ci/bench-order and prints medians."""
import json, os, pathlib, shutil, statistics, subprocess, sys, tempfile

orders, rate, rounds = (int(x) for x in sys.argv[1:4])
base = os.environ["PROOF_TEST_POSTGRES_URL"].rsplit("/", 1)[0]
target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release"


def run(*args):
    data = tempfile.mkdtemp(prefix="proof-bench-")
    child = subprocess.Popen([target / "proof", "dev", "--port", "0", "--shop-port", "0", "--shop", "/none", "--data", data,
                              "--no-limits", "--json", *args], stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(child.stdout.readline())
        partner, (world,) = ready["partners"][0], world_of(child.pid)
        out = subprocess.run([target / "orders", ready["base_url"], ready["cards_url"], partner["client_token"],
                              partner["origins"][0], str(orders), str(rate), f"{ready['pid']},{world}"],
                             check=True, capture_output=True, text=True).stdout
        return json.loads(out)
    finally:
        child.terminate()
        child.wait()
        shutil.rmtree(data, ignore_errors=True)


def world_of(pid):
    """The sandbox world is the server's child; any of its threads may have started it."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return [child for task in tasks for child in (task / "children").read_text().split()]


for n in range(rounds):
    subprocess.run(["psql", "-q", f"{base}/postgres", "-c", f"CREATE DATABASE orders_{n}"], check=True)
results = {"SQLite": [], "PostgreSQL": []}
for n in range(rounds):
    results["SQLite"].append(run())
    results["PostgreSQL"].append(run("--database-url", f"{base}/orders_{n}"))
print(f"{orders} buys, begun at up to {rate}/s, median of {rounds} rounds, durable commits")
for engine, rows in results.items():
    mid = lambda read: statistics.median(read(row) for row in rows)
    print(f"  {engine:<11} {mid(lambda r: r['begun_per_s']):6.0f} begun/s, {mid(lambda r: r['completed_per_s']):6.0f} completed/s, "
          f"server {mid(lambda r: r['cpu_ms_each'][0]):.2f} ms each, world {mid(lambda r: r['cpu_ms_each'][1]):.2f} ms, "
          f"took {mid(lambda r: r['took_s']['p50']):.1f} s, p99 {mid(lambda r: r['took_s']['p99']):.1f} s")
