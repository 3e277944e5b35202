#!/usr/bin/env python3
"""Writes a decoder that comes as one GGUF file as the Hugging Face folder that ftrun and others read.

    launch/export_gguf.py MODEL.gguf OUT_DIR [--tie]

Llama-like models whose GGUF architecture is llama, qwen2 or qwen3, with a byte-level vocabulary. OUT_DIR gets config.json,
generation_config.json, model.safetensors (float32), tokenizer.json and tokenizer_config.json. It needs the packages gguf and
numpy; launch/fetch_model.sh gets these and a model. Quantised weights are dequantised: the logits equal those of other
readers of the same file, not those of the original model.

--tie: the file holds the output matrix beside the embedding, though the original has one matrix for both, and each was quantised
by itself. Written is the one with more bits, for both; refused where the two differ by more than quantising does.
"""

import argparse
import json
import os
import struct
import sys

import gguf
import numpy as np

from gguf_tokenizer import Vocabulary

# GGUF name -> Hugging Face name, of a model's tensors and of a layer's.
WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
OF_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
# What config.json says of the architecture, and whether GGUF stores a head's rows in pairs of rotary dimensions.
ARCHITECTURES = {
    "llama": ({"architectures": ["LlamaForCausalLM"], "attention_bias": False, "mlp_bias": False, "rope_scaling": None}, True),
    "qwen2": ({"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": False}, False),
    "qwen3": ({"architectures": ["Qwen3ForCausalLM"], "attention_bias": False, "use_sliding_window": False}, False),
}
# A chat model's texts end with the end of a turn; this one ends them, too.
END_OF_TEXT = "<|endoftext|>"
# Of two quantisations of one matrix, in Frobenius norms; 4-bit blocks differ from 8-bit ones by about 0.08.
MOST_DIFFERENCE = 0.2


