#!/usr/bin/env python3
"""What is said of run files that other editors have written, of filters that keep nothing, of what is no file, of names of another
kind, of a part of a run in the place of a file, and of a disk that is too small for an export.

  words_test.py FTRUN

Each is said with its place and with what to do, by a program that neither waits for ever nor fills the memory."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from listing_test import Bench, copied  # noqa: E402
from tiny_run import RUN_FILE, TinyRun  # noqa: E402

SOUND = RUN_FILE.replace("{seed: 1}", "{seed: 1, folder: planned}")


def planned(bench, text, code, *patterns, silent=()):
    with open(bench.base / "odd.yaml", "w", newline="") as file:
        file.write(text)
    return bench.says(["plan", "odd.yaml"], code, *patterns, silent=silent)


def changed(old, new):
    check(old in SOUND, f"the run file has no '{old}'")
    return SOUND.replace(old, new)


def run_files(bench, _):
    merge = changed("training: {", "training: &t {").replace("length: 6steps}", "length: 6steps, <<: *t}")
    planned(bench, merge, 2, r"odd\.yaml:9:80: the merge key << is not read: write the keys out")
    planned(bench, changed("{recipe: sample,", "{<<: {recipe: sample},"), 2, r"odd\.yaml:10:13: the merge key << is not read")
    tab = r"this line is indented with a tab, which YAML does not allow: put blanks"
    planned(bench, changed("  base:", "\tbase:"), 2, rf"odd\.yaml:3:1: {tab}")
    planned(bench, changed("  base: {preset: tiny}", "  base:\n    preset: tiny\n  \tother: {preset: tiny}"), 2, rf"odd\.yaml:5:3: {tab}")
    planned(bench, changed("{preset: tiny}", "{preset:\ttiny}").replace("models:", "models:\t# a remark"), 0)
    planned(bench, changed("6steps}", "6steps"), 2, r"odd\.yaml:\d+:\d+: this is not YAML", silent=["tab"])
    wrong = changed("length: 6steps", "lenght: 6steps")
    for ends in ("\n", "\r", "\r\n"):
        planned(bench, wrong.replace("\n", ends), 2, r"odd\.yaml:9:64: unknown key 'lenght'")
        planned(bench, SOUND.replace("\n", ends), 0)
    (bench.base / "odd.yaml").write_bytes(SOUND.replace("\n", "\r").encode().replace(b"seed", b"se\xffd"))
    bench.says(["plan", "odd.yaml"], 2, r"odd\.yaml:1:9: this byte is no UTF-8")
    (bench.base / "wide.yaml").write_bytes(wrong.encode("utf-16"))
    bench.says(["plan", "wide.yaml"], 2, r"wide\.yaml:9:\d+: unknown key 'lenght'")


def own_problems(bench, more=""):
    lines = [f'{{"problem": "Dan has {10 + i} shells. Eve has 23. How many shells in all?", "answer": "{33 + i}", "solution": "{10 + i}+23={33 + i}", '
             f'"level": {1 + i % 3}}}\n' for i in range(30)]  # of words that the preset knows
    (bench.base / "p.jsonl").write_text("".join(lines))
    return changed("{dataset: arithmetic, split: test, limit: 3}", "{dataset: jsonl, path: p.jsonl" + more + "}")


def filters(bench, _):
    planned(bench, own_problems(bench, ", where: ['level=1']"), 0)
    planned(bench, own_problems(bench, ", where: ['level=9']"), 2, r"odd\.yaml:6:\d+: p\.jsonl: the conditions keep none of the 30 rows read: "
            r"'level=9' keeps none of them \(the field 'level' is '1', '2', '3'\)$")
    planned(bench, own_problems(bench, ", where: ['level=1', 'level!=1|7']"), 2, r"none of the 30 rows read: 'level=1' keeps 10 of them; 'level!=1\|7' keeps 20 of them; a row must meet all")
    bench.says(["grade", "p.jsonl", "--where", "level=9"], 2, r"p\.jsonl: the conditions keep none of the 30 rows read: 'level=9'")
    bench.says(["rerank", "p.jsonl", "--where", "level=9"], 2, r"p\.jsonl: the conditions keep none of the 30 rows read: 'level=9'")


def no_plain_files(bench, _):
    """Nobody writes to the pipe: who opens it waits for ever. Devices have no end."""
    os.mkfifo(bench.base / "pipe")
    what = "a pipe, a device or a socket, not a plain file"
    for path in ("pipe", "/dev/zero", "/dev/full"):
        for command in (["plan", path], ["doctor", path], [path]):
            bench.says(command, 2, rf"{path} is {what}; every rank reads the run file")
        planned(bench, own_problems(bench).replace("p.jsonl", path), 2, rf"odd\.yaml:6:\d+: data set 'jsonl' needs a file that can be read several times, but {path} is {what}")
        planned(bench, SOUND + f"plugins: [{path}]\n", 2, re.escape(path))
    for path in ("/dev/zero", "/dev/urandom"):
        bench.says(["rerank", path], 2, rf"{path}: this is a device, not a file of records")
        bench.says(["grade", path], 2, rf"{path}: this is a device, not a file of records")
    bench.says(["grade", "/dev/null"], 2, "the file is empty")
    with open(bench.base / "weights.yaml", "wb") as file:
        file.truncate(100 << 20)
    bench.says(["plan", "weights.yaml"], 2, "weights.yaml has 104857600 bytes: it is no run file")


def model_files(bench, whole):
    model = bench.base / "model"
    bench.says(["export", whole.folder / "solver", model], 0)
    text = changed("{preset: tiny}", "{path: model}")
    planned(bench, text, 0)
    for name in sorted(set(os.listdir(model)) - {"prompts.json"}):  # that one is for others: no run reads it
        kept = (model / name).rename(bench.base / "kept")
        for make in (os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)):
            make(model / name)
            said = planned(bench, text, 2, re.escape(name))
            (os.rmdir if make is os.mkdir else os.unlink)(model / name)
            check(re.search(r"odd\.yaml:3:\d+", said), f"{name}: no place is said", said)
        kept.rename(model / name)
    planned(bench, text, 0)


def names_of_another_kind(bench, _):
    planned(bench, changed("model: solver", "model: nope"), 2, r"odd\.yaml:10:36: there is no model 'nope'; there are base, solver$")
    planned(bench, changed("model: solver", "model: answers"), 2, r"odd\.yaml:10:36: stage 'answers' cannot be made from its own output")
    grading = SOUND + "  more: {recipe: sample, model: nope, problems: test}\n"
    planned(bench, grading, 2, r"odd\.yaml:12:\d+: there is no model 'nope'; there are base, solver$")
    planned(bench, SOUND + "  more: {recipe: grade, attempts: nope}\n", 2, r"there are no attempts 'nope'; there is answers$")
    planned(bench, SOUND + "  more: {recipe: report, of: [nope]}\n", 2, r"there is no stage 'nope'; there are solver, answers, report$")


def limits(bench, whole):
    run = copied(whole, "limits")
    command = ["plan", run.file, f"run.folder={run.folder}"]
    bench.says([*command, "problems.train.limit=30"], 0, r"problems\.train\.limit was 40, is 30", r"its model, stage 'solver', is another", silent=["extent"])
    bench.says([*command, "problems.test.limit=5"], 0, r"its of, stage 'answers', is another: the limit of its problems was 3, is 5", silent=["extent"])
    said = bench.says([*command, "problems.test.limit=0"], 0, r"the limit of its problems was 3, is none \(all problems\)", silent=["extent"])
    check("set aside" in said, "nothing is said to be set aside", said)


def one_step(bench, whole):
    run = TinyRun(whole.ftrun, bench.base, "one")
    run.to_end("stages.solver.length=1steps", "stages.answers.per_problem=1", "stages.answers.greedy=false", "problems.test.limit=1")
    said = bench.says(["plan", run.file, f"run.folder={run.folder}", "stages.solver.length=1steps", "stages.answers.per_problem=1", "stages.answers.greedy=false", "problems.test.limit=1", "run.seed=2"], 0)
    check(re.search(r"finished, 1 step \(.*\) in \S+ is set aside", said) and re.search(r"finished, 1 attempt \(.*\) in \S+ is set aside", said),
          "one thing is spoken of as several", said)
    said = bench.says(["plan", whole.file, f"run.folder={whole.folder}", "run.seed=2"], 0, r"6 steps \(.*\) in \S+ are set aside", r"a finished output \(.*\) in \S+ is set aside")


def reranked(bench, whole):
    direct = bench.says(["rerank", next(whole.folder.glob("stages/answers-*/output-*"))], 0, "maj@")
    for path in (whole.folder / "answers", next(whole.folder.glob("stages/answers-????????????"))):
        check(bench.says(["rerank", path], 0) == direct.replace(direct.splitlines()[0], bench.says(["rerank", path], 0).splitlines()[0]), f"rerank {path}: another table")
    instead = "attempts are in .*whole/run/answers$"
    bench.says(["rerank", whole.folder / "solver"], 2, rf"whole/run/solver' holds no attempts: .*/output-\w+ is ftrun-checkpoint; {instead}")
    bench.says(["rerank", whole.folder], 2, rf"whole/run' is a whole run; {instead}")
    bench.says(["rerank", whole.folder / "anwsers"], 2, "did you mean 'answers'")
    bench.says(["rerank", "nothing/there.jsonl"], 2, "there is no such file")


def full_disk(bench, whole):
    """Too small from the beginning; too small once others have written; without inodes. Where this user may not mount: nothing."""
    disk = bench.base / "disk"
    disk.mkdir()
    script = """mount -t tmpfs -o size=$1,nr_inodes=$2 none "$3" || exit 77; shift 2; "$2" export "$3" "$1/new/out" --max-file-size 500kB "${@:4}"; code=$?
                find "$1" -mindepth 1 | grep . && exit 99; exit $code"""

    def export(size, inodes, *words):
        done = subprocess.run(["unshare", "-m", "bash", "-c", script, "-", size, str(inodes), str(disk), bench.ftrun, str(whole.folder / "solver"), *words],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    code, said = export("2m", 0)
    if code == 77 or said.startswith("unshare: "):
        print("no mounts here: a full disk is not tried")
        return
    check(code == 1 and re.search(r"the disk is too full: all of the export takes 2\.5 MB \(\d+ bytes\) in .*disk/new, and .* are free there; nothing was written", said),
          f"a disk that is too small: exit code {code}", said)
    code, said = export("8m", 4)
    check(code == 1 and "no inodes are left" in said and "Nothing is left of it there" in said, f"no inodes: exit code {code}", said)
    code, said = export("2m", 0, "--dtype", "bf16")
    check(code == 99 and "parameters, weights" in said, f"half of it fits: exit code {code}", said)  # 99: it is there


def odd_entries(bench, whole):
    """Pipes, links and files in the place of what a run keeps: nobody waits for a pipe's writer."""
    run = copied(whole, "entries")
    (solver,) = run.folder.glob("stages/solver-*")
    (output,) = solver.glob("output-*")
    kept = run.home / "kept"
    for path in (run.folder / "last_start.json", run.folder / "ledger.jsonl", run.folder / "log.txt", run.folder / "run.yaml", run.folder / "input_digests.json",
                 solver / f"intact-{output.name}.json", solver / "steps.jsonl", solver / "identity.txt", output / "manifest.json"):
        path.rename(kept)
        os.mkfifo(path)
        inner = path.parent == output  # damage of an output, which is made again
        bench.says(["plan", run.file, f"run.folder={run.folder}"], 0 if inner else 2, *([] if inner else [rf"{path}.* is a pipe"]))
        for command in ("inspect", "verify"):
            said = bench.says([command, run.folder], None)
            if path.name in ("last_start.json", "ledger.jsonl"):
                check("a pipe" in said or "neither a run folder" in said, f"{path.name}: {command} does not tell the pipe", said)
        path.unlink()
        kept.rename(path)
    output.rename(kept)
    output.symlink_to("/nowhere/at/all")
    for command in ("inspect", "verify"):
        bench.says([command, run.folder], None, rf"{output} is a link to something that is not there", silent=["has no manifest.json"])
    output.unlink()
    kept.rename(output)
    solver.rename(kept)
    solver.symlink_to("/nowhere/at/all")
    for command in ("inspect", "verify"):
        bench.says([command, run.folder], None, rf"{solver} is a link to something that is not there")
    solver.unlink()
    kept.rename(solver)
    bench.says(["verify", run.folder], 0)


def odd_places(bench, whole):
    for folder in ("/proc/x", "/proc/self/x", "/sys/x", "/sys/kernel/x/y"):
        for command in ([], ["plan"], ["doctor"]):
            bench.says([*command, whole.file, f"run.folder={folder}"], 2, "is the system's own: no files can be made there")
    bench.says(["plan", whole.file, "run.folder=/dev/null/x"], 2, "/dev/null is a device, not a folder")


def main(base):
    bench = Bench(os.path.abspath(sys.argv[1]), base)
    whole = TinyRun(bench.ftrun, base, "whole")
    whole.to_end()
    for part in (run_files, filters, no_plain_files, model_files, names_of_another_kind, limits, one_step, reranked, full_disk, odd_entries, odd_places):
        part(bench, whole)
        print(part.__name__.replace("_", " "), flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-words-", in_memory=True)
