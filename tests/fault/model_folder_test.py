#!/usr/bin/env python3
"""Model folders that cannot be used: told at once, by `ftrun plan`, `ftrun doctor` and the run, with exit code 2.

  model_folder_test.py FTRUN [NAME...]

Each case makes one sound folder, breaks it, and names it as the model of the *second* stage: nothing may have been trained
before it is refused. A further part samples, trains and exports sound folders, and looks at every field of the export."""
import array
import json
import math
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

LATE = """\
run: {folder: run, seed: 1}
models:
  base: {preset: tiny}
  big: {path: M}
problems:
  train: {dataset: jsonl, path: d.jsonl}
training: {lanes: 2, tokens_per_lane: 256, max_length: 128, learning_rate: 1e-3}
stages:
  solver: {recipe: solution_sft, model: base, problems: arithmetic, length: 4steps}
  answers: {recipe: sample, model: big, problems: train, per_problem: 1, max_new_tokens: 16}
""".replace("problems: arithmetic", "problems: sums").replace("problems:\n", "problems:\n  sums: {dataset: arithmetic, split: train, limit: 20}\n", 1)
TRAINED = """\
run: {folder: run, seed: 1}
models:
  base: {path: M}
problems:
  train: {dataset: jsonl, path: d.jsonl}
training: {lanes: 2, tokens_per_lane: 256, max_length: 128, learning_rate: 1e-3}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 2steps}
  answers: {recipe: sample, model: solver, problems: train, per_problem: 12, max_new_tokens: 32}
"""
SOUND = dict(architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=264, hidden_size=32, intermediate_size=64,
             num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, rope_theta=10000.0,
             max_position_embeddings=512, hidden_act="silu", tie_word_embeddings=False, dtype="float32")
SIZE = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1, "I8": 1}
CASES = {}


def tokenizer(added=("<|endoftext|>", "<|im_end|>", "<|pad|>")):
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names = {b: chr(b) for b in keep} | {b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in keep)}
    byte = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    tokens = [{"id": 256 + i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
              for i, t in enumerate(added)]
    return {"version": "1.0", "added_tokens": tokens, "normalizer": None, "pre_tokenizer": byte, "post_processor": None, "decoder": byte,
            "model": {"type": "BPE", "vocab": {names[b]: b for b in range(256)}, "merges": []}}


def sound_weights():
    shapes = {"model.embed_tokens": (264, 32), "lm_head": (264, 32), "model.norm": (32,)}
    for layer in range(2):
        p = f"model.layers.{layer}."
        shapes |= {p + "input_layernorm": (32,), p + "post_attention_layernorm": (32,), p + "self_attn.q_proj": (32, 32),
                   p + "self_attn.k_proj": (16, 32), p + "self_attn.v_proj": (16, 32), p + "self_attn.o_proj": (32, 32),
                   p + "mlp.gate_proj": (64, 32), p + "mlp.up_proj": (64, 32), p + "mlp.down_proj": (32, 64)}
    draw = random.Random(3)
    weights = {}
    for name, shape in shapes.items():
        scale = 0.5 if "proj" in name else 0.08
        weights[name + ".weight"] = (shape, [1.0 if "norm" in name else draw.gauss(0, scale) for _ in range(math.prod(shape))])
    return weights


def write_safetensors(path, weights, dtypes=None):
    """weights: {name: (shape, values)}; of dtypes other than F32 the bytes are zeros."""
    header, data = {}, b""
    for name, (shape, values) in weights.items():
        dtype = (dtypes or {}).get(name, "F32")
        part = array.array("f", values).tobytes() if dtype == "F32" else bytes(len(values) * SIZE.get(dtype, 1))
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_model(folder, config=None, drop=(), weights=None, dtypes=None, generation=None, token_config=None):
    folder.mkdir(parents=True, exist_ok=True)
    full = {k: v for k, v in {**SOUND, **(config or {})}.items() if k not in drop}
    write_safetensors(folder / "model.safetensors", weights or sound_weights(), dtypes)
    (folder / "config.json").write_text(json.dumps(full))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_end|>", **(token_config or {})}))
    if generation is not None:
        (folder / "generation_config.json").write_text(json.dumps(generation))


def write_shards(folder):
    weights = sound_weights()
    names = sorted(weights)
    parts = {f"model-0000{i + 1}-of-00003.safetensors": names[i::3] for i in range(3)}
    for file, some in parts.items():
        write_safetensors(folder / file, {name: weights[name] for name in some})
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {n: f for f, some in parts.items() for n in some}}))