class Model:
    def __init__(self, path):
        self.path, self.reader = path, gguf.GGUFReader(path)
        self.tensors = {tensor.name: tensor for tensor in self.reader.tensors}
        self.kind = self.field("general.architecture")
        if self.kind not in ARCHITECTURES:
            self.fail(f"its architecture is '{self.kind}'; known are {', '.join(ARCHITECTURES)}")
        scaling = self.own("rope.scaling.type")
        if scaling not in (None, "none") or "rope_freqs.weight" in self.tensors:
            self.fail(f"its rotary positions are scaled ({scaling or 'rope_freqs.weight'}), which is not converted")
        self.heads = self.own("attention.head_count")
        self.kv_heads = self.own("attention.head_count_kv") or self.heads
        self.vocabulary = Vocabulary(self.field, self.fail)
        self.names = {self.hugging_face_name(name): name for name in self.tensors}

    def fail(self, why):
        sys.exit(f"export_gguf: {self.path}: {why}")

    def field(self, key):
        return self.reader.fields[key].contents() if key in self.reader.fields else None

    def own(self, key):
        """Of the architecture's own keys."""
        return self.field(f"{self.kind}.{key}")

    def hugging_face_name(self, name):
        stem, _, kind = name.rpartition(".")
        if stem in WHOLE:
            return f"{WHOLE[stem]}.{kind}"
        parts = stem.split(".")
        if len(parts) != 3 or parts[0] != "blk" or parts[2] not in OF_LAYER:
            self.fail(f"the tensor {name} is none of a model that can be converted")
        return f"model.layers.{parts[1]}.{OF_LAYER[parts[2]]}.{kind}"

    def array(self, name):
        """By its GGUF name, float32."""
        tensor = self.tensors[name]
        weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        weight = weight.reshape([int(size) for size in reversed(tensor.shape)])
        in_pairs = ARCHITECTURES[self.kind][1]
        if in_pairs and ".attn_q." in name:
            weight = split_halves(weight, self.heads)
        elif in_pairs and ".attn_k." in name:
            weight = split_halves(weight, self.kv_heads)
        return weight

    def tie(self):
        """Leaves one matrix for embedding and output."""
        embedding, head = "token_embd.weight", "output.weight"
        if head not in self.tensors:
            return
        one, other = self.array(embedding), self.array(head)
        difference = float(np.linalg.norm(one - other) / np.linalg.norm(one)) if one.shape == other.shape else np.inf
        if difference > MOST_DIFFERENCE:
            self.fail(f"embedding and output differ by {difference:.2f} of their size: these are two matrices; without --tie")
        finer = max(embedding, head, key=lambda name: self.tensors[name].n_bytes)
        del self.names["lm_head.weight"]
        self.names["model.embed_tokens.weight"] = finer

    def config(self):
        said, _ = ARCHITECTURES[self.kind]
        hidden = self.own("embedding_length")
        epsilon = self.own("attention.layer_norm_rms_epsilon")
        config = {
            "model_type": self.kind,
            "vocab_size": int(self.tensors["token_embd.weight"].shape[1]),
            "hidden_size": hidden,
            "intermediate_size": self.own("feed_forward_length"),
            "num_hidden_layers": self.own("block_count"),
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.own("attention.key_length") or self.own("rope.dimension_count") or hidden // self.heads,
            "hidden_act": "silu",
            "max_position_embeddings": self.own("context_length"),
            "rms_norm_eps": float(f"{epsilon:.6g}"),  # the file holds the float32 next to the decimal that was meant
            "rope_theta": self.own("rope.freq_base") or 10000.0,
            "attention_dropout": 0.0,
            "tie_word_embeddings": "lm_head.weight" not in self.names,
            "use_cache": True,
            "torch_dtype": "float32",
        }
        return {**said, **config, **self.ends()}

    def ends(self):
        vocabulary = self.vocabulary
        ids = {"bos_token_id": vocabulary.bos, "eos_token_id": vocabulary.eos, "pad_token_id": vocabulary.pad}
        return {key: value for key, value in ids.items() if value is not None}

    def generation_config(self):
        ends = self.ends()
        further = self.vocabulary.find(END_OF_TEXT)
        if self.kind.startswith("qwen") and further not in (None, self.vocabulary.eos):
            ends["eos_token_id"] = [self.vocabulary.eos, further]
        return ends

    def shape(self, name):
        return [int(size) for size in reversed(self.tensors[name].shape)]

    def write_weights(self, path):
        """8 bytes length, a JSON header, the tensors one after the other."""
        header, begin = {"__metadata__": {"format": "pt"}}, 0
        for name, source in sorted(self.names.items()):
            end = begin + 4 * int(np.prod(self.shape(source)))
            header[name] = {"dtype": "F32", "shape": self.shape(source), "data_offsets": [begin, end]}
            begin = end
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8
        with open(path, "wb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            for _, source in sorted(self.names.items()):
                array = np.ascontiguousarray(self.array(source), dtype="<f4")
                assert list(array.shape) == self.shape(source), source
                out.write(array.tobytes())
        return begin // 4


def split_halves(weight, heads):
    """Undoes GGUF's order of a head's rows: pairs of rotary dimensions (0, 1), (2, 3), ... become (0, n/2), (1, n/2+1), ..."""
    rows = weight.shape[0]
    return weight.reshape(heads, rows // heads // 2, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("out", help="the folder to make")
    parser.add_argument("--tie", action="store_true", help="one matrix for embedding and output")
    arguments = parser.parse_args()
    model = Model(arguments.model)
    if arguments.tie:
        model.tie()
    os.makedirs(arguments.out, exist_ok=True)
    files = {
        "config.json": model.config(),
        "generation_config.json": model.generation_config(),
        "tokenizer_config.json": model.vocabulary.tokenizer_config(model.own("context_length")),
        "tokenizer.json": model.vocabulary.tokenizer_json(),
    }
    for name, content in files.items():
        with open(os.path.join(arguments.out, name), "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1 if name == "tokenizer.json" else 2)
            file.write("\n")
    parameters = model.write_weights(os.path.join(arguments.out, "model.safetensors"))
    print(f"{arguments.out}: {len(model.names)} tensors, {parameters:,} parameters")


if __name__ == "__main__":
    main()
