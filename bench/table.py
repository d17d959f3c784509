#!/usr/bin/env python3
"""table.py SAMPLES PEERS CALIBRATION: medians of samples as a table, with what HVM1 would take here.

SAMPLES and CALIBRATION hold a line per run, as run.sh writes them; PEERS is peers.tsv.
"""
import argparse
import csv
import math
import statistics
import sys

SYSTEMS = ("graph", "strict", "native", "ghc")
# Programs that live from λs that are passed around and copied; all others are first-order.
LAMBDA = {"callfold", "church", "compose", "lambdabits", "lazyinf"}


def read_samples(path):
    """(program, system) → list of runs in the order of their rounds; programs in order of first appearance."""
    samples = {}
    with open(path) as file:
        for line in csv.DictReader(file, delimiter="\t"):
            run = {"right": line["right"] == "1", "round": line["round"], "mib": int(line["kib"]) / 1024}
            for key in ("seconds", "cpu", "rewrites"):
                if line[key] != "-":
                    run[key] = float(line[key])
            samples.setdefault((line["program"], line["system"]), []).append(run)
    return samples


def read_peers(path):
    peers, names = {}, None
    with open(path) as file:
        for line in file:
            words = line.lstrip("# ").rstrip("\n").split("\t")
            if words[0] == "program":
                names = words
            elif not line.startswith("#"):
                peers[words[0]] = dict(zip(names, words))
    return peers


def median(runs, key):
    values = [run[key] for run in runs if key in run]
    return statistics.median(values) if values else None


def mean(values):
    """The geometric mean; None of nothing."""
    values = [value for value in values if value]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def speed(calibration, peers):
    """Seconds here for a second there: the geometric mean over GHC's programs; None without any."""
    return mean([median(runs, "seconds") / float(peers[program]["ghc_large"]) for (program, _), runs in calibration.items()])


def ratio(runs, others):
    """The median of the ratios of runs of the same round: they were neighbours in time."""
    seconds = {run["round"]: run["seconds"] for run in others}
    ratios = [run["seconds"] / seconds[run["round"]] for run in runs if run["round"] in seconds]
    return statistics.median(ratios) if ratios else None


def row(program, samples, peer, factor, size):
    of = {system: samples.get((program, system), []) for system in SYSTEMS}
    result = {
        "program": program,
        "group": "lambda" if program in LAMBDA else "first-order",
        "right": int(all(run["right"] for runs in of.values() for run in runs)),
        "rewrites": median(of["graph"], "rewrites"),
    }
    for system, runs in of.items():
        if runs:
            seconds = [run["seconds"] for run in runs]
            result[system + "_s"] = statistics.median(seconds)
            result[system + "_spread"] = (max(seconds) - min(seconds)) / statistics.median(seconds)
            result[system + "_mib"] = max(run["mib"] for run in runs)
            result[system + "_per_ghc"] = ratio(runs, of["ghc"])
    if of["ghc"]:
        result["mib_per_ghc"] = result["native_mib"] / result["ghc_mib"]
    if result["rewrites"]:
        result["graph_mrps"] = result["rewrites"] / result["graph_s"] / 1e6
    if factor and size == "medium" and peer:
        for name in ("interpreter", "native"):
            converted = float(peer[name]) * factor
            result["hvm1_" + name + "_s"] = converted
            result["hvm1_" + name + "_per_native"] = converted / result["native_s"]
    return result


