#!/usr/bin/env python3
"""What makes a stage begin anew and what does not, what is said of it, and which output a name means.

  identity_test.py FTRUN [CASE...]

Every kind of input is changed by one byte and must make exactly its stages begin anew, with words that name it; moved,
copied and touched files, and files that the program does not read, must change nothing. Whatever the program opens of a
model's folder must count, which inotify tells. Then: outputs are found by the record of the last start, work is never set
aside without a word, and a longer length goes on from a shorter one with the same bits."""
import ctypes
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

WORDS = """\
run: {folder: run, seed: 1}
plugins: [PLUGIN]
models:
  base: {path: M}
  small: {preset: tiny, tokenizer: T}
problems:
  train: {dataset: jsonl, path: data/train.jsonl}
  test: {dataset: arithmetic, split: test, limit: 2}
training: {lanes: 2, tokens_per_lane: 256, max_length: 128, learning_rate: 1e-3}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 2steps}
  pupil: {recipe: solution_sft, model: small, problems: train, length: 2steps}
  answers: {recipe: sample, model: base, problems: test, per_problem: 2, max_new_tokens: 4}
  counts: {recipe: rerunk, attempts: answers}
"""
SHORT = """\
run: {folder: run, seed: 1}
models: {base: {preset: tiny}}
problems:
  train: {dataset: arithmetic, split: train, limit: 40}
  test: {dataset: arithmetic, split: test, limit: 2}
training: {lanes: 2, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, save_every: 2steps, keep: 2}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 4steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 2, max_new_tokens: 8}
  report: {recipe: report, of: [answers]}
"""


def alphabet():
    """The printable stand-ins of the 256 bytes in a byte-level vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}


def tokenizer_json(merges=()):
    vocabulary = {c: b for b, c in alphabet().items()}
    for a, b in merges:
        vocabulary[a + b] = len(vocabulary)
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    end = {"id": len(vocabulary), "content": "<|end|>", "single_word": False, "lstrip": False, "rstrip": False,
           "normalized": False, "special": True}
    return {"version": "1.0", "added_tokens": [end], "normalizer": None, "pre_tokenizer": byte_level, "post_processor": None,
            "decoder": byte_level, "model": {"type": "BPE", "vocab": vocabulary, "merges": [list(m) for m in merges]}}


def write_tokenizer(folder, merges=()):
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(merges)))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|end|>"}))


def write_model(folder):
    write_tokenizer(folder)
    size, width, wide = 260, 16, 32
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": size, "hidden_size": width,
              "intermediate_size": wide, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
              "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 256, "hidden_act": "silu",
              "tie_word_embeddings": True, "torch_dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config))
    layer = "model.layers.0."
    shapes = {"model.embed_tokens": [size, width], "model.norm": [width], layer + "input_layernorm": [width],
              layer + "post_attention_layernorm": [width], layer + "self_attn.q_proj": [width, width],
              layer + "self_attn.k_proj": [width // 2, width], layer + "self_attn.v_proj": [width // 2, width],
              layer + "self_attn.o_proj": [width, width], layer + "mlp.gate_proj": [wide, width],
              layer + "mlp.up_proj": [wide, width], layer + "mlp.down_proj": [width, wide]}
    rng, header, data = random.Random(7), {}, b""
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = struct.pack(f"<{count}f", *(1.0 if "norm" in name else rng.gauss(0, 0.1) for _ in range(count)))
        header[name + ".weight"] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def append(path, text=" "):
    with open(path, "a") as file:
        file.write(text)


def flip(path, at=-3):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


class Watch:
    """The names of a folder's files that somebody opens while it is watched."""

    def __init__(self, folder):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.file = self.libc.inotify_init1(os.O_NONBLOCK)
        assert self.libc.inotify_add_watch(self.file, os.fsencode(folder), 0x20) >= 0  # IN_OPEN

    def opened(self):
        names = set()
        try:
            while data := os.read(self.file, 1 << 16):
                while data:
                    length = struct.unpack_from("iIII", data)[3]
                    if length:
                        names.add(data[16:16 + length].rstrip(b"\0").decode())
                    data = data[16 + length:]
        except BlockingIOError:
            return names


