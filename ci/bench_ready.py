"""Fills a database with open orders for ci/bench-ready, starts servers on it, and prints how long each took until it was ready."""
import http.client, statistics, sys, time, urllib.parse
from bench_fill import Filled, SESSION

count, starts = (int(x) for x in sys.argv[1:3])
SECONDS_AT_REST = 15


def play(server):
    """A few that were begun and go no further."""
    for _ in range(4):
        yield server.ask("POST", "/widget/session", SESSION)[0]["merchant_transaction_id"], 1


def until_ready(filled):
    start = time.perf_counter()
    server = filled.server()
    url = urllib.parse.urlsplit(server.ready["base_url"])
    while True:
        asked = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        asked.request("GET", "/readyz")
        if asked.getresponse().status == 200:
            return server, (time.perf_counter() - start) * 1000
        time.sleep(0.001)


def resident_kb(server):
    with open(f"/proc/{server.child.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


print("| engine | open orders | ready after, median (least, most) | resident at rest |")
print("|---|---|---|---|")
for engine in ["sqlite", "postgres"]:
    # All of the last seconds: none of them is over before the servers were started.
    filled = Filled(engine, play, count, time.time(), 10 / count)
    times = []
    for n in range(starts):
        server, took = until_ready(filled)
        times.append(took)
        if n == starts - 1:
            time.sleep(SECONDS_AT_REST)
            resident = resident_kb(server)
        server.end()
    filled.drop()
    print(f"| {engine} | {count:,} | {statistics.median(times):.0f} ms ({min(times):.0f}, {max(times):.0f}) | {resident / 1000:.0f} MB |", flush=True)
