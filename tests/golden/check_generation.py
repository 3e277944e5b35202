"""Trains a small model folder, samples greedily, exports, and lets transformers generate from the export: the same texts,
ended at the same places.

Usage: python check_generation.py FTRUN          (by hand: torch, transformers)

The model is random, then trained on a few short lines, so that some attempts end by the trained end token, some by a
further one that only generation_config.json names, and some by their length. Each is told; fails on any difference."""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fault"))
import model_folder_test

NEW_TOKENS = 24
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
RUN = """\
run: {folder: run, seed: 1}
models:
  base: {path: M}
prompts: {solver: "{problem}="}
problems:
  train: {dataset: jsonl, path: d.jsonl}
training: {lanes: 2, tokens_per_lane: 256, max_length: 128, learning_rate: 1e-2}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 30steps}
  answers: {recipe: sample, model: solver, problems: train, per_problem: 0, greedy: true, max_new_tokens: 24}
"""


def main():
    ftrun = pathlib.Path(sys.argv[1]).absolute()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # Token 55 is "7": it ends a text, as <|endoftext|> (256) does; <|im_end|> (257) is the one that is trained.
        model_folder_test.write_model(folder / "M", {"eos_token_id": 256, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}},
                                      generation={"eos_token_id": [256, 55], "do_sample": False})
        lines = [{"problem": w, "solution": w[::-1] * (1 + 6 * (i % 3 == 2)) + ("a7b" if i % 3 == 1 else ""), "answer": "7"} for i, w in enumerate(WORDS)]
        (folder / "d.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        (folder / "run.yaml").write_text(RUN)
        subprocess.run([ftrun, "run.yaml"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        subprocess.run([ftrun, "export", "run/solver", "out"], cwd=folder, check=True)
        attempts, = folder.glob("run/stages/answers-*/output-*/attempts-00000.jsonl")
        ours = [json.loads(line) for line in attempts.read_text().splitlines()]
        model = transformers.AutoModelForCausalLM.from_pretrained(folder / "out").eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "out")
        ends = model.generation_config.eos_token_id
        wrong, by = 0, {}
        for line, attempt in zip(lines, ours):
            ids = tokenizer(line["problem"] + "=", return_tensors="pt", add_special_tokens=False)["input_ids"]
            new = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False)[0, ids.shape[1]:].tolist()
            finished = new[-1] in ends
            text = tokenizer.decode(new[:-1] if finished else new, skip_special_tokens=True)
            same = text == attempt["text"] and finished == attempt["finished"] and len(new) == attempt["tokens"]
            wrong += not same
            by[new[-1] if finished else "length"] = by.get(new[-1] if finished else "length", 0) + 1
            print(f"{'same' if same else 'DIFFERENT'}: {line['problem']} -> {attempt['text']!r} {attempt['tokens']} tokens, finished {attempt['finished']}"
                  + ("" if same else f"; transformers {text!r} {len(new)} tokens, finished {finished}"))
        print(f"end tokens of the export {ends}; ended by {by}; {wrong} of {len(ours)} differ")
        sys.exit(1 if wrong or len(by) < 2 or len(ours) != len(lines) else 0)


if __name__ == "__main__":
    main()
