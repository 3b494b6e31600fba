"""Runs the scenarios of the load test, each against a fresh cluster of its own.

    deploy/scenarios.py FOLDER-OF-BINARIES small|full [SCENARIO …]

`small` (`make bench-compare`): small, stated sizes; the records (JSON) and pages (HTML) go to a folder of their own
below $CARGO_TARGET_DIR/bench, and are compared with the newest before of the same scenarios and number of nodes.
`full` (`make scenarios`): the sizes of `madang-loadtest SCENARIO --help`; each writes its section of
docs/benchmarks.md. NODES says how many nodes there are (1), TOLERANCE by how many percent a figure may become worse.

Ends with 1 when a scenario found something wrong, or a figure has become worse.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import NamedTuple

from sections import machine, write_section

# Everybody comes from one address, says much, and nobody measures passwords.
SETTINGS = {
    "MADANG_LIMITS__SENDS_PER_SECOND": "1000000",
    "MADANG_LIMITS__SENDS_BURST": "1000000",
    "MADANG_LIMITS__ROOM_SENDS_PER_SECOND": "0",
    "MADANG_LIMITS__COMMANDS_PER_SECOND": "0",
    "MADANG_LIMITS__SIGN_UPS_PER_MINUTE": "0",
    "MADANG_LIMITS__LOGINS_PER_MINUTE": "0",
    "MADANG_LIMITS__REQUESTS_PER_MINUTE": "0",
    "MADANG_AUTH__ARGON2_MEMORY_KIB": "64",
}
BESIDE = ["--normal-rooms", "20", "--calm", "5"]
# Name: title, its small sizes, what its section says.
SCENARIOS = {
    "hot_room": (
        "A hot room",
        ["--members", "500", "--rate", "50", "--normal-rooms", "20", "--calm", "5", "--hot", "10", "--drain", "30"],
        "One room with a hundred times the usual traffic, beside normal rooms, which should not notice.",
    ),
    "join_storm": (
        "A storm of joins",
        ["--joins-per-s", "1000", "--storm", "6", "--people", "1500", *BESIDE],
        "Everybody wants to enter one open room; whoever is refused knocks again without waiting as told.",
    ),
    "fetch_storm": (
        "A storm of readers",
        ["--readers", "300", "--messages", "5000", "--waves", "3", *BESIDE],
        "All members ask for the same page at the same moment: the newest, then old ones that nobody has read before.",
    ),
    "reconnect_storm": (
        "Everybody comes back, over the protocol",
        ["--connections", "500", "--storm", "10", *BESIDE],
        "All connections are cut at once and come back with their cursors, without any pause; a message was said "
        "in each room meanwhile.",
    ),
    "presence_flap": (
        "People who come and go",
        ["--people", "300", "--share", "2", "--calm", "5", "--flap", "15"],
        "A quarter goes now and then and comes back, a quarter loses its connection for a moment, the rest watches.",
    ),
    "history": (
        "Pages of history, near and deep",
        ["--rooms-of", "2000,10000", "--read", "4"],
        "Pages from the end of rooms and from anywhere in them.",
    ),
    "idle": (
        "Connections that rest",
        ["--connections", "600", "--step", "3", "--hold", "8"],
        "They come in steps, on a node that made all accounts a moment ago; the drill `idle` starts a fresh one.",
    ),
    "mixed_day": (
        "A day of a company",
        ["--users", "100", "--messages", "40", "--day-seconds", "20"],
        "Teams, pairs and the whole company talk, type, read, react, look away and lose connections.",
    ),
}



class Variant(NamedTuple):
    """How a scenario runs once more."""
    title: str
    settings: dict = {}
    tunables: dict = {}
    is_control: bool = False  # without the mechanism that the scenario is about: it is meant to look worse


# At full size some scenarios run more than once.
VARIANTS = {
    "hot_room": [
        Variant("With heads alone, which clients follow by pages, from 100,000 deliveries a second on",
                tunables={"shed.heads": 100_000}),
        Variant("With shedding off, as a control", settings={"MADANG_SHEDDING__ENABLED": "false"}, is_control=True),
    ],
}
SECRET = "a secret of one run"


class Cluster:
    """Nodes of this machine, in a folder of their own, which ends with them."""

    def __init__(self, binaries, size, settings):
        self.folder = tempfile.TemporaryDirectory(prefix="madang-scenarios-")
        self.nodes = []
        places = [f"127.0.77.{number}" for number in range(1, size + 1)]
        seeds = ["--seeds", ",".join(f"{place}:7400" for place in places)] if size > 1 else []
        shared = {"MADANG_PEER__SECRET": SECRET}
        try:
            for place in places:
                home = os.path.join(self.folder.name, place)
                os.mkdir(home)
                command = [f"{binaries}/madang", "serve", "--data-dir", f"{home}/data", "--http-listen", f"{place}:7300",
                           "--peer-listen", f"{place}:7400", "--ready-file", f"{home}/ready", *seeds]
                log = open(f"{home}/log", "w")
                environment = {**os.environ, **SETTINGS, **settings, **shared}
                self.nodes.append(subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log))
            self.urls = [self.ready(place, node) for place, node in zip(places, self.nodes)]
        except BaseException:
            self.end()
            raise

    def ready(self, place, node):
        """Waits until clients can come."""
        home = os.path.join(self.folder.name, place)
        for _ in range(600):
            if os.path.exists(f"{home}/ready"):
                return json.load(open(f"{home}/ready"))["http"]
            if node.poll() is not None:
                break
            time.sleep(0.1)
        words = open(f"{home}/log").read()
        sys.exit(f"{place} was not ready within a minute:\n{words}")

    def tune(self, tunables):
        """As `madang tune` does."""
        asked = urllib.request.Request(f"{self.urls[0]}/v1/cluster/tunables", json.dumps(tunables).encode(), method="PATCH",
                                       headers={"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"})
        urllib.request.urlopen(asked, timeout=10).close()

    def end(self):
        for node in self.nodes:
            node.kill()
        for node in self.nodes:
            node.wait()
        self.folder.cleanup()


def run(binaries, scenario, flags, folder, size, variant=Variant("")):
    """Runs one scenario on a fresh cluster. Answers how it ended and what it printed."""
    cluster = Cluster(binaries, size, variant.settings)
    try:
        if variant.tunables:
            cluster.tune(variant.tunables)
        pids = [word for node in cluster.nodes for word in ("--server-pid", str(node.pid))]
        command = [f"{binaries}/madang-loadtest", scenario.replace("_", "-"), "--url", ",".join(cluster.urls),
                   *flags, *pids, "--sign-ups", "16", "--report-json", f"{folder}/{scenario}.json",
                   "--report-html", f"{folder}/{scenario}.html"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    finally:
        cluster.end()
    print(done.stdout, flush=True)
    return done.returncode, done.stdout


def section(scenario, text, size):
    """Writes what was printed into docs/benchmarks.md, without goose's own line."""
    text = "\n".join(line for line in text.split("\n") if not line.endswith("users launched."))
    title, _, about = SCENARIOS[scenario]
    nodes = "one node" if size == 1 else f"{size} nodes"
    shown = f"madang-loadtest {scenario.replace('_', '-')} --url … --server-pid …"
    write_section(title, f"Written by `make scenarios`: `{shown}`, {nodes}. {machine()}.\n\n{about}\n\n"
                         f"```\n{text.strip()}\n```")


