"""Runs the load tests against a single node and writes its sections of docs/benchmarks.md (see deploy/bench.sh)."""

import json
import os
import subprocess
import sys
import time

from sections import machine, write_section

SENDERS = [1, 200, 2000]
UNLIMITED = {"MADANG_LIMITS__SENDS_PER_SECOND": "1000000", "MADANG_LIMITS__SENDS_BURST": "1000000"}


def fdatasync_times(folder, seconds):
    """A plain loop of write and fdatasync of 200 bytes: each round's time, sorted."""
    times = []
    handle = os.open(os.path.join(folder, "plain"), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.monotonic()
        os.write(handle, b"x" * 200)
        os.fdatasync(handle)
        times.append(time.monotonic() - started)
    os.close(handle)
    return sorted(times)


def start_node(binaries, folder):
    ready = os.path.join(folder, "ready")
    command = [f"{binaries}/madang", "serve", "--data-dir", os.path.join(folder, "data"),
               "--http-listen", "127.0.0.1:0", "--peer-listen", "127.0.0.1:0", "--ready-file", ready]
    log = open(os.path.join(folder, "node.log"), "w")
    node = subprocess.Popen(command, env={**os.environ, **UNLIMITED}, stdout=log, stderr=log)
    for _ in range(600):
        if os.path.exists(ready):
            return node, json.load(open(ready))["http"]
        if node.poll() is not None:
            sys.exit(open(log.name).read())
        time.sleep(0.1)
    sys.exit("the node was not ready within a minute")


def chat(binaries, folder, url, pid, senders, seconds):
    report = os.path.join(folder, f"chat-{senders}.json")
    command = [f"{binaries}/madang-loadtest", "chat", "--url", url, "--users", str(senders), "--room-size", "1",
               "--closed-loop", "--text-bytes", "200", "--warm-up", "2", "--duration", str(seconds),
               "--server-pid", str(pid), "--hear-rows-every", "1000", "--report-json", report]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return command, json.load(open(report))


def table(path):
    """The `a | b` lines of a bench's output, as rows."""
    lines = [line.strip() for line in open(path) if " | " in line]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def main():
    binaries, folder, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    node, url = start_node(binaries, folder)
    rows, command = [], []
    bare = {int(row[0]): float(row[1]) for row in table(os.path.join(folder, "log_append.txt"))[1:]}
    for senders in SENDERS:
        sync = fdatasync_times(folder, 2)
        sync_p50 = sync[len(sync) // 2] * 1e6
        command, report = chat(binaries, folder, url, node.pid, senders, seconds)
        cpu = report["server_cpu_s_per_million_acks"]
        rows.append(
            f"| {senders} | {report['acks_per_s']:,.0f} | {report['acks_per_s'] / bare[senders]:.2f} "
            f"| {report['send']['p50_us'] / 1000:.2f} | {report['send']['p99_us'] / 1000:.2f} "
            f"| {sync_p50 / 1000:.2f} | {report['send']['p50_us'] / sync_p50:.1f} "
            f"| {report['send']['p99_us'] / sync_p50:.1f} | {cpu:.1f} | {report['own_cpu_s_per_million_acks']:.1f} |"
        )
    node.terminate()
    node.wait()
    shown = " ".join(os.path.basename(word) if word.startswith(("/", "http")) else word for word in command)
    about = f"Written by `make bench`. {machine()}; {seconds} s a row."
    write_section("Durable, acknowledged sends", SENDS.format(about=about, rows="\n".join(rows), shown=shown))
    log = open(os.path.join(folder, "log_append.txt")).read().strip()
    write_section("The bare log writer", f"{about}\n\n```\n{log}\n```")
    fan_out = open(os.path.join(folder, "fan_out.txt")).read().strip()
    write_section("Fan-out", FAN_OUT.format(machine=machine(), text=fan_out))
    presence = open(os.path.join(folder, "presence.txt")).read().strip()
    write_section("Presence", PRESENCE.format(machine=machine(), text=presence))
    page = open(os.path.join(folder, "room_page.txt")).read().strip()
    write_section("A page of history", f"{about} The newest 50 events, straight from the store.\n\n```\n{page}\n```")


PRESENCE = """Written by `make bench`: `cargo bench -p madang-actors --bench presence -- 20`. {machine}.

All of presence for 10,000 people in one process, without sockets: one in a hundred comes or goes each second. An
observer is a connection; the frames with no bytes are cursors. *Of a core*: CPU time of the process, the
generator's included, for all observers together. Presence off, and on while nothing changes, are the baselines.

{text}"""

FAN_OUT = """Written by `make bench`: `cargo bench -p madang-node --bench fan_out`. {machine}.

One event of 200 bytes to all sessions of a node: CPU time of the node's process for each delivery, beside a plain
loop that sends the same bytes to the same sockets, in turns in the same run. *Events together*: so many wait and
go out in one write, in the loop too. Below, the same for one event to every room of a size.

```
{text}
```"""

SENDS = """{about}

Every sender has one message of 200 bytes outstanding, in a room of its own; the time is from send to ack as
the client sees it. *of bare writer*: against the same number of clients on the bare log writer (below), same
bytes, same disk, same run. *fdatasync*: a plain loop of write and fdatasync just before the row. CPU is
seconds per million acks.

| senders | acks/s | of bare writer | p50 ms | p99 ms | fdatasync p50 ms | p50 in fdatasyncs | p99 in fdatasyncs | node CPU | client CPU |
|---|---|---|---|---|---|---|---|---|---|
{rows}

Last row by: `{shown}`"""

if __name__ == "__main__":
    main()
