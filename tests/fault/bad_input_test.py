#!/usr/bin/env python3
"""What a user can get wrong, one case each: exit code, and the words that say what, where and what to do.

  bad_input_test.py FTRUN [NAME...]

Every case starts from one sound run file and one sound run folder, changes one thing, and checks that the message names
it. Prints each case with its message."""
import json
import math
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import early_mistakes

SOUND = """\
run: {folder: FOLDER/run, seed: 1}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: 40}
  test: {dataset: arithmetic, split: test, limit: 3}
training: {lanes: 2, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, save_every: 2steps}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 6steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 4, max_new_tokens: 24}
  report: {recipe: report, of: [answers]}
"""
CASES = {}


def case(code, *patterns):
    """Registers a function(folder) -> (run file text, extra arguments, options) with the exit code and words to expect."""
    def register(function):
        CASES[function.__name__] = (function, code, patterns)
        return function
    return register


def changed(old, new):
    assert old in SOUND, old
    return SOUND.replace(old, new, 1), []


# The run file.
@case(2, r"run\.yaml:1:1: unknown section 'runn'", "did you mean 'run'")
def unknown_section(_): return changed("run:", "runn:")
@case(2, r"run\.yaml:7:\d+: .*learing_rate", "learning_rate")
def unknown_training_key(_): return changed("learning_rate", "learing_rate")
@case(2, r"run\.yaml:10:\d+: .*temperatur\b", "temperature")
def unknown_stage_key(_): return changed("per_problem: 4", "temperatur: 0.5")
@case(2, r"run\.yaml:7:\d+:", "ten")
def wrong_type(_): return changed("lanes: 2", "lanes: ten")
@case(2, r"run\.yaml:9:\d+:", "steps")
def length_without_unit(_): return changed("6steps", "6")
@case(2, r"run\.yaml:7:\d+:", "lanes")
def out_of_range(_): return changed("lanes: 2", "lanes: 0")
@case(2, r"run\.yaml:9:\d+:", "model")
def required_key_missing(_): return changed("model: base, ", "")
@case(2, r"run\.yaml:9:\d+: there is no recipe 'solution_stf'", "solution_sft")
def unknown_recipe(_): return changed("recipe: solution_sft", "recipe: solution_stf")
@case(2, r"run\.yaml:10:\d+: there is no model 'slover'", "did you mean 'solver'")
def unknown_reference(_): return changed("model: solver", "model: slover")
@case(2, r"run\.yaml:9:\d+: 'answers' is used before it is made", "above")
def used_before_made(_): return changed("model: base, ", "model: answers, ")
@case(2, r"run\.yaml:9:\d+: the name 'base' is used twice")
def name_twice(_): return changed("  solver:", "  base:")
@case(2, r"run\.yaml:1[01]:\d+:", "model")
def wrong_kind_of_input(_): return changed("model: solver, problems: test", "model: solver, problems: train}\n  more: {recipe: sample, model: answers, problems: test")
@case(2, r"run\.yaml:\d+:\d+:")
def yaml_syntax(_): return changed("{recipe: report, of: [answers]}", "{recipe: report, of: [answers}")
@case(2, r"run\.yaml:9:\d+:", "problems")
def key_twice(_): return changed("problems: train, length", "problems: train, problems: test, length")
@case(2, "no stages")
def no_stages(_): return SOUND[:SOUND.index("stages:")], []
@case(2, "nothing.yaml")
def no_run_file(folder): return SOUND, [str(folder / "nothing.yaml")]
@case(2, "solvr", "solver")
def override_to_nowhere(_): return SOUND, ["stages.solvr.length=3steps"]
@case(2, "lannes", "lanes")
def override_of_unknown_key(_): return SOUND, ["training.lannes=4"]
@case(2, "argument 'training.lanes=8': 'training.lanes' is set twice; the other is argument 'training.lanes=4'")
def override_twice(_): return SOUND, ["training.lanes=4", "training.lanes=8"]
@case(2, "argument 'training={lanes: 4}': it would take the place of the whole section 'training', and tokens_per_lane, max_length, learning_rate, save_every would no longer be set; set single keys, as in training.lanes=VALUE")
def override_of_a_section(_): return SOUND, ["training={lanes: 4}"]
@case(2, "it would undo argument 'stages.solver.length=3steps', which stands before it")
def override_undone(_): return SOUND, ["stages.solver.length=3steps", "stages.solver={recipe: solution_sft, model: base, problems: train}"]
@case(2, r"'presett\\x00\\x1b\[31m'|unknown model preset 'x\\x00\\x1b", "presets|tiny")
def control_characters(_): return changed("preset: tiny", 'preset: "x\\0\\e[31m"')
@case(2, r"run\.yaml:3:\d+: .*exactly one of 'preset' and 'path'")
def preset_and_path(_): return changed("{preset: tiny}", "{preset: tiny, path: x}")
@case(2, r"run\.yaml:2:\d+: prompts\.solver: .*lacks the placeholder \{problem\}")
def prompt_without_problem(_): return changed("models:", "prompts: {solver: 'Solve it.'}\nmodels:")
@case(2, "gpu", "cpu, cuda")
def unknown_device(_): return SOUND, ["parallel.device=gpu"]


