"""Servers for the benchmarks with many orders, and databases that are filled with copies of a few."""
import base64, hashlib, hmac, http.client, json, os, pathlib, random, shutil, sqlite3, struct, subprocess, sys, tempfile, time, urllib.parse, uuid

cluster = os.environ["PROOF_TEST_POSTGRES_URL"].rsplit("/", 1)[0]
proof = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release" / "proof"
ORDERS_A_CUSTOMER = 40
SESSION = {"partner_user_id": "bench", "user_email": "bench@example.com", "network": "TRC20", "currency": "USDT",
           "amount": "100", "client_ip": "203.0.113.7"}
TABLES = {
    "customers": ["id", "partner_id", "environment", "partner_user_id", "email", "person_id", "created_at"],
    "orders": ["id", "partner_id", "environment", "customer_id", "version", "state", "body", "created_at", "updated_at", "side",
               "asset", "status"],
    "events": ["id", "order_id", "partner_id", "environment", "sequence", "kind", "status", "body", "occurred_at", "position"],
    "sessions": ["order_id", "init_hash", "parameters", "signature", "client_ip", "lang", "theme", "expires_at"],
}


class Server:
    def __init__(self, data, database=None):
        args = [] if database is None else ["--database-url", database]
        self.child = subprocess.Popen([proof, "dev", "--port", "0", "--shop-port", "0", "--shop", "/none", "--data", data,
                                       "--no-limits", "--metrics-port", "0", "--json", *args], stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.child.stdout.readline())
        url = urllib.parse.urlsplit(self.ready["base_url"])
        self.http = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        self.token = self.ready["partners"][0]["client_token"]
        self.cookie = ""

    def ask(self, method, path, body=None, console=False):
        headers = {"x-proof-console": "1", "cookie": self.cookie} if console else {"authorization": f"Bearer {self.token}"}
        start = time.perf_counter()
        self.http.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.http.getresponse()
        read = answer.read()
        took = time.perf_counter() - start
        assert answer.status < 300, (method, path, answer.status, read[:300])
        self.headers = answer.headers
        return json.loads(read), took

    def sign_in(self):
        # The present code was used up a moment ago, when she joined; the next one is taken early.
        alice = next(one for one in self.ready["people"] if one["name"] == "alice")
        key = base64.b32decode(alice["totp_secret"])
        mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + 1), hashlib.sha1)
        code = struct.unpack(">I", mac[mac[-1] & 15:][:4])[0] & 0x7fffffff
        body = {"name": "alice", "password": alice["password"], "code": f"{code % 1_000_000:06}"}
        self.ask("POST", "/console/api/sign-in", body, console=True)
        self.cookie = self.headers["set-cookie"].split(";")[0]

    def end(self):
        self.child.terminate()
        self.child.wait()


class Sqlite:
    name = "sqlite"

    def __init__(self, data):
        self.file = next(pathlib.Path(data).rglob("proof.db"))
        self.db = sqlite3.connect(self.file)
        self.db.execute("PRAGMA synchronous = OFF")

    def rows(self, table, where):
        found = self.db.execute(f"SELECT {', '.join(TABLES[table])} FROM {table} WHERE {where}")
        return [dict(zip(TABLES[table], row)) for row in found]

    def id(self, value):
        return value.bytes

    def literal(self, value):
        return f"x'{value.hex}'"

    def at(self, seconds):
        return int(seconds * 1_000_000)

    def hash(self, number):
        return hashlib.sha256(str(number).encode()).digest()

    def put(self, table, rows):
        names = TABLES[table]
        marks = ", ".join("?" * len(names))
        self.db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", ([row[n] for n in names] for row in rows))
        self.db.commit()

    def close(self):
        self.db.execute("ANALYZE")
        self.db.commit()
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()


class Postgres:
    name = "postgres"

    def __init__(self, url):
        self.url = url

    def psql(self, sql):
        return subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", self.url, "-c", sql], check=True, capture_output=True, text=True).stdout

    def rows(self, table, where):
        return [json.loads(line) for line in self.psql(f"SELECT row_to_json(t) FROM (SELECT * FROM {table} WHERE {where}) t").splitlines()]

    def id(self, value):
        return str(value)

    def literal(self, value):
        return f"'{value}'"

    def at(self, seconds):
        return time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime(seconds))

    def hash(self, number):
        return "\\x" + hashlib.sha256(str(number).encode()).hexdigest()

    def put(self, table, rows):
        names = TABLES[table]
        copy = subprocess.Popen(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-c", f"COPY {table} ({', '.join(names)}) FROM STDIN"],
                                stdin=subprocess.PIPE, text=True)
        escape = lambda value: "\\N" if value is None else (json.dumps(value) if isinstance(value, dict) else str(value)).replace("\\", "\\\\")
        for row in rows:
            copy.stdin.write("\t".join(escape(row[name]) for name in names) + "\n")
        copy.stdin.close()
        assert copy.wait() == 0

    def close(self):
        self.psql("VACUUM ANALYZE")


