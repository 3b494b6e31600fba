"""Measures how cost grows with size, draws docs/plots/*.svg and writes its section of docs/benchmarks.md.

    deploy/curves.py [--small] [deliveries | memory | pages | recovery …]

Builds what it runs. Measures all four, or those that are named; of the others the last run's records are taken.
`--small`: small sizes and builds without optimisation, to see that everything works. Then all is written below
$CARGO_TARGET_DIR/curves/small, and nothing in docs/.
"""

import json
import os
import subprocess
import sys
from typing import Callable, NamedTuple

import drills
from bench import table
from growth import TOLERANCE, each, further, growth, sags, share, slopes, verdict
from plot import shown, svg
from sections import machine, write_section

TARGET = os.environ["CARGO_TARGET_DIR"]
# The flags are those of `make build` and `make bench`, of the other those of `make test`: nothing is built twice.
RELEASE = {"bins": ["--release", "-p", "madang-node", "-p", "madang-loadtest"], "bench": [], "folder": f"{TARGET}/release"}
DEBUG = {"bins": ["--workspace", "--bins"], "bench": ["--profile", "dev", "--workspace"], "folder": f"{TARGET}/debug"}
BENCHES = {"fan_out": "madang-node", "room_page": "madang-storage"}


class Measure:
    """Runs benches and drills, in full or small, and keeps what they say in one folder."""

    def __init__(self, small):
        self.small = small
        self.build = DEBUG if small else RELEASE
        self.folder = f"{TARGET}/curves/small" if small else f"{TARGET}/curves"
        self.plots = self.folder if small else "docs/plots"
        os.makedirs(self.folder, exist_ok=True)
        os.makedirs(self.plots, exist_ok=True)

    def build_all(self):
        subprocess.run(["cargo", "--quiet", "build", "--locked", *self.build["bins"]], check=True)
        for name in BENCHES:
            subprocess.run([*self.cargo_bench(name), "--no-run"], check=True)

    def cargo_bench(self, name):
        where = self.build["bench"] or ["-p", BENCHES[name]]
        return ["cargo", "--quiet", "bench", "--locked", *where, "--bench", name]

    def bench(self, name, words, settings):
        """The rows of the bench's table, without its head; and the command for people."""
        path = f"{self.folder}/{name}.txt"
        with open(path, "w") as output:
            subprocess.run([*self.cargo_bench(name), "--", *words], check=True, stdout=output,
                           env={**os.environ, **settings})
        return table(path)[1:], " ".join(["cargo bench -p", BENCHES[name], "--bench", name, "--", *words])

    def drill(self, name, flags, settings=None):
        """The drill's report, what it says to people, and the command for people."""
        path, binaries = f"{self.folder}/drill-{name}.json", self.build["folder"]
        command = [f"{binaries}/madang-loadtest", "drill", name, "--madang", f"{binaries}/madang", *flags]
        settings = settings or {}
        done = subprocess.run([*command, "--report-json", path], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, **settings})
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\n{name} ended with {done.returncode}")
        with open(path) as report:
            words = [f"{key}={value}" for key, value in settings.items()]
            words += ["madang-loadtest drill", name, "--madang madang", *flags]
            return json.load(report), done.stdout, " ".join(words)


def number(cell):
    """The number of a cell with a unit."""
    return float(cell.split()[0])


def deliveries(measure):
    words = ["rooms", "1000"] if measure.small else ["rooms"]
    found, command = measure.bench("fan_out", words, {})
    return command, {"delivery": [(int(size), number(cpu)) for size, _, cpu in found]}


# What was freed goes back to the kernel at once. Otherwise the allocator keeps for a while what signing in took, and
# the first steps live in it: they look cheaper than they are, and the curve bent.
ALL_FREED = {"_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0"}


def memory(measure):
    steps, rest = ("100,300,900", "2") if measure.small else ("2000,6000,10000,14000,18000", "15")
    report, _, command = measure.drill("idle", ["--connections", steps, "--rest", rest], ALL_FREED)
    return command, {"memory": [(step["connections"], sum(step["node_bytes"]) / 1e6) for step in report["steps"]]}


def pages(measure):
    settings = {"MADANG_BENCH_ROOM_EVENTS": "100000"} if measure.small else {}
    # No benchmark of criterion's has such a name: the table is enough.
    found, command = measure.bench("room_page", ["none"], settings)
    return command, {"newest": [(int(events), number(newest)) for events, newest, _, _, _ in found],
                     "from the middle": [(int(events), number(middle)) for events, _, _, middle, _ in found]}