if not pathlib.Path("/proc/driver/nvidia/version").exists():
    @case(2, "parallel.device is cuda, but there is no NVIDIA driver", "set parallel.device: cpu")
    def cuda_without_driver(_): return SOUND, ["parallel.device=cuda"]
# Models, tokenizers.
@case(2, r"run\.yaml:3:9: model 'base': unknown model preset 'huge'", "tiny")
def unknown_preset(_): return changed("preset: tiny", "preset: huge")
@case(2, r"run\.yaml:3:\d+: .*no config\.json")
def no_model_folder(folder): return changed("{preset: tiny}", "{path: " + str(folder) + "}")


def sound_weights():
    """Zeros in the shapes of the config below."""
    layer = "model.layers.0."
    shapes = {"model.embed_tokens": [64, 16], "model.norm": [16], layer + "input_layernorm": [16], layer + "post_attention_layernorm": [16],
              **{f"{layer}self_attn.{p}_proj": [16, 16] for p in "qkvo"},
              layer + "mlp.gate_proj": [32, 16], layer + "mlp.up_proj": [32, 16], layer + "mlp.down_proj": [16, 32]}
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 4 * math.prod(shape)
        header[name + ".weight"] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(end)


def model_folder(folder, config=None, tokenizer=None, weights=None):
    model = folder / "model"
    model.mkdir()
    sound = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 64, "hidden_size": 16, "intermediate_size": 32,
             "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
             "max_position_embeddings": 256, "hidden_act": "silu", "tie_word_embeddings": True, "torch_dtype": "float32"}
    (model / "config.json").write_text(json.dumps({**sound, **(config or {})}))
    (model / "tokenizer.json").write_text(json.dumps(tokenizer or {"model": {"type": "Unigram", "vocab": []}}))
    (model / "model.safetensors").write_bytes(sound_weights() if weights is None else weights)
    return changed("{preset: tiny}", "{path: " + str(model) + "}")


@case(2, r"run\.yaml:3:9: model 'base': .*config\.json: .*gelu")
def unsupported_activation(folder): return model_folder(folder, {"hidden_act": "gelu"}, {"version": "1.0", "added_tokens": [{"id": 0, "content": "<e>", "special": True}], "model": {"type": "BPE", "vocab": {"<e>": 0, "a": 1}, "merges": []}})
@case(2, r"run\.yaml:3:9: model 'base': .*tokenizer\.json: .*Unigram")
def unsupported_tokenizer(folder): return model_folder(folder)
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
def split_by(pattern):
    cut = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return {"version": "1.0", "added_tokens": [{"id": 0, "content": "<e>", "special": True}], "decoder": BYTES,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [cut, BYTES]}, "model": {"type": "BPE", "vocab": {"<e>": 0, "a": 1}, "merges": []}}
@case(2, r"run\.yaml:3:9: model 'base': .*tokenizer\.json: the pattern '\\X' cannot be taken over: \\X at character 1")
def untranslatable_pattern(folder): return model_folder(folder, {"eos_token_id": 0}, split_by("\\X"))
@case(2, r"run\.yaml:3:9: model 'base': .*tokenizer\.model: is .*SentencePiece.*save_pretrained")
def sentencepiece_file_alone(folder):
    text = model_folder(folder)
    (folder / "model" / "tokenizer.json").rename(folder / "model" / "tokenizer.model")
    return text
