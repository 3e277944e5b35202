#!/usr/bin/env python3
"""Writes what the reference makes of texts by tokenizers of many pipelines (normalizer, pre-tokenizer, model, decoder, added
tokens): those of Llama 2, Mistral, TinyLlama, Yi, Phi-3 and Gemma, older spellings of them, and each step by itself. Run by
hand; needs the package tokenizers. The output of the first line is committed; the second takes a vocabulary and texts from
GSM8K.

    tests/golden/tokenizer_pipelines.py > tests/golden/tokenizer_pipelines.json
    tests/golden/tokenizer_pipelines.py DATA_DIR COUNT > /tmp/cases.json; \\
        FT_PIPELINE_CASES=/tmp/cases.json build/ci/bin/golden_text -tc='*pipelines*'

There are two vocabularies, of characters (SentencePiece's kind) and of bytes; a pipeline replaces parts of one of them.
"""

import json
import os
import random
import sys

import tokenizers
from tokenizer_fixtures import CORPUS, TEXTS
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

BLANK = "\u2581"
SPECIAL = ["<unk>", "<s>", "</s>"]


def added(names, **flags):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return [{"content": name, **plain, **flags} for name in names]


def replace(pattern, content):
    return {"type": "Replace", "pattern": pattern, "content": content}


def sequence(kind, *parts):
    return {"type": "Sequence", kind: list(parts)}


PREPEND = {"type": "Prepend", "prepend": BLANK}
TO_BLANK = replace({"String": " "}, BLANK)
FROM_BLANK = replace({"String": BLANK}, " ")
LEGACY = sequence("normalizers", PREPEND, TO_BLANK)
FALLBACK, FUSE = {"type": "ByteFallback"}, {"type": "Fuse"}
STRIP = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
DECODE = sequence("decoders", FROM_BLANK, FALLBACK, FUSE)
DECODE_STRIP = sequence("decoders", FROM_BLANK, FALLBACK, FUSE, STRIP)
GEMMA_SPLIT = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}


def metaspace(**more):
    return {"type": "Metaspace", "replacement": BLANK, **more}


def byte_level(add_prefix_space=False, use_regex=True):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True, "use_regex": use_regex}


def split(pattern, behavior, invert=False):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


NO_MERGE_FLAGS = {"fuse_unk": False}
PHI3 = added(["<|end|>", "<|user|>"], rstrip=True)
CHARACTERS = {  # name -> parts of tokenizer.json that are replaced; "model" is merged into the one there
    "llama2": {"normalizer": LEGACY, "decoder": DECODE_STRIP},
    "llama2 metaspace": {"pre_tokenizer": metaspace(prepend_scheme="first", split=False), "decoder": DECODE_STRIP},
    "mistral": {"pre_tokenizer": metaspace(prepend_scheme="always", split=False), "decoder": DECODE_STRIP},
    "gemma": {"normalizer": TO_BLANK, "pre_tokenizer": GEMMA_SPLIT, "decoder": DECODE},
    "yi": {"normalizer": sequence("normalizers", TO_BLANK), "decoder": DECODE},
    "phi3": {"normalizer": LEGACY, "decoder": DECODE_STRIP, "added_tokens": PHI3},
    "normalized special tokens": {"normalizer": LEGACY, "decoder": DECODE_STRIP, "added_tokens": added(SPECIAL, normalized=True)},
    "old metaspace": {"pre_tokenizer": metaspace(add_prefix_space=True), "decoder": metaspace(add_prefix_space=True)},
    "metaspace never": {
        "pre_tokenizer": metaspace(prepend_scheme="never"), "decoder": metaspace(prepend_scheme="never", split=True),
    },
    "metaspace first, split": {
        "pre_tokenizer": metaspace(prepend_scheme="first"), "decoder": metaspace(prepend_scheme="first", split=True),
    },
    "nfkc": {"normalizer": sequence("normalizers", {"type": "NFKC"}, LEGACY), "decoder": DECODE_STRIP},
    "nfd": {"normalizer": sequence("normalizers", {"type": "NFD"}, TO_BLANK), "decoder": DECODE},
    "runs of blanks": {
        "normalizer": sequence("normalizers", replace({"Regex": r"\s{2,}"}, " "), LEGACY), "decoder": DECODE_STRIP,
    },
    "no fallback, fused": {"normalizer": LEGACY, "decoder": DECODE_STRIP, "model": {"byte_fallback": False, "fuse_unk": True}},
    "no fallback": {"normalizer": LEGACY, "decoder": DECODE_STRIP, "model": {"byte_fallback": False, "fuse_unk": False}},
    "ignore_merges": {
        "pre_tokenizer": metaspace(prepend_scheme="always"), "decoder": DECODE_STRIP, "model": {"ignore_merges": True},
    },
    "some fallback, fused": {"normalizer": LEGACY, "decoder": DECODE_STRIP, "without": ["<0xE4>", "<0xF0>"]},
    "some fallback": {
        "normalizer": LEGACY, "decoder": DECODE_STRIP, "without": ["<0xE4>", "<0xF0>"], "model": {"fuse_unk": False},
    },
    "strip of each token": {"normalizer": TO_BLANK, "decoder": sequence("decoders", FROM_BLANK, {**STRIP, "start": 2}, FUSE)},
    "digits and blanks": {
        "pre_tokenizer": sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, metaspace(prepend_scheme="always")),
        "decoder": DECODE_STRIP,
    },
    "white space": {"pre_tokenizer": {"type": "Whitespace"}, "decoder": DECODE},
    "white space split": {"pre_tokenizer": {"type": "WhitespaceSplit"}, "decoder": DECODE},
    "delimiter": {"pre_tokenizer": {"type": "CharDelimiterSplit", "delimiter": "."}, "decoder": DECODE},
}  # fmt: skip
BYTES = {
    "add_prefix_space": {"pre_tokenizer": byte_level(True)},
    "prefix of each piece": {"pre_tokenizer": sequence("pretokenizers", {"type": "Digits", "individual_digits": False}, byte_level(True, False))},
    "no regex": {"pre_tokenizer": byte_level(False, False)},
    "sequence in a sequence": {"pre_tokenizer": sequence("pretokenizers", sequence("pretokenizers", {"type": "Punctuation", "behavior": "Isolated"}), byte_level())},
}  # fmt: skip
for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
    punctuation = {"type": "Punctuation", "behavior": behavior}
    BYTES[f"punctuation {behavior}"] = {"pre_tokenizer": sequence("pretokenizers", punctuation, byte_level(False, False))}
    for pattern in [r"\s", r"x*", r"\d+|[a-c]"]:
        for invert in [False, True]:
            cut = split(pattern, behavior, invert)
            BYTES[f"{pattern} {behavior} {invert}"] = {"pre_tokenizer": sequence("pretokenizers", cut, byte_level(False, False))}