def ids(count, end, apart):
    """UUIDs of version 7, in the order of their times, which are in the past."""
    draw = random.Random(7)
    for number in range(count):
        ms = int((end - (count - number) * apart) * 1000)
        yield uuid.UUID(int=ms << 80 | 7 << 76 | draw.getrandbits(12) << 64 | 2 << 62 | draw.getrandbits(62)), ms / 1000


def fill(store, played, count, until, apart):
    """Copies of these, `apart` seconds from one to the next, `until` then."""
    kinds = []
    for order, weight in played:
        order = uuid.UUID(order)
        row = store.rows("orders", f"id = {store.literal(order)}")[0]
        session = store.rows("sessions", f"order_id = {store.literal(order)}")[0]
        event = store.rows("events", f"order_id = {store.literal(order)} AND kind = 'order.status_changed' ORDER BY sequence DESC LIMIT 1")
        customer = json.loads(text(row["body"]))["customer"]
        kinds += [(order, row, session, event, customer)] * weight
    customers = [made for made, _ in ids(max(count // ORDERS_A_CUSTOMER, 1), until - 10, apart)]
    first = store.rows("customers", f"partner_id = {sql_of(store, kinds[0][1]['partner_id'])} LIMIT 1")[0]
    store.put("customers", ({**first, "id": store.id(c), "partner_user_id": f"user-{n}", "person_id": None, "email": f"user-{n}@example.com"}
                            for n, c in enumerate(customers)))
    draw = random.Random(11)
    chosen = [draw.randrange(len(kinds)) for _ in range(count)]

    def orders():
        for (made, at), kind in zip(ids(count, until, apart), chosen):
            old, row, _, _, customer = kinds[kind]
            owner = customers[made.int % len(customers)]
            body = text(row["body"]).replace(str(old), str(made)).replace(customer, str(owner))
            yield {**row, "id": store.id(made), "customer_id": store.id(owner), "body": body, "created_at": store.at(at), "updated_at": store.at(at)}

    def sessions():
        for (made, at), kind in zip(ids(count, until, apart), chosen):
            old, _, session, _, _ = kinds[kind]
            yield {**session, "order_id": store.id(made), "init_hash": store.hash(made), "parameters": text(session["parameters"]).replace(str(old), str(made)),
                   "expires_at": store.at(at + 3600)}

    def events():
        """The last one of each: what a poll names. Positions are below those that the feed gives."""
        for n, ((made, at), kind) in enumerate(zip(ids(count, until, apart), chosen)):
            old, _, _, found, _ = kinds[kind]
            for event in found:
                yield {**event, "id": store.id(uuid.UUID(int=made.int ^ 1)), "order_id": store.id(made), "body": text(event["body"]).replace(str(old), str(made)),
                       "occurred_at": store.at(at), "position": n - count}

    store.put("orders", orders())
    store.put("events", events())
    store.put("sessions", sessions())
    store.close()
    return [str(made) for made, _ in ids(count, until, apart)]


def text(body):
    return body if isinstance(body, str) else json.dumps(body)


def sql_of(store, value):
    return f"x'{value.hex()}'" if isinstance(value, bytes) else f"'{value}'"


class Filled:
    """A folder, and on PostgreSQL a database, with so many copies of what is played in it."""

    def __init__(self, engine, play, count, until, apart):
        self.data = tempfile.mkdtemp(prefix="proof-bench-")
        self.database = None
        if engine == "postgres":
            self.name = f"many_{count}"
            subprocess.run(["psql", "-q", f"{cluster}/postgres", "-c", f"CREATE DATABASE {self.name}"], check=True)
            self.database = f"{cluster}/{self.name}"
        server = self.server()
        played = list(play(server))
        server.end()
        start = time.time()
        store = Sqlite(self.data) if engine == "sqlite" else Postgres(self.database)
        self.known = fill(store, played, count, until, apart)
        print(f"{engine}: {count:,} orders filled in {time.time() - start:.0f} s", file=sys.stderr, flush=True)

    def server(self):
        return Server(self.data, self.database)

    def drop(self):
        shutil.rmtree(self.data)
        if self.database:
            subprocess.run(["psql", "-q", f"{cluster}/postgres", "-c", f"DROP DATABASE {self.name}"], check=True)