def recovery(measure):
    flags = ["--sizes", "0.1,0.2,0.4", "--kills", "2"] if measure.small else []
    report, text, command = measure.drill("recovery", flags)
    if not measure.small:
        drills.write("recovery", "curves", flags, text)

    def middle(step, figure):
        figures = sorted(one[figure] for one in step["returns"])
        return figures[len(figures) // 2]

    def line(figure):
        return [(round(middle(step, "data_bytes") / 1e9, 2), middle(step, figure)) for step in report["steps"]]

    return command, {"ready": line("ready_ms"), "first ack": line("first_ack_ms")}


class Curve(NamedTuple):
    """What is measured, and what the plot and the table say."""
    take: Callable
    title: str
    across: str
    upwards: str
    decades: bool  # whether sizes go by powers of ten
    cost_of_one: Callable  # from the points
    one: str
    unit: str


CURVES = {
    "deliveries": Curve(deliveries, "CPU of a delivery", "members of a room", "µs of CPU for each delivery", True,
                        each, "a delivery", "µs"),
    "memory": Curve(memory, "Memory of a node", "connections", "MB of the node's process", False,
                    further, "a further connection", "KB"),
    "pages": Curve(pages, "A page of history", "events in the room", "µs for 50 events", True, each, "a page", "µs"),
    "recovery": Curve(recovery, "How long a node takes to come back", "GB on the disk",
                      "ms from the start of the process", False, share, "a GB", "ms"),
}


def verdicts_of(curve, line, points, costs):
    what = f"{curve.one} ({line})" if line else curve.one
    said = [verdict(f"{what} costs at most {TOLERANCE} % more from one point to the next", growth(costs))]
    if not curve.decades:
        what = f"{curve.title.lower()} ({line})" if line else curve.title.lower()
        said.append(verdict(f"{what}: at most {TOLERANCE} % below the straight line between the points beside it",
                            sags(points)))
    return said


def chapter(name, record):
    """One curve for docs/benchmarks.md, and its verdicts."""
    curve, several = CURVES[name], len(record["lines"]) > 1
    parts = [f"### {curve.title}", f"![{curve.title}: {curve.upwards}, by {curve.across}](plots/{name}.svg)",
             f"`{record['command']}`. {record['machine']}."]
    verdicts = []
    for line, points in record["lines"].items():
        costs = curve.cost_of_one(points)
        parts.append((f"*{line}*\n\n" if several else "") + rows(curve, points, costs))
        verdicts += verdicts_of(curve, line if several else None, points, costs)
    return "\n\n".join([*parts, "```\n" + "\n".join(verdicts) + "\n```"]), verdicts


def rows(curve, points, costs):
    """The table of one line. There is no cost of one, and nothing before, at some points."""
    sizes, priced = [x for x, _ in points], [x for x, _ in costs]
    columns = {curve.across: {x: f"{x:,.10g}" for x in sizes}, curve.upwards: {x: shown(y) for x, y in points}}
    if costs != points:
        columns[f"{curve.one}, {curve.unit}"] = {x: shown(cost) for x, cost in costs}
    columns["than before"] = {x: f"{percent:+.1f} %" for x, percent in zip(priced[1:], growth(costs))}
    columns["local slope"] = {x: f"{slope:.2f}" for x, slope in zip(sizes[1:], slopes(points))}
    table_rows = [list(columns), ["---"] * len(columns)]
    table_rows += [[column.get(x, "") for column in columns.values()] for x in sizes]
    return "\n".join("| " + " | ".join(row) + " |" for row in table_rows)


ABOUT = """Written by `make curves`. A curve bends upwards where one more costs more than the ones before. So each curve has a
*cost of one*: a delivery and a page as measured; of memory what each connection since the point before has added; of
coming back the time divided by the GB. From one point to the next it may grow by at most {tolerance} %, which is about
what figures vary by on a machine that is shared. Where sizes do not go by decades, no point may lie further than that
below the straight line between the points beside it, either. *Local slope*: of the whole cost, between neighbours on two
logarithmic axes: 0 is flat, 1 grows with the size, more than 1 faster than it."""


def main():
    small, wanted = "--small" in sys.argv, [word for word in sys.argv[1:] if word != "--small"]
    unknown = [word for word in wanted if word not in CURVES]
    if unknown:
        sys.exit(f"there is no curve {unknown[0]}; there are {', '.join(CURVES)}")
    measure = Measure(small)
    measure.build_all()
    parts, verdicts = [ABOUT.format(tolerance=TOLERANCE)], []
    for name, curve in CURVES.items():
        path = f"{measure.folder}/{name}.json"
        if name in wanted or not wanted:
            print(f"measuring {name}", file=sys.stderr, flush=True)
            command, lines = curve.take(measure)
            with open(path, "w") as record:
                json.dump({"command": command, "machine": machine(), "lines": lines}, record)
        with open(path) as record:
            record = json.load(record)
        with open(f"{measure.plots}/{name}.svg", "w") as plot:
            plot.write(svg(curve.title, curve.across, curve.upwards, record["lines"], curve.decades))
        text, said = chapter(name, record)
        parts.append(text)
        verdicts += said
    print("\n".join(verdicts))
    if small:
        with open(f"{measure.folder}/section.md", "w") as section:
            section.write("\n\n".join(parts) + "\n")
        print(f"the section and the plots are in {measure.folder}")
    else:
        write_section("How cost grows", "\n\n".join(parts))


if __name__ == "__main__":
    main()
