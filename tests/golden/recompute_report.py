#!/usr/bin/env python3
"""Numbers of a report, computed again from the attempts, verdicts and scores of its run, by other code than the program's.

  recompute_report.py RUN

By hand, with Python alone; for runs whose answers are whole numbers (the embedded problems), which are equal as texts or not at
all. Of each stage and seed in report.json: sampled and greedy accuracy, the vote, Pass@N; of rankings RR.All, W.RR and both within the
K largest clusters; then means over seeds, differences asked for, and Holm's adjustment of their p. Ties count by their mean.
Ends with exit code 1 where a number differs by more than 1e-9."""
import collections
import glob
import itertools
import json
import math
import pathlib
import sys

wrong = compared = 0


def check(what, mine, theirs):
    global wrong, compared
    compared += 1
    if theirs is None or abs(mine - theirs) > 1e-9:
        wrong += 1
        print(f"{what}: {mine} here, {theirs} in the report")


def lines(run, stage, stem):
    found = [line for path in sorted(glob.glob(f"{glob.escape(str(run))}/stages/{stage}-*/output-*/{stem}-[0-9]*.jsonl")) for line in open(path)]
    return [json.loads(line) for line in found]


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def best_of(groups, value):
    """The mean of `right` over the groups with the highest value."""
    top = max(value(group) for group in groups)
    return mean(group["right"] for group in groups if value(group) == top)


def largest(clusters, count):
    """Sets of the `count` largest clusters; several where sizes tie at the border."""
    ordered = sorted(clusters, key=lambda c: -len(c["votes"]))
    if len(ordered) <= count:
        return [ordered]
    border = len(ordered[count - 1]["votes"])
    sure = [c for c in ordered if len(c["votes"]) > border]
    tied = [c for c in ordered if len(c["votes"]) == border]
    return [sure + list(chosen) for chosen in itertools.combinations(tied, count - len(sure))]


def strategies(problem, scores, top):
    """{name: chance of being right} of one problem; problem: [(index, answer or None, right)]."""
    sampled = [one for one in problem if one[0] >= 0]
    found = {"Pass@1 (sampled)": mean(one[2] for one in sampled), f"Pass@{len(sampled)}": float(any(one[2] for one in sampled))}
    for one in problem:
        if one[0] < 0:
            found["Pass@1"] = float(one[2])
    by_answer = collections.defaultdict(list)
    for index, answer, right in sampled:
        if answer is not None:
            by_answer[answer].append((index, right))
    clusters = [{"right": float(votes[0][1]), "votes": votes} for votes in by_answer.values()]
    names = ["Maj1"] + (["RR.All", "W.RR", f"RR.Top-{top}", f"W.RR.Top-{top}"] if scores else [])
    if not clusters:
        return found | dict.fromkeys(names, 0.0)
    found["Maj1"] = best_of(clusters, lambda c: len(c["votes"]))
    if scores:
        def best(c):
            return max(scores[i] for i, _ in c["votes"])

        def weight(c):
            return math.fsum(math.exp(scores[i]) for i, _ in c["votes"])
        found["RR.All"], found["W.RR"] = best_of(clusters, best), best_of(clusters, weight)
        sets = largest(clusters, top)
        found[f"RR.Top-{top}"] = mean(best_of(one, best) for one in sets)
        found[f"W.RR.Top-{top}"] = mean(best_of(one, weight) for one in sets)
    return found


def table_of(run, stage, ranking_attempts):
    """{strategy: mean over problems} of a stage; a ranking is of the attempts that its manifest names."""
    attempts, scores, top = stage, collections.defaultdict(dict), 0
    if stage in ranking_attempts:
        attempts, top = ranking_attempts[stage]
        for line in lines(run, stage, "scores"):
            scores[line["problem"]][line["index"]] = line["log_score"]
    problems = collections.defaultdict(list)
    for line in lines(run, f"{attempts}.verdicts", "verdicts"):
        problems[line["problem"]].append((line["index"], line["answer"], line["verdict"] == "equal"))
    of_each = [strategies(problem, scores[name] if top else None, top) for name, problem in problems.items()]
    return {name: mean(one[name] for one in of_each) for name in of_each[0]}


def ranked_attempts(run):
    """{ranking: (attempts, K)} by the manifests."""
    found = {}
    for path in glob.glob(f"{glob.escape(str(run))}/stages/*/output-*/manifest.json"):
        manifest = json.load(open(path))
        if "ranking" in manifest["format"]:
            stage = pathlib.Path(path).parents[1].name.rsplit("-", 1)[0]
            found[stage] = (manifest["body"]["attempts"], manifest["body"]["options"]["top_clusters"])
    return found


def holm(values):
    adjusted, least = [0.0] * len(values), 0.0
    for rank, i in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = adjusted[i] = max(least, min(1.0, (len(values) - rank) * values[i]))
    return adjusted


def main():
    run = pathlib.Path(sys.argv[1])
    results = json.loads(pathlib.Path(glob.glob(f"{glob.escape(str(run))}/stages/report-*/output-*/report.json")[-1]).read_text())["results"]
    rankings = ranked_attempts(run)
    tables = {}
    for stage, described in {**results["stages"], **results.get("other_seeds", {})}.items():
        mine = tables[stage] = table_of(run, stage, rankings)
        for row in described["strategies"]:
            theirs = row.get("verifier") or row.get("solver")
            name = "Maj1" if row["name"].startswith("Maj1@") else row["name"]
            if name in mine and theirs:
                check(f"{stage} {row['name']}", mine[name], theirs["mean"])

    def of_seeds(side):
        stage, strategy = side.split(" ", 1)
        name = {"sampled": "Pass@1 (sampled)", "greedy": "Pass@1"}.get(strategy, "Maj1" if strategy.startswith("Maj1@") else strategy)
        copies = [stage] + sorted((s for s in tables if s.startswith(f"{stage}.seed")), key=lambda s: int(s.rsplit("seed", 1)[1]))
        return [tables[s][name] for s in copies] if name in tables[stage] else None

    for stage, rows in results.get("over_seeds", {}).items():
        for strategy, value in rows.items():
            if of_seeds(f"{stage} {strategy}"):
                check(f"{stage} {strategy} over seeds", mean(of_seeds(f"{stage} {strategy}")), value["mean"])
    asked = {}
    for text, value in results.get("differences", {}).items():
        sides = [of_seeds(side) for side in text.split(" - ")]
        if all(sides):
            check(text, mean(a - b for a, b in zip(*sides)), value["mean"])
        if value.get("holm_p") is not None:
            asked[text] = value
    for (text, value), mine in zip(asked.items(), holm([value["p"] for value in asked.values()])):
        check(f"{text}: Holm", mine, value["holm_p"])
    print(f"{compared} numbers computed again, {wrong} differ")
    sys.exit(1 if wrong or compared == 0 else 0)


if __name__ == "__main__":
    main()
