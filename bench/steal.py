#!/usr/bin/env python3
"""steal.py [--workers N] [--nodes N] …: simulates how workers find work on machines that are not at hand.

A task is some nanoseconds of work that can be halved down to a grain. A worker keeps up to so many sparks (--sparks),
the largest first, and takes back the newest; a thief takes the oldest; one worker that finds work
wakes the next; who has searched in vain for some rounds sleeps. What is not a spark when a task begins stays with the
worker: small sparks that it makes later since others ask are left out. Looking at a deque moves a cache line, a theft several, and the
counters that all workers share are one line that is at one place at a time. Waiting for stolen results is left out: the
real scheduler puts another worker in the place of one that waits.

What a line costs within a node, and what it costs to wake a thread, was measured by bench/lines.c on 4 cores of an AMD
EPYC; what a line costs between nodes is an assumption (--remote). Seeds are fixed: the same figures every time."""
import argparse
import heapq
import random


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workers", type=int, default=128)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--work", type=float, default=1.28, help="seconds in each phase")
    parser.add_argument("--phases", type=int, default=4, help="each begins when the one before has ended, with one task")
    parser.add_argument("--grain", type=float, default=40e-6, help="seconds: tasks below twice this are not halved")
    parser.add_argument("--sparks", type=int, default=3, help="that a worker keeps for others")
    parser.add_argument("--local", type=float, default=55, help="ns: a line of another core of the node")
    parser.add_argument("--remote", type=float, default=200, help="ns: a line of another node")
    parser.add_argument("--lines", type=int, default=8, help="that a theft moves, and its result again")
    parser.add_argument("--wake", type=float, default=17000, help="ns")
    parser.add_argument("--rounds", type=int, default=200, help="searches in vain before a thief sleeps")
    parser.add_argument("--order", choices=["list", "start", "random", "node", "last"], default="start",
                        help="of the victims: all after the thief, after any worker, in any order, those of its node or where it last found work first")
    parser.add_argument("--counters", choices=["shared", "own"], default="shared", help="of sparks")
    parser.add_argument("--waking", type=int, default=1, help="how many workers one that finds work wakes")
    parser.add_argument("--table", action="store_true", help="all policies on 2, 4 and 8 nodes, as a table")
    return parser.parse_args()