class Done:
    def __init__(self, process):
        self.code, self.said, self.out = process.returncode, process.stderr, process.stdout

    def begun(self):
        return set(re.findall(r"^stage '(\S+)' \(\w+\)$", self.said, re.M))

    def anew(self):
        return dict(re.findall(r"stage '(\S+)' begins anew: (.*)", self.said + self.out))


class Bench:
    def __init__(self, ftrun):
        self.ftrun = ftrun
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-identity-"))
        self.failed, self.passed = [], 0

    def folder(self, name, text):
        folder = self.base / name
        folder.mkdir()
        (folder / "run.yaml").write_text(text)
        return folder

    def call(self, folder, *arguments):
        return Done(subprocess.run([self.ftrun, *map(str, arguments)], capture_output=True, text=True, cwd=folder))

    def run(self, folder, *overrides):
        return self.call(folder, "run.yaml", *overrides)

    def plan(self, folder, *overrides):
        return self.call(folder, "plan", "run.yaml", *overrides)

    def expect(self, name, truth, *evidence):
        if truth:
            self.passed += 1
            return
        self.failed.append(name)
        print(f"FAILED {name}", *(f"\n   {str(e).strip()}" for e in evidence), flush=True)

    # A run that is stopped on request once it has a checkpoint.
    def run_half(self, folder, *overrides):
        saved = lambda: set(folder.glob("run/stages/*/work/checkpoints/step-*/manifest.json"))
        before = saved()
        process = subprocess.Popen([self.ftrun, "run.yaml", *overrides], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and saved() <= before:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate()
        return Done(subprocess.CompletedProcess([], process.returncode, out, said))


def output(folder, stage):
    outputs = list(folder.glob(f"run/stages/{stage}-*/output-*"))
    assert len(outputs) == 1, outputs
    return outputs[0]


def contents(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def digest(path):
    return json.loads((path / "manifest.json").read_text())["digest"]


def words_folder(bench, name):
    folder = bench.folder(name, "")
    write_model(folder / "M")
    write_tokenizer(folder / "T")
    (folder / "data").mkdir()
    lines = [{"problem": f"Add {i} and 1.", "solution": f"#### {i + 1}", "answer": str(i + 1)} for i in range(4)]
    (folder / "data" / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    # A user's plugin without a compiler: a built-in recipe under another name.
    library = pathlib.Path(bench.ftrun).resolve().parent.parent / "lib" / "ftrun" / "librecipe_rerank.so"
    data = library.read_bytes()
    assert data.count(b"\0rerank\0") == 1
    (folder / "libmine.so").write_bytes(data.replace(b"\0rerank\0", b"\0rerunk\0"))
    (folder / "run.yaml").write_text(WORDS.replace("PLUGIN", str(folder / "libmine.so")))
    return folder


# What is changed, which stages begin anew, and what is said of the first of them.
CHANGES = {
    "config": (lambda f: append(f / "M/config.json"), {"solver", "answers", "answers.verdicts", "counts"}, "model 'base': config.json changed"),
    "weights": (lambda f: flip(f / "M/model.safetensors"), {"solver", "answers", "answers.verdicts", "counts"}, "model 'base': model.safetensors changed"),
    "model's tokenizer": (lambda f: append(f / "M/tokenizer.json"), {"solver", "answers", "answers.verdicts", "counts"}, "model 'base': tokenizer.json changed"),
    "tokenizer_config": (lambda f: append(f / "M/tokenizer_config.json"), {"solver", "answers", "answers.verdicts", "counts"}, "model 'base': tokenizer_config.json changed"),
    "generation_config": (lambda f: (f / "M/generation_config.json").write_text('{"eos_token_id": 256}'), {"solver", "answers", "answers.verdicts", "counts"},
                          "model 'base': generation_config.json is new"),
    "two files": (lambda f: (append(f / "M/config.json"), append(f / "M/tokenizer.json")), {"solver", "answers", "answers.verdicts", "counts"},
                  "model 'base': config.json, tokenizer.json changed"),
    "preset's tokenizer": (lambda f: write_tokenizer(f / "T", (("#", "#"),)), {"pupil"}, "model 'small': tokenizer.json changed"),
    "problem file": (lambda f: flip(f / "data/train.jsonl", -4), {"solver", "pupil"}, "problem set 'train': train.jsonl changed"),
    "problem added": (lambda f: append(f / "data/train.jsonl", '{"problem": "x", "solution": "y", "answer": "1"}\n'), {"solver", "pupil"},
                      "problem set 'train': train.jsonl changed"),
    "plugin": (lambda f: append(f / "libmine.so"), {"counts"}, "plugin '.*libmine.so' changed"),
    "seed": ("run.seed=2", {"solver", "pupil", "answers", "answers.verdicts", "counts"}, "run.seed was 1, is 2"),
    "training key": ("training.lanes=4", {"solver", "pupil"}, "training.lanes was 2, is 4"),
    "key of a stage": ("stages.solver.warmup=1steps", {"solver"}, "stages.solver.warmup was 0steps, is 1steps|training.warmup was 0steps, is 1steps|warmup was .*, is 1steps"),
    "length": ("stages.solver.length=3steps", {"solver"}, "stages.solver.length was 2steps, is 3steps"),
    "template": ("prompts.solver='Q: {problem} A: '", {"solver", "pupil", "answers", "answers.verdicts", "counts"}, "prompts.solver was .*, is .*Q: "),
    "preset": ("models.small.preset=tiny-gqa", {"pupil"}, "models.small.preset was tiny, is tiny-gqa"),
    "another model": ("stages.pupil.model=base", {"pupil"}, "model was model 'small', is model 'base'"),
    "another set": ("stages.pupil.problems=test", {"pupil"}, "problems was problem set 'train', is problem set 'test'"),
    "set's key": ("problems.test.split=train", {"answers", "answers.verdicts", "counts"}, "problems.test.split was test, is train"),
    "limit of training problems": ("problems.train.limit=3", {"solver", "pupil"}, r"problems.train.limit was none \(all problems\), is 3"),
    "convention": ("grading.units=required", {"answers.verdicts"}, "grading.units was optional, is required"),
    "attempts": ("stages.answers.temperature=0.5", {"answers", "answers.verdicts", "counts"}, "stages.answers.temperature was .*, is 0.5"),
    "more attempts": ("stages.answers.per_problem=3", {"counts"}, "its attempts, stage 'answers', is another: per_problem was 2, is 3"),
}
SAME = {
    "a file that is not read": lambda f: [(f / "M" / n).write_text("{}") for n in ("README.md", "trainer_state.json", "training_args.bin", "x.safetensors",
                                                                              "pytorch_model.bin.index.json", ".hidden.json")],
    "touched": lambda f: [os.utime(p, (1, 1)) for p in f.rglob("*") if p.is_file()],
    "model moved": lambda f: (f / "M").rename(f / "elsewhere") and ["models.base.path=elsewhere"],
    "tokenizer moved": lambda f: (f / "T").rename(f / "words") and ["models.small.tokenizer=words"],
    "data moved": lambda f: (f / "data/train.jsonl").rename(f / "t.jsonl") and ["problems.train.path=t.jsonl"],
    "plugin moved": lambda f: (f / "libmine.so").rename(f / "libyours.so") and [f"plugins=[{f}/libyours.so]"],
    "run folder copied without times": lambda f: shutil.copytree(f / "run", f / "copy", copy_function=shutil.copy) and ["run.folder=copy"],
    "run folder moved": lambda f: (f / "run").rename(f / "moved") and ["run.folder=moved"],
}


def case_content(bench):
    folder = words_folder(bench, "content")
    watch = Watch(folder / "M"), Watch(folder / "T")
    first = bench.run(folder)
    opened = [w.opened() for w in watch]
    bench.expect("the first run", first.code == 0 and not first.anew() and first.begun() == {"solver", "pupil", "answers", "answers.verdicts", "counts"}, first.said)
    if first.code != 0:
        return
    for stage, names in (("solver", opened[0]), ("pupil", opened[1])):
        inputs = json.loads((output(folder, stage).parent / "inputs.json").read_text())["inputs"]
        counted = {f["name"] for i in inputs if i["what"] == "model" for f in i["files"]}
        bench.expect(f"what is opened of the model of '{stage}' counts", names and names <= counted, names, counted)

    for name, change in SAME.items():
        trial = bench.base / ("same " + name)
        shutil.copytree(folder, trial)
        (trial / "run.yaml").write_text(WORDS.replace("PLUGIN", str(trial / "libmine.so")))
        overrides = change(trial)
        overrides = overrides if overrides and isinstance(overrides[0], str) else []
        done = bench.plan(trial, *overrides)
        bench.expect("same: " + name, done.code == 0 and not done.anew() and len(re.findall(r"\bskip\b", done.out)) == 5, done.said, done.out)
        shutil.rmtree(trial)

    for name, (change, stages, words) in CHANGES.items():
        trial = bench.base / ("changed " + name)
        shutil.copytree(folder, trial)
        (trial / "run.yaml").write_text(WORDS.replace("PLUGIN", str(trial / "libmine.so")))
        overrides = [change] if isinstance(change, str) else []
        if not overrides:
            change(trial)
        done = bench.plan(trial, *overrides)
        anew = done.anew()
        first_stage = next((s for s in ("solver", "pupil", "answers", "answers.verdicts", "counts") if s in stages), None)
        bench.expect("changed: " + name, done.code == 0 and set(anew) == stages and re.search(words, anew.get(first_stage, "")), sorted(stages), words,
                     done.said, done.out)
        shutil.rmtree(trial)

    # The run says what the plan says, in the log too; and what was done is done.
    append(folder / "M/config.json")
    done = bench.run(folder)
    log = (folder / "run/log.txt").read_text()
    bench.expect("the run says it", done.code == 0 and set(done.anew()) == {"solver", "answers", "answers.verdicts", "counts"} and
                 re.search(r"solver' begins anew: model 'base': config.json changed; finished, 2 steps \(.* in run/stages/solver-\w{12} are set aside", log), done.said)
    again = bench.run(folder)
    bench.expect("said once", again.code == 0 and not again.anew() and not again.begun(), again.said)


def case_half_way(bench):
    """A vocabulary that changes under a stage which is half done: nothing of the old one goes into the new one."""
    folder = words_folder(bench, "half way")
    run = ["stages.pupil.length=4000steps", "training.save_every=2steps"]
    text = (folder / "run.yaml").read_text()
    (folder / "run.yaml").write_text(re.sub(r"  (solver|answers|counts): .*\n", "", text))
    half = bench.run_half(folder, *run)
    bench.expect("stopped half way", half.code == 75, half.said)
    before = set((folder / "run/stages").iterdir())
    write_tokenizer(folder / "T", (("#", "#"), ("##", "##")))
    done = bench.run(folder, *run, "run.time_limit=1s")
    bench.expect("another vocabulary begins anew", done.code == 75 and "going on from" not in done.said and
                 re.search(r"model 'small': tokenizer.json changed; \d+ steps?", done.anew().get("pupil", "")), done.said)
    for path in before:
        kept = {hashlib.sha256(p.read_bytes()).hexdigest() for p in path.rglob("tokenizer.json")}
        bench.expect("old checkpoints keep the old vocabulary", len(kept) == 1, kept)
    write_tokenizer(folder / "T")
    back = bench.run(folder, *run, "run.time_limit=1s")
    bench.expect("the old vocabulary goes on from the old work", back.code == 75 and "going on from" in back.said and
                 "goes on with what it made of these settings before" in back.said, back.said)


def case_last_start(bench):
    folder = bench.folder("last start", SHORT)
    bench.run(folder)
    old = output(folder, "solver")
    second = bench.run(folder, "training.learning_rate=5e-3")
    bench.expect("two settings", second.code == 0 and set(second.anew()) == {"solver", "answers", "answers.verdicts", "report"}, second.said)
    new = next(p for p in folder.glob("run/stages/solver-*/output-*") if p != old)
    shown = lambda f, path: bench.call(f, "inspect", path).out.splitlines()[:1]
    bench.expect("the last start's output", shown(folder, "run/solver") == [str(new.relative_to(folder))], shown(folder, "run/solver"))
    for path in ("run/solver/", "run/stages/solver", "./run/solver"):
        bench.expect("by " + path, shown(folder, path) and shown(folder, path)[0].endswith(new.name) and new.parent.name in shown(folder, path)[0], shown(folder, path))
    bench.run(folder)
    meant = [str(old.relative_to(folder))]
    bench.expect("back to the first settings", shown(folder, "run/solver") == meant, shown(folder, "run/solver"))
    bench.expect("a stage's folder of other settings", shown(folder, new.parent) == [str(new)], shown(folder, new.parent))
    listing = bench.call(folder, "inspect", "run").out
    bench.expect("the listing marks older settings", len(re.findall("of other settings", listing)) == 4, listing)

    for name, copy in (("copied", lambda a, b: shutil.copytree(a, b, copy_function=shutil.copy)), ("touched", None)):
        target = folder / "run"
        if copy:
            target = folder / name / "run"
            copy(folder / "run", target)
        for p in sorted(target.rglob("*"), reverse=copy is None):
            os.utime(p)
        where = target.parent
        bench.expect(f"{name}: the same output", shown(where, "run/solver") == meant, shown(where, "run/solver"))
        verified = bench.call(where, "verify", "run/solver")
        bench.expect(f"{name}: verify", verified.code == 0 and str(old.relative_to(folder)) in verified.out, verified.out)
        exported = bench.call(where, "export", "run/solver", "out")
        weights = json.loads((old / "manifest.json").read_text())["body"]["weights_digest"]
        bench.expect(f"{name}: export", exported.code == 0 and weights in exported.out, exported.out, exported.said)

    # A flipped byte in a parent leaves no child sound.
    flip(folder / "copied" / old.relative_to(folder) / "index.h5")
    unsound = bench.call(folder / "copied", "verify", "run/report")
    bench.expect("a parent's bytes are read", unsound.code == 1 and "index.h5 is damaged" in unsound.out and "BROKEN" in unsound.out, unsound.out)

    # Which number of attempts.
    more = bench.run(folder, "stages.answers.per_problem=4")
    bench.expect("more attempts are no other attempts", more.code == 0 and "answers" not in more.anew(), more.said)
    outputs = sorted(next(p for p in (folder / "run/stages").glob("answers-*") if len(list(p.glob("output-*"))) == 2).glob("output-*"))
    count = lambda: json.loads((folder / shown(folder, "run/answers")[0] / "manifest.json").read_text())["body"]["summary"]["per_problem"]
    bench.expect("four attempts are meant", count() == 4)
    bench.run(folder)
    bench.expect("two attempts are meant", count() == 2)
    bench.expect("by the stage's folder", shown(folder, outputs[0].parent)[0].endswith(pathlib.Path(shown(folder, "run/answers")[0]).name))

    # Work that is not finished is never answered with older work.
    half = bench.run_half(folder, "training.learning_rate=7e-3", "stages.solver.length=4000steps")
    bench.expect("a third setting is stopped", half.code == 75, half.said)
    refused = bench.call(folder, "export", "run/solver", "never")
    bench.expect("an unfinished output is named, with the finished ones", refused.code == 2 and not (folder / "never").exists() and
                 "not finished" in refused.said and str(old.relative_to(folder)) in refused.said and str(new.relative_to(folder)) in refused.said, refused.said)

    # Run folders of older programs.
    (folder / "run/last_start.json").unlink()
    for command in (["inspect", "run/solver"], ["verify", "run/solver"], ["export", "run/solver", "never"]):
        listed = bench.call(folder, *command)
        bench.expect("several and no record: " + command[0], listed.code == 2 and str(old.relative_to(folder)) in listed.said and
                     str(new.relative_to(folder)) in listed.said, listed.said)
    bench.expect("an output given by its path", shown(folder, old) == [str(old)])
    bench.expect("a stage's folder with one output", shown(folder, old.parent) == [str(old)])
    (folder / "run/last_start.json").write_text("{")
    broken = bench.call(folder, "inspect", "run/solver")
    bench.expect("a broken record is named", broken.code == 1 and "last_start.json" in broken.said, broken.said)
    mended = bench.run(folder)
    bench.expect("a start mends it", mended.code == 0 and not mended.begun() and shown(folder, "run/solver") == meant, mended.said)


def case_refuse(bench):
    folder = bench.folder("refuse", SHORT)
    refuse = "run.restart=refuse"
    first = bench.run(folder, refuse)
    bench.expect("nothing there, nothing refused", first.code == 0, first.said)
    before = contents(folder / "run")
    refused = bench.run(folder, refuse, "training.lanes=4")
    bench.expect("refused", refused.code == 2 and refused.anew().get("solver", "").startswith("training.lanes was 2, is 4; finished, 4 steps") and
                 "--yes" in refused.said, refused.said)
    after = contents(folder / "run")
    told = {"lock", "exit_code"}  # of the start itself
    bench.expect("nothing was touched", {n: d for n, d in after.items() if n not in told} == {n: d for n, d in before.items() if n not in told}, set(after.items()) ^ set(before.items()))
    planned = bench.plan(folder, refuse, "training.lanes=4")
    bench.expect("the plan refuses too", planned.code == 2 and "--yes" in planned.said, planned.said)
    same = bench.run(folder, refuse)
    bench.expect("the same settings are not refused", same.code == 0, same.said)
    more = bench.run(folder, refuse, "stages.answers.per_problem=3")
    bench.expect("more of the same is not refused", more.code == 0 and more.begun() == {"answers", "answers.verdicts", "report"}, more.said)
    allowed = bench.call(folder, "--yes", "run.yaml", refuse, "training.lanes=4")
    bench.expect("--yes", allowed.code == 0 and "solver" in allowed.anew(), allowed.said)
    (folder / "run.yaml").write_text(SHORT.replace("solver", "learner").replace("solution_sft", "solution_sft"))
    renamed = bench.run(folder, refuse)
    bench.expect("a renamed stage", renamed.code == 2 and "it was named 'solver'" in renamed.said, renamed.said)


def weights_of(folder, length):
    for path in folder.glob("run/stages/solver-*/output-*"):
        manifest = json.loads((path / "manifest.json").read_text())
        if f"length: {length}\n" in manifest["body"]["metadata"]["extent"]:
            return manifest["digest"], manifest["body"]["weights_digest"]
    return None


def case_longer(bench):
    solver_only = re.sub(r"  (answers|report): .*\n", "", SHORT)
    for name, keys, units in (("constant", {"schedule": "constant"}, ("4steps", "8steps")),
                              ("horizon", {"schedule": "cosine", "schedule_length": "10steps", "final_learning_rate": "0.1"}, ("4steps", "8steps")),
                              ("epochs", {"schedule": "constant", "validation": "test", "save_every": "100steps"}, ("1epochs", "2epochs"))):
        short, long = (f"stages.solver.length={u}" for u in units)
        settings = [f"stages.solver.{k}={v}" for k, v in keys.items()]
        grown, whole = bench.folder(name + " grown", solver_only), bench.folder(name + " whole", solver_only)
        bench.run(whole, *settings, long)
        bench.run(grown, *settings, short)
        first = weights_of(grown, units[0])
        done = bench.run(grown, *settings, long)
        bench.expect(f"{name}: goes on", done.code == 0 and "going on from" in done.said and not done.anew(), done.said)
        bench.expect(f"{name}: the same manifest as of one run", weights_of(grown, units[1]) == weights_of(whole, units[1]) != None,
                     weights_of(grown, units[1]), weights_of(whole, units[1]))
        back = bench.run(grown, *settings, short)
        bench.expect(f"{name}: the shorter one is still done", back.code == 0 and not back.begun() and weights_of(grown, units[0]) == first, back.said)
        # The shorter one from the longer one's folder: nothing beyond its end may be taken.
        shrunk = bench.run(whole, *settings, short)
        bench.expect(f"{name}: shorter after longer", shrunk.code == 0 and weights_of(whole, units[0]) == first, shrunk.said)
        if name == "constant":
            again = bench.run(whole, *settings, "stages.solver.length=10steps")
            bench.expect("longer again", again.code == 0 and "step-00000008" in again.said, again.said)
            shutil.rmtree(next(grown.glob("run/stages/solver-*")) / "work")
            gone = bench.run(grown, *settings, "stages.solver.length=6steps")
            bench.expect("checkpoints that are gone are missed aloud", gone.code == 0 and "no checkpoint to go on from is left" in gone.said, gone.said)
    folder = bench.folder("best", solver_only)
    best = ["stages.solver.schedule=constant", "stages.solver.validation=test", "stages.solver.result=best"]
    bench.run(folder, *best)
    anew = bench.run(folder, *best, "stages.solver.length=6steps")
    bench.expect("result: best begins anew", "stages.solver.length was 4steps, is 6steps" in anew.anew().get("solver", ""), anew.said)
    useless = bench.plan(folder, "stages.solver.schedule=constant", "stages.solver.schedule_length=9steps")
    bench.expect("a horizon of what does not fall", useless.code == 0 and "schedule_length" in useless.said + useless.out and
                 "has no effect" in useless.said + useless.out, useless.said, useless.out)


BAD_NAMES = ["../../../x", "a/b", "/etc/x", ".", "..", ".hidden", "-x", " x", "x ", "", "a\tb", "a\nb", "a\u0007b", "a\u200fb", "a\u202eb", "x" * 300]
GOOD_NAMES = ["solver_2", "a.b", "a-b", "Lösung", "解", "a b", "x" * 200]


def case_names(bench):
    folder = bench.folder("names", SHORT)

    def planned(key, name):
        quoted = json.dumps(name, ensure_ascii=False)
        text = re.sub(rf"(?<!split: )\b{key}\b", lambda _: quoted, SHORT)
        (folder / "run.yaml").write_text(text)
        return bench.plan(folder)

    # Every name as a stage's, where it becomes a folder; some as others': tests/unit/recipe/names_test.cpp has them all.
    for kind, key, place, bad, good in (("stage", "solver", "8:", BAD_NAMES, GOOD_NAMES), ("model", "base", "2:", BAD_NAMES[:3], GOOD_NAMES[:1]),
                                        ("problem set", "train", "4:", BAD_NAMES[:3], GOOD_NAMES[:1])):
        for name in bad:
            done = planned(key, name)
            bench.expect(f"{kind} {name!r}", done.code == 2 and re.search(rf"run\.yaml:{place}\d+: '.*' is no name for a {kind}: ", done.said) and
                         len(done.said.splitlines()) == 1, done.said)
        for name in good:
            done = planned(key, name)
            bench.expect(f"{kind} {name!r}", done.code == 0, done.said)
    bench.expect("nothing was made", sorted(p.name for p in folder.iterdir()) == ["run.yaml"], list(folder.iterdir()))


def main():
    bench = Bench(os.path.abspath(sys.argv[1]))
    cases = {name[5:]: function for name, function in globals().items() if name.startswith("case_")}
    try:
        for name in sys.argv[2:] or cases:
            begun = time.monotonic()
            cases[name](bench)
            print(f"{name}: {time.monotonic() - begun:.1f} s", flush=True)
    finally:
        shutil.rmtree(bench.base, ignore_errors=True)
    print(f"{bench.passed} passed, {len(bench.failed)} failed {bench.failed or ''}")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
