"""Runs drills and writes their sections of docs/benchmarks.md.

    deploy/drills.py FOLDER-OF-BINARIES [DRILL …] [-- more flags of `madang-loadtest drill DRILL`]

Ends with 1 when a drill found something lost, doubled or out of order, or could not be done.
"""

import subprocess
import sys

from sections import machine, write_section

DRILLS = {
    "failover": (
        "Killing the node that holds all sockets",
        "All clients are connected to one node, which is killed with -9; they come back at the other two with their "
        "cursors, after a random part of half a second as the protocol asks. Then it is started again, everybody goes "
        "to the next node, and that one is killed. Times are from the kill, as the clients see them: pauses between "
        "attempts and, for acks and messages, the wait for what is due next are in them.",
        [],
    ),
    "rolling": (
        "A rolling restart",
        "Every node in turn is stopped with SIGTERM, which drains it, and started again; when all is well and after "
        "some seconds of talk the next one follows. Times are what the clients notice: how long a message that was due "
        "waited for its ack, and how long a client was away.",
        [],
    ),
    "grow": (
        "One node becomes three, five, and three again",
        "While people talk. *took*: until every shard has its replicas where they belong; leaving nodes go one after "
        "the other. The lanes are all that nodes sent to each other meanwhile: copies of rows and commands on the bulk "
        "lane, agreeing on new messages on the raft lane.",
        ["--sockets", "500", "--rooms", "100", "--rate", "200", "--text-bytes", "1000", "--fill", "60"],
    ),
    "cost": (
        "What the ring costs",
        "The same load on one node and on three nodes of the same machine. Closed: every user has one message under "
        "way; open: so many messages a second as both bear. CPU is seconds of all nodes together per million acks and "
        "per million deliveries; bytes are what nodes send to each other, per ack.",
        ["--sockets", "200", "--rooms", "20", "--rate", "500"],
    ),
}


def run(binaries, drill, more):
    """Runs one drill and writes its section. Answers how it ended."""
    title, about, flags = DRILLS[drill]
    command = [f"{binaries}/madang-loadtest", "drill", drill, "--madang", f"{binaries}/madang", *flags, *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode > 1:
        return done.returncode
    verb = "bench" if drill == "cost" else "drill"
    shown = " ".join(["madang-loadtest drill", drill, "--madang madang", *flags, *more])
    write_section(title, f"Written by `make {verb}`: `{shown}`. {machine()}.\n\n{about}\n\n```\n{done.stdout.strip()}\n```")
    return done.returncode


def main():
    binaries, *words = sys.argv[1:]
    names, more = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    unknown = [name for name in names if name not in DRILLS]
    if unknown:
        sys.exit(f"there is no drill {unknown[0]}; there are {', '.join(DRILLS)}")
    ends = [run(binaries, drill, more) for drill in names or ["failover", "rolling", "grow"]]
    sys.exit(max(ends))


if __name__ == "__main__":
    main()
