"""Runs the rounds of ci/bench-contract and prints medians and ratios."""
import http.server, json, os, pathlib, shutil, sqlite3, statistics, subprocess, sys, tempfile, threading, time, urllib.request, uuid

seconds, rounds, sockets = (int(x) for x in sys.argv[1:4])
target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release"
BODY = {"partner_user_id": "bench", "user_email": "bench@example.com", "network": "TRC20", "currency": "USDT",
        "amount": "100"}


class Server:
    """A sandbox of its own."""

    def __init__(self, shop_port=0):
        self.data = tempfile.mkdtemp(prefix="proof-bench-")
        self.child = subprocess.Popen(
            [target / "proof", "dev", "--port", "0", "--shop-port", str(shop_port), "--shop", "/none", "--data", self.data,
             "--no-limits", "--json"], stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.child.stdout.readline())
        self.url, self.partner = self.ready["base_url"], self.ready["partners"][0]
        self.token = self.partner["client_token"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        shutil.rmtree(self.data, ignore_errors=True)

    def call(self, path, body=None):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode() if body is not None else None,
                                         {"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request) as answer:
            return answer.headers, json.loads(answer.read())

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.ready['pid']}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def oha(url, clients, *args, expect="200"):
    out = subprocess.run(["oha", "--no-tui", "--output-format", "json", "-c", str(clients), "-z", f"{seconds}s", *args, url],
                         check=True, capture_output=True, text=True)
    result = json.loads(out.stdout)
    assert set(result["statusCodeDistribution"]) == {expect}, result["statusCodeDistribution"]
    return result["summary"]["requestsPerSec"]


def loop(path, batch):
    """Writes a session's rows with nothing around them, durable, `batch` sessions to a commit."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA foreign_keys=ON")
    partner, = db.execute("SELECT id FROM partners LIMIT 1").fetchone()
    customer, order_body, parameters = (db.execute(q).fetchone()[0] for q in (
        "SELECT id FROM customers LIMIT 1", "SELECT body FROM orders LIMIT 1", "SELECT parameters FROM sessions LIMIT 1"))
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        db.execute("BEGIN IMMEDIATE")
        for _ in range(batch):
            order = uuid.uuid4().bytes
            db.execute("UPDATE customers SET email = 'bench@example.com' WHERE id = ?", (customer,))
            db.execute("INSERT INTO orders VALUES (?, ?, 'test', ?, 1, 'created', ?, 1, 1, 'buy', 'USDT/TRC20', 'pending')",
                       (order, partner, customer, order_body))
            db.execute("INSERT INTO events VALUES (?, ?, ?, 'test', 1, 'order.created', 'pending', '{}', 1, NULL)",
                       (uuid.uuid4().bytes, order, partner))
            db.execute("INSERT INTO jobs (id, kind, key, run_at, generation, attempts) VALUES (?, 'order', ?, 1, 1, 0)",
                       (uuid.uuid4().bytes, order))
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, NULL, NULL, NULL, 1)",
                       (order, os.urandom(32), parameters, "0" * 131))
        db.execute("COMMIT")
        done += batch
    db.close()
    return done / seconds


def sessions():
    with Server() as server:
        rate = oha(server.url + "/widget/session", 64, "-m", "POST", "-H", f"Authorization: Bearer {server.token}",
                   "-d", json.dumps(BODY))
        server.child.terminate()
        server.child.wait()
        path = server.data + "/proof.db"
        return {"P2 sessions over HTTP": rate, "P2 a commit each, bare": loop(path, 1), "P2 64 to a commit, bare": loop(path, 64)}


def polls():
    bare = subprocess.Popen([target / "load", "bare"], stdout=subprocess.PIPE, text=True)
    try:
        rival = f"http://127.0.0.1:{json.loads(bare.stdout.readline())['port']}/poll"
        with Server() as server:
            _, session = server.call("/widget/session", BODY)
            path = f"/widget/transactions/{session['merchant_transaction_id']}"
            headers, _ = server.call(path)
            auth = ["-H", f"Authorization: Bearer {server.token}"]
            return {"P3 bare axum": oha(rival, 32), "P3 poll": oha(server.url + path, 32, *auth),
                    "P3 poll, 304": oha(server.url + path, 32, *auth, "-H", f"If-None-Match: {headers['etag']}", expect="304")}
    finally:
        bare.terminate()


def webhooks():
    count, waits, all_there = 3000, [], threading.Event()

    class Receiver(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            waits.append(time.time())
            self.send_response(204)
            self.end_headers()
            if len(waits) == count:
                all_there.set()

        def log_message(self, *_):
            pass

    probe = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    port = probe.server_address[1]
    probe.server_close()
    with Server(shop_port=port) as server:
        receiver = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        before, started = server.cpu(), time.time()
        subprocess.run(["oha", "--no-tui", "--output-format", "quiet", "-c", "16", "-n", str(count), "-m", "POST", "-H",
                        f"Authorization: Bearer {server.token}", server.url + "/widget/webhook/test"], check=True)
        assert all_there.wait(120), f"{len(waits)} of {count} webhooks came"
        spent, wall = server.cpu() - before, time.time() - started
        receiver.shutdown()
        return {"P5 webhooks per CPU-second, asking for them included": count / spent, "P5 webhooks per second": count / wall}


def connections():
    with Server() as server:
        out = subprocess.run([target / "load", "sockets", server.url, server.token, server.partner["origins"][0],
                              str(server.ready["pid"]), str(sockets), "1000", "500"], check=True, capture_output=True, text=True)
        found = json.loads(out.stdout)
        return {f"P7 KB for each of {sockets} sockets": found["kb_each"], "P7 changes per second": found["changes_per_s"],
                "P7 request to socket p50 ms": found["request_to_socket_ms"]["p50"],
                "P7 request to socket p99 ms": found["request_to_socket_ms"]["p99"]}


results = {}
for _ in range(rounds):
    for part in (sessions, polls, webhooks, connections):
        for name, value in part().items():
            results.setdefault(name, []).append(value)
middle = {name: statistics.median(values) for name, values in results.items()}
print(f"{seconds} s each, median of {rounds} rounds (least to most)")
for name, values in results.items():
    print(f"  {name:<55} {middle[name]:10.1f}   ({min(values):.1f} to {max(values):.1f})")
ratio = lambda a, b: middle[a] / middle[b]
print(f"  P2: {ratio('P2 sessions over HTTP', 'P2 a commit each, bare'):.1f} x a commit each, "
      f"{ratio('P2 sessions over HTTP', 'P2 64 to a commit, bare'):.0%} of 64 to a commit")
print(f"  P3: {ratio('P3 poll', 'P3 bare axum'):.0%} of bare axum, with ETag {ratio('P3 poll, 304', 'P3 bare axum'):.0%}")
