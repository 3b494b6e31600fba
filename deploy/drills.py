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
    "lists": (
        "The list of rooms of somebody in a thousand",
        "Somebody in ten rooms and somebody in a thousand connect in turns, and each asks for the first page of the "
        "list of rooms (50 at most, newest activity first). From opening the socket to the page.",
        [],
    ),
    "members": (
        "A room with a hundred thousand members",
        "The room grows, and at each size everything is done again and again, one after the other: somebody of the room "
        "leaves and enters again (*enter*, the time is of entering, the CPU of both), a message is sent while one member "
        "is connected, the whole list of members is walked in pages of 100 (everybody must be on it, once), and members "
        "are searched by name: for one, for what everybody is called, for what nobody is called. CPU is all that the "
        "node used meanwhile.",
        [],
    ),
    "idle": (
        "What an idle connection costs in memory",
        "People who are signed in, each in five rooms with nineteen others in each, seen by them as online, who say "
        "nothing. The node was started anew after all accounts and rooms were made, so what it reads to let them in "
        "(its cache of rows, which has a limit of its own) counts too. Everybody rests for a while before memory "
        "is read; the slope is that of the line through all steps. The kernel's memory is the whole machine's, for both "
        "ends of each connection. Then the same under TLS, on nodes started anew once more.",
        ["--tls"],
    ),
    "storm": (
        "Everybody comes back at once",
        "All connections are cut within a moment, as by a network that breaks, and all clients come back at once with "
        "their cursors and without any pause: the worst case, since clients that a node sends away are told when to "
        "come back. *Back* is from the loss of the last connection until the client is signed in with its cursor; nobody "
        "said anything in its rooms meanwhile. Twenty others stay connected and send a message every 200 ms each; their acks are timed from when the "
        "message was due. The clients' CPU is on the same two cores.",
        [],
    ),
    "slow": (
        "Members who never read",
        "A thousand members of a busy room sign in and never read again, with kernel buffers of 4 KiB; twenty do read. "
        "What waits for one of them is bounded in bytes (`limits.outbound_bytes_max`); then it is closed with the code "
        "that means: come back and go on with your cursor. Frames are shared, so a thousand queues hold each frame "
        "once. Others talk in rooms of their own and stay connected.",
        [],
    ),
    "recovery": (
        "How long a node takes to come back",
        "One node is filled until its folder has so many GB. Then, again and again: it is started after a stop in good "
        "order, which leaves nothing to replay, takes 20 MiB of messages, is killed with -9 in the midst of them and "
        "started again. Middle and worst of all kills of a size; *ready*: `/readyz` says so; *first ack*: a message to "
        "one room is acknowledged; *all rooms*: one to each of them. How much has to be replayed is bounded by "
        "`raft.checkpoint_bytes`, whatever a node holds; so it is the same at each kill here. What "
        "RocksDB has not yet tidied up after being filled that fast shares the two cores with the start, and counts in "
        "the GB, purged log among them. The file system's cache stays warm, as after the death of a process.",
        [],
    ),
}
# Those that measure what something costs; the others do bad things to nodes.
BENCHES = ["cost", "lists", "members", "idle", "storm", "slow", "recovery"]


def run(binaries, drill, more):
    """Runs one drill and writes its section. Answers how it ended."""
    _, _, flags = DRILLS[drill]
    command = [f"{binaries}/madang-loadtest", "drill", drill, "--madang", f"{binaries}/madang", *flags, *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode not in (0, 1):
        return done.returncode
    write(drill, "bench" if drill in BENCHES else "drill", [*flags, *more], done.stdout)
    return done.returncode


def write(drill, verb, flags, text):
    """Writes the section of a drill that `make VERB` has run with these flags."""
    title, about, _ = DRILLS[drill]
    shown = " ".join(["madang-loadtest drill", drill, "--madang madang", *flags])
    write_section(title, f"Written by `make {verb}`: `{shown}`. {machine()}.\n\n{about}\n\n```\n{text.strip()}\n```")


def main():
    binaries, *words = sys.argv[1:]
    names, more = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    unknown = [name for name in names if name not in DRILLS]
    if unknown:
        sys.exit(f"there is no drill {unknown[0]}; there are {', '.join(DRILLS)}")
    ends = [run(binaries, drill, more) for drill in names or ["failover", "rolling", "grow"]]
    sys.exit(int(any(ends)))


if __name__ == "__main__":
    main()
