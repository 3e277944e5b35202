"""Writes tests/golden/rope.json: spellings of rotary positions in config.json, and what transformers makes of each.

Usage: python rope_fixtures.py          (torch 2.13, transformers 5.24; some seconds)

Each case has the keys that are laid over a small config ("config"; a key with the value "DROP" is taken away), and
either "frequencies" (of one head, as the model's rotary embedding holds them) with "scale" (of cos and sin), or "error"
where transformers cannot build the model. The cases are combinations of the keys of versions 4 and 5, drawn with a fixed
seed after a list of every one by itself; equal cases are left out."""

import copy
import json
import pathlib
import random
import tempfile
import warnings

import transformers

transformers.logging.set_verbosity_error()
warnings.filterwarnings("ignore")
FILE = pathlib.Path(__file__).parent / "rope.json"
BASE = dict(
    vocab_size=37, hidden_size=64, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=256, rms_norm_eps=1e-5, hidden_act="silu", tie_word_embeddings=False, bos_token_id=None,
    eos_token_id=None, rope_theta=10000.0,
)
LLAMA3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
DROP = "DROP"


def measured(config):
    """What the model's own rotary embedding holds, from config.json as a file."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        try:
            read = transformers.AutoConfig.from_pretrained(folder)
            model = transformers.AutoModelForCausalLM.from_config(read).model
            return {"frequencies": [float(f"{x:.9g}") for x in model.rotary_emb.inv_freq.tolist()],
                    "scale": float(model.rotary_emb.attention_scaling)}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"[:100]}


def scalings(draw):
    """Objects as they stand under rope_scaling or rope_parameters, without the theta."""
    yield {}
    for factor in (1.0, 2, 4.0, 2.5):
        yield dict(rope_type="linear", factor=factor)
        yield dict(rope_type="dynamic", factor=factor)
        yield dict(rope_type="yarn", factor=factor)
        yield dict(rope_type="yarn", factor=factor, original_max_position_embeddings=64)
    yield dict(rope_type="default")
    yield dict(rope_type="llama3", **LLAMA3)
    yield dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=128)
    yield dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
    yield dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0)
    yield dict(rope_type="yarn", factor=None, original_max_position_embeddings=64)
    yield dict(rope_type="yarn", original_max_position_embeddings=64)
    yield dict(rope_type="linear")
    yield dict(rope_type="linear", factor=None)
    yield dict(rope_type=None, type="linear", factor=2.0)
    for name in ("longrope", "mrope", "su", "proportional", "axial", "ntk"):
        yield dict(rope_type=name, factor=4.0, short_factor=[1.0] * 8, long_factor=[2.0] * 8, original_max_position_embeddings=64)
    for key, value in (("mscale", 1.0), ("finetuned", True), ("original_max_position_embeddings", 64), ("beta_fast", 32), ("factor", 4.0),
                       ("mrope_section", [2, 3, 3]), ("partial_rotary_factor", 0.5), ("partial_rotary_factor", 1.0)):
        yield {"rope_type": "default", key: value}
        yield {"rope_type": "linear", "factor": 2.0, key: value}
    yarn = dict(beta_fast=[32, 16, 64.0, 0, None], beta_slow=[1, 2, 0.5, 0, None], mscale=[1.0, 0.707, 0, None], mscale_all_dim=[1.0, 0.5, 0, None],
                attention_factor=[1.0, 0.8, 1.3, None], truncate=[True, False, None], original_max_position_embeddings=[32, 64, 128, 1024])
    for key, values in yarn.items():
        for value in values:
            yield {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, key: value}
    for _ in range(60):
        chosen = {key: draw.choice(values) for key, values in yarn.items() if draw.random() < 0.6}
        yield {"rope_type": "yarn", "factor": draw.choice([2.0, 4.0, 8, 40.0, 0.5]), **chosen}
    for _ in range(12):
        yield dict(rope_type="llama3", factor=draw.choice([2.0, 8.0, 32.0]), low_freq_factor=draw.choice([1.0, 2.0]),
                   high_freq_factor=draw.choice([4.0, 8.0]), original_max_position_embeddings=draw.choice([32, 64, 128]))


def spellings(scaling, draw):
    """The object under each key, with the theta in each place."""
    old = {("type" if key == "rope_type" else key): value for key, value in scaling.items()}
    theta = draw.choice([500.0, 10000.0, 1e6, 50])
    yield {"rope_theta": theta, "rope_scaling": scaling}
    yield {"rope_theta": theta, "rope_scaling": old}
    yield {"rope_theta": DROP, "rope_parameters": {**scaling, "rope_theta": theta}}
    yield {"rope_theta": 123.0, "rope_parameters": {**scaling, "rope_theta": theta}}
    yield {"rope_theta": 123.0, "rope_scaling": {**old, "rope_theta": theta}}
    yield {"rope_theta": theta, "rope_parameters": scaling, "rope_scaling": None}


def cases():
    draw = random.Random(20)
    for family in ("llama", "qwen2", "qwen3", "mistral"):
        yield family, {}
        yield family, {"rope_theta": DROP}
        yield family, {"rope_theta": 777}
    for scaling in scalings(draw):
        some = list(spellings(scaling, draw))
        for spelling in some if len(scaling) < 3 else draw.sample(some, 2):
            yield draw.choice(["llama", "llama", "qwen2", "qwen3", "mistral"]), spelling
    yarn, linear = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64), dict(rope_type="linear", factor=2.0)
    plain = dict(rope_type="default", rope_theta=50.0)
    for extra in (
        {"rope_theta": None}, {"rope_theta": None, "rope_parameters": plain}, {"rope_parameters": plain, "rope_scaling": yarn},
        {"rope_parameters": {**linear, "rope_theta": 50.0}, "rope_scaling": {**linear, "rope_theta": 50.0}}, {"rope_scaling": {}, "rope_parameters": plain},
        {"rope_scaling": None, "rope_parameters": None}, {"rope_scaling": {"rope_type": "linear", "type": "yarn", "factor": 2.0}},
        {"rope_parameters": {"full_attention": plain}}, {"rope_parameters": {"full_attention": plain, "sliding_attention": plain}},
        {"rope_scaling": {"full_attention": yarn}}, {"rope_parameters": {"full_attention": plain}, "layer_types": ["full_attention"] * 2},
        {"rope_parameters": {"rope_theta": None, "rope_type": "default"}}, {"rope_scaling": yarn, "original_max_position_embeddings": 128},
        {"rope_scaling": dict(rope_type="yarn", factor=4.0), "original_max_position_embeddings": 128},
        {"rope_scaling": dict(rope_type="llama3", **LLAMA3), "original_max_position_embeddings": 32}, {"rope_scaling": linear, "original_max_position_embeddings": 32},
        {"rope_scaling": yarn, "original_max_position_embeddings": None}, {"partial_rotary_factor": 0.5}, {"partial_rotary_factor": 1.0},
        {"partial_rotary_factor": 0.5, "rope_scaling": linear}, {"rope_parameters": {**plain, "partial_rotary_factor": 0.25}},
        {"rope_scaling": yarn, "max_position_embeddings": 64}, {"rope_scaling": dict(rope_type="dynamic", factor=2.0), "max_position_embeddings": 64},
        {"rope_scaling": "linear"}, {"rope_scaling": linear, "head_dim": 32}, {"rope_scaling": yarn, "head_dim": 32}, {"rope_theta": 1.0, "rope_scaling": yarn},
        {"rope_scaling": {"rope_type": "linear", "factor": "2.0"}}, {"rope_scaling": {"rope_type": "linear", "factor": 0.5}},
    ):
        for family in ("llama", "qwen3"):
            yield family, extra


def main():
    found, seen = [], set()
    for family, extra in cases():
        config = {**copy.deepcopy(BASE), **copy.deepcopy(extra), "model_type": family,
                  "architectures": [{"llama": "Llama", "qwen2": "Qwen2", "qwen3": "Qwen3", "mistral": "Mistral"}[family] + "ForCausalLM"]}
        config = {key: value for key, value in config.items() if not (isinstance(value, str) and value == DROP)}
        if family == "mistral":
            config["sliding_window"] = None
        text = json.dumps(config, sort_keys=True)
        if text in seen:
            continue
        seen.add(text)
        found.append({"family": family, "config": extra, **measured(config)})
    FILE.write_text(json.dumps({"made_with": f"transformers {transformers.__version__}", "base": BASE}) + "\n"
                    + "".join(json.dumps(case) + "\n" for case in found))
    errors = sum("error" in case for case in found)
    print(f"{len(found)} cases, of {errors} transformers makes no model; {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
