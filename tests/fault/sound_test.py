#!/usr/bin/env python3
"""What `ftrun verify` calls sound: what the last start asks for, and nothing else; and what is said of damaged records.

  sound_test.py FTRUN

Outputs of older settings, stages that were renamed or left out, and what was set aside may be damaged or gone for ever: it is
listed. The same damage in what is asked for is a failure, with what to do. Lines of the ledger and the record of the last start that
were edited are told with file and line, by verify, inspect, plan and the next start, and are left as they are. Where all checkpoints
of half-done work are damaged, run.restart: refuse keeps the stage from beginning anew."""
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from listing_test import Bench, copied, flip, only  # noqa: E402
from tiny_run import TinyRun  # noqa: E402

OTHER = "training.learning_rate=2e-3"
OLD = "not asked for by the last start"


def start(bench, run, *overrides):
    return bench.says([run.file, f"run.folder={run.folder}", *overrides], 0)


def verdict(bench, run, sound, *patterns, silent=()):
    return bench.says(["verify", run.folder], 0 if sound else 1, rf"(?m)^{'sound' if sound else 'NOT SOUND'}$", *patterns, silent=silent)


def folders(run, stage):
    return set(run.folder.glob(f"stages/{stage}-*"))


def older_settings(bench, whole):
    """Damaged, then gone: nobody will ever make it again."""
    run = copied(whole, "older")
    (old,) = folders(run, "solver")
    start(bench, run, OTHER)
    (new,) = folders(run, "solver") - {old}
    verdict(bench, run, True, OLD, silent=["not sound, and no failure"])
    flip(only(old, "output-*") / "rank-0000.h5")
    shutil.rmtree(only(old, "work/checkpoints/step-00000006"))
    flip(only(old, "work/checkpoints/step-00000005") / "rank-0000.h5")
    (old / "output-mine").mkdir()
    verdict(bench, run, True, "rank-0000.h5 is damaged", OLD, r"output-mine is no finished output.*not asked for", "outputs or checkpoints are not sound, and no failure")
    bench.says(["inspect", run.folder], 0, "of other settings")
    (old / "output-mine").rmdir()
    bench.says(["verify", only(old, "output-*")], 1, "NOT SOUND")  # who names it asks for it
    shutil.rmtree(old)
    verdict(bench, run, True, "BROKEN, it is not there any more", OLD)
    for damage in ("output-*", "work/checkpoints/step-00000006"):
        kept = only(new, damage)
        shutil.copytree(kept, run.home / "kept")
        flip(kept / "rank-0000.h5")
        verdict(bench, run, False, "rank-0000.h5 is damaged", "-> the next start" if damage == "output-*" else "-> the stage is finished")
        shutil.rmtree(kept)
        (run.home / "kept").rename(kept)
    verdict(bench, run, True)
    start(bench, run)  # back again: what is gone is made, and what it is for is asked for now
    verdict(bench, run, True)
    flip(only(next(iter(folders(run, "solver") - {new})), "output-*") / "rank-0000.h5")
    verdict(bench, run, False, "rank-0000.h5 is damaged")


def removed_stage(bench, whole):
    run = copied(whole, "removed")
    text = run.file.read_text()
    run.file.write_text(re.sub(r"(?m)^  report:.*\n", "", text))
    (report,) = folders(run, "report")
    start(bench, run)
    flip(only(report, "output-*") / "report.json")
    verdict(bench, run, True, "report.json is damaged", OLD)
    run.file.write_text(text)
    (only(report, "output-*") / "report.txt").unlink()
    start(bench, run, "stages.report.of=[answers]")
    verdict(bench, run, True)


def renamed_stage(bench, whole):
    """What was made from it is done still; it names the old folder, which the user removes, as the run says."""
    run = copied(whole, "renamed")
    (old,) = folders(run, "solver")
    run.file.write_text(run.file.read_text().replace("  solver:", "  trainer:").replace("model: solver", "model: trainer"))
    said = start(bench, run)
    check("it was named 'solver'" in said, "the start does not tell of the new name", said)
    shutil.rmtree(old)
    verdict(bench, run, True)
    bench.says(["verify", run.folder / "answers"], 0, r"model <- solver-\w+: gone, and made again of the same settings since, as .*trainer-")
    trainer = only(next(iter(folders(run, "trainer"))), "output-*")
    flip(trainer / "rank-0000.h5")
    verdict(bench, run, False, r"trainer-.*BROKEN")
    shutil.rmtree(trainer)
    verdict(bench, run, False, r"model <- solver-.*BROKEN")


def set_aside(bench, whole):
    """Its replacement is sound, or another one is asked for since."""
    run = copied(whole, "aside")
    (solver,) = folders(run, "solver")
    output = only(solver, "output-*")
    shutil.copytree(output, solver / f"{output.name}.damaged-2026-01-02T03-04-05Z")
    flip(solver / f"{output.name}.damaged-2026-01-02T03-04-05Z" / "rank-0000.h5")
    verdict(bench, run, True, "set aside as damaged before, and not looked at")
    output.rename(solver / f"{output.name}.damaged-2026-01-02T03-04-06Z")
    verdict(bench, run, False, "model <- .*BROKEN, it is not there any more", "stage 'solver': its output is not there")
    start(bench, run)
    verdict(bench, run, True)


