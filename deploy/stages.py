"""Where the CPU time of a send goes, by stage: a node under load, looked at with `perf`, and a section of
docs/benchmarks.md.

    deploy/stages.py FOLDER-OF-BINARIES

Needs `perf` and the right to use it. Every sample counts for the innermost of our own functions on its stack, so what
the libraries and the kernel do for a stage is counted there.
"""

import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

from bench import start_node
from sections import machine, write_section

SENDERS = 200
WARM_UP, MEASURED, SAMPLED = 4, 26, 18
# The first that fits, for each function from the innermost outwards.
STAGES = [
    ("edge: reading and writing sockets", r"madang_node::edge"),
    ("session: from JSON, deciding, to JSON", r"madang_node::(session|api)"),
    ("operations, limits, service", r"madang_node::(operations|safety)|madang_actors::(service|rooms)"),
    ("shard router and room owner", r"madang_actors::(room|shard|hot|shed|gate|answer)"),
    ("batcher", r"madang_cluster::(batcher|route|cluster)\b"),
    ("log writer: appending and syncing", r"madang_storage::log"),
    ("rows of the state: looking up and writing", r"madang_storage::state"),
    ("machine: deciding", r"madang_cluster::machine"),
    ("records and commands: to and from bytes", r"madang_storage::(row|record)|madang_cluster::command"),
    ("our side of raft: log, answers, feed", r"madang_cluster::raft"),
    ("openraft", r"openraft"),
    ("audience and encoding the event", r"madang_actors::(audience|encoder)"),
    ("hubs and queues", r"madang_actors::(hub|outbound)"),
    ("other parts of ours", r"madang_"),
    ("rows into files, in the background", r"rocksdb::(FlushJob|CompactionJob|BuildTable)"),
    ("mailboxes of actors", r"^<?(ractor|actix)::"),
]
# What the load test says when everybody has signed up and begins to send.
LAUNCHED = "users launched"
OTHERS = "runtimes: waking and switching tasks"


def stage_of(stack):
    for function in stack:
        for name, pattern in STAGES:
            if re.search(pattern, function):
                return name
    return OTHERS


def stages(text):
    """Samples of each stage in the output of `perf script`."""
    count = collections.Counter()
    for sample in text.split("\n\n"):
        stack = [line.strip().partition(" ")[2] for line in sample.strip("\n").split("\n")[1:]]
        if stack:
            count[stage_of(stack)] += 1
    return count


def wait_until_all_send(load):
    """Signing up takes as long as it takes, and costs far more than sending."""
    for line in load.stdout:
        if LAUNCHED in line:
            break
    # What else it says is read, or it would stop at a full pipe.
    threading.Thread(target=collections.deque, args=(load.stdout, 0), daemon=True).start()
    time.sleep(WARM_UP)


def main():
    binaries = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        node, url = start_node(binaries, folder)
        report, samples = os.path.join(folder, "chat.json"), os.path.join(folder, "perf.data")
        flags = ["chat", "--users", str(SENDERS), "--room-size", "1", "--closed-loop", "--warm-up", str(WARM_UP),
                 "--duration", str(MEASURED), "--hear-rows-every", "1000"]
        command = [f"{binaries}/madang-loadtest", *flags, "--url", url, "--server-pid", str(node.pid),
                   "--report-json", report]
        load = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            wait_until_all_send(load)
            subprocess.run(["perf", "record", "-q", "-F", "499", "-p", str(node.pid), "--call-graph", "dwarf,16384",
                            "-m", "4096", "-o", samples, "--", "sleep", str(SAMPLED)], check=True)
            if load.wait() != 0:
                sys.exit("the load went wrong: no figures")
        finally:
            for process in (load, node):
                process.terminate()
                process.wait()
        script = ["perf", "script", "-i", samples, "-F", "comm,tid,ip,sym", "--no-inline"]
        count = stages(subprocess.run(script, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      text=True, errors="replace").stdout)
        chat = json.load(open(report))
    each = chat["server_cpu_s_per_million_acks"]
    total = sum(count.values())
    if not any(name not in (OTHERS, "other parts of ours") for name in count):
        sys.exit("perf told no names of functions: no figures")
    rows = "\n".join(f"| {name} | {100 * number / total:.1f} | {each * number / total:.1f} |"
                     for name, number in count.most_common())
    write_section("The CPU of a send, by stage", SECTION.format(
        machine=machine(), senders=SENDERS, each=each, total=total, acks=chat["acks_per_s"], rows=rows))


SECTION = """Written by `make stages`. {machine}.

{senders} senders, each in a room of their own with one message of 200 bytes under way: {acks:,.0f} acks a second,
{each:.1f} µs of the node's CPU for each; its push to the sender is in it. {total} samples of `perf`; each counts for the
innermost of our own functions on its stack, so what libraries and the kernel do for a stage is counted there.

| stage | % | µs a send |
|---|---|---|
{rows}"""

if __name__ == "__main__":
    main()
