#!/usr/bin/env python3
"""Writes the golden hashes of token ids that tokens_test.cpp compares with. Run by hand; needs the package tokenizers.

    tests/golden/tokens.py TOKENIZER_DIR DATA_DIR > tests/golden/tokens_smollm2.json

For each problem set: the SHA-256 of the ids (int32, little-endian) of each chunk of 500 records, both fields of a record
encoded one after the other without special tokens. A hash that differs names the 500 records in which to look.
"""

import hashlib
import json
import os
import sys

import numpy as np
import tokenizers

SETS = [("gsm8k/train.jsonl", ["question", "answer"]), ("math/train.jsonl", ["problem", "solution"])]
CHUNK = 500  # records


def sha256_file(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def golden_set(tokenizer, path, fields):
    with open(path, encoding="utf-8") as file:
        texts = [[record[field] for field in fields] for record in map(json.loads, file)]
    chunks, total = [], 0
    for begin in range(0, len(texts), CHUNK):
        flat = [text for record in texts[begin : begin + CHUNK] for text in record]
        ids = [i for encoding in tokenizer.encode_batch(flat, add_special_tokens=False) for i in encoding.ids]
        total += len(ids)
        chunks.append(hashlib.sha256(np.asarray(ids, dtype="<i4").tobytes()).hexdigest())
    return {"fields": fields, "file_sha256": sha256_file(path), "records": len(texts), "tokens": total, "chunks": chunks}


def main(folder, data):
    tokenizer_path = os.path.join(folder, "tokenizer.json")
    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_path)
    sets = [{"file": name, **golden_set(tokenizer, os.path.join(data, name), fields)} for name, fields in SETS]
    golden = {
        "reference": f"tokenizers {tokenizers.__version__}",
        "tokenizer_sha256": sha256_file(tokenizer_path),
        "records_per_chunk": CHUNK,
        "sets": sets,
    }
    json.dump(golden, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