def records(bench, whole):
    run = copied(whole, "records")
    ledger, last = run.folder / "ledger.jsonl", run.folder / "last_start.json"
    commands = (["verify", run.folder], ["inspect", run.folder], ["plan", run.file, f"run.folder={run.folder}"])
    lines = ledger.read_bytes().splitlines(keepends=True)
    edits = {"another word": lambda line: line.replace(b"event", b"evemt"), "no JSON": lambda line: b"solver took 3 s\n",
             "NUL bytes": lambda line: line[:20] + b"\0\0\0" + line[23:], "cut": lambda line: line[:30] + b"\n"}
    for name, edit in edits.items():
        edited = b"".join([*lines[:3], edit(lines[3]), *lines[4:]])
        for command in commands:
            ledger.write_bytes(edited)
            bench.says(command, 0, r"run/ledger\.jsonl:4: .*does not match its checksum", silent=["ledger.jsonl:[^4]"])
            check(ledger.read_bytes() == edited, f"ledger, {name}: {command[0]} has changed it")
    ledger.write_bytes(b"".join(lines)[:-5])
    for command in commands:
        bench.says(command, 0, rf"run/ledger\.jsonl:{len(lines)}: a torn last line")
    ledger.write_bytes(edited)
    said = start(bench, run)
    check("ledger.jsonl:4:" in said and ledger.read_bytes().startswith(edited), "a start does not tell of the ledger, or removes lines of it", said)
    ledger.write_bytes(b"".join(lines))
    record = last.read_bytes().splitlines(keepends=True)
    broken = {"NUL bytes": (b"".join([*record[:4], b"\0" + record[4][1:], *record[5:]]), "run/last_start.json:5: .*NUL byte"),
              "no JSON": (b"".join([*record[:6], b"x" + record[6], *record[7:]]), "run/last_start.json:7: .*no JSON"),
              "cut": (b"".join(record[:5]), "run/last_start.json:6: .*cut off"), "empty": (b"", "run/last_start.json:1: .*cut off"),
              "another output": (re.sub(rb"output-[0-9a-f]{12}", b"output-0123456789ab", b"".join(record), count=1), "run/last_start.json: .*changed by hand"),
              "another one": (b'{"version": 1}', "run/last_start.json: .*'stages' not found")}
    for name, (text, words) in broken.items():
        last.write_bytes(text)
        for command in commands:
            bench.says(command, 1 if command[0] == "verify" else 0, words)
            check(last.read_bytes() == text, f"last start, {name}: {command[0]} has changed it")
    said = start(bench, run)
    check("run/last_start.json" in said, "a start does not tell of the record of the last one", said)
    verdict(bench, run, True, silent=["last_start"])


def contents_not_looked_at(bench, whole):
    run = copied(whole, "contents")
    start(bench, run)  # hashes the copy
    output = only(run.folder, "stages/solver-*/output-*")
    unchecked = "contents were not: `ftrun verify .*` hashes every byte"
    for path in (run.folder, run.folder / "solver", output, only(run.folder, "stages/solver-*/work/checkpoints/step-00000006")):
        bench.says(["inspect", path], 0, unchecked, silent=["since they were hashed last"])
    flip(output / "rank-0000.h5")
    said = bench.says(["inspect", run.folder], 0, r"solver-.*since they were hashed last", unchecked)
    check(said.count("since they were hashed last") == 1, "inspect says of others that they were changed", said)
    with open(output / "rank-0000.h5", "ab") as file:
        file.write(b"x")
    bench.says(["inspect", run.folder], 1, r"DAMAGED: .*rank-0000.h5 has \d+ bytes instead of")
    bench.says(["inspect", run.folder / "solver"], 1, r"rank-0000.h5 has \d+ bytes instead of")


def states(folder):
    """Of the files, but for those that tell of a start itself."""
    return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*") if p.is_file() and p.name not in ("lock", "exit_code") and ".ftrun-doctor" not in p.name}


def lost_output(bench, whole):
    """A damaged output with nothing to go on from is a beginning anew, too; with a sound checkpoint, or of a report, it is none."""
    for name, stage, keep, refused in (("no checkpoints", "solver", False, True), ("checkpoints", "solver", True, False), ("attempts", "answers", False, True),
                                       ("attempts and their pieces", "answers", True, False), ("a report", "report", True, False)):
        run = copied(whole, f"output-{name.replace(' ', '-')}")
        (folder,) = folders(run, stage)
        output = only(folder, "output-*")
        flip(max((p for p in output.iterdir() if p.name != "manifest.json"), key=lambda p: p.stat().st_size))
        if not keep:
            shutil.rmtree(folder / "work")
        command = [run.file, f"run.folder={run.folder}", "run.restart=refuse"]
        before = states(run.folder)
        if refused:
            bench.says(command, 2, "run.restart is refuse", f"stage '{stage}' begins anew: its output is damaged: .*is damaged: its SHA-256 is another one", "are lost|is lost")
            check(states(run.folder) == before, f"{name}: something was touched")
            check((run.folder / "exit_code").read_text() == "2\n", f"{name}: exit_code says {(run.folder / 'exit_code').read_text()}")
        bench.says([*command, *(["--yes"] if refused else [])], 0, "is damaged and will be made again")
        check(run.outcome() == whole.outcome(), f"{name}: other digests")
        check((run.folder / "exit_code").read_text() == "0\n", f"{name}: exit_code says {(run.folder / 'exit_code').read_text()}")


