"""Runs the sh blocks of docs/src/quickstart.md; a comment `# → text` says what the command must print."""
import http.server, json, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, threading
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

root = pathlib.Path(__file__).resolve().parent.parent
binary = os.environ.get("PROOF_E2E_BINARY") or str(
    pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / "debug" / "proof")
received = threading.Event()
webhooks = []


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        webhooks.append((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()
        received.set()

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def blocks():
    """Each sh block with what it must print."""
    text = (root / "docs/src/quickstart.md").read_text()
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M):
        yield block, re.findall(r"# → (.*)$", block, re.M)


def run(env):
    count = 0
    script, expected = "set -eu\n", []
    for n, (block, says) in enumerate(blocks()):
        script += f"echo '=== {n}'\n{block}\n"
        expected.append(says)
        count += len(says)
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60)
    if done.returncode:
        sys.exit(f"the quickstart failed: {done.stdout}{done.stderr}")
    printed = re.split(r"=== \d+\n", done.stdout)[1:]
    for says, out in zip(expected, printed):
        for text in says:
            if text not in out:
                sys.exit(f"the quickstart should print {text!r} and printed {out!r}")
    if count < 6:
        sys.exit("the quickstart promises next to nothing: is it still read?")
    return count


def verify(secret):
    if not received.wait(20):
        sys.exit("the webhook that the quickstart asks for did not come")
    headers, body = webhooks[0]
    headers = {name.lower(): value for name, value in headers.items()}
    event = Webhook(secret).verify(body, headers)
    assert event["test"] is True, event
    tampered = body.replace(b"completed", b"cancelled")
    replayed = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 3600)}
    other_id = {**headers, "webhook-id": "evt_else"}
    for bad_body, bad_headers in [(tampered, headers), (body, replayed), (body, other_id)]:
        try:
            Webhook(secret).verify(bad_body, bad_headers)
        except WebhookVerificationError:
            continue
        sys.exit("a tampered or replayed webhook was accepted")


port = free_port()
data = tempfile.mkdtemp(prefix="proof-quickstart-")
child = subprocess.Popen([binary, "dev", "--port", "0", "--shop-port", str(port), "--shop", "/none", "--data", data,
                          "--json"], stdout=subprocess.PIPE, text=True)
try:
    ready = json.loads(child.stdout.readline())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    partner = ready["partners"][0]
    env = {**os.environ, "PROOF": ready["base_url"], "TOKEN": partner["client_token"]}
    promises = run(env)
    verify(partner["webhook_secret"])
    print(f"the quickstart works: {promises} promises kept, webhook verified by standardwebhooks")
finally:
    child.terminate()
    child.wait()
    shutil.rmtree(data, ignore_errors=True)