def train_characters(corpus, size):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(BLANK), normalizers.Replace(" ", BLANK)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL + bytes_, limit_alphabet=80, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    data = json.loads(tokenizer.to_str())
    data.update(pre_tokenizer=None, normalizer=None, added_tokens=[])
    return data


def train_bytes(corpus, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False))
    return json.loads(tokenizer.to_str())


def pipeline(base, parts):
    data = json.loads(json.dumps(base))
    for token in parts.get("without", []):
        del data["model"]["vocab"][token]
    for key, value in parts.items():
        if key == "model":
            data["model"].update(value)
        elif key != "without":
            data[key] = value
    names = data["added_tokens"] if "added_tokens" in parts else added(SPECIAL if "<s>" in data["model"]["vocab"] else ["<s>", "</s>"])
    data["added_tokens"], size = [], len(data["model"]["vocab"])
    for token in names:
        known = data["model"]["vocab"].get(token["content"])
        data["added_tokens"].append({"id": size if known is None else known, **token})
        size += known is None
    return data


def sequences(tokenizer, r, count):
    ids = sorted(tokenizer.get_vocab().values())
    some_bytes = [tokenizer.token_to_id(f"<0x{byte:02X}>") for byte in "é你".encode()]
    for _ in range(count):
        drawn = [r.choice(ids) for _ in range(r.randrange(1, 14))]
        if r.random() < 0.5 and None not in some_bytes:
            drawn[r.randrange(len(drawn)) : 0] = some_bytes
        yield drawn


def main(corpus, texts, size, count):
    r = random.Random(4)
    out = {"reference": f"tokenizers {tokenizers.__version__}", "texts": texts, "pipelines": []}
    for kind, train, pipelines in [("characters", train_characters, CHARACTERS), ("bytes", train_bytes, BYTES)]:
        out[kind] = train(corpus, size)
        for name, parts in pipelines.items():
            data = pipeline(out[kind], parts)
            tokenizer = Tokenizer.from_str(json.dumps(data))
            parts = {key: data[key] for key in ["normalizer", "pre_tokenizer", "decoder", "added_tokens"]} | {
                key: parts[key] for key in ["model", "without"] if key in parts
            }
            every = 1 if kind == "characters" else 3  # there are many behaviours of Split, all alike
            ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts[::every]]
            decoded = [[some, tokenizer.decode(some)] for some in sequences(tokenizer, r, count)]
            decoded += [[some, tokenizer.decode(some)] for some in ids[:count]]
            out["pipelines"].append({"name": name, "of": kind, "every": every, "parts": parts, "ids": ids, "decoded": decoded})
    json.dump(out, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    hostile = [text for text in TEXTS if len(text) < 50] + ["<s>x </s> y<s>", "<s>", " <|end|>  x<|user|>\n y", "  <s>  a", "Natalia sold 48/2 = <<48/2=24>>24 clips, didn't she?", "\u2581a \u2581<s>\u2581"]
    if len(sys.argv) == 3:
        with open(os.path.join(sys.argv[1], "gsm8k/train.jsonl"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        gsm8k = [row[field] for row in rows for field in ("question", "answer")]
        main(gsm8k, hostile + gsm8k[: int(sys.argv[2])], 6000, 40)
    elif len(sys.argv) == 1:
        main(CORPUS, hostile, 480, 8)
    else:
        sys.exit(__doc__)
