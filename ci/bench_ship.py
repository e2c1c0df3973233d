"""Runs the rounds of ci/bench-ship. The load comes from threads of this program, on the same cores; the other place is
on the same disk, so that its fsyncs are in the way as much as they can be."""
import http.client, json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, threading, time, urllib.request

clients, seconds, rounds = (int(x) for x in sys.argv[1:4])
target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"))
proof = os.environ.get("PROOF_BIN", target / "release" / "proof")
AGE = "proof_backup_continuous_age_seconds"


def server(folder, *args):
    child = subprocess.Popen([proof, "dev", "--port", "0", "--shop-port", "0", "--shop", "/none", "--metrics-port", "0", "--data", folder / "data",
                              "--no-limits", "--json", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return child, json.loads(child.stdout.readline())


def load(ready, until, latencies):
    host = ready["base_url"].removeprefix("http://")
    headers = {"authorization": "Bearer " + ready["partners"][0]["client_token"], "content-type": "application/json"}
    body = json.dumps({"partner_user_id": "bench", "user_email": "bench@example.com", "network": "TRC20", "currency": "USDT",
                       "amount": "100", "type": "buy"})
    connection = http.client.HTTPConnection(host)
    while (begun := time.monotonic()) < until:
        connection.request("POST", "/widget/session", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        latencies.append(time.monotonic() - begun)


def ages(ready, until, seen):
    """What would be lost if the machine died now, every 50 ms."""
    while time.monotonic() < until:
        text = urllib.request.urlopen(ready["metrics_url"]).read().decode()
        seen += [float(line.split()[1]) for line in text.splitlines() if line.startswith(AGE)]
        time.sleep(0.05)


def part(all, share):
    return sorted(all)[int(len(all) * share)] * 1000


results, seen = {"alone": [], "shipped": []}, []
for n in range(rounds):
    # Who goes first has a cooler machine.
    for name in sorted(results, reverse=n % 2 == 1):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="proof-bench-"))
        (folder / "elsewhere").mkdir()
        shipped = ["--backup-to", folder / "elsewhere", "--backup-continuous"] if name == "shipped" else []
        child, ready = server(folder, *shipped)
        try:
            latencies, until = [], time.monotonic() + seconds
            threads = [threading.Thread(target=load, args=(ready, until, latencies)) for _ in range(clients)]
            threads.append(threading.Thread(target=ages, args=(ready, until, seen)))
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            results[name].append((len(latencies) / seconds, part(latencies, 0.5), part(latencies, 0.99)))
        finally:
            child.terminate()
            child.wait()
            shutil.rmtree(folder)

print(f"{clients} clients, {seconds} s, median of {rounds} rounds, durable commits")
for name, all in results.items():
    rate, p50, p99 = (statistics.median(one[i] for one in all) for i in range(3))
    print(f"  {name:<8} {rate:6.0f} sessions/s   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")
ratios = [after[0] / before[0] for before, after in zip(results["alone"], results["shipped"])]
print(f"  shipped / alone: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
print(f"  age of the other place: p50 {part(seen, 0.5):.0f} ms, p99 {part(seen, 0.99):.0f} ms, most {max(seen) * 1000:.0f} ms, of {len(seen)}")
