"""Loads a Hugging Face folder in transformers and compares its logits with those our binary prints for the same folder.

Usage: python check_export.py MODEL_PROBE FOLDER [TEXT_OR_TOKENS]
MODEL_PROBE is the built tests/bench/model_probe; TEXT is tokenised with the folder's tokenizer, else 40 tokens are made up.
Fails when a logit differs by more than 1e-4."""

import subprocess
import sys
import tempfile

import numpy
import torch
import transformers


def main():
    probe, folder = sys.argv[1:3]
    torch.set_num_threads(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    vocabulary = model.config.vocab_size
    if len(sys.argv) > 3:
        tokens = transformers.AutoTokenizer.from_pretrained(folder)(sys.argv[3])["input_ids"]
    else:
        tokens = [(i * i * 31 + i * 17 + 5) % vocabulary for i in range(40)]
    with torch.no_grad():
        theirs = model(input_ids=torch.tensor([tokens])).logits[0].numpy()
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([probe, "logits", folder, out.name], input=" ".join(map(str, tokens)), text=True, check=True)
        ours = numpy.fromfile(out.name, dtype=numpy.float32).reshape(len(tokens), vocabulary)
    difference = abs(ours - theirs).max()
    print(f"{folder}: {len(tokens)} tokens, largest difference of a logit {difference:.2e} (logits up to {abs(theirs).max():.1f})")
    sys.exit(1 if difference > 1e-4 else 0)


if __name__ == "__main__":
    main()
