#!/usr/bin/env python3
"""What inspect, verify, plan, export and doctor say of what is there: finished, half done, damaged, in use, something else.

  listing_test.py FTRUN LIBRARY

LIBRARY is inject_errors.c, built: its log tells what was read of large files."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from frame import check, main_of  # noqa: E402
from model_folder_test import SOUND, tokenizer  # noqa: E402
from tiny_run import TinyRun  # noqa: E402


class Bench:
    def __init__(self, ftrun, base):
        self.ftrun, self.base = ftrun, base

    def call(self, *words, unprivileged=False, **environment):
        closed = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if unprivileged and os.geteuid() == 0 else []
        return subprocess.run([*closed, self.ftrun, *map(str, words)], capture_output=True, text=True, cwd=self.base, env=os.environ | environment, timeout=120)

    def says(self, words, code, *patterns, silent=(), **options):
        done = self.call(*words, **options)
        said = done.stdout + done.stderr
        what = " ".join(map(str, words))
        check(code is None or done.returncode == code, f"{what}: exit code {done.returncode}, not {code}", said)
        for pattern in patterns:
            check(re.search(pattern, said), f"{what}: does not say '{pattern}'", said)
        for pattern in silent:
            check(not re.search(pattern, said), f"{what}: says '{pattern}'", said)
        return said


def flip(path, at=-200):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def copied(run, name):
    copy = TinyRun(run.ftrun, run.home.parent, name)
    shutil.copytree(run.folder, copy.folder)
    return copy


def only(folder, pattern):
    (found,) = folder.glob(pattern)
    return found


def something_else(bench):
    base = bench.base
    (base / "empty").mkdir()
    (base / "other").mkdir()
    (base / "other/notes.txt").write_text("x")
    (base / "hf").mkdir()
    (base / "hf/config.json").write_text("{}")
    (base / "dangling").symlink_to("/nowhere/at/all")
    cases = {"": "the path is empty", "missing": r"there is no 'missing'", "missing/deeper": r"there is no .*'missing' is not there either",
             "othre": "there is no 'othre'; did you mean 'other'", "empty": "is an empty folder: no run has begun there",
             "other": r"'other' is neither a run folder nor a part of one: it holds notes.txt.*run.folder names", "hf": "model folder as other programs write them",
             "dangling": "is a link to something that is not there", "other/notes.txt": "is a file, not a folder",
             "whole/run.yaml": "is a file, not a folder; give the folder that its run.folder names", "whole": "it holds run folders: whole/run",
             "whole/run/stages": r"is a part of a run, but no finished one.*`ftrun inspect .*whole/run` lists", "whole/run/slover": r"did you mean 'solver'",
             "whole/run/stages/solver-0": "there is no '.*solver-0'|has no finished stage 'solver-0'"}
    for path, words in cases.items():
        for command in ("inspect", "verify"):
            bench.says([command, path], 2, words, silent=["no finished artifact", "SealedFolder"])
        bench.says(["export", path, "never"], 2, words)


def finished(bench, whole):
    bench.says(["inspect", whole.folder], 0, "solver-.*/output-.*: ftrun-checkpoint", "answers-.*/output-", "checkpoint of step 6, 20", silent=["not finished", "in use", "DAMAGED"])
    bench.says(["verify", whole.folder], 0, "step-00000006: all . files intact", "\nsound")
    bench.says(["plan", whole.file, f"run.folder={whole.folder}"], 0, r"solver .*skip +done ", silent=["hashed first", "in use"])
    checkpoint = only(whole.folder, "stages/solver-*/work/checkpoints/step-00000006")
    bench.says(["inspect", checkpoint], 0, "step: 6")
    run = copied(whole, "copied")
    bench.says(["plan", run.file, f"run.folder={run.folder}"], 0, r"solver .*skip +done, if its bytes are: they are hashed first")
    flip(only(run.folder, "stages/solver-*/work/checkpoints/step-00000006") / "rank-0000.h5")
    bench.says(["verify", run.folder], 1, "rank-0000.h5 is damaged", "NOT SOUND")


def unfinished(bench, whole):
    run = TinyRun(whole.ftrun, bench.base, "begun")
    done = bench.call(run.file, f"run.folder={run.folder}", "stages.solver.length=100000steps", "run.time_limit=1s")
    check(done.returncode == 75, f"a run with a time limit ends with {done.returncode}", done.stderr)
    command = ["plan", run.file, f"run.folder={run.folder}", "stages.solver.length=100000steps"]
    step = run.saved_step()
    seen = [f"solver-.*: not finished", rf"step-{step:08}: checkpoint of step {step}, 20\d\d-", "the same command as before goes on"]
    bench.says(["inspect", run.folder], 0, *seen, silent=["no finished artifact", "shows one of them"])
    bench.says(["verify", run.folder], 0, rf"step-{step:08}: all", "sound")
    stage = only(run.folder, "stages/solver-*")
    bench.says(["inspect", stage], 0, "stage 'solver', not finished", rf"checkpoint of step {step}")
    for command_word in (["inspect"], ["verify"]):
        bench.says([*command_word, run.folder / "solver"], 2, "is not finished, and there is no older one. Start the run again", rf"checkpoint of step {step}")
    bench.says(command, 0, rf"solver .*go on +it was interrupted; step {step} is saved ")
    newest = only(run.folder, f"stages/solver-*/work/checkpoints/step-{step:08}")
    (newest / "config.json").unlink()
    bench.says(["inspect", run.folder], 0, rf"checkpoint of step {step}, .*DAMAGED: .*config.json is missing")
    bench.says(command, 0, r"solver .*(go on|again) ", r"stage 'solver'.*config.json is missing")
    aside = newest.rename(newest.with_name(newest.name + ".damaged-2026-01-02T03-04-05Z"))  # as a start names it
    bench.says(["inspect", run.folder], 0, r"\.damaged-\S+: damaged, set aside; it goes when a sound one")
    bench.says(["inspect", aside], 1, "is not whole: config.json is missing")
    for path in run.folder.glob("stages/solver-*/work/checkpoints/step-*"):
        shutil.rmtree(path)
    bench.says(["verify", run.folder], 2, "holds no finished stage and no checkpoint yet")
    bench.says(["inspect", run.folder], 0, "solver-.*: not finished")


def half_sampled(bench, whole):
    run = copied(whole, "sampled")
    for path in [*run.folder.glob("stages/answers-*/output-*"), *run.folder.glob("stages/report-*")]:
        shutil.rmtree(path)
    bench.says(["inspect", run.folder], 0, r"answers-.*: not finished", r"work: 15 finished attempts, not sealed yet")
    bench.says(["plan", run.file, f"run.folder={run.folder}"], 0, r"answers .*go on +it was interrupted; 15 attempts are there", r"report .*run +not done yet")


def damaged(bench, whole):
    """Each is what the run does, too."""
    changes = {"a file is missing": (lambda o: (o / "config.json").unlink(), r"config.json is missing"),
               "a size is another": (lambda o: (o / "config.json").write_text("{}"), r"config.json has 2 bytes"),
               "the manifest is another": (lambda o: flip(o / "manifest.json"), r"manifest does not match its digest"),
               "the manifest is gone": (lambda o: (o / "manifest.json").unlink(), r"has no manifest.json")}
    for name, (change, words) in changes.items():
        run = copied(whole, "damaged " + name)
        change(only(run.folder, "stages/solver-*/output-*"))
        bench.says(["plan", run.file, f"run.folder={run.folder}"], 0, r"solver .*again +its output is damaged", r"answers .*skip", rf"stage 'solver': .*{words}.*set aside, and made again")
        without = name == "the manifest is gone"  # no output by that name, then
        bench.says(["inspect", run.folder], 0 if without else 1, "no finished output" if without else "DAMAGED")
        bench.says(["verify", run.folder], 1, words, "NOT SOUND")
        done = bench.call(run.file, f"run.folder={run.folder}")
        check(done.returncode == 0 and "is damaged and will be made again" in done.stderr, f"{name}: the run does something else", done.stderr)
        shutil.rmtree(run.home)
    run = copied(whole, "closed")
    only(run.folder, "stages/solver-*/output-*/manifest.json").chmod(0)
    bench.says(["plan", run.file, f"run.folder={run.folder}"], 1, r"solver .*stop +it cannot be read", r"manifest.json: Permission denied.*the run ends there with exit code 1",
               unprivileged=True)


def in_use(bench, whole):
    run = copied(whole, "used")
    with open(run.folder / "lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(json.dumps({"pid": 12345, "host": "node7", "since": "2026-01-02T03:04:05Z", "token": "t"}))
        lock.flush()
        who = "in use by process 12345 on node7, since 2026-01-02T03:04:05Z"
        bench.says(["plan", run.file, f"run.folder={run.folder}"], 0, f"{who}: a start now is refused")
        bench.says(["inspect", run.folder], 0, who)
        bench.says(["verify", run.folder], 0, who)
        bench.says([run.file, f"run.folder={run.folder}"], 2, who)
    bench.says(["plan", run.file, f"run.folder={run.folder}"], 0, silent=["in use"])


def exports(bench, whole):
    for name, code, words in (("index.h5", 0, "warning: .*index.h5 is damaged"), ("manifest.json", 1, "manifest does not match its digest"),
                              ("config.json", 1, "config.json is damaged"), ("word_vocabulary.json", 1, "word_vocabulary.json is damaged"),
                              ("rank-0000.h5", 1, "rank-0000.h5.*damaged")):
        run = copied(whole, "export " + name)
        flip(only(run.folder, "stages/solver-*/output-*") / name)
        bench.says(["export", run.folder / "solver", run.home / "out"], code, words)
        check((run.home / "out").exists() == (code == 0), f"export with another {name}: what is left is not what was said")
        shutil.rmtree(run.home)


def copied_report(bench, whole):
    run = copied(whole, "another")
    other = run.folder.rename(run.home / "second")
    bench.says(["plan", run.file, f"run.folder={other}"], 0, r"answers .*skip", r"report .*run +the run folder has another name")
    done = bench.call(run.file, f"run.folder={other}")
    check(done.returncode == 0 and "stage 'answers' is done already" in done.stderr, "the copied run does its work again", done.stderr)
    page = re.search(r"report: (\S+)", done.stdout).group(1)
    check("<h1>second" in re.sub(r"<h1[^>]*>", "<h1>", pathlib.Path(page).read_text()), "the copied report heads with another name", pathlib.Path(page).read_text()[:3000])
    bench.says(["plan", run.file, f"run.folder={other}"], 0, r"report .*skip +done")


def refused_seal(bench, whole, library):
    """Rights that are missing when an output is sealed are the user's to mend."""
    run = copied(whole, "seal")
    output = only(run.folder, "stages/answers-*/output-*")
    shutil.rmtree(output)
    partial = output.relative_to(run.folder).with_name(f".{output.name}.partial")
    bench.says([run.file, f"run.folder={run.folder}"], 2, f"cannot make the folder .*{partial.name}: Permission denied", LD_PRELOAD=library, FT_INJECT_ROOT=str(run.folder),
               FT_INJECT=f"0 mkdir 1 13 once {partial}")
    check(run.to_end() == whole.outcome(), "after a refused seal the run ends with other attempts")


