# SPDX-License-Identifier: BSD-3-Clause
"""Check a Perfetto trace: nesting.py TRACE.json EVENTS.jsonl, both of the same run."""
import collections
import json
import sys


def main(trace_path, events_path):
    with open(trace_path, encoding="utf-8") as file:
        trace = json.load(file)
    calls = collections.Counter()
    steps = 0
    delegated = 0
    injected = 0
    with open(events_path, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            if event["kind"] == "rmi":
                calls[event["name"]] += 1
                if event["name"] == "GRANULE_DELEGATE" and event["result"] == "SUCCESS":
                    delegated += 1
            steps += event["kind"] == "step_begin"
            injected += event["kind"] == "fault" or event.get("condition") == "injected"
    processes = set()
    threads = {}
    tracks = collections.defaultdict(list)
    seen = collections.Counter()
    counters = 0
    faults = 0
    for event in trace["traceEvents"]:
        key = (event["pid"], event["tid"])
        assert event["ph"] in "MXiC", event
        if event["ph"] == "M":
            if event["name"] == "process_name":
                processes.add(event["pid"])
            else:
                threads[key] = event["args"]["name"]
            continue
        assert isinstance(event["ts"], int) and event["ts"] >= 0, event
        assert event["pid"] in processes, event
        if event["ph"] == "C":
            counters += 1
            assert set(event["args"]) == {"DELEGATED", "RD", "REC", "REC_AUX", "DATA", "RTT"}, event
            assert all(value >= 0 for value in event["args"].values()), event
            continue
        assert key in threads, event
        faults += event["ph"] == "i" and event["name"] == "fault"
        if event["ph"] == "X":
            assert event["dur"] > 0, event
            tracks[key].append((event["ts"], -event["dur"], event["name"]))
            if threads[key] == "RMM":
                seen[event["name"]] += 1
            if threads[key] == "steps":
                seen["a step"] += 1
    for key, slices in tracks.items():
        open_ends = []
        for begin, negative, name in sorted(slices):
            end = begin - negative
            while open_ends and open_ends[-1] <= begin:
                open_ends.pop()
            assert not open_ends or end <= open_ends[-1], (key, threads[key], begin, name)
            open_ends.append(end)
    # Every RMI call and every step of the other account, and no more.
    assert seen.pop("a step", 0) == steps, (seen, steps)
    assert seen == calls, (seen, calls)
    # REC_ENTER has its track a vCPU; a vCPU's REC_ENTERs lie within its KVM_RUNs.
    for key, name in threads.items():
        if not name.startswith("vCPU"):
            continue
        runs = [(begin, begin - negative) for begin, negative, what in tracks[key] if what == "KVM_RUN"]
        for begin, negative, what in tracks[key]:
            if what == "REC_ENTER" and runs:
                assert any(low <= begin and begin - negative <= high for low, high in runs), (key, begin)
    # Each fault that happened is an instant.
    assert faults == injected, (faults, injected)
    # Each call that delegates changes the counts.
    assert counters >= delegated, (counters, delegated)
    print(f"{len(tracks)} tracks, {sum(map(len, tracks.values()))} slices, {counters} counts, {faults} faults")


main(*sys.argv[1:])