def compared(binaries, folder, shelf, earlier, names):
    """Compares with the newest record before of each scenario, since a run need not have had all of them."""
    tolerance = os.environ.get("TOLERANCE") or "10"
    with tempfile.TemporaryDirectory() as before:
        for name in names:
            kept = [f"{shelf}/{run}/{name}.json" for run in earlier if os.path.exists(f"{shelf}/{run}/{name}.json")]
            if kept:
                os.symlink(os.path.abspath(kept[-1]), f"{before}/{name}.json")
        if not os.listdir(before):
            return 0
        command = [f"{binaries}/madang-loadtest", "compare", before, folder, "--tolerance", tolerance]
        return subprocess.run(command).returncode


def main():
    # Nodes end with this script, also when it is told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binaries, how, *names = sys.argv[1:]
    unknown = [name for name in names if name not in SCENARIOS]
    if how not in ("small", "full") or unknown:
        sys.exit(f"small or full, and of these scenarios: {', '.join(SCENARIOS)}")
    size = int(os.environ.get("NODES") or 1)
    shelf = os.path.join(os.environ["CARGO_TARGET_DIR"], "bench", f"{how}-{size}")
    os.makedirs(shelf, exist_ok=True)
    earlier = sorted(os.listdir(shelf))
    folder = os.path.join(shelf, time.strftime("%Y-%m-%dT%H-%M-%S"))
    os.mkdir(folder)
    ends = []
    names = names or list(SCENARIOS)
    for scenario in names:
        flags = SCENARIOS[scenario][1] if how == "small" else []
        end, text = run(binaries, scenario, flags, folder, size)
        for number, variant in enumerate(VARIANTS.get(scenario, []) if how == "full" else []):
            # Its record is not to be taken for one of the scenario.
            aside = os.path.join(folder, f"variant-{number}")
            os.makedirs(aside, exist_ok=True)
            variant_end, variant_text = run(binaries, scenario, flags, aside, size, variant)
            text = f"{text}\n{variant.title}:\n\n{variant_text}"
            # A control has to come to its end, no more.
            if variant_end not in (0, 1) or not variant.is_control:
                end = end if end not in (0, 1) else variant_end or end
        ends.append(end)
        if how == "full" and end in (0, 1):
            section(scenario, text, size)
    print(f"records and pages are in {folder}", flush=True)
    if how == "small":
        ends.append(compared(binaries, folder, shelf, earlier, names))
    sys.exit(int(any(ends)))


if __name__ == "__main__":
    main()
