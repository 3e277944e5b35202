#!/usr/bin/env python3
"""Makes tests/golden/parquet: Parquet files in the layouts of published data sets and in every form that the reader
knows, written by pyarrow, each beside the same rows as JSON lines. By hand, with pyarrow 18 or newer:

    tests/golden/parquet_fixtures.py

The contents are made up here; layouts (names and types of columns) are those of the sets that the names say."""
import decimal
import json
import pathlib
import random

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).resolve().parent / "parquet"
R = random.Random(7)


def write(name, rows, schema=None, **options):
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, FOLDER / f"{name}.parquet", **options)

    def plain(value):
        if isinstance(value, decimal.Decimal):
            return {"decimal": str(value)}
        if isinstance(value, bytes):
            return {"bytes": len(value)}
        return str(value)

    def maps(value, kind):  # pyarrow gives maps as lists of pairs
        if value is None:
            return None
        if pa.types.is_map(kind):
            pairs = [(k, maps(v, kind.item_type)) for k, v in value]
            return dict(pairs) if len(dict(pairs)) == len(pairs) else [list(pair) for pair in pairs]
        if pa.types.is_struct(kind):
            return {field.name: maps(value[field.name], field.type) for field in kind}
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            return [maps(v, kind.value_type) for v in value]
        return value

    with open(FOLDER / f"{name}.jsonl", "w") as out:
        for row in table.to_pylist():
            row = {field.name: maps(row[field.name], field.type) for field in table.schema}
            out.write(json.dumps(row, default=plain, ensure_ascii=False) + "\n")


def text(words=6):
    return " ".join(R.choice(["so", "the", "sum", "ist", "größer", "x²", "答案", "\n", "\\frac{1}{2}", '"q"', "7,"]) for _ in range(R.randint(0, words)))


def nested(depth):
    if R.random() < 0.2:
        return None
    if depth == 0:
        return R.choice([text(2), None, ""])
    return [nested(depth - 1) for _ in range(R.randint(0, 3))]


def forms():
    """Every kind of value and nesting, in every packing, page version and encoding."""
    kinds = pa.schema([
        ("flag", pa.bool_()), ("small", pa.int8()), ("int", pa.int32()), ("long", pa.int64()), ("ulong", pa.uint64()), ("float", pa.float32()),
        ("double", pa.float64()), ("half", pa.float16()), ("dec", pa.decimal128(30, 4)), ("dec9", pa.decimal128(9, 2)), ("text", pa.string()),
        ("big", pa.large_string()), ("raw", pa.binary()), ("fixed", pa.binary(5)), ("nothing", pa.null()),
        pa.field("must", pa.string(), nullable=False)])

    def row():
        import numpy as np
        full = {
            "flag": R.random() < 0.5, "small": R.randint(-128, 127), "int": R.randint(-2**31, 2**31 - 1), "long": R.randint(-2**63, 2**63 - 1),
            "ulong": R.randint(0, 2**64 - 1), "float": float(np.float32(R.choice([0.1, 1e16, 1e-7, -2.5, R.gauss(0, 1)]))),
            "double": R.choice([0.1, 1e16, 1e-7, 1.2345678901234568e29, R.gauss(0, 1e5), 5e-324, 1.7976931348623157e308]),
            "half": np.float16(R.choice([0.5, -1.25, 6e-8, 65504])), "dec": decimal.Decimal(R.randint(-10**29, 10**29)).scaleb(-4),
            "dec9": decimal.Decimal(R.randint(-10**8, 10**8)).scaleb(-2), "text": text(), "big": text(20),
            "raw": b"\xff\xfe" + bytes(R.randrange(256) for _ in range(4)), "fixed": b"\xff" + bytes(R.randrange(256) for _ in range(4)),
            "nothing": None}
        full = {k: v if R.random() < 0.8 else None for k, v in full.items()}
        full["must"] = text()
        return full

    rows = [row() for _ in range(60)]
    write("kinds_snappy", rows, kinds, compression="snappy", row_group_size=17)
    write("kinds_zstd_v2", rows, kinds, compression="zstd", data_page_version="2.0", version="2.6")
    write("kinds_gzip_plain", rows, kinds, compression="gzip", use_dictionary=False)
    write("kinds_small_pages", rows, kinds, compression="none", data_page_size=64, write_batch_size=7, dictionary_pagesize_limit=300)
    simple = [{"n": R.randint(-1000, 1000) * 7**R.randint(0, 18) if i % 9 else None, "m": R.randint(0, 9), "t": text(), "u": f"problem-{i:05}", "d": R.gauss(0, 1),
               "b": R.random() < 0.1} for i in range(400)]
    encodings = {"n": "DELTA_BINARY_PACKED", "m": "DELTA_BINARY_PACKED", "t": "DELTA_LENGTH_BYTE_ARRAY", "u": "DELTA_BYTE_ARRAY", "d": "BYTE_STREAM_SPLIT"}
    fields = pa.schema([("n", pa.int64()), ("m", pa.int32()), ("t", pa.string()), ("u", pa.string()), ("d", pa.float64()), ("b", pa.bool_())])
    write("encodings_v1", simple, fields, use_dictionary=False, column_encoding=encodings, compression="zstd")
    write("encodings_v2", simple[:150], fields, use_dictionary=False, column_encoding={**encodings, "b": "RLE"}, data_page_version="2.0", compression="snappy")
    deep = pa.schema([
        ("l1", pa.list_(pa.string())), ("l2", pa.list_(pa.list_(pa.string()))), ("l3", pa.list_(pa.list_(pa.list_(pa.string())))),
        ("s", pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.list_(pa.struct([("d", pa.string()), ("e", pa.list_(pa.float64()))])))]))])),
        ("m", pa.map_(pa.string(), pa.list_(pa.int64()))), ("ls", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])))])

    def deep_row():
        c = [None if R.random() < 0.2 else {"d": text(2) if R.random() < 0.8 else None, "e": [R.gauss(0, 1) for _ in range(R.randint(0, 3))]}
             for _ in range(R.randint(0, 3))]
        s = {"a": R.choice([None, 3]), "b": R.choice([None, {"c": None}, {"c": c}, {"c": c}])}
        m = [(f"k{i}", [i] * R.randint(0, 2) if R.random() < 0.8 else None) for i in range(R.randint(0, 3))]
        return {"l1": nested(1), "l2": nested(2), "l3": nested(3), "s": R.choice([None, s, s]), "m": R.choice([None, m, m]),
                "ls": [{"role": "user", "content": text()}, {"role": "assistant", "content": R.choice([None, text()])}][: R.randint(0, 2)]}

    rows = [deep_row() for _ in range(80)]
    write("deep_v1", rows, deep, compression="snappy", data_page_size=100, write_batch_size=3)
    write("deep_v2", rows, deep, compression="zstd", data_page_version="2.0", row_group_size=23)
    write("deep_old_lists", rows, deep, compression="none", use_compliant_nested_type=False)
    write("one_value", [{"x": "same"}] * 50, compression="none")


