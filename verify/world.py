"""The running product, as a supervisor, a client and a shop see it: one process to start and to kill,
calls that may be lost on the way, and webhooks that arrive.

Nothing here believes that a call did nothing because no answer came: that is what `Lost` says, and
whoever asked has to find out.
"""
from __future__ import annotations

import http.client
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# A start takes a second or so; whoever needs longer than this hangs.
READY_S_MAX = 60
# The sandbox world outlives a killed server for a moment and holds its journals meanwhile, so that a
# start right after may fail. A supervisor tries again.
FAILED_STARTS_MAX = 50
# Longer than any call may take; a long poll waits for five seconds.
CALL_S_MAX = 40
# Longer than any pause between two lives of the server.
DOWN_S_MAX = 120
STOP_S_MAX = 30


class Lost(Exception):
    """No whole answer came, so nobody knows whether the call did anything. `life`: who was asked."""

    def __init__(self, life: int, cause: Exception):
        super().__init__(f"no answer: {cause!r}")
        self.life = life


class Halted(Exception):
    """Everybody stops where they are: the server is about to be restored from a backup."""


class Trouble(Exception):
    """Something that must not be."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any

    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def code(self) -> str:
        return str(self.body.get("code")) if isinstance(self.body, dict) else ""


@dataclass(frozen=True)
class Life:
    """The server between a ready line and its end. Its sandbox has other ports each time."""

    number: int
    ready: dict[str, Any]


def free_port() -> int:
    """Below the ports that the system gives to whoever calls out, so that nobody takes it while the
    server is down."""
    ports = list(range(20_000, 32_000))
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Trouble("no port is free")


class Receiver:
    """The shop's end of the webhooks: keeps each body that it takes, and refuses some at first."""

    def __init__(self, path: Path, refuse_percent: int, seed: int):
        self.path, self.port, self.refuse_percent = path, free_port(), refuse_percent
        self.random = random.Random(f"receiver {seed}")
        self.lock = threading.Lock()
        self.taken = self.refused = 0
        self.server: ThreadingHTTPServer | None = None
        path.touch()

    def open(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self.send_response(204 if receiver.take(self.headers["webhook-id"], body) else 503)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """`proof dev` looks whether the shop's port is free before it starts: nobody may listen then."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def take(self, webhook_id: str, body: str) -> bool:
        with self.lock:
            if self.random.randrange(100) < self.refuse_percent:
                self.refused += 1
                return False
            at = time.time_ns() // 1_000
            with self.path.open("a") as file:
                file.write(json.dumps({"at": at, "webhook_id": webhook_id, "body": body}) + "\n")
            self.taken += 1
            return True

    def told(self) -> dict[str, str]:
        """What each order was last said to be, by the order's own numbers."""
        with self.lock:
            lines = self.path.read_text().splitlines()
        last: dict[str, tuple[int, str]] = {}
        for line in lines:
            event = json.loads(json.loads(line)["body"])
            order = event["merchant_transaction_id"]
            said = (event["sequence"], event["status"])
            last[order] = max(last.get(order, said), said)
        return {order: status for order, (_, status) in last.items()}


class Product:
    """`proof dev`. One thread starts and kills it; any number of others call it."""

    def __init__(self, binary: Path, data: Path, receiver: Receiver, more: tuple[str, ...] = ()):
        """`more`: options beside those of every campaign."""
        self.binary, self.data, self.receiver, self.more = binary, data, receiver, more
        self.port = free_port()
        self.log = data / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.life: Life | None = None
        self.changed = threading.Condition()
        self.lives = self.kills = self.early_kills = self.failed_starts = 0
        self.halted = False
        self.unexpected: list[str] = []
        """Ends that nobody caused, and one that did not come."""

    # Starting and killing

    def spawn(self) -> None:
        command = [
            str(self.binary), "dev", "--port", str(self.port), "--shop-port", str(self.receiver.port),
            "--shop", "/nowhere", "--data", str(self.data), "--json", "--no-limits", *self.more,
        ]
        # A log for programs, without colours and without the stacks of starts that failed.
        environment = {**os.environ, "NO_COLOR": "1", "RUST_BACKTRACE": "0"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, bufsize=0, env=environment,
            )

    def come_up(self) -> None:
        """Waits for the ready line; starts again while the start fails."""
        for _ in range(FAILED_STARTS_MAX):
            assert self.process is not None and self.process.stdout is not None
            if not select.select([self.process.stdout], [], [], READY_S_MAX)[0]:
                raise Trouble(f"the server was not ready within {READY_S_MAX} s")
            line = self.process.stdout.readline()
            if line.endswith(b"\n"):
                self.receiver.open()
                with self.changed:
                    self.lives += 1
                    self.life = Life(self.lives, json.loads(line))
                    self.changed.notify_all()
                return
            self.process.wait()
            self.failed_starts += 1
            time.sleep(0.1)
            self.spawn()
        raise Trouble(f"{FAILED_STARTS_MAX} starts in a row failed, see {self.log}")

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        assert self.process is not None
        self.kills += 1
        self.early_kills += self.life is None
        self.end(signal.SIGKILL)

    def stop(self) -> None:
        try:
            self.end(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self.unexpected.append(f"the server did not stop within {STOP_S_MAX} s")
            self.end(signal.SIGKILL)

    def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.bury()

    def bury(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        with self.changed:
            self.life = None
        self.process.wait(STOP_S_MAX)
        self.process.stdout.close()
        self.receiver.close()

    def watch(self, seconds: float) -> None:
        """Lets it live; one that ends by itself is written down and started again."""
        assert self.process is not None
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        self.unexpected.append(f"the server ended by itself with status {status}")
        self.bury()
        self.spawn()
        self.come_up()

    def wait_for_movement(self, seconds: float) -> None:
        """Until the card processor or a chain writes something down."""
        sandbox = self.data / "sandbox"
        journals = [sandbox / "cards", *(sandbox / "chains").iterdir()]

        def sizes() -> list[int]:
            return [(folder / "journal.jsonl").stat().st_size for folder in journals]

        before, until = sizes(), time.monotonic() + seconds
        while sizes() == before and time.monotonic() < until:
            time.sleep(0.002)

    # Calling

    def halt(self) -> None:
        """From here on nobody gets through, until it goes on."""
        with self.changed:
            self.halted = True
            self.changed.notify_all()

    def go_on(self) -> None:
        self.halted = False

    def alive(self, after: int = 0) -> Life:
        """Waits until it is up, in a later life than `after`."""
        with self.changed:
            up = self.changed.wait_for(
                lambda: self.halted or self.life is not None and self.life.number > after, DOWN_S_MAX,
            )
            if self.halted:
                raise Halted
            if not up or self.life is None:
                raise Trouble("the server stays away")
            return self.life

    def call(
        self, where: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None,
    ) -> Answer:
        """One try. `where`: `base_url`, `cards_url` or `world_url`."""
        life = self.alive()
        host = urlsplit(life.ready[where]).netloc
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        connection = http.client.HTTPConnection(host, timeout=CALL_S_MAX)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            text = answer.read()
            return Answer(answer.status, json.loads(text) if text else None)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Lost(life.number, error) from error
        finally:
            connection.close()

    def ask(
        self, where: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None,
    ) -> Answer:
        """A call that may be repeated, until somebody answers it."""
        until = time.monotonic() + DOWN_S_MAX
        while True:
            try:
                answer = self.call(where, method, path, body, headers)
                if answer.status < 500 or time.monotonic() > until:
                    return answer
            except Lost:
                if time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def key(self) -> dict[str, str]:
        """What opens the sandbox's other doors, for what only its operator can do."""
        key = (self.data / "sandbox" / "api.key").read_bytes().hex()
        return {"authorization": f"Bearer {key}"}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same binary, as an operator uses it."""
        command = [str(self.binary), *words, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=600)

    # What the world wrote down

    def chain_lines(self, network: str) -> Iterator[dict[str, Any]]:
        """The whole lines of a chain's journal, as a wallet's history shows them."""
        text = (self.data / "sandbox" / "chains" / network / "journal.jsonl").read_bytes()
        for line in text[: text.rfind(b"\n") + 1].splitlines():
            yield json.loads(line)

    def logged(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def panics(self) -> list[str]:
        return [line for line in self.logged() if "panicked at" in line]

    def interrupted(self) -> int:
        """Jobs that a killed server was at: whether the kills met anything."""
        found = (re.search(r"were taken over released=([0-9]+)", line) for line in self.logged())
        return sum(int(match[1]) for match in found if match)


def is_empty(data: Path) -> bool:
    """Whether the folder has no world in it yet: the oracle would judge an older one, too."""
    return not data.exists() or not os.listdir(data)
