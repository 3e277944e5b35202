#!/usr/bin/env python3
"""What is somebody else's in or below a run folder: it is left alone, or told before anything is touched.

  foreign_test.py FTRUN

Files of a user's under the names that a run writes to; folders of other things; what is no file or no folder where one is needed; the
run file as the run's own run.yaml; a user's things beside the tokenised examples, and links there; a stage's folder that was renamed to
another one's name, an output or a checkpoint of other settings, steps and attempts of another run, an output whose parent was made
again with other bits; folders that are moved away under a run."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from moved_test import LONG, begin  # noqa: E402
from tiny_run import RUN_FILE, TinyRun  # noqa: E402

OTHER = "training.learning_rate=2e-3"


def tree(folder):
    """Every entry below, files with their bytes and times."""
    return {str(p.relative_to(folder)): os.readlink(p) if p.is_symlink() else (p.read_bytes(), p.stat().st_mtime_ns) if p.is_file() else None
            for p in sorted(folder.rglob("*"))}


def call(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def work_of(folder):
    """All but what tells of the start itself."""
    return {name: content for name, content in tree(folder).items() if name not in ("lock", "exit_code")}


def refused(run, what, *words, code=2, commands=("run", "plan", "doctor"), overrides=(), untouched="."):
    """By the run, by plan and by doctor alike, and nothing is touched."""
    before = work_of(run.folder / untouched)
    for command in commands:
        start = run.command(*overrides)
        if command != "run":
            start.insert(1, command)
        got, output = call(start)
        check(got == code, f"{what}: {command} ended with {got}, not {code}\n{output[-1500:]}")
        for word in words:
            check(word in output, f"{what}: {command} does not say '{word}'\n{output[-1500:]}")
    check(work_of(run.folder / untouched) == before, f"{what}: something was touched")


def case_names(ftrun, base):
    for name in ("run.yaml", "log.txt", "ledger.jsonl", "exit_code", "last_start.json", "lock", "examples", "stages"):
        run = TinyRun(ftrun, base, f"name-{name}")
        run.folder.mkdir()
        if name in ("examples", "stages"):
            (run.folder / name / "mine").mkdir(parents=True)
            (run.folder / name / "mine/notes.txt").write_text("a user's")
        else:
            (run.folder / name).write_text("a user's\n")
        refused(run, name, f"'{name}'", "no run has been in it", commands=("run", "plan"))


def case_run_file(ftrun, base):
    run = TinyRun(ftrun, base, "run-file")
    run.folder.mkdir()
    run.file = run.folder / "run.yaml"
    run.file.write_text("# a user's notes\n" + RUN_FILE)
    refused(run, "the run file as run.yaml", "the run file itself")
    code, output = call([run.ftrun, "plan", str(run.file), "run.folder=/"])  # the run itself would write there, were this missed
    check(code == 2 and "it is the root of the file system" in output, f"/ as a run folder: exit code {code}\n{output[-1500:]}")
    run.file.rename(run.folder / "my.yaml")
    run.file = run.folder / "my.yaml"
    run.to_end()
    check(run.file.read_text() == "# a user's notes\n" + RUN_FILE, "the run file beside it was touched")
    inner, before = TinyRun(ftrun, base, "inner"), work_of(run.folder)
    inner.folder = run.folder / "stages/solver-again"
    refused(inner, "a run among another's stages", "it lies among what the run in")
    check(work_of(run.folder) == before and not inner.folder.exists(), "a run was begun among another's stages")


def case_empty_names(ftrun, base):
    """Folders that somebody has made beforehand, on another disk too, are no reason to refuse."""
    run = TinyRun(ftrun, base, "prepared")
    (run.home / "disk").mkdir()
    run.folder.mkdir()
    (run.folder / "stages").mkdir()
    (run.folder / "examples").symlink_to(run.home / "disk")
    run.to_end()
    check((run.folder / "examples").is_symlink() and not list((run.home / "disk").iterdir()), "the link to another disk, or what was made there, is not as it should be")


def case_examples(ftrun, base):
    run = TinyRun(ftrun, base, "examples")
    run.to_end()
    data = run.home / "data"
    (data / "sub").mkdir(parents=True)
    (data / "sub/y").write_text("a user's")
    (data / ".x.partial").write_text("a user's")
    (run.folder / "examples").symlink_to(data)
    before = tree(data)
    run.to_end("stages.answers.per_problem=5", "stages.solver.length=7steps")
    check(tree(data) == before, f"behind the link: {tree(data)}")
    (run.folder / "examples").unlink()
    shutil.copytree(data, run.folder / "examples")
    run.to_end("stages.solver.length=8steps")
    check(tree(run.folder / "examples") == before, f"beside the examples: {tree(run.folder / 'examples')}")


def case_renamed_stage(ftrun, base):
    run, other = TinyRun(ftrun, base, "renamed"), TinyRun(ftrun, base, "renamed-other")
    run.to_end()
    other.to_end(OTHER)
    (mine,), (theirs,) = run.folder.glob("stages/solver-*"), other.folder.glob("stages/solver-*")
    mine.rename(mine.with_name(theirs.name))
    refused(run, "a renamed stage", "stage 'solver' has in its place the output of other settings", commands=("run", "plan"), overrides=[OTHER], untouched="stages")


def case_swapped_output(ftrun, base):
    run, other = TinyRun(ftrun, base, "swapped"), TinyRun(ftrun, base, "swapped-other")
    run.to_end()
    other.to_end(OTHER)
    for stage in ("solver", "answers"):
        (mine,), (theirs,) = run.folder.glob(f"stages/{stage}-*/output-*"), other.folder.glob(f"stages/{stage}-*/output-*")
        kept = mine.rename(run.home / f"kept-{stage}")
        shutil.copytree(theirs, mine)
        refused(run, f"a swapped output of {stage}", f"stage '{stage}' has in its place the output of other settings", commands=("run", "plan"), untouched="stages")
        shutil.rmtree(mine)
        kept.rename(mine)
    run.to_end()


def case_checkpoint(ftrun, base):
    run, other = TinyRun(ftrun, base, "checkpoint"), TinyRun(ftrun, base, "checkpoint-other")
    for one, settings in ((run, []), (other, [OTHER])):
        process = begin(one, lambda one=one: one.saved_step() > 0, *LONG, *settings)
        process.terminate()
        check(process.wait(timeout=120) == 75, f"{one.home.name}: it did not stop on request")
        process.stdout.close()
    (mine,), (theirs,) = run.folder.glob("stages/solver-*/work/checkpoints"), other.folder.glob("stages/solver-*/work/checkpoints")
    shutil.rmtree(mine)
    shutil.copytree(theirs, mine)
    before = tree(mine)
    code, output = call(run.command(*LONG))
    check(code == 2 and "is a checkpoint of other settings" in output, f"a foreign checkpoint: exit code {code}\n{output[-1500:]}")
    check(tree(mine) == before, "the foreign checkpoint was touched")


def checkpoint_of_other_settings(ftrun, base, name):
    run = TinyRun(ftrun, base, name)
    run.to_end(OTHER)
    return sorted(run.folder.glob("stages/solver-*/work/checkpoints/step-*"))[-1]


TWO_TRAININGS = RUN_FILE.replace("  answers:", "  second: {recipe: solution_sft, model: solver, problems: train, length: 6steps}\n  answers:").replace("answers: {recipe: sample, model: solver", "answers: {recipe: sample, model: second")


def case_strange_checkpoints(ftrun, base):
    """Told before the first stage, wherever they stand and whatever their number."""
    theirs = checkpoint_of_other_settings(ftrun, base, "strange-other")
    put = {"an earlier step's place": lambda folder: shutil.copytree(theirs, folder / "step-00000001"),
           "a later step's place": lambda folder: shutil.copytree(theirs, folder / "step-00000990"),
           "in part": lambda folder: shutil.copytree(theirs, folder / "step-00000002", ignore=lambda *_: ["rank-0000.h5"]),
           "a link to it": lambda folder: (folder / "step-00000003").symlink_to(theirs),
           "a link to nothing": lambda folder: (folder / "step-00000003").symlink_to(folder / "nothing"),
           "a file": lambda folder: (folder / "step-00000004").write_text("a user's")}
    run = TinyRun(ftrun, base, "strange")
    run.file.write_text(TWO_TRAININGS)
    run.to_end()
    for index, (name, make) in enumerate(put.items()):
        stage = ("second", "solver")[index % 2]
        (own,) = run.folder.glob(f"stages/{stage}-*")
        (output,) = own.glob("output-*")
        kept, checkpoints = output.rename(run.home / "kept"), own / "work/checkpoints"
        shutil.copytree(checkpoints, run.home / "checkpoints")
        make(checkpoints)
        refused(run, f"{name}, in {stage}", "nothing was touched", "work/checkpoints/step-0000",
                commands=("run", "plan", "doctor") if index < 2 else ("run",))
        kept.rename(output)
        if index < 2:
            run.to_end()  # where the stage is done nobody reads them
        shutil.rmtree(checkpoints)
        (run.home / "checkpoints").rename(checkpoints)


def case_put_while_it_trains(ftrun, base):
    theirs = checkpoint_of_other_settings(ftrun, base, "put-other")
    length = ["stages.solver.length=600steps", "training.save_every=10steps", "training.keep=1"]
    whole = TinyRun(ftrun, base, "put-whole").to_end(*length)
    for keep_work in ("all", "last", "none"):
        run = TinyRun(ftrun, base, f"put-{keep_work}")
        process = begin(run, lambda run=run: run.saved_step() > 0, *length, f"training.keep_work={keep_work}")
        (folder,) = run.folder.glob("stages/solver-*/work/checkpoints")
        for name in ("step-00000001", "step-00000590"):
            shutil.copytree(theirs, run.home / "fresh")
            (run.home / "fresh").rename(folder / name)
        output, _ = process.communicate(timeout=120)
        check(process.returncode == 0 and run.outcome() == whole, f"keep_work {keep_work}: exit code {process.returncode}\n{output[-1500:]}")
        check(tree(folder / "step-00000001") == tree(theirs), f"keep_work {keep_work}: the foreign checkpoint is gone")
        (aside,) = folder.glob("step-00000590.*")
        check(tree(aside) == tree(theirs) and "is a checkpoint of other settings" in output, f"keep_work {keep_work}: the one in the way is gone\n{output[-1500:]}")


def case_step_log(ftrun, base):
    """Steps of another run: neither in the report nor in the log of a training that goes on."""
    run, other = TinyRun(ftrun, base, "log"), TinyRun(ftrun, base, "log-other")
    run.to_end()
    other.to_end(OTHER)
    (log,), (theirs,) = run.folder.glob("stages/solver-*/steps.jsonl"), other.folder.glob("stages/solver-*/steps.jsonl")
    own, foreign = log.read_bytes(), theirs.read_bytes()
    losses = lambda: [curve["training"] for curve in json.loads(next(run.folder.glob("stages/report-*/output-*/report.json")).read_text())["results"]["losses"].values()]  # noqa: E731
    (points,) = losses()
    check(len(points) == 6, f"the loss curve has {len(points)} points")
    for name, text, left in (("instead", foreign, []), ("behind", own + foreign, [points]), ("before", foreign + own, [points]),
                             ("mixed", b"".join(b"".join(pair) for pair in zip(own.splitlines(True), foreign.splitlines(True))), [points])):
        log.write_bytes(text)
        shutil.rmtree(next(run.folder.glob("stages/report-*/output-*")))
        (run.folder / "log.txt").unlink()
        run.to_end()
        check("6 lines of steps.jsonl are damaged, of other work or no records" in run.log(), f"{name}: nobody tells of the foreign lines\n{run.log()[-1500:]}")
        check(losses() == left, f"{name}: the report shows {losses()}")
        check(log.read_bytes() == text, f"{name}: a look has changed the log")
    shutil.rmtree(next(run.folder.glob("stages/solver-*/output-*")))
    (run.folder / "log.txt").unlink()
    run.to_end()
    check(log.read_bytes() == own and "6 lines of steps.jsonl are damaged, of other work" in run.log(), f"a training that goes on keeps them\n{run.log()[-1500:]}")


def case_attempts(ftrun, base):
    """Pieces of another run's attempts: same problems, same indices, other texts. And pieces that do not say whose they are."""
    run, other = TinyRun(ftrun, base, "attempts"), TinyRun(ftrun, base, "attempts-other")
    whole = TinyRun(ftrun, base, "attempts-whole").to_end()
    other.to_end(OTHER)
    run.to_end()
    (stage,) = run.folder.glob("stages/answers-*")
    (piece,) = other.folder.glob("stages/answers-*/work/attempts-*.jsonl")
    foreign = piece.read_bytes()
    (own,) = stage.glob("work/attempts-*.jsonl")
    unsaid = re.sub(rb'"of":"[0-9a-f]{16}",', b"", own.read_bytes())
    check(unsaid != own.read_bytes(), "attempts do not say whose they are")
    half = b"".join(own.read_bytes().splitlines(keepends=True)[:5])
    other_owner = "15 lines among the attempts are not this stage's"
    for name, lines, told in (("attempts-0000", foreign, other_owner), ("attempts-0003", half + foreign, other_owner),
                              ("attempts-0000", unsaid, "15 damaged lines among the attempts"), ("attempts-0000", half, "")):
        shutil.rmtree(next(stage.glob("output-*")))
        for old in stage.glob("work/attempts-*.jsonl"):
            old.unlink()
        path = stage / f"work/{name}.jsonl"
        path.write_bytes(lines)
        check(run.to_end() == whole, f"{name}: another run's attempts were taken")
        check(path.read_bytes().startswith(lines), f"{name}: the foreign piece was touched")
        said = [line for line in run.log().splitlines() if "lines among the attempts" in line]
        check([told in line for line in said] == ([True] if told else []), f"{name}: {said}")
        (run.folder / "log.txt").unlink()