def case(*patterns):
    """Registers a function that breaks the sound model folder that it is given, with the words to expect."""
    def register(function):
        CASES[function.__name__] = (function, patterns)
        return function
    return register


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 123456789\n"


# Files that are not what they are called.
@case(r"model\.safetensors.*git-lfs pointer", "git lfs pull")
def lfs_pointer(m): (m / "model.safetensors").write_text(LFS)
@case(r"config\.json.*git-lfs pointer", "git lfs pull")
def lfs_pointer_config(m): (m / "config.json").write_text(LFS)
@case(r"model-00002-of-00003\.safetensors.*git-lfs pointer")
def lfs_pointer_shard(m):
    write_shards(m)
    (m / "model-00002-of-00003.safetensors").write_text(LFS)
@case("GGUF")
def gguf_under_another_name(m): (m / "model.safetensors").write_bytes(b"GGUF\x03\0\0\0" + bytes(100))
@case("pickle")
def pickle_under_another_name(m): (m / "model.safetensors").write_bytes(b"PK\x03\x04" + bytes(100))
@case("web page")
def web_page(m): (m / "model.safetensors").write_text("<!DOCTYPE html><html></html>")
@case("is empty")
def empty_weights(m): (m / "model.safetensors").write_bytes(b"")
@case("cut off")
def truncated_in_the_header(m): os.truncate(m / "model.safetensors", 100)
@case("cut off")
def truncated_in_the_data(m): os.truncate(m / "model.safetensors", (m / "model.safetensors").stat().st_size - 1000)
@case("no safetensors file")
def noise(m): (m / "model.safetensors").write_bytes(bytes(range(255, 55, -1)))
@case("a link to '.*blobs/1234'", "not there")
def dangling_link(m):
    (m / "model.safetensors").unlink()
    (m / "model.safetensors").symlink_to("../../blobs/1234")
@case("a link to '.*blobs/1234'", "not there")
def dangling_config(m):
    (m / "config.json").unlink()
    (m / "config.json").symlink_to("../../blobs/1234")


# Folders.
@case("there is no such folder")
def no_folder(m): shutil.rmtree(m)
@case("empty folder")
def empty_folder(m):
    shutil.rmtree(m)
    m.mkdir()
@case(r"did you mean '.*checkpoint-500'")
def one_level_too_high(m):
    shutil.move(m, m.with_name("x"))
    m.mkdir()
    shutil.move(m.with_name("x"), m / "checkpoint-500")
@case("is no folder")
def a_file(m):
    shutil.rmtree(m)
    m.write_text("x")
@case("PEFT adapter", "merge")
def adapter(m):
    for name in ("config.json", "model.safetensors"):
        (m / name).unlink()
    (m / "adapter_config.json").write_text("{}")
    (m / "adapter_model.safetensors").write_bytes(b"x")
@case("PEFT adapter", "merge")
def adapter_with_config(m):
    (m / "model.safetensors").rename(m / "adapter_model.safetensors")
    (m / "adapter_config.json").write_text("{}")
@case("GGUF")
def gguf(m): (m / "model.safetensors").rename(m / "model-Q4_K_M.gguf")
@case("pickle", "save_pretrained")
def pytorch_bin(m): (m / "model.safetensors").rename(m / "pytorch_model.bin")
@case("distributed checkpoint")
def distributed(m): (m / "model.safetensors").rename(m / "__0_0.distcp")
@case("makers' own format")
def makers_format(m): (m / "model.safetensors").rename(m / "consolidated.00.pth")
@case("no weights")
def no_weights(m): (m / "model.safetensors").unlink()
@case("no tokenizer")
def no_tokenizer(m): (m / "tokenizer.json").unlink()


