#!/usr/bin/env python3
"""table.py SAMPLES PEERS CALIBRATION: medians of samples as a table, with what HVM1 would take here.

SAMPLES and CALIBRATION hold a line per run, as run.sh writes them; PEERS is peers.tsv.
"""
import argparse
import json
import math
import statistics
import sys


def read_samples(path):
    """(program, system) → list of runs, in order of first appearance."""
    samples = {}
    for line in open(path):
        program, system, _, _, right, wall, cpu, kib, rewrites, seconds = line.split()
        run = {"right": right == "1", "wall": float(wall), "cpu": float(cpu), "mib": int(kib) / 1024}
        if rewrites != "-":
            run["rewrites"] = int(rewrites)
        if seconds != "-":
            run["seconds"] = float(seconds)
        samples.setdefault((program, system), []).append(run)
    return samples


def read_peers(path):
    peers, names = {}, None
    for line in open(path):
        words = line.lstrip("# ").rstrip("\n").split("\t")
        if words[0] == "program":
            names = words
        elif not line.startswith("#"):
            peers[words[0]] = dict(zip(names, words))
    return peers


def median(runs, key):
    values = [run[key] for run in runs if key in run]
    return statistics.median(values) if values else None


def speed(calibration, peers):
    """Seconds here for a second there: the geometric mean over GHC's programs; None without any."""
    ratios = [median(runs, "wall") / float(peers[program]["ghc_large"]) for (program, _), runs in calibration.items()]
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def row(program, samples, peer, factor, size):
    hvm, ghc = samples.get((program, "hvm"), []), samples.get((program, "ghc"), [])
    walls = [run["wall"] for run in hvm]
    result = {
        "program": program,
        "right": all(run["right"] for run in hvm + ghc),
        "rewrites": median(hvm, "rewrites"),
        "wall": median(hvm, "wall"),
        "spread": (max(walls) - min(walls)) / statistics.median(walls),
        "seconds": median(hvm, "seconds"),
        "mib": max(run["mib"] for run in hvm),
        "ghc": median(ghc, "wall") if ghc else None,
        "samples": {"hvm": hvm, "ghc": ghc},
    }
    if result["seconds"] and result["rewrites"]:
        result["mrps"] = result["rewrites"] / result["seconds"] / 1e6
    if result["ghc"]:
        result["per_ghc"] = result["wall"] / result["ghc"]
    if factor and size == "medium" and peer and result["seconds"]:
        for name in ("interpreter", "native"):
            result[name] = float(peer[name]) * factor
            result["per_" + name] = result[name] / result["seconds"]
    return result


# Heading, key, format. The spread is that of the slowest run over the fastest one, relative to the median.
COLUMNS = [
    ("program", "program", "{}"),
    ("rewrites", "rewrites", "{:,.0f}"),
    ("hvm s", "wall", "{:.3f}"),
    ("± %", "spread", "{:.0%}"),
    ("reducing s", "seconds", "{:.3f}"),
    ("M/s", "mrps", "{:.1f}"),
    ("peak MiB", "mib", "{:.0f}"),
    ("GHC s", "ghc", "{:.3f}"),
    ("hvm/GHC", "per_ghc", "{:.1f}"),
    ("HVM1 interpreter (converted) s", "interpreter", "{:.2f}"),
    ("times faster", "per_interpreter", "{:.1f}"),
    ("HVM1 native (converted) s", "native", "{:.2f}"),
    ("times faster", "per_native", "{:.2f}"),
]


def cells(result):
    return [form.format(result[key]) if result.get(key) is not None else "-" for _, key, form in COLUMNS]


def print_markdown(rows):
    print("| " + " | ".join(heading for heading, _, _ in COLUMNS) + " |")
    print("|---|" + "---:|" * (len(COLUMNS) - 1))
    for result in rows:
        print("| " + " | ".join(cells(result)) + " |")


def print_plain(rows):
    # Long headings take two lines.
    headings = [heading.replace("HVM1 ", "HVM1-").replace(" (converted) s", " s*").rsplit(" ", 1) for heading, _, _ in COLUMNS]
    top = [words[0] if len(words) > 1 else "" for words in headings]
    lines = [[t.replace("HVM1-", "HVM1 ") for t in top], [words[-1] for words in headings]] + [cells(result) for result in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    for line in lines:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))).rstrip())


def geometric_mean(rows, key):
    values = [result[key] for result in rows if result.get(key)]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("samples")
    parser.add_argument("peers")
    parser.add_argument("calibration")
    parser.add_argument("--size", default="medium")
    parser.add_argument("--title", default="")
    parser.add_argument("--json")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    samples, peers = read_samples(options.samples), read_peers(options.peers)
    factor = speed(read_samples(options.calibration), peers)
    programs = list(dict.fromkeys(program for program, _ in samples))
    rows = [row(program, samples, peers.get(program), factor, options.size) for program in programs]
    print(options.title)
    if options.markdown:
        print()
    (print_markdown if options.markdown else print_plain)(rows)
    print()
    rate = geometric_mean(rows, "mrps")
    if rate:
        print(f"geometric mean: {rate:.1f} M rewrites/s")
    if any("interpreter" in result for result in rows):
        print(f"* converted: GHC at size large takes {factor:.2f} times as long here as where HVM1 was measured (bench/peers.tsv)")
    wrong = [result["program"] for result in rows if not result["right"]]
    if wrong:
        print("WRONG: " + ", ".join(wrong))
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"title": options.title, "size": options.size, "conversion": factor, "programs": rows}, file, indent=1)
            file.write("\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