@case(2, "tokenizer.json")
def tokenizer_no_json(folder):
    text = model_folder(folder)
    (folder / "model" / "tokenizer.json").write_text("{")
    return text
# Data.
def jsonl(folder, text):
    (folder / "data.jsonl").write_text(text)
    return changed("{dataset: arithmetic, split: train, limit: 40}", "{dataset: jsonl, path: " + str(folder / "data.jsonl") + "}")
@case(2, r"run\.yaml:5:\d+: .*gsm9k", "gsm8k")
def unknown_dataset(_): return changed("dataset: arithmetic, split: train, limit: 40", "dataset: gsm9k")
@case(2, "none.jsonl")
def data_file_missing(_): return changed("{dataset: arithmetic, split: train, limit: 40}", "{dataset: jsonl, path: none.jsonl}")
@case(2, r"data\.jsonl:2:13: not valid JSON", r"in stage 'solver', .*run\.yaml:9:")
def data_line_no_json(folder): return jsonl(folder, '{"problem": "1+1?", "solution": "2", "answer": "2"}\n{"problem": \n')
@case(2, r"data\.jsonl:1: .*'problem'", "probelm")
def data_field_missing(folder): return jsonl(folder, '{"probelm": "1+1?", "solution": "2", "answer": "2"}\n')
@case(2, r"data\.jsonl:1: ")
def data_field_of_wrong_type(folder): return jsonl(folder, '{"problem": 7, "solution": "2", "answer": "2"}\n')
@case(2, "data.jsonl")
def data_file_empty(folder): return jsonl(folder, "")
@case(2, r"problem '.*', solution 1: .*cannot express '\w' at byte", r"in stage 'solver', .*run\.yaml:9:")
def text_outside_the_vocabulary(folder): return jsonl(folder, '{"problem": "Integrate x", "solution": "zzz", "answer": "2"}\n')
# Plugins.
@case(2, r"run\.yaml:2:\d+: plugin .*none\.so was refused: there is no such file")
def plugin_missing(_): return changed("models:", "plugins: [./none.so]\nmodels:")
@case(2, r"run\.yaml:2:\d+: plugin .*refused: it is no ftrun recipe")
def plugin_of_another_kind(folder):
    source = folder / "x.c"
    source.write_text("int x;\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "x.so", source], check=True)
    return changed("models:", f"plugins: [{folder}/x.so]\nmodels:")
# Folders and machines.
@case(2, "file/run")
def folder_below_a_file(folder):
    (folder / "file").write_text("")
    return changed("FOLDER/run", "FOLDER/file/run")
@case(2, r"run\.yaml:2:\d+: .*do not divide by parallel\.tensor 4")
def tensor_does_not_divide_the_ranks(_): return changed("models:", "parallel: {tensor: 4}\nmodels:")
@case(2, r"run\.yaml:2:\d+: 3 ranks cannot share one copy of model 'base': it has 8 attention heads; sizes that fit it: 1, 2, 4, 8")
def tensor_does_not_divide_the_model(_): return changed("models:", "parallel: {tensor: 3}\nmodels:")


@case(2, r"run\.yaml:9:57: there is no problem set 'trian'", "did you mean 'train'")
def unknown_problem_set(_): return changed("problems: train", "problems: trian")
@case(2, r"run\.yaml:9:92: there is no problem set 'tset'", "did you mean 'test'")
def unknown_validation_set(_): return changed("length: 6steps", "length: 6steps, validation: tset")
@case(2, r"too long: \d+ tokens, max_length is 16", "too_long: drop", "in stage 'solver'")
def too_long_refused(_): return changed("max_length: 128", "max_length: 16, too_long: refuse")
@case(2, r"run\.yaml:9:\d+: stage 'solver': problems gives no training examples: all were left out as too long")
def everything_too_long(_): return changed("max_length: 128", "max_length: 4")
@case(2, r"run\.yaml:10:\d+: stage 'answers': max_new_tokens is 100000: problem '.*' needs \d+ tokens", "lower max_new_tokens")
def longer_than_the_model(_): return changed("max_new_tokens: 24", "max_new_tokens: 100000")
@case(2, r"run\.yaml:3:9: model 'base': ", "tokenizer|nowhere")
def no_tokenizer_folder(_): return changed("{preset: tiny}", "{preset: tiny, tokenizer: nowhere}")
@case(2, r"run\.yaml:3:9: model 'base': .*model\.safetensors: a header of \d+ bytes in a file of 8")
def weights_cut_off(folder): return model_folder(folder, tokenizer={"version": "1.0", "added_tokens": [{"id": 0, "content": "<e>", "special": True}],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}, "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"<e>": 0, "a": 1}, "merges": []}}, config={"eos_token_id": 0}, weights=b"12345678")


def outcome(folder):
    reports = list((folder / "run").glob("stages/report-*/output-*/report.json"))
    return json.loads(reports[0].read_text())["results"] if reports else None


class Bench:
    def __init__(self, ftrun):
        self.ftrun = ftrun
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-bad-"))
        self.failed = []
        self.passed = 0

    def run(self, folder, text, extra=(), limit=None, ranks=1, command=(), prefix=()):
        (folder / "run.yaml").write_text(text.replace("FOLDER", str(folder)))
        arguments = list(extra)
        first = [] if arguments and arguments[0].endswith(".yaml") else [str(folder / "run.yaml")]
        def less_space():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        launcher = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []
        return subprocess.run([*prefix, *launcher, self.ftrun, *command, *first, *arguments], capture_output=True, text=True, cwd=folder, preexec_fn=less_space)

    def check(self, name, done, code, patterns):
        said = done.stderr.strip()
        wrong = []
        if done.returncode != code:
            wrong.append(f"exit code {done.returncode} instead of {code}")
        wrong += [f"no '{p}'" for p in patterns if not re.search(p, said)]
        errors = [line for line in said.splitlines() if line.startswith("ftrun: ")] or said.splitlines()
        print(f"{'FAILED' if wrong else 'ok'} {name}: {errors[-1] if errors else said[-200:]}", flush=True)
        if wrong:
            self.failed.append(name)
            print("   " + "; ".join(wrong) + "\n   " + said.replace("\n", "\n   "))
        else:
            self.passed += 1

    def folder(self, name):
        folder = self.base / name
        folder.mkdir()
        return folder

    def static_cases(self, names):
        for name, (function, code, patterns) in CASES.items():
            if names and name not in names:
                continue
            folder = self.folder(name)
            text, extra = function(folder)
            self.check(name, self.run(folder, text, extra), code, patterns)
            # Mistakes in the run file itself leave no trace.
            if code == 2 and (folder / "run" / "stages").exists() and outcome(folder) is not None:
                self.failed.append(name + ": something was left behind")

    # Told before anything is made, within five seconds of processor time, and by `ftrun plan` in the same words; by the doctor
    # too, whose own looks at the machine take a while: on some.
    def early_cases(self, names):
        for number, (name, (function, code, patterns)) in enumerate(early_mistakes.CASES.items()):
            if names and name not in names:
                continue
            folder = self.folder(name)
            text, extra = function(folder)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = self.run(folder, text, extra)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.check(name, done, code, patterns)
            self.expect(name, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 5, "it took more than five seconds")
            self.expect(name, not (folder / "run").exists(), "something was made in the run folder")
            said = [line for line in done.stderr.splitlines() if line.startswith("ftrun: ")]
            planned = self.run(folder, text, extra, command=["plan"])
            self.expect(name, said and said[-1] in planned.stderr.splitlines() and planned.returncode == code, "plan says something else: " + planned.stderr)
            if number % 8 == 0 or names:
                examined = self.run(folder, text, extra, command=["doctor"])
                self.expect(name, said and said[-1].removeprefix("ftrun: ") in examined.stdout and examined.returncode == code,
                            "the doctor says something else: " + examined.stdout)
            self.expect(name, not (folder / "run").exists(), "plan or doctor made something in the run folder")

    # Legal, and said with its place: by the plan, and by one run as well.
    def warnings(self, names):
        for name, (text, patterns) in early_mistakes.WARNINGS.items():
            if not names or name in names:
                self.check(name, self.run(self.folder(name), text, command=["plan"]), 0, patterns)
        sound = early_mistakes.SOUND
        if not names or "ranks_without_lanes" in names:
            folder = self.folder("ranks_without_lanes")
            idle = r"warning: \S*run\.yaml:7:\d+: stage 'solver': lanes is 2: 62 of 64 data ranks have no lane to compute; use at least 64 lanes or at most 2"
            self.check("ranks_without_lanes", self.run(folder, sound, ["--ranks", "64"], command=["plan"]), 0, [idle])
            one = sound.replace("lanes: 2", "lanes: 1")
            self.check("ranks_without_lanes", self.run(folder, one, ranks=2), 0, [r"warning: .*stage 'verifier': lanes is 1: 1 of 2 data ranks have no lane"])

    def expect(self, name, fact, words):
        if not fact:
            self.failed.append(name)
            print(f"FAILED {name}: {words}", flush=True)

    # Command lines without a run file: the hint, and no more than a few lines.
    def command_lines(self, names):
        if names and "command_lines" not in names:
            return
        folder = self.folder("command_lines")
        (folder / "run.yaml").write_text(SOUND)
        for arguments, words in ((["pln", "run.yaml"], "there is no command and no run file 'pln'; did you mean 'ftrun plan'?"),
                                 (["inspec", "run"], "did you mean 'ftrun inspect'?"),
                                 (["run2.yaml"], "cannot read the run file run2.yaml: No such file"),
                                 (["plan", "run.yaml", "--ranks", "0"], "--ranks: must be a whole number from 1 to 1000000, but is '0'"),
                                 (["plan", "run.yaml", "--ranks", "99999999999"], "--ranks: must be a whole number from 1 to 1000000, but is '99999999999'"),
                                 (["plan", "run.yaml", "--ranks-per-host", "x"], "--ranks-per-host: must be a whole number from 1 to 1000000, but is 'x'")):
            done = subprocess.run([self.ftrun, *arguments], capture_output=True, text=True, cwd=folder)
            self.check("command_lines " + " ".join(arguments), done, 2, [re.escape(words)])
            self.expect("command_lines", len(done.stderr) < 400, done.stderr)
        with open("/dev/full", "w") as full:
            done = subprocess.run([self.ftrun, "explain"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=folder)
        self.check("command_lines > /dev/full", done, 1, ["^ftrun: standard output cannot be written: No space left on device$"])

    # What only shows while a stage runs, and must end in words all the same.
    def running_cases(self, names):
        def wanted(name):
            return not names or name in names

        sound = early_mistakes.SOUND
        untrained = early_mistakes.changed("attempts: answers, loss: both, reference_is_right: true", "attempts: answers, loss: both")
        if wanted("solver_that_solves_nothing"):
            self.check("solver_that_solves_nothing", self.run(self.folder("solver_that_solves_nothing"), untrained), 2,
                       [r"nothing to learn from: of 12 attempts of 'answers' at 3 problems 0 are right, \d+ wrong, \d+ without a readable answer, \d+ undecided; "
                        r"0 problems have both", "reference_is_right: true", r"in stage 'verifier', \S*run\.yaml:11:"])
        if wanted("pairs_all_too_long"):
            text = sound.replace("loss: both", "loss: both, max_length: 30")
            self.check("pairs_all_too_long", self.run(self.folder("pairs_all_too_long"), text), 2,
                       [r"nothing to learn from: .* all examples were left out as too long", "in stage 'verifier'"])
        if wanted("dead_verifier"):
            # Far too large a rate kills by chance: which one does goes with the processor's bits.
            for rate in ("0.3", "1", "3", "30"):
                dead = sound.replace("loss: both", f"loss: margin, learning_rate: {rate}").replace("length: 2steps", "length: 24steps")
                done = self.run(self.folder(f"dead_verifier_{rate}"), dead)
                if "the margin loss stands at 1.0000" in done.stderr:
                    break
            self.check("dead_verifier", done, 0, [r"warning: verifier: the margin loss stands at 1\.0000, which is lambda: .*Begin it again with a longer warmup"])
            self.expect("dead_verifier", "Caution: verifier: the margin loss stands at 1.0000" in done.stdout, "the report does not tell: " + done.stdout)
            self.expect("dead_verifier", "gives all attempts of a problem" in done.stdout, "the report does not mark the verifier: " + done.stdout)
        if wanted("greedy_alone"):
            folder = self.folder("greedy_alone")
            greedy = sound[:sound.index("  verifier:")].replace("per_problem: 4", "per_problem: 0") + "  report: {recipe: report, of: [answers]}\n"
            self.check("greedy_alone", self.run(folder, greedy, command=["plan"]), 0, [])
            planned = self.run(folder, greedy, command=["plan"]).stdout
            self.expect("greedy_alone", "3 problems x 0 attempts and a greedy one, up to 72 tokens" in planned, planned)
            done = self.run(folder, greedy)
            self.check("greedy_alone", done, 0, [])
            for file in (folder / "run").glob("stages/report-*/output-*/*"):
                self.expect("greedy_alone", not re.search(r"\bnan\b|\binf\b", file.read_text(), re.I), f"no number in {file.name}")
        if wanted("chat_template_trains"):
            folder = self.folder("chat_template_trains")
            early_mistakes.chat_tokenizer(folder)
            done = self.run(folder, early_mistakes.changed(*early_mistakes.CHAT))
            self.check("chat_template_trains", done, 0, [r"one training sample, token by token", r'yes      "<\|im_end\|>"  \(end token\)'])
            samples = list((folder / "run").glob("stages/*/sample.txt"))
            self.expect("chat_template_trains", len(samples) == 2 and all('-        "<|im_end|>"' in sample.read_text() and "more tokens" not in sample.read_text() for sample in samples),
                        f"samples: {samples}")
            rows = sum(bool(re.match(r" +(\d+|\.\.\.)  ", line)) for line in done.stderr.splitlines())
            self.expect("chat_template_trains", rows <= 36, f"{rows} rows of token tables in the log")
        if wanted("run_folder_without_rights"):
            folder = self.folder("run_folder_without_rights")
            (folder / "run").mkdir()
            (folder / "run").chmod(0o555)
            rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
            for command in ([], ["plan"], ["doctor"]):
                done = self.run(folder, sound, command=command, prefix=rights)
                words = r"run\.yaml:1:\d+: run\.folder '\S*run': you may not write into \S*run \(Permission denied\)"
                self.check("run_folder_without_rights", subprocess.CompletedProcess([], done.returncode, "", done.stderr + done.stdout), 2, [words])
            self.expect("run_folder_without_rights", list((folder / "run").iterdir()) == [], "something was made")

    # A stage that is stopped twice took the sum of its starts, and says so at its end, in the plan and in the report.
    def times_of_all_starts(self, names):
        if names and "times_of_all_starts" not in names:
            return
        folder = self.folder("times_of_all_starts")
        text = early_mistakes.SOUND.replace("length: 6steps", "length: 400steps")
        for _ in range(2):
            self.check("times_of_all_starts", self.run(folder, text, ["run.time_limit=3s"]), 75, [])
        ledger = [json.loads(line)["record"] for line in (folder / "run" / "ledger.jsonl").read_text().splitlines()]
        stops = [event["seconds"] for event in ledger if event["event"] == "stage stops"]
        planned = self.run(folder, text, command=["plan"]).stdout
        took = re.search(r"solver +solution_sft +go on .* (\d+) s ", planned)
        self.expect("times_of_all_starts", len(stops) == 2 and took and abs(int(took[1]) - sum(stops)) <= 1, f"{stops}, but plan says\n{planned}")
        self.check("times_of_all_starts", self.run(folder, text), 0, [r"stage 'solver' took .*, in all its 3 starts "])

    # On two ranks each complaint comes once, with the same exit code.
    def cases_on_two_ranks(self, names):
        for name in ("wrong_type", "unknown_recipe", "plugin_missing", "folder_below_a_file", "tensor_does_not_divide_the_model",
                     "unsupported_activation", "data_line_no_json", "text_outside_the_vocabulary", "longer_than_the_model", "weights_cut_off"):
            if names and name + "_np2" not in names:
                continue
            function, code, patterns = CASES[name]
            folder = self.folder(name + "_np2")
            text, extra = function(folder)
            done = self.run(folder, text, extra, ranks=2)
            said = [line for line in done.stderr.splitlines() if line.startswith("ftrun: ")]
            if len(said) != 1:
                self.failed.append(name + "_np2")
                print(f"FAILED {name}_np2: {len(said)} messages instead of one")
            self.check(name + "_np2", done, code, patterns)

    # Cases that start from a run that is half or wholly done.
    def dynamic_cases(self, names):
        sound = self.folder("sound")
        whole = self.run(sound, SOUND)
        assert whole.returncode == 0, whole.stderr
        expected = outcome(sound)

        def after(name, damage, code, patterns, limit=None, same_results=True, extra=()):
            if names and name not in names:
                return
            folder = self.base / name
            shutil.copytree(sound, folder)
            damage(folder)
            self.check(name, self.run(folder, SOUND, extra, limit), code, patterns)
            again = self.run(folder, SOUND)
            if same_results and (again.returncode != 0 or outcome(folder) != expected):
                self.failed.append(name)
                print(f"FAILED {name}: the next start does not end with the sound results\n{again.stderr}")

        def remove(folder, *stages):
            for stage in stages:
                for output in (folder / "run").glob(f"stages/{stage}-*/output-*"):
                    shutil.rmtree(output)

        def flip(path, where=0.5):
            data = bytearray(path.read_bytes())
            data[int(len(data) * where)] ^= 4
            path.write_bytes(data)

        def one(folder, pattern):
            return sorted((folder / "run").glob(pattern))[-1]

        def damaged_output(folder): flip(one(folder, "stages/answers-*/output-*/attempts-00000.jsonl"))
        after("damaged_stage_output", damaged_output, 0, ["output of stage 'answers' is damaged and will be made again", "attempts-00000.jsonl", r"it is kept as .*damaged-"])

        def damaged_checkpoint(folder):
            remove(folder, "solver", "answers", "report")
            flip(one(folder, "stages/solver-*/work/checkpoints/step-*/rank-0000.h5"))
        after("damaged_checkpoint", damaged_checkpoint, 0, ["a checkpoint is damaged, the one before it is used", "rank-0000.h5", r"it is kept as .*damaged-"])

        def truncated_checkpoint(folder):
            remove(folder, "solver", "answers", "report")
            path = one(folder, "stages/solver-*/work/checkpoints/step-*/rank-0000.h5")
            path.write_bytes(path.read_bytes()[:-100])
        after("truncated_checkpoint", truncated_checkpoint, 0, ["a checkpoint is damaged", "rank-0000.h5"])

        def foreign_checkpoint(folder):
            remove(folder, "solver", "answers", "report")
            (one(folder, "stages/solver-*/work/checkpoints/step-*").parent / "step-99999999").mkdir()
        after("foreign_folder_among_checkpoints", foreign_checkpoint, 0, ["going on from"])

        def torn_attempts(folder):
            remove(folder, "answers", "report")
            path = one(folder, "stages/answers-*/work/attempts-*.jsonl")
            path.write_bytes(path.read_bytes()[:-20])
        after("torn_attempt", torn_attempts, 0, ["cut off by the interruption"])

        def flipped_attempt(folder):
            remove(folder, "answers", "report")
            flip(one(folder, "stages/answers-*/work/attempts-*.jsonl"))
        after("damaged_attempt_line", flipped_attempt, 0, ["damaged lines? among the attempts|are made again"])

        def nothing_done(folder): shutil.rmtree(folder / "run")
        after("no_space_for_a_checkpoint", nothing_done, 1, ["File too large|No space|cannot|too large"], limit=1 << 20)

        def sealed_elsewhere(folder): flip(one(folder, "stages/solver-*/output-*/config.json"))
        after("damaged_model_file", sealed_elsewhere, 0, ["output of stage 'solver' is damaged", "config.json"])

        if not names or "second_run_on_one_folder" in names:
            folder = self.folder("second_run_on_one_folder")
            (folder / "run.yaml").write_text(SOUND.replace("FOLDER", str(folder)).replace("6steps", "2000steps"))
            first = subprocess.Popen([self.ftrun, str(folder / "run.yaml")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            while not (folder / "run" / "ledger.jsonl").exists():
                time.sleep(0.05)
            self.check("second_run_on_one_folder", self.run(folder, SOUND.replace("6steps", "2000steps")), 2, [str(first.pid), "run"])
            first.kill()
            first.wait()


def main():
    bench = Bench(os.path.abspath(sys.argv[1]))
    try:
        bench.static_cases(sys.argv[2:])
        bench.early_cases(sys.argv[2:])
        bench.warnings(sys.argv[2:])
        bench.command_lines(sys.argv[2:])
        bench.running_cases(sys.argv[2:])
        bench.times_of_all_starts(sys.argv[2:])
        bench.cases_on_two_ranks(sys.argv[2:])
        bench.dynamic_cases(sys.argv[2:])
    finally:
        shutil.rmtree(bench.base, ignore_errors=True)
    print(f"{bench.passed} passed, {len(bench.failed)} failed")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