# Shards.
@case(r"1 of the 3 files that it names is not there: model-00003-of-00003")
def missing_shard(m):
    write_shards(m)
    (m / "model-00003-of-00003.safetensors").unlink()
@case("get the index")
def missing_index(m):
    write_shards(m)
    (m / "model.safetensors.index.json").unlink()
@case("does not hold it")
def index_that_lies(m):
    write_shards(m)
    index = json.loads((m / "model.safetensors.index.json").read_text())
    index["weight_map"]["model.norm.weight"] = "model-00001-of-00003.safetensors"
    index["weight_map"]["lm_head.weight"] = "model-00002-of-00003.safetensors"
    (m / "model.safetensors.index.json").write_text(json.dumps(index))
@case(r"index\.json.*no JSON")
def broken_index(m):
    write_shards(m)
    (m / "model.safetensors.index.json").write_text("{")


# Tensors.
def renamed(change): return {change(name): value for name, value in sound_weights().items()}
def without(*names): return {name: value for name, value in sound_weights().items() if name not in names}
def more(**weights): return {**sound_weights(), **weights}


@case(r"lm_head\.weight differs from model\.embed_tokens\.weight, although config\.json ties them")
def tied_and_stored(m): write_model(m, config=dict(SOUND, tie_word_embeddings=True))
@case("DataParallel")
def prefix_module(m): write_model(m, weights=renamed(lambda n: "module." + n))
@case("torch.compile")
def prefix_compiled(m): write_model(m, weights=renamed(lambda n: "_orig_mod." + n))
@case("vision and language")
def prefix_language_model(m): write_model(m, weights=renamed(lambda n: n.replace("model.", "model.language_model.", 1)))
@case("without its head")
def no_prefix(m): write_model(m, weights=renamed(lambda n: n.removeprefix("model.")))
@case("LoRA")
def lora_tensors(m): write_model(m, weights=more(**{"model.layers.0.self_attn.q_proj.lora_A.weight": ((4, 32), [1.0] * 128)}))
@case("GPTQ")
def gptq_tensors(m): write_model(m, weights=renamed(lambda n: n.replace("down_proj.weight", "down_proj.qweight")))
@case("fused")
def fused_tensors(m): write_model(m, weights=renamed(lambda n: n.replace("q_proj", "qkv_proj")))
@case(r"lm_head\.weight is missing", "tie_word_embeddings")
def no_head(m): write_model(m, weights=without("lm_head.weight"))
@case("has shape", "vocab_size must be 264")
def wrong_vocabulary(m): write_model(m, {"vocab_size": 300})
@case("has shape")
def wrong_shape(m): write_model(m, {"intermediate_size": 96})
@case("layers 0 to 1")
def wrong_depth(m): write_model(m, {"num_hidden_layers": 3})
@case("layers 0 to 1")
def absurd_depth(m): write_model(m, {"num_hidden_layers": 2000000000})
@case("belongs to no part", "attention_bias")
def surplus_bias(m): write_model(m, weights=more(**{"model.layers.0.self_attn.q_proj.bias": ((32,), [1.0] * 32)}))
@case("is missing", "attention_bias")
def missing_bias(m): write_model(m, {"attention_bias": True})
@case("is missing", "the nearest name is model.layers.1.self_attn.q_pro.weight")
def misspelt(m): write_model(m, weights=renamed(lambda n: n.replace("1.self_attn.q_proj", "1.self_attn.q_pro")))
@case("F64", "double")
def double_precision(m): write_model(m, dtypes={"model.norm.weight": "F64"})
@case("F8_E4M3", "FP8")
def fp8(m): write_model(m, dtypes={"model.layers.0.mlp.up_proj.weight": "F8_E4M3"})
@case("I8", "quantised")
def int8(m): write_model(m, dtypes={"model.layers.0.mlp.up_proj.weight": "I8"})
@case("F3_X", "not known")
def unknown_dtype(m): write_model(m, dtypes={"model.layers.0.mlp.up_proj.weight": "F3_X"})
@case("tokenizer 259 tokens", "do not belong together")
def tokenizer_too_large(m):
    write_model(m, {"vocab_size": 257}, weights={
        n: ((257, 32), v[1][:257 * 32]) if n in ("lm_head.weight", "model.embed_tokens.weight") else v for n, v in sound_weights().items()})