def problem(i):
    return f"Ann has {i} pens and buys {i + 2} more. How many has she?", 2 * i + 2


def layouts():
    """Problem sets and attempts as published."""
    made = [problem(i) for i in range(40)]
    write("gsm8k_main", [{"question": q, "answer": f"{i}+{i + 2}=<<{i}+{i + 2}={a}>>{a}\n#### {a}"} for i, (q, a) in enumerate(made)])
    write("verl", [{"data_source": "made", "prompt": [{"role": "system", "content": "Think."}, {"role": "user", "content": q}], "ability": "math",
                    "reward_model": {"ground_truth": str(a), "style": "rule"}, "extra_info": {"index": i, "split": "train"}}
                   for i, (q, a) in enumerate(made)])

    def attempts(i, a, n):
        rights = [R.random() < 0.5 for _ in range(n)]
        return [f"We add.\nSo \\boxed{{{a if right else a + 1}}}." for right in rights], rights

    rows = []
    for i, (q, a) in enumerate(made):
        texts, rights = attempts(i, a, 4)
        rows.append({"problem": q, "solution": f"... \\boxed{{{a}}}", "answer": str(a), "uuid": f"u{i}", "is_reasoning_complete": [True] * 4, "generations": texts,
                     "correctness_math_verify": rights, "correctness_llama": None, "finish_reasons": None, "correctness_count": sum(rights),
                     "messages": [{"role": "user", "content": q}, {"role": "assistant", "content": texts[0]}]})
    write("openr1", rows, pa.schema([
        ("problem", pa.string()), ("solution", pa.string()), ("answer", pa.string()), ("uuid", pa.string()), ("is_reasoning_complete", pa.list_(pa.bool_())),
        ("generations", pa.list_(pa.string())), ("correctness_math_verify", pa.list_(pa.bool_())), ("correctness_llama", pa.list_(pa.bool_())),
        ("finish_reasons", pa.list_(pa.string())), ("correctness_count", pa.int64()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])))]))
    with open(FOLDER / "openr1.right", "w") as out:  # attempts that are right, of all
        out.write(f"{sum(sum(r['correctness_math_verify']) for r in rows)} {4 * len(rows)}\n")


def repeated_keys():
    """Maps in which a key stands twice, the first one or a later one, cannot be objects: they stay lists of pairs."""
    keys = ["abc", "aba", "abb", "a", "aa", ""]
    write("repeated_keys", [{"n": i, "m": [(k, j) for j, k in enumerate(keys[i % 6])]} for i in range(36)],
          pa.schema([("n", pa.int64()), ("m", pa.map_(pa.string(), pa.int64()))]))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    repeated_keys()
    forms()
    layouts()
    print(sum(f.stat().st_size for f in FOLDER.iterdir()), "bytes")