def case_other_parent(ftrun, base):
    run = TinyRun(ftrun, base, "parent")
    run.to_end()
    (solver,) = run.folder.glob("stages/solver-*")
    shutil.rmtree(solver)
    code, output = call(run.command("parallel.tensor=2", ranks=2))
    check(code == 0, f"exit code {code}\n{output[-1500:]}")
    check("stage 'answers' was made from another output of 'solver'" in output, f"nobody tells of the other parent\n{output[-1500:]}")


def case_moved_stages(ftrun, base):
    for name in ("stages", "stages/solver-*"):
        run = TinyRun(ftrun, base, f"moved-{len(name)}")
        process = begin(run, lambda run=run: run.saved_step() > 0, *LONG)
        (folder,) = run.folder.glob(name)
        folder.rename(run.home / "moved")
        output, _ = process.communicate(timeout=120)
        check(process.returncode == 1, f"{name}: exit code {process.returncode}, not 1\n{output[-1500:]}")
        check("was moved or removed while this run worked in it" in output, f"{name}: nobody says so\n{output[-1500:]}")
        if folder.exists():
            check(not list(folder.rglob("manifest.json")), f"{name}: something was sealed in a new folder of that name")
            shutil.rmtree(folder)
        (run.home / "moved").rename(folder)
        check(run.saved_step() > 0, f"{name}: the checkpoints are gone")