def large_inputs(bench, library):
    """Nobody reads whole weights to say what a run would do: 77 MB, of which nothing lies on the disk."""
    model = bench.base / "large"
    model.mkdir()
    vocabulary, width, inner, shapes = 300000, 32, 64, {}
    shapes |= {"model.embed_tokens": [vocabulary, width], "lm_head": [vocabulary, width], "model.norm": [width]}
    for layer in range(2):
        p = f"model.layers.{layer}."
        shapes |= {p + "input_layernorm": [width], p + "post_attention_layernorm": [width], p + "self_attn.q_proj": [width, width],
                   p + "self_attn.k_proj": [16, width], p + "self_attn.v_proj": [16, width], p + "self_attn.o_proj": [width, width],
                   p + "mlp.gate_proj": [inner, width], p + "mlp.up_proj": [inner, width], p + "mlp.down_proj": [width, inner]}
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name + ".weight"] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    weights = model / "model.safetensors"
    weights.write_bytes(struct.pack("<Q", len(text)) + text)
    os.truncate(weights, 8 + len(text) + end)
    (model / "config.json").write_text(json.dumps(SOUND | {"vocab_size": vocabulary}))
    (model / "tokenizer.json").write_text(json.dumps(tokenizer()))
    (model / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_end|>"}))
    run = TinyRun(bench.ftrun, bench.base, "large run")
    run.file.write_text(run.file.read_text().replace("{preset: tiny}", f"{{path: {model}}}"))
    command = [run.file, f"run.folder={run.folder}"]

    def reads(*words, patterns=(), silent=()):
        log = bench.base / "calls"
        for old in bench.base.glob("calls.*"):
            old.unlink()
        bench.says([*words, *command], 0 if words[0] == "plan" else None, *patterns, silent=silent, LD_PRELOAD=library, FT_INJECT_ROOT=str(model), FT_INJECT_LOG=str(log))
        count = pathlib.Path(f"{log}.0").read_text().splitlines().count("read\tmodel.safetensors")
        check(0 < count < 20, f"{words}: {count} reads of the weights")

    unread = "not read: .*large/model.safetensors .77 MB., which no start in this folder has hashed"
    reads("plan", patterns=[unread, "solver .*run +not done yet"])
    reads("doctor", patterns=[unread])
    process = subprocess.Popen([bench.ftrun, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=bench.base)
    try:
        end = time.monotonic() + 60
        while not (run.folder / "input_digests.json").exists() or not list(run.folder.glob("stages/solver-*")):
            check(time.monotonic() < end and process.poll() is None, "the run notes no digests")
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    reads("plan", patterns=["solver .*run|solver .*go on"], silent=["not read"])
    reads("doctor", silent=["not read"])
    os.utime(weights)
    reads("plan", patterns=[unread, r"solver .*\? +depends on files that were not read", r"answers .*(run +not done yet|\? )"])
    weights.unlink()


def main(base):
    ftrun, library = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    began = time.monotonic()
    bench = Bench(ftrun, base)
    whole = TinyRun(ftrun, base, "whole")
    whole.to_end()
    for part in (something_else, finished, unfinished, half_sampled, damaged, in_use, exports, copied_report):
        part(bench, *([] if part is something_else else [whole]))
        print(part.__name__.replace("_", " "), flush=True)
    refused_seal(bench, whole, library)
    large_inputs(bench, library)
    print(f"large inputs; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main_of(main, "ftrun-listing-", in_memory=True)