TSV = (
    ["program", "group", "right", "rewrites", "graph_mrps"]
    + [system + "_" + what for system in SYSTEMS for what in ("s", "spread", "mib")]
    + [system + "_per_ghc" for system in ("graph", "strict", "native")]
    + ["mib_per_ghc"]
    + ["hvm1_" + name + what for name in ("interpreter", "native") for what in ("_s", "_per_native")]
)
# Heading above, heading, key, format.
COLUMNS = [
    ("", "program", "program", "{}"),
    ("GHC", "s", "ghc_s", "{:.3f}"),
    ("native", "s", "native_s", "{:.3f}"),
    ("native", "± %", "native_spread", "{:.0%}"),
    ("graph", "/GHC", "graph_per_ghc", "{:.2f}"),
    ("strict", "/GHC", "strict_per_ghc", "{:.2f}"),
    ("native", "/GHC", "native_per_ghc", "{:.2f}"),
    ("graph", "MiB", "graph_mib", "{:.0f}"),
    ("strict", "MiB", "strict_mib", "{:.0f}"),
    ("native", "MiB", "native_mib", "{:.0f}"),
    ("GHC", "MiB", "ghc_mib", "{:.0f}"),
    ("MiB", "/GHC", "mib_per_ghc", "{:.1f}"),
    ("HVM1*", "/native", "hvm1_interpreter_per_native", "{:.1f}"),
    ("HVM1 native*", "/native", "hvm1_native_per_native", "{:.1f}"),
]
MEANS = ("graph_per_ghc", "strict_per_ghc", "native_per_ghc", "mib_per_ghc", "hvm1_interpreter_per_native", "hvm1_native_per_native")


def grouped(rows):
    """The rows by group, each group with its geometric means behind it."""
    for group in ("first-order", "lambda"):
        members = [result for result in rows if result["group"] == group]
        if members:
            yield from members
            yield {"program": f"mean, {'λ' if group == 'lambda' else group}", **{key: mean(r.get(key) for r in members) for key in MEANS}}


def cells(result, columns):
    return [form.format(result[key]) if result.get(key) is not None else "-" for _, _, key, form in columns]


def print_markdown(rows, columns):
    print("| " + " | ".join(f"{top} {heading}".strip() for top, heading, _, _ in columns) + " |")
    print("|---|" + "---:|" * (len(columns) - 1))
    for result in grouped(rows):
        line = cells(result, columns)
        if "right" not in result:
            line = [line[0]] + ["" if cell == "-" else cell for cell in line[1:]]
        print("| " + " | ".join(line) + " |")


def print_plain(rows, columns):
    lines = [[top for top, _, _, _ in columns], [heading for _, heading, _, _ in columns]]
    lines += [cells(result, columns) for result in grouped(rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))).rstrip())


def write_tsv(path, rows):
    with open(path, "w") as file:
        writer = csv.DictWriter(file, TSV, delimiter="\t", restval="-", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for result in rows:
            numbers = {key: f"{value:.6g}" for key, value in result.items() if isinstance(value, float)}
            writer.writerow({**{key: "-" if value is None else value for key, value in result.items()}, **numbers})


def noise(samples):
    """How much of the time the programs did not have a processor, and how far apart the runs of one program were."""
    runs = [run for group in samples.values() for run in group]
    waited = 1 - sum(run["cpu"] for run in runs) / sum(run["seconds"] for run in runs)
    spreads = [max(seconds) / min(seconds) - 1 for seconds in ([run["seconds"] for run in group] for group in samples.values())]
    return f"noise: {max(waited, 0):.1%} of the time was spent without a processor; slowest over fastest run of a program: median +{statistics.median(spreads):.0%}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("samples")
    parser.add_argument("peers")
    parser.add_argument("calibration")
    parser.add_argument("--size", default="medium")
    parser.add_argument("--title", default="")
    parser.add_argument("--tsv")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    samples, peers = read_samples(options.samples), read_peers(options.peers)
    factor = speed(read_samples(options.calibration), peers)
    programs = list(dict.fromkeys(program for program, _ in samples))
    rows = [row(program, samples, peers.get(program), factor, options.size) for program in programs]
    columns = [column for column in COLUMNS if any(result.get(column[2]) is not None for result in rows)]
    print(options.title)
    print(noise(samples))
    print()
    (print_markdown if options.markdown else print_plain)(rows, columns)
    print()
    rate = mean(result.get("graph_mrps") for result in rows)
    if rate:
        print(f"the graph: {rate:.1f} M rewrites/s (geometric mean)")
    if any(key == "hvm1_native_per_native" for _, _, key, _ in columns):
        print(f"* converted: GHC at size large takes {factor:.2f} times as long here as where HVM1 was measured (bench/peers.tsv)")
    wrong = [result["program"] for result in rows if not result["right"]]
    if wrong:
        print("WRONG: " + ", ".join(wrong))
    if options.tsv:
        write_tsv(options.tsv, rows)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
