#!/usr/bin/env python3
"""launch/export_gguf.py gives back what a GGUF file was made of.

  gguf_test.py

The tiny models and vocabularies of this folder are written as GGUF files, as llama.cpp's converter does (a Llama's heads in pairs
of rotary dimensions), and converted back: the tensors' bits, the config's numbers, vocabulary, merges and splitting must be
those of the folders. One matrix that was quantised twice becomes one again; two matrices are not tied; what is not known
is refused by name. Needs the packages gguf and numpy, which launch/fetch_model.sh keeps in .deps/python; skipped without them."""
import json
import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "fault"), str(ROOT / ".deps" / "python"), str(ROOT / "launch")]
from frame import check, main_of, skip  # noqa: E402

try:
    import gguf
    import numpy as np
    from export_gguf import OF_LAYER, WHOLE
except ImportError:
    skip("SKIPPED: the packages gguf and numpy are not there; launch/fetch_model.sh smollm2 fetches them")

# The folders of a model and of a vocabulary, and what GGUF calls its pre-tokenizer.
PAIRS = [("llama", "llama3", "llama-bpe"), ("mistral", "gpt2", "gpt-2"), ("smollm2", "smollm2", "smollm"), ("qwen2", "qwen2", "qwen2"),
         ("qwen3", "qwen2", "qwen2")]
