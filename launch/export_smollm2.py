#!/usr/bin/env python3
"""Writes SmolLM2-135M-Instruct, which comes as one GGUF file, as the Hugging Face folder that ftrun and others read.

    launch/export_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf OUT_DIR

OUT_DIR gets config.json, generation_config.json, model.safetensors (float32), tokenizer.json and tokenizer_config.json.
It needs the packages gguf and numpy; launch/fetch_smollm2.sh gets these and the GGUF file. The weights are those of the
4-bit file, dequantised: the logits equal those of other readers of the same file, not those of the original model.
"""

import json
import os
import struct
import sys

import gguf
import numpy as np

# GGUF name -> Hugging Face name; {} is the number of the layer.
NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
    "blk.{}.attn_norm.weight": "model.layers.{}.input_layernorm.weight",
    "blk.{}.attn_q.weight": "model.layers.{}.self_attn.q_proj.weight",
    "blk.{}.attn_k.weight": "model.layers.{}.self_attn.k_proj.weight",
    "blk.{}.attn_v.weight": "model.layers.{}.self_attn.v_proj.weight",
    "blk.{}.attn_output.weight": "model.layers.{}.self_attn.o_proj.weight",
    "blk.{}.ffn_norm.weight": "model.layers.{}.post_attention_layernorm.weight",
    "blk.{}.ffn_gate.weight": "model.layers.{}.mlp.gate_proj.weight",
    "blk.{}.ffn_up.weight": "model.layers.{}.mlp.up_proj.weight",
    "blk.{}.ffn_down.weight": "model.layers.{}.mlp.down_proj.weight",
}
CONTROL_TOKEN = 3  # in tokenizer.ggml.token_type


def hugging_face_name(name):
    parts = name.split(".")
    if parts[0] != "blk":
        return NAMES[name]
    return NAMES[".".join(["blk", "{}"] + parts[2:])].format(parts[1])


def split_halves(weight, heads):
    """Undoes GGUF's order of a head's rows: pairs of rotary dimensions (0, 1), (2, 3), ... become (0, n/2), (1, n/2+1), ..."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def tensors(reader, heads, kv_heads):
    """Yields (Hugging Face name, float32 array) in the order of the names."""
    named = {hugging_face_name(tensor.name): tensor for tensor in reader.tensors}
    for name in sorted(named):
        tensor = named[name]
        weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        weight = weight.reshape([int(size) for size in reversed(tensor.shape)])
        if name.endswith("q_proj.weight"):
            weight = split_halves(weight, heads)
        elif name.endswith("k_proj.weight"):
            weight = split_halves(weight, kv_heads)
        yield name, weight


def write_safetensors(path, shapes, arrays):
    """8 bytes length, a JSON header, the tensors one after the other."""
    header, begin = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes:
        end = begin + 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for (name, shape), (array_name, array) in zip(shapes, arrays, strict=True):
            assert name == array_name and list(array.shape) == shape, (name, shape, array_name, array.shape)
            out.write(np.ascontiguousarray(array, dtype="<f4").tobytes())


def tokenizer_json(tokens, types, merges):
    byte_level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    special = [i for i, kind in enumerate(types) if kind == CONTROL_TOKEN]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    digits = {"type": "Digits", "individual_digits": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": tokens[i], **flags} for i in special],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, {**byte_level, "add_prefix_space": False}]},
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": merges,
        },
    }


def main(gguf_path, out):
    reader = gguf.GGUFReader(gguf_path)
    field = lambda name: reader.fields[name].contents()
    if field("general.architecture") != "llama" or field("tokenizer.ggml.pre") != "smollm":
        sys.exit(f"{gguf_path}: is no SmolLM2 file; this script converts that model only")
    heads, kv_heads = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    tokens, types = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    bos, eos = field("tokenizer.ggml.bos_token_id"), field("tokenizer.ggml.eos_token_id")
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(tokens),
        "hidden_size": field("llama.embedding_length"),
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": field("llama.rope.dimension_count"),
        "hidden_act": "silu",
        "max_position_embeddings": field("llama.context_length"),
        # The file holds the float32 next to 1e-5; written as the decimal that was meant.
        "rms_norm_eps": float(f'{field("llama.attention.layer_norm_rms_epsilon"):.6g}'),
        "rope_theta": field("llama.rope.freq_base"),
        "rope_scaling": None,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "tie_word_embeddings": "output.weight" not in {tensor.name for tensor in reader.tensors},
        "bos_token_id": bos,
        "eos_token_id": eos,
        "pad_token_id": field("tokenizer.ggml.padding_token_id"),
        "initializer_range": 0.041666666666666664,
        "use_cache": True,
        "torch_dtype": "float32",
    }
    tokenizer_config = {
        "add_prefix_space": False,
        "add_bos_token": False,
        "bos_token": tokens[bos],
        "eos_token": tokens[eos],
        "unk_token": tokens[field("tokenizer.ggml.unknown_token_id")],
        "pad_token": tokens[field("tokenizer.ggml.padding_token_id")],
        "additional_special_tokens": [tokens[bos], tokens[eos]],
        "chat_template": field("tokenizer.chat_template"),
        "clean_up_tokenization_spaces": False,
        "model_max_length": config["max_position_embeddings"],
        "tokenizer_class": "GPT2Tokenizer",
    }
    generation_config = {"_from_model_config": True, "bos_token_id": bos, "eos_token_id": eos, "pad_token_id": eos}
    os.makedirs(out, exist_ok=True)
    for name, content in [
        ("config.json", config),
        ("generation_config.json", generation_config),
        ("tokenizer_config.json", tokenizer_config),
        ("tokenizer.json", tokenizer_json(tokens, types, field("tokenizer.ggml.merges"))),
    ]:
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1 if name == "tokenizer.json" else 2)
            file.write("\n")
    shapes = sorted((hugging_face_name(t.name), [int(size) for size in reversed(t.shape)]) for t in reader.tensors)
    write_safetensors(os.path.join(out, "model.safetensors"), shapes, tensors(reader, heads, kv_heads))
    print(f"{out}: {len(shapes)} tensors, {sum(int(np.prod(shape)) for _, shape in shapes):,} parameters")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
