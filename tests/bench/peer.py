"""The work of tests/bench/run.sh by transformers: peer.py MODEL {training|sampling} {float32|bfloat16} THREADS STEPS

Prints one JSON object: rate in tokens/s (training: median over STEPS after two; sampling: prompts counted as time), and what it was."""
import json
import os
import pathlib
import statistics
import sys
import time

import torch
import transformers


def texts(split, count):
    path = pathlib.Path(os.environ["FT_DATA"]) / "gsm8k" / f"{split}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()[:count]]


def main():
    folder, work, precision, threads, steps = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    dtype = getattr(torch, precision)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    if work == "sampling":
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
        prompts = [f"Question: {p['question']}\nAnswer:\n" for p in texts("test", 8 * int(threads)) for _ in range(8)]
        inputs = tokenizer(prompts, return_tensors="pt", padding=True)
        begun = time.perf_counter()
        with torch.inference_mode():
            out = model.generate(**inputs, do_sample=True, temperature=0.9, top_p=0.95, top_k=0, max_new_tokens=64)
        seconds = time.perf_counter() - begun
        new = out[:, inputs["input_ids"].shape[1]:]
        count = int((new != tokenizer.pad_token_id).sum())
        print(json.dumps({"rate": count / seconds, "what": f"generate, {len(prompts)} attempts at once, {threads} threads"}))
        return
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    ids = [t for p in texts("train", 400) for t in tokenizer(f"{p['question']}\n{p['answer']}")["input_ids"]]
    length, rates = 512, []
    for step in range(int(steps) + 2):
        begun = time.perf_counter()
        rows = 2 * int(threads)  # 1,024 tokens a thread, as a rank has them
        start = step * rows * length % (len(ids) - rows * length)
        for row in range(rows):
            piece = torch.tensor([ids[start + row * length:start + (row + 1) * length]])
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                loss = model(input_ids=piece, labels=piece).loss / rows
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        rates.append(rows * length / (time.perf_counter() - begun))
    print(json.dumps({"rate": statistics.median(rates[2:]), "what": f"rows of 512 from one stream, no mask between texts, loss on every token, {threads} threads"
                      + (", autocast" if precision == "bfloat16" else "")}))


if __name__ == "__main__":
    main()