class Simulation:
    def __init__(self, wish):
        self.wish = wish
        self.random = random.Random(7)
        count = wish.workers
        self.node = [i * wish.nodes // count for i in range(count)]
        self.deques = [[] for _ in range(count)]
        self.asleep = list(range(count - 1, 0, -1))
        self.in_vain = [0] * count
        self.last = [0] * count
        self.counter_free, self.counter_at = 0.0, 0
        self.searching = 0
        self.outstanding = 0  # nanoseconds of tasks that nobody has done
        self.events = []
        self.number = 0
        self.total = {"probes": 0, "steals": 0, "counting": 0.0, "searching": 0.0, "sparks": 0, "remote": 0}

    def at(self, time, what, who):
        self.number += 1
        heapq.heappush(self.events, (time, self.number, what, who))

    def line(self, one, other):
        return self.wish.local if self.node[one] == self.node[other] else self.wish.remote

    def count(self, time, who):
        """Changes a counter that all share: waits until the line comes."""
        begin = max(time, self.counter_free)
        end = begin + (self.line(who, self.counter_at) if who != self.counter_at else 5)
        self.counter_free, self.counter_at = end, who
        self.total["counting"] += end - time
        return end

    def wake(self, time, who):
        """One that sleeps looks for work, as long as none does (each search wakes no more than --waking)."""
        for _ in range(self.wish.waking):
            if self.searching >= self.wish.waking or not self.asleep:
                return time
            helper = self.asleep.pop()
            self.searching += 1
            time = self.count(time, who)
            self.at(time + self.wish.wake, "search", helper)
        return time

    def work(self, time, who, size):
        """Makes sparks of a task until there are enough, and works on what is left."""
        deque = self.deques[who]
        while len(deque) < self.wish.sparks and size >= 2 * self.wish.grain * 1e9:
            deque.append(size / 2)
            size /= 2
            self.total["sparks"] += 1
            if self.wish.counters == "shared":
                time = self.count(time, who)
            time = self.wake(time, who)
        self.at(time + size, "done", who)
        self.size[who] = size

    def victims(self, who):
        count = self.wish.workers
        if self.wish.order == "list":
            return [(who + i) % count for i in range(1, count)]
        if self.wish.order == "start":
            start = self.random.randrange(count)
            return [(start + i) % count for i in range(count)]
        others = [i for i in range(count) if i != who]
        self.random.shuffle(others)
        if self.wish.order == "node":
            others.sort(key=lambda other: self.node[other] != self.node[who])
        if self.wish.order == "last":
            others.insert(0, self.last[who])  # is looked at again in its place, which hardly matters
        return others

    def search(self, time, who):
        begin = time
        for victim in self.victims(who):
            if victim == who:
                continue
            self.total["probes"] += 1
            time += self.line(who, victim)
            if self.deques[victim]:
                size = self.deques[victim].pop(0)
                self.last[who] = victim
                self.total["steals"] += 1
                self.total["remote"] += self.node[who] != self.node[victim]
                time += self.wish.lines * self.line(who, victim)
                time = self.count(time, who)
                self.searching -= 1
                self.in_vain[who] = 0
                self.total["searching"] += time - begin
                self.work(self.wake(time, who), who, size)
                return
        self.total["searching"] += time - begin
        self.in_vain[who] += 1
        if self.in_vain[who] >= self.wish.rounds:
            self.in_vain[who] = 0
            self.searching -= 1
            self.asleep.append(who)
            self.count(time, who)
        else:
            self.at(time + 500, "search", who)  # sched_yield

    def run(self):
        time = 0.0
        self.size = [0.0] * self.wish.workers
        for _ in range(self.wish.phases):
            self.outstanding = self.wish.work * 1e9
            self.at(time, "begin", 0)
            while self.outstanding > 0.5:
                time, _, what, who = heapq.heappop(self.events)
                if what == "begin":
                    self.work(time, 0, self.wish.work * 1e9)
                elif what == "search":
                    self.search(time, who)
                else:
                    self.finish(time, who)
        return time

    def finish(self, time, who):
        self.outstanding -= self.size[who]
        if self.wish.counters == "shared":
            time = self.count(time, who)
        if self.deques[who]:
            self.work(time, who, self.deques[who].pop())
        elif who or self.outstanding > 0.5:
            if who:
                self.searching += 1
                self.at(self.count(time, who), "search", who)


def figures(wish):
    simulation = Simulation(wish)
    wall = simulation.run()
    total = simulation.total
    work = wish.work * wish.phases * 1e9
    return {
        "speed-up": work / wall,
        "thefts": total["steals"],
        "looks": total["probes"] / max(1, total["steals"]),
        "remote": total["remote"] / max(1, total["steals"]),
        "searching": total["searching"] / (wall * wish.workers),
        "counting": total["counting"] / (wall * wish.workers),
        "mib": total["steals"] * 2 * wish.lines * 64 / 2**20,
    }


POLICIES = (
    (3, "list", "shared", 1), (6, "list", "shared", 1), (9, "list", "shared", 1), (9, "start", "shared", 1),
    (9, "random", "shared", 1), (9, "start", "own", 1), (9, "start", "own", 2), (9, "last", "own", 2), (9, "node", "own", 2))


def name(wish):
    return "%d nodes, %d sparks, %s, %s counters, waking %d" % (
        wish.nodes, wish.sparks, wish.order, wish.counters, wish.waking)


def show(name, found):
    print("| %s | %.1f | %d | %.1f | %.0f %% | %.1f %% | %.2f %% | %.1f |" % (
        name, found["speed-up"], found["thefts"], found["looks"], 100 * found["remote"], 100 * found["searching"],
        100 * found["counting"], found["mib"]))


def main():
    wish = options()
    print("| %d workers | speed-up | thefts | looks for each | from another node | searching | counting | MiB moved |" % wish.workers)
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    if not wish.table:
        show(name(wish), figures(wish))
        return
    for nodes in (2, 4, 8):
        for sparks, order, counters, waking in POLICIES:
            wish.nodes, wish.sparks, wish.order, wish.counters, wish.waking = nodes, sparks, order, counters, waking
            show(name(wish), figures(wish))


main()