def case_other_folder(ftrun, base):
    """A folder of other things is none for a run; what a job finds where it is started does not keep it away."""
    run = TinyRun(ftrun, base, "other")
    for what, make, told in (
            ("a data set", lambda: (run.folder / "train.jsonl").write_text("{}\n"), "it holds 'train.jsonl', which is not the run's"),
            ("a model", lambda: [(run.folder / name).write_text("{}") for name in ("config.json", "tokenizer.json", "a.safetensors", "b.safetensors", "slurm-3.out")], "and 1 more, which are not the run's"),
            ("notes below", lambda: ((run.folder / "sub").mkdir(), (run.folder / "sub/notes.txt").write_text("x")), "it holds 'sub', which is not the run's"),
            ("a pipe", lambda: os.mkfifo(run.folder / "queue"), "it holds 'queue', which is not the run's"),
            ("a link", lambda: (run.folder / "away").symlink_to("/nowhere"), "it holds 'away', which is not the run's")):
        run.folder.mkdir()
        make()
        refused(run, what, told, "give a folder that is empty, or not there yet", str(run.folder / "run"))
        for command in ("inspect", "verify"):
            code, output = call([run.ftrun, command, str(run.folder)])
            check(code == 2 and ("is neither a run folder nor a part of one" in output or "no run has begun there" in output), f"{what}: {command}: exit code {code}\n{output[-1500:]}")
        shutil.rmtree(run.folder)
    # Somebody's own stages/ and lock make no run folder.
    (run.folder / "stages/one").mkdir(parents=True)
    (run.folder / "lock").write_text("")
    code, output = call([run.ftrun, "inspect", str(run.folder)])
    check(code == 2 and "is neither a run folder nor a part of one" in output, f"a user's stages: exit code {code}\n{output[-1500:]}")
    shutil.rmtree(run.folder)
    # Logs, scripts, hidden and empty files, an empty folder, and what the run file names.
    (run.folder / "logs").mkdir(parents=True)
    for name in ("logs/train.o123", "slurm-17.out", "slurm-17_4.err.gz", "job.sbatch", "log", "nohup.out", "train_log.txt", ".notes", "go.sh~", "mpi.log.1"):
        (run.folder / name).write_text("x")
    (run.folder / "begun").write_text("")
    problems = [{"problem": f"Eve has {i} stamps. Hal has {40 - i} stamps. How many stamps in all?", "answer": "40"} for i in range(11, 20)]
    (run.folder / "data").mkdir()
    (run.folder / "data/mine.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in problems))
    run.file = run.folder / "my.yaml"
    run.file.write_text(RUN_FILE.replace("{dataset: arithmetic, split: test, limit: 3}", f"{{dataset: jsonl, path: {run.folder}/data/mine.jsonl, limit: 3}}"))
    before = tree(run.folder)
    run.to_end()
    check(tree(run.folder).items() >= before.items(), "what lay in the folder was touched")
    # Known by any one of its marks.
    for name in ("lock", "run.yaml", "ledger.jsonl", "last_start.json"):
        (run.folder / name).unlink()
    (run.folder / "notes.md").write_text("x")
    run.to_end()


def put(path, kind):
    """Something of a wrong kind under that name; gives the words for it."""
    if kind == "folder":
        path.mkdir()
        (path / "mine").write_text("a user's")
    elif kind == "dangling":
        path.symlink_to("/nowhere/at/all")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/null")
    else:
        path.write_text("a user's")
    return {"dangling": "a link that leads nowhere"}.get(kind, f"is a {kind}")


def case_kinds(ftrun, base):
    """Under a name that a run writes to lies what is no file, or no folder: of the last stage, too, told before the first one."""
    run = TinyRun(ftrun, base, "kinds")
    run.to_end()
    (solver,), (answers,), (report,) = (run.folder.glob(f"stages/{stage}-*") for stage in ("solver", "answers", "report"))
    (piece,) = answers.glob("work/attempts-*.jsonl")
    files = [*(run.folder / name for name in ("lock", "log.txt", "ledger.jsonl", "exit_code", "run.yaml", "last_start.json", "input_digests.json", "stop_lead_seconds")),
             solver / "steps.jsonl", solver / "saves.jsonl", answers / "identity.txt", piece, report / "inputs.json"]
    folders = [run.folder / "stages", run.folder / "examples", solver / "work/checkpoints", solver / "events", answers / "work", answers / "output-0123456789ab", report]
    kinds = ("folder", "dangling", "pipe", "socket", "device")
    tries = [(path, kind) for i, path in enumerate(files) for kind in {"folder", kinds[1 + i % 4], "pipe" if path.parent == run.folder else "dangling"}]
    tries += [(path, kind) for i, path in enumerate(folders) for kind in {"file", ("dangling", "pipe")[i % 2]}]
    for path, kind in tries:
        kept = run.home / "kept"
        if path.exists():
            path.rename(kept)
        words = put(path, kind)
        last = path in (piece, report)
        refused(run, f"{path.name} as a {kind}", str(path), words, commands=("run", "plan", "doctor") if last else ("run", "plan"))
        if path.parent == run.folder and kind in ("pipe", "socket"):
            for command in ("inspect", "verify"):
                code, output = call([run.ftrun, command, str(run.folder)])
                check(code in (0, 1, 2), f"{path.name} as a {kind}: {command} ended with {code}\n{output[-1500:]}")
        shutil.rmtree(path) if kind == "folder" else path.unlink()
        if kept.exists():
            kept.rename(path)
    run.to_end("stages.answers.per_problem=5")


def main(base):
    for case in (case_names, case_other_folder, case_kinds, case_run_file, case_empty_names, case_examples, case_renamed_stage, case_swapped_output,
                 case_checkpoint, case_strange_checkpoints, case_put_while_it_trains, case_step_log, case_attempts,
                 case_other_parent, case_moved_stages):
        case(sys.argv[1], base)
        print(case.__name__, "holds", flush=True)


if __name__ == "__main__":
    main_of(main, "ftrun-foreign-", in_memory=True)