# config.json.
def keys(name, config, *patterns, drop=()):
    case(*patterns)(lambda m: write_model(m, config, drop))
    CASES[name] = CASES.pop("<lambda>")


keys("family", {"model_type": "gemma3"}, "model_type 'gemma3' is not supported", "llama, mistral, qwen2, qwen3")
keys("quantised", {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, "bitsandbytes", "quantization_config")
keys("activation", {"hidden_act": "gelu_pytorch_tanh"}, "gelu_pytorch_tanh")
keys("logit_scale", {"logit_scale": 0.0625}, "logit_scale 0.0625")
keys("window", {"model_type": "mistral", "sliding_window": 64}, "sliding_window 64")
keys("experts", {"num_local_experts": 8}, "num_local_experts 8")
keys("classifier", {"architectures": ["LlamaForSequenceClassification"]}, "causal language model")
keys("longrope", {"rope_scaling": {"type": "longrope", "long_factor": [1.0] * 4, "short_factor": [1.0] * 4}}, "'longrope' is not supported")
keys("mrope", {"rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]}}, "'mrope' is not supported")
keys("rope_unknown_key", {"rope_scaling": {"type": "linear", "factor": 2.0, "finetuned": True}}, "'finetuned' is not known")
keys("rope_nested", {"rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 50.0}}}, "full_attention", "each type of layer")
keys("rope_contradiction", {"rope_parameters": {"rope_type": "default", "rope_theta": 50.0},
                            "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}}, "contradict each other")
keys("partial_rotary", {"partial_rotary_factor": 0.5}, "partial_rotary_factor")
keys("no_sizes", {}, "'hidden_size' is missing", drop=("hidden_size",))
@case(r"config\.json: is no JSON")
def config_no_json(m): (m / "config.json").write_text("{")
@case("generation_config.json", "eos_token_id must be")
def generation_no_ids(m): (m / "generation_config.json").write_text('{"eos_token_id": "</s>"}')


class Bench:
    def __init__(self, ftrun):
        self.ftrun = ftrun
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-model-"))
        self.failed, self.passed = [], 0
        # Five seconds, and more on a machine where even `ftrun --version` waits.
        self.limit = 5 + 10 * self.start(self.base, "--version")[1]

    def folder(self, name, text):
        folder = self.base / name
        folder.mkdir()
        (folder / "run.yaml").write_text(text)
        (folder / "d.jsonl").write_text('{"problem": "Say it.", "solution": "x1234567 #### 7", "answer": "7"}\n')
        return folder

    def start(self, folder, *arguments):
        began = time.monotonic()
        done = subprocess.run([self.ftrun, *map(str, arguments)], capture_output=True, text=True, cwd=folder, timeout=120)
        return done, time.monotonic() - began

    def judge(self, name, wrong, said):
        print(f"{'FAILED' if wrong else 'ok'} {name}: {said}", flush=True)
        if wrong:
            self.failed.append(name)
            print("   " + "\n   ".join(wrong))
        else:
            self.passed += 1

    def refused(self, name):
        function, patterns = CASES[name]
        folder = self.folder(name, LATE)
        write_model(folder / "M")
        function(folder / "M")
        wrong, said = [], ""
        for words in (["plan", "run.yaml"], ["doctor", "run.yaml"], ["run.yaml"]):
            done, seconds = self.start(folder, *words)
            text = done.stdout + done.stderr
            lines = [line for line in text.splitlines() if "run.yaml:4:" in line]
            said = lines[0] if lines else text[-300:]
            if done.returncode != 2:
                wrong.append(f"{words[0]}: exit code {done.returncode}")
            wrong += [f"{words[0]}: no '{p}' in {said[-200:]}" for p in ("model 'big'", *patterns) if not re.search(p, said)]
            if seconds > self.limit and words[0] != "doctor":  # which measures the exchange, too
                wrong.append(f"{words[0]}: {seconds:.1f} s")
        if (folder / "run" / "stages").exists():
            wrong.append("something ran before")
        self.judge(name, wrong, said.removeprefix("ftrun: "))

    # What no header tells is named when the folder is hashed: before the first stage, which does not need it.
    def not_a_number(self):
        folder = self.folder("not_a_number", LATE)
        weights = sound_weights()
        values = weights["model.layers.1.mlp.up_proj.weight"][1]
        values[3], values[40] = math.nan, math.inf
        write_model(folder / "M", weights=weights)
        done, _ = self.start(folder, "run.yaml")
        said = done.stderr.strip().splitlines()[-1]
        wrong = [] if done.returncode == 2 else [f"exit code {done.returncode}"]
        wrong += [f"no '{p}'" for p in ("run.yaml:4:", "model 'big'", "model.layers.1.mlp.up_proj.weight holds 1 NaN and 1 infinite", "model.safetensors") if p not in said]
        wrong += ["something ran before"] if (folder / "run" / "stages").exists() else []
        self.judge("not_a_number", wrong, said)

    # What cannot be read is no mistake of the run file's.
    def unreadable(self):
        folder = self.folder("unreadable", TRAINED)
        write_model(folder / "M")
        (folder / "M" / "model.safetensors").chmod(0)
        drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        done = subprocess.run([*drop, self.ftrun, "run.yaml"], capture_output=True, text=True, cwd=folder)
        said = done.stderr.strip().splitlines()[-1]
        wrong = [] if done.returncode == 1 else [f"exit code {done.returncode}"]
        wrong += [] if "M/model.safetensors: Permission denied" in said else ["the file or the cause is not named"]
        self.judge("unreadable", wrong, said)

    def attempts(self, folder, stage="answers"):
        file, = (folder / "run").glob(f"stages/{stage}-*/output-*/attempts-00000.jsonl")
        return [json.loads(line) for line in file.read_text().splitlines()]

    # Every file and field of an export that other programs go by.
    def exported(self, name, config, drop, generation, dtype, ends, spelled):
        folder = self.folder(name, TRAINED)
        write_model(folder / "M", config, drop, generation=generation, token_config={"pad_token": "<|pad|>", "chat_template": "{{messages}}"})
        carried = {"chat_template.jinja": "{{messages}}", "special_tokens_map.json": '{"eos_token": "<|im_end|>"}', "added_tokens.json": "{}",
                   "vocab.json": "{}", "merges.txt": "#version: 0.2\n"}
        for file, text in carried.items():
            (folder / "M" / file).write_text(text)
        base = json.loads((folder / "M" / "config.json").read_text())
        done, _ = self.start(folder, "run.yaml")
        assert done.returncode == 0, done.stderr
        done, _ = self.start(folder, "export", "run/solver", "out", *(["--dtype", dtype] if dtype else []))
        assert done.returncode == 0, done.stderr
        out = folder / "out"
        made = json.loads((out / "config.json").read_text())
        stored = {"bf16": "bfloat16", None: "float32"}[dtype]
        expected = {**base, "eos_token_id": 257, "pad_token_id": 258, spelled: stored}
        wrong = [] if made == expected else [f"config.json {made} instead of {expected}"]
        header = (out / "model.safetensors").read_bytes()
        header = json.loads(header[8:8 + struct.unpack("<Q", header[:8])[0]])
        if {entry["dtype"] for name, entry in header.items() if name != "__metadata__"} != {"BF16" if dtype else "F32"}:
            wrong.append("dtype of the weights")
        if generation is None and len(ends) == 1:
            wrong += ["generation_config.json was made"] if (out / "generation_config.json").exists() else []
        else:
            said = json.loads((out / "generation_config.json").read_text())
            listed = len(ends) > 1 or isinstance((generation or {}).get("eos_token_id"), list)
            expected = {**(generation or {}), "eos_token_id": ends if listed else ends[0], "pad_token_id": 258}
            wrong += [] if said == expected else [f"generation_config.json {said} instead of {expected}"]
        for file in ("tokenizer.json", "tokenizer_config.json", *carried):
            if (out / file).read_bytes() != (folder / "M" / file).read_bytes():
                wrong.append(f"{file} is not the base's")
        summary = json.loads(next((folder / "run").glob("stages/answers-*/output-*/manifest.json")).read_text())
        if ends != json.loads(json.dumps(summary)).get("body", summary).get("summary", {}).get("end_tokens"):
            wrong.append(f"the manifest's end tokens: {summary}")
        # An export is a model folder like any other.
        (folder / "again.yaml").write_text(TRAINED.replace("path: M", "path: out").replace("folder: run", "folder: again"))
        done, _ = self.start(folder, "plan", "again.yaml")
        wrong += [] if done.returncode == 0 else [done.stderr]
        self.judge(name, wrong, f"ends {ends}, {stored}")

    # A further end token ends attempts where they would have gone on, and only there.
    def further_end_token(self):
        texts = {}
        for name, generation in (("one_end", {"eos_token_id": 257}), ("same_end", None), ("two_ends", {"eos_token_id": [257, ord("7")]}),
                                 ("ends_in_config", None)):
            folder = self.folder(name, TRAINED)
            config = {"eos_token_id": [257, ord("7")]} if name == "ends_in_config" else {}
            write_model(folder / "M", config, generation=generation)
            done, _ = self.start(folder, "run.yaml", "training.learning_rate=2e-2", "stages.solver.length=40steps")
            assert done.returncode == 0, done.stderr
            texts[name] = [(a["text"], a["finished"]) for a in self.attempts(folder)]
            if name == "two_ends":
                log = done.stderr
        wrong = [] if texts["one_end"] == texts["same_end"] else ["texts differ though the end token is the same"]
        wrong += [] if texts["two_ends"] == texts["ends_in_config"] else ["config.json's list does not end what generation_config.json's does"]
        cut = 0
        for (whole, finished), (text, ends) in zip(texts["one_end"], texts["two_ends"]):
            before = whole.split("7")[0]
            cut += "7" in whole
            if text != before or ("7" in whole and not ends) or ("7" not in whole and ends != finished):
                wrong.append(f"{text!r} instead of {before!r}")
        wrong += [] if cut else ["no attempt had the token: nothing was tested"]
        wrong += [] if "an attempt ends with any of <|im_end|> (257), 7 (55)" in log else ["the log does not say what ends an attempt"]
        wrong += [] if "token 55 '7' ends an attempt" in log else ["no warning of an ordinary token"]
        self.judge("further_end_token", wrong, f"{cut} of {len(texts['one_end'])} attempts end earlier")


def main():
    bench, names = Bench(os.path.abspath(sys.argv[1])), sys.argv[2:]
    rest = {"not_a_number": bench.not_a_number, "unreadable": bench.unreadable, "further_end_token": bench.further_end_token}
    exports = {
        "export_of_two_ends": ({"eos_token_id": 256, "bos_token_id": None, "rope_scaling": {"type": "linear", "factor": 2.0}}, (),
                               {"eos_token_id": [256, 257], "temperature": 0.6, "do_sample": True}, "bf16", [257, 256], "dtype"),
        "export_of_one_end": ({"torch_dtype": "float16"}, ("dtype",), {"eos_token_id": 257}, None, [257], "torch_dtype"),
        "export_without_generation_config": ({"eos_token_id": 257, "rope_parameters": {"rope_type": "default", "rope_theta": 500.0}},
                                             ("rope_theta",), None, None, [257], "dtype"),
        "export_of_a_list_in_config": ({"eos_token_id": [256, 257]}, (), None, "bf16", [257, 256], "dtype")}
    try:
        for name in CASES:
            if not names or name in names:
                bench.refused(name)
        for name, run in rest.items():
            if not names or name in names:
                run()
        for name, arguments in exports.items():
            if not names or name in names:
                bench.exported(name, *arguments)
    finally:
        shutil.rmtree(bench.base, ignore_errors=True)
    print(f"{bench.passed} passed, {len(bench.failed)} failed")
    return 1 if bench.failed or not bench.passed else 0


if __name__ == "__main__":
    sys.exit(main())
