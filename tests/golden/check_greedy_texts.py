"""Samples GSM8K problems greedily from a real model and compares with transformers: the same texts, to the last token?

Usage: python check_greedy_texts.py FTRUN MODEL [--problems 50] [--tokens 64] [--compute float32] [--ranks 1]
       (by hand: torch, transformers; FT_DATA as for the tests)

Greedy means that each token is the most probable one after those before it, so one forward of transformers over prompt and text
decides, where the text's own tokens are those that were drawn; else transformers generates. Told is the first token that is
another, and by how much transformers prefers its own (in its logits): 0.00 is a tie in its float32. Ends with 1 where a float32
text differs; in bfloat16 a difference is a figure, not a fault."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers

PROMPT = "Question: {problem}\nAnswer:\n"
RUN = """\
run: {{folder: run, seed: 1}}
models: {{base: {{path: {model}}}}}
prompts: {{solver: {prompt}}}
problems: {{test: {{dataset: gsm8k, split: test, limit: {problems}}}}}
stages:
  answers: {{recipe: sample, model: base, problems: test, per_problem: 0, greedy: true, max_new_tokens: {tokens}, compute: {compute}}}
"""


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def first_difference(model, prompt, drawn, limit):
    """(place, logit that transformers prefers it by) of the first other token; None where there is none."""
    with torch.inference_mode():
        logits = model(torch.tensor([prompt + drawn])).logits[0, len(prompt) - 1:-1]
    best = logits.max(-1)
    for place, token in enumerate(drawn):
        if best.indices[place] != token:
            return place, (best.values[place] - logits[place, token]).item()
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ftrun", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--problems", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--compute", default="float32")
    parser.add_argument("--ranks", type=int, default=1)
    a = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "run.yaml").write_text(RUN.format(model=a.model.absolute(), prompt=json.dumps(PROMPT), problems=a.problems, tokens=a.tokens,
                                                    compute=a.compute))
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        ranks = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(a.ranks)] if a.ranks > 1 else []
        subprocess.run([*ranks, a.ftrun.absolute(), "run.yaml"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        output, = folder.glob("run/stages/answers-*/output-*")
        problems = {p["id"]: p for piece in sorted(output.glob("problems-*.jsonl")) for p in read(piece)}
        attempts = [a for piece in sorted(output.glob("attempts-*.jsonl")) for a in read(piece)]
    model = transformers.AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(a.model)
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    different, generated = [], 0
    for attempt in attempts:
        text = PROMPT.format(problem=problems[attempt["problem"]]["problem"])
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        drawn = tokenizer(attempt["text"], add_special_tokens=False)["input_ids"]
        candidates = [drawn + [end] for end in ends] if attempt["finished"] else [drawn]
        if len(candidates[0]) == attempt["tokens"]:
            found = [first_difference(model, prompt, c, a.tokens) for c in candidates]
            if None in found:
                continue
            different.append((attempt["problem"], *max(found)))
            continue
        generated += 1  # the text's own tokens are others than were drawn: only its words can be compared
        with torch.inference_mode():
            ids = torch.tensor([prompt])
            new = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=a.tokens, do_sample=False)[0, len(prompt):].tolist()
        finished = new[-1] in ends
        if tokenizer.decode(new[:-1] if finished else new, skip_special_tokens=True) != attempt["text"] or len(new) != attempt["tokens"]:
            different.append((attempt["problem"], -1, float("nan")))
    for problem, place, gap in different:
        print(f"{problem}: " + (f"token {place} is another; transformers prefers its own by {gap:.2g}" if place >= 0 else "another text"))
    print(f"{a.compute}: {len(attempts) - len(different)} of {len(attempts)} greedy texts of at most {a.tokens} tokens are transformers' "
          f"({generated} by its generation, the others by one forward)")
    sys.exit(1 if len(attempts) != a.problems or (different and a.compute == "float32") else 0)


if __name__ == "__main__":
    main()