def lost_checkpoints(bench, whole):
    """All checkpoints of half-done work are damaged: a beginning anew, which run.restart: refuse refuses, as the plan says it."""
    half = copied(whole, "lost")
    (solver,) = folders(half, "solver")
    shutil.rmtree(only(solver, "output-*"))
    files = [only(solver, f"work/checkpoints/step-{step:08}") / "rank-0000.h5" for step in (5, 6)]

    def cut(path):
        os.truncate(path, 1000)

    for name, damage, seen_by_plan in (("cut", cut, True), ("gone", pathlib.Path.unlink, True), ("flipped", flip, False)):
        run = copied(half, f"lost-{name}")
        strict, mine = ["run.restart=refuse"], [run.folder / file.relative_to(half.folder) for file in files]
        damage(mine[1])
        command = [run.file, f"run.folder={run.folder}"]
        bench.says(["plan", *command, *strict], 0, "solver .*(go on|again)", silent=["begins anew"])
        damage(mine[0])
        before = states(run.folder)
        words = [r"stage 'solver' begins anew: no checkpoint to go on from is sound: .*step-00000006 is not whole: rank-0000.h5.*; .*step-00000005 is not whole: rank-0000.h5",
                 r"6 steps \([^)]*\) in .*solver-[0-9a-f]{12} are lost", "bring back sound checkpoints, or begin anew with --yes"]
        for start_of in (["plan"], ["doctor"], []):
            if start_of and not seen_by_plan:
                continue
            bench.says([*start_of, *command, *strict], 2, "run.restart is refuse", *words)
        check(states(run.folder) == before, f"{name}: something was touched")
        if seen_by_plan:
            bench.says(["plan", *command], 0, words[0], r"solver .*again +its checkpoints are damaged")
        bench.says([*command, *strict, "--yes"], 0, "the stage begins anew")
        check(run.outcome() == whole.outcome(), f"{name}: other digests")


def exchanged(bench, whole):
    """Sound bytes in another's place are not what the name says: verify, export and rerank tell, as plan and the run do."""
    run = copied(whole, "exchanged")
    text = run.file.read_text()
    start(bench, run, "run.seeds=[1, 2]")
    (solver,), (second,) = (set(run.folder.glob(f"stages/{name}-*")) for name in ("solver", "solver.seed2"))
    one, two = only(solver, "output-*"), only(second, "output-*")
    check(one.name == two.name, "outputs of two seeds have other names")
    kept = run.home / "kept"
    verdict(bench, run, True)
    one.rename(kept)
    two.rename(one)
    kept.rename(two)
    told = r"was made by stage 'solver\.seed2' with identity \w+, and lies in the place of solver-"
    verdict(bench, run, False, told)
    bench.says(["verify", run.folder / "solver"], 1, told)
    bench.says(["export", run.folder / "solver", run.home / "out"], 2, told, "nothing was written")
    check(not (run.home / "out").exists(), "the export has written something")
    one.rename(kept)
    two.rename(one)
    kept.rename(two)
    verdict(bench, run, True)
    answers = [only(next(iter(run.folder.glob(f"stages/{name}-*"))), "output-*") for name in ("answers", "answers.seed2")]
    answers[0].rename(kept)
    answers[1].rename(answers[0])
    bench.says(["rerank", run.folder / "answers"], 2, r"was made by stage 'answers\.seed2'")
    answers[0].rename(answers[1])
    kept.rename(answers[0])
    checkpoints = sorted((solver / "work" / "checkpoints").glob("step-*"))
    shutil.copytree(checkpoints[-2], checkpoints[-1].with_name("step-00000099"))
    verdict(bench, run, False, r"step-00000099 is the checkpoint of step \d+ under another one's name")
    shutil.rmtree(checkpoints[-1].with_name("step-00000099"))
    output = one.with_name("output-0123456789ab")
    shutil.copytree(one, output)
    verdict(bench, run, True, r"output-0123456789ab is output-\w+ under another one's name")  # nobody asks for it
    bench.says(["verify", output], 1, "under another one's name")
    shutil.rmtree(output)
    verdict(bench, run, True)
    run.file.write_text(text)


def main(base):
    bench = Bench(os.path.abspath(sys.argv[1]), base)
    whole = TinyRun(bench.ftrun, base, "whole")
    whole.to_end()
    for part in (older_settings, removed_stage, renamed_stage, set_aside, records, contents_not_looked_at, lost_checkpoints, lost_output, exchanged):
        part(bench, whole)
        print(part.__name__.replace("_", " "), flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-sound-", in_memory=True)