GGUF_NAMES = {name: stem for stem, name in {**WHOLE, **OF_LAYER}.items()}


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    found = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + at for at in entry["data_offsets"])
        raw = data[begin:end]
        values = np.frombuffer(raw, "<f4") if entry["dtype"] == "F32" else (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
        found[name] = values.reshape(entry["shape"])
    return found


def tensors_of(folder):
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        found.update(read_safetensors(path))
    return found


def gguf_name(name):
    stem, _, kind = name.rpartition(".")
    if stem in GGUF_NAMES:
        return f"{GGUF_NAMES[stem]}.{kind}"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{GGUF_NAMES[part]}.{kind}"


def in_pairs(weight, heads):
    """Rows 0, n/2, 1, n/2 + 1, ... of each head."""
    rows = weight.shape[0] // heads
    order = np.arange(rows).reshape(2, rows // 2).T.reshape(-1)
    return weight.reshape(heads, rows, *weight.shape[1:])[:, order].reshape(weight.shape)


class File:
    """A GGUF file in the making."""

    def __init__(self, path, kind):
        self.path, self.kind = path, kind
        self.writer = gguf.GGUFWriter(path, kind)

    def shape(self, config, theta):
        w = self.writer
        w.add_context_length(config["max_position_embeddings"])
        w.add_embedding_length(config["hidden_size"])
        w.add_block_count(config["num_hidden_layers"])
        w.add_feed_forward_length(config["intermediate_size"])
        w.add_head_count(config["num_attention_heads"])
        w.add_head_count_kv(config["num_key_value_heads"])
        w.add_key_length(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])
        w.add_layer_norm_rms_eps(config["rms_norm_eps"])
        w.add_rope_freq_base(theta)

    def vocabulary(self, tokens, types, merges, pre, end, model="gpt2"):
        w = self.writer
        w.add_tokenizer_model(model)
        w.add_tokenizer_pre(pre)
        w.add_token_list(tokens)
        w.add_token_types(types)
        w.add_token_merges(merges)
        w.add_eos_token_id(end)

    def tensor(self, name, array, kind=None):
        if kind is None:
            self.writer.add_tensor(name, np.ascontiguousarray(array, dtype=np.float32))
        else:
            self.writer.add_tensor(name, gguf.quants.quantize(np.ascontiguousarray(array, dtype=np.float32), kind), raw_dtype=kind)

    def write(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def export(path, out, *options):
    return subprocess.run([sys.executable, ROOT / "launch" / "export_gguf.py", path, out, *options], capture_output=True, text=True,
                          env={"PYTHONPATH": str(ROOT / ".deps" / "python"), "PATH": "/usr/bin:/bin"})


def read(folder, name):
    return json.loads((folder / name).read_text())


def splitting(tokenizer):
    """One pre-tokenizer alone is a sequence of one; trim_offsets changes no ids."""
    one = tokenizer["pre_tokenizer"]
    parts = one["pretokenizers"] if one["type"] == "Sequence" else [one]
    return [{key: value for key, value in part.items() if key != "trim_offsets"} for part in parts]


def round_trip(base, model, vocabulary, pre):
    folder, said = HERE / "models" / model, read(HERE / "tokenizers" / vocabulary, "tokenizer.json")
    config, tensors = read(folder, "config.json"), tensors_of(folder)
    kind = "llama" if model in ("mistral", "smollm2") else model
    file = File(base / f"{model}.gguf", kind)
    theta = (config.get("rope_parameters") or {}).get("rope_theta") or config.get("rope_theta", 10000.0)
    file.shape(config, theta)
    special = {token["id"]: token for token in said["added_tokens"]}
    tokens = {**{i: token for token, i in said["model"]["vocab"].items()}, **{i: token["content"] for i, token in special.items()}}
    count = len(tokens) + 3  # unused rows at the end
    types = [3 if i in special and special[i]["special"] else 4 if i in special else 1 if i in tokens else 5 for i in range(count)]
    merges = [" ".join(pair) for pair in said["model"]["merges"]]
    file.vocabulary([tokens.get(i, f"[PAD{i}]") for i in range(count)], types, merges, pre, min(special))
    for name, array in tensors.items():
        if kind == "llama" and "q_proj" in name:
            array = in_pairs(array, config["num_attention_heads"])
        elif kind == "llama" and "k_proj" in name:
            array = in_pairs(array, config["num_key_value_heads"])
        file.tensor(gguf_name(name), array)
    file.write()
    out = base / f"{model}.out"
    done = export(file.path, out)
    check(done.returncode == 0, f"{model}: not converted", done.stderr)
    back = tensors_of(out)
    check(sorted(back) == sorted(tensors), f"{model}: tensors {sorted(set(back) ^ set(tensors))}")
    for name, array in tensors.items():
        check(back[name].tobytes() == array.tobytes() and back[name].shape == array.shape, f"{model}: {name} differs")
    made = read(out, "config.json")
    for key in ("architectures", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                "max_position_embeddings", "vocab_size", "tie_word_embeddings", "rms_norm_eps"):
        wanted = ["LlamaForCausalLM"] if key == "architectures" and kind == "llama" else config[key]
        check(made[key] == wanted, f"{model}: {key} is {made[key]}, not {wanted}")
    check(made["rope_theta"] == theta and made["eos_token_id"] == min(special), f"{model}: {made}")
    check(made["head_dim"] == (config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]), f"{model}: head_dim {made['head_dim']}")
    tokenizer = read(out, "tokenizer.json")
    check(splitting(tokenizer) == splitting(said) and tokenizer["normalizer"] == said["normalizer"], f"{model}: split otherwise")
    same = {key: value for key, value in said["model"].items() if key not in ("vocab", "merges")}
    check({key: tokenizer["model"][key] for key in same} == same and tokenizer["model"]["merges"] == merges, f"{model}: merged otherwise")
    check(tokenizer["model"]["vocab"] == {token: i for i, token in tokens.items()}, f"{model}: another vocabulary")
    flags = lambda tokens: [(token["id"], token["content"], token["special"]) for token in sorted(tokens, key=lambda t: t["id"])]  # noqa: E731
    check(flags(tokenizer["added_tokens"]) == flags(said["added_tokens"]), f"{model}: other added tokens")
    return file.path


def small(path, kind="llama", pre="gpt-2", model="gpt2", also=()):
    """A model of no layers with an embedding and an output of its own."""
    file = File(path, kind)
    file.shape({"max_position_embeddings": 8, "hidden_size": 64, "num_hidden_layers": 0, "intermediate_size": 8, "num_attention_heads": 2,
                "num_key_value_heads": 2, "rms_norm_eps": 1e-6}, 10000.0)
    file.vocabulary(["a", "b", "<|endoftext|>"], [1, 1, 3], [], pre, 2, model)
    file.tensor("output_norm.weight", np.ones(64))
    for change in also:
        change(file)
    return file


def tying(base):
    rng = np.random.default_rng(3)
    one, other = rng.standard_normal((3, 64)).astype(np.float32), rng.standard_normal((3, 64)).astype(np.float32)
    q4, q8 = gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.Q8_0
    for name, head, kinds, finer in (("head", one, (q4, q8), q8), ("embedding", one, (q8, q4), q8), ("two", other, (q4, q8), None)):
        file = small(base / f"{name}.gguf")
        file.tensor("token_embd.weight", one, kinds[0])
        file.tensor("output.weight", head, kinds[1])
        file.write()
        both = export(file.path, base / f"{name}.both")
        check(both.returncode == 0 and len(tensors_of(base / f"{name}.both")) == 3, f"{name}: not converted", both.stderr)
        check(read(base / f"{name}.both", "config.json")["tie_word_embeddings"] is False, f"{name}: tied without being asked")
        tied = export(file.path, base / f"{name}.tied", "--tie")
        if finer is None:
            check(tied.returncode == 1 and "these are two matrices" in tied.stderr, "two matrices were tied", tied.stderr)
            continue
        check(tied.returncode == 0, f"{name}: not tied", tied.stderr)
        weights = tensors_of(base / f"{name}.tied")
        wanted = gguf.quants.dequantize(gguf.quants.quantize(one, finer), finer)
        check(sorted(weights) == ["model.embed_tokens.weight", "model.norm.weight"], f"{name}: {sorted(weights)}")
        check(np.array_equal(weights["model.embed_tokens.weight"], wanted), f"{name}: not the finer one")
        check(read(base / f"{name}.tied", "config.json")["tie_word_embeddings"] is True, f"{name}: the config does not say so")


def refusals(base):
    embedding = lambda file: file.tensor("token_embd.weight", np.ones((3, 64)))  # noqa: E731
    cases = {
        "its architecture is 'gemma'": dict(kind="gemma"),
        "its vocabulary is of the kind 'llama'": dict(model="llama"),
        "its pre-tokenizer is 'deepseek-coder'": dict(pre="deepseek-coder"),
        "its rotary positions are scaled (yarn)": dict(also=[lambda file: file.writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)]),
        "its rotary positions are scaled (rope_freqs.weight)": dict(also=[lambda file: file.tensor("rope_freqs.weight", np.ones(16))]),
        "the tensor blk.0.ffn_gate_exps.weight is none": dict(also=[lambda file: file.tensor("blk.0.ffn_gate_exps.weight", np.ones((4, 64)))]),
    }
    for index, (words, how) in enumerate(cases.items()):
        file = small(base / f"refused-{index}.gguf", **{**how, "also": [*how.get("also", []), embedding]})
        file.write()
        done = export(file.path, base / f"refused-{index}")
        check(done.returncode == 1 and words in done.stderr and "Traceback" not in done.stderr, f"not refused: {words}", done.stderr)


def main(base):
    for pair in PAIRS:
        round_trip(base, *pair)
        print(*pair, "comes back")
    tying(base)
    refusals(base)


if __name__ == "__main__":
    main_of(main, "ftrun-gguf-")
