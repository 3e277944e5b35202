"""Writes tests/golden/models/: tiny random models of each family as transformers saves them, with its own numbers.

Usage: python model.py [NAME...]     (torch 2.13, transformers 5.24; about 10 s; with names, only those models)

Each folder holds config.json, the weights (one of them in shards, some in bfloat16) and expected.json: the tokens of two
documents and the logits of each. `llama` has also every gradient of the mean next-token loss over both documents, and the
losses of ten AdamW steps."""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).parent / "models"
DOCUMENTS = [[3, 17, 5, 36, 0, 9, 9, 21, 30, 2, 11], [8, 1, 33, 4, 28]]
ADAMW = dict(lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
SHAPE = dict(
    vocab_size=37, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, bos_token_id=None, eos_token_id=None, pad_token_id=None,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=32,
)
YARN = dict(rope_type="yarn", rope_theta=500.0, factor=4.0, original_max_position_embeddings=16)
# config.json as transformers 4 wrote it: what transformers 5 saves is replaced by these keys before the model is read back.
OLD_SPELLING = {
    "linear_rope": dict(rope_theta=500.0, rope_scaling=dict(type="linear", factor=4.0)),
    "yarn_mscale_rope": dict(rope_theta=500.0, rope_scaling=dict(
        rope_type="yarn", factor=8.0, original_max_position_embeddings=16, beta_fast=4, beta_slow=1, mscale=1.0, mscale_all_dim=0.5, truncate=False)),
}


def models():
    """name, model class, config, dtype on disk, shard size"""
    from transformers import LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

    one = "1GB"
    yield "llama", LlamaConfig(**SHAPE, head_dim=6), torch.float32, one
    yield "llama3_rope", LlamaConfig(**SHAPE, head_dim=6, rope_parameters=LLAMA3, attention_bias=True, mlp_bias=True), torch.bfloat16, one
    yield "linear_rope", LlamaConfig(**SHAPE, head_dim=6), torch.bfloat16, one
    yield "dynamic_rope", LlamaConfig(**SHAPE, head_dim=6, rope_parameters=dict(rope_type="dynamic", rope_theta=500.0, factor=2.0)), torch.bfloat16, one
    yield "yarn_rope", Qwen2Config(**SHAPE, rope_parameters=YARN), torch.bfloat16, one
    yield "yarn_mscale_rope", LlamaConfig(**SHAPE, head_dim=8), torch.bfloat16, one
    yield "mistral", MistralConfig(**SHAPE, head_dim=8, sliding_window=None), torch.float16, one
    yield "qwen2", Qwen2Config(**SHAPE, rms_norm_eps=1e-5), torch.bfloat16, "10KB"
    yield "qwen3", Qwen3Config(**SHAPE, head_dim=8), torch.bfloat16, one
    yield "smollm2", LlamaConfig(**SHAPE, head_dim=6, tie_word_embeddings=True), torch.bfloat16, one


def randomise(model, dtype):
    generator = torch.Generator().manual_seed(1234)
    for name, parameter in model.named_parameters():
        values = torch.randn(parameter.shape, generator=generator)
        values = 1 + 0.2 * values if "norm" in name else 0.3 * values
        parameter.data.copy_(values.to(dtype).float())  # what is on disk is exactly what is computed with


def logits(model):
    return [model(input_ids=torch.tensor([d])).logits[0] for d in DOCUMENTS]


def mean_loss(model):
    losses = [
        torch.nn.functional.cross_entropy(l[:-1], torch.tensor(d[1:]), reduction="none")
        for l, d in zip(logits(model), DOCUMENTS)
    ]
    return torch.cat(losses).mean()


def train(model, folder):
    mean_loss(model).backward()
    save_file({n: p.grad.clone() for n, p in model.named_parameters()}, folder / "gradients.safetensors")
    # No decay for norms and biases, as ftrun has it.
    groups = [
        dict(params=[p for p in model.parameters() if p.dim() == 2]),
        dict(params=[p for p in model.parameters() if p.dim() == 1], weight_decay=0.0),
    ]
    optimizer = torch.optim.AdamW(groups, **ADAMW)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = mean_loss(model)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


def main():
    torch.set_num_threads(1)
    for name, config, dtype, shard in models():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        folder = FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
        randomise(model, dtype)
        model.to(dtype).save_pretrained(folder, max_shard_size=shard)
        (folder / "generation_config.json").unlink(missing_ok=True)
        if name in OLD_SPELLING:
            saved = json.loads((folder / "config.json").read_text())
            del saved["rope_parameters"]
            (folder / "config.json").write_text(json.dumps({**saved, **OLD_SPELLING[name]}, indent=2) + "\n")
        # Read back, as a cast to bfloat16 and back would leave the rotary frequencies rounded.
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        expected = {"documents": DOCUMENTS, "logits": [[[round(x, 7) for x in row] for row in l.tolist()] for l in logits(model)]}
        if name == "llama":
            expected["losses"] = train(model, folder)
        (folder / "expected.json").write_text(json.dumps(expected) + "\n")
        print(name, sum(f.stat().st_size for f in folder.iterdir()), "bytes")


if __name__ == "__main__":
    main()
