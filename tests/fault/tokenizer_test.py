#!/usr/bin/env python3
"""The whole program with tokenizers of other kinds than the embedded one's: a small model from scratch is trained and sampled
with each; the token ids that it is trained on are the reference's (tests/golden/tokenizer_pipelines.json), and the sampled
texts come out as the decoder says.

  tokenizer_test.py FTRUN"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "tokenizer_pipelines.json"
RUN = """\
run: {folder: run, seed: 1}
models:
  base: {preset: tiny, tokenizer: tokenizer}
prompts: {solver: '{problem}'}
problems:
  train: {dataset: jsonl, path: data.jsonl}
training: {lanes: 2, tokens_per_lane: 512, max_length: 256, learning_rate: 3e-3}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 80steps}
  answers: {recipe: sample, model: solver, problems: train, per_problem: 1, temperature: 0, max_new_tokens: 80}
"""
PROBLEM = "Natalia sold 48/2 = <<48/2=24>>24 clips, didn't she?"
SOLUTION = "\u4f60\u597d\uff0c\u4e16\u754c\uff01\u6570\u5b66\u95ee\u9898\uff1a\u6c42 x \u7684\u503c\u3002"


def with_parts(file, pipeline):
    made = json.loads(json.dumps(file[pipeline["of"]]))
    for key, value in pipeline["parts"].items():
        if key == "model":
            made["model"].update(value)
        else:
            made[key] = value
    return made


def check(ftrun, file, name):
    pipeline = next(p for p in file["pipelines"] if p["name"] == name)
    ids = {text: pipeline["ids"][i] for i, text in enumerate(file["texts"])}
    tokenizer = with_parts(file, pipeline)
    begin, end = (next(t["id"] for t in tokenizer["added_tokens"] if t["content"] == c) for c in ("<s>", "</s>"))
    tokenizer["post_processor"] = {
        "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [begin], "tokens": ["<s>"]}}}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="ftrun-tokenizer-") as path:
        folder = pathlib.Path(path)
        (folder / "tokenizer").mkdir()
        (folder / "tokenizer" / "tokenizer.json").write_text(json.dumps(tokenizer))
        (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>", "bos_token": "<s>"}))
        (folder / "data.jsonl").write_text(json.dumps({"problem": PROBLEM, "solution": SOLUTION, "answer": "1"}) + "\n")
        (folder / "run.yaml").write_text(RUN)
        done = subprocess.run([ftrun, "run.yaml"], cwd=folder, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        whole = next((folder / "run").glob("stages/solver-*/sample.txt")).read_text()
        table = [int(m.group(1)) for m in re.finditer(r"^\s*\d+\s+(\d+)\s+(?:yes|no|-)?\s*\"", whole, re.M)]
        expected = [begin, *ids[PROBLEM], *ids[SOLUTION], end]
        assert table[: len(expected)] == expected, f"{name}: trained on {table}\nthe reference says {expected}\n{said}"
        attempts = [json.loads(line) for line in next((folder / "run").glob("stages/answers-*/output-*/attempts-00000.jsonl")).open()]
        assert attempts and {a["text"] for a in attempts} == {SOLUTION}, f"{name}: {attempts}"
    print(f"ok {name}: {len(expected)} ids equal the reference's, and what was learned comes back as it was written")


def main(ftrun):
    file = json.loads(GOLDEN.read_text())
    for name in ("llama2", "gemma"):
        check(ftrun, file, name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(str(pathlib.Path(sys.argv[1]).resolve()))
