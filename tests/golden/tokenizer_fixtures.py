#!/usr/bin/env python3
"""Makes the small tokenizers in tests/golden/tokenizers/ and what the reference does with them. Run by hand; needs the
package tokenizers. The output is committed.

    tests/golden/tokenizer_fixtures.py

Each folder has the pipeline of a model family with a vocabulary of some hundred tokens, trained on the few lines below:
gpt2, llama3, qwen2, smollm2; `flags` tries the flags of added tokens. golden.json holds, per folder, the ids of each text
and the text of each sequence of random ids (where bytes do not make characters).
"""

import json
import os
import random

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizers")

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

CORPUS = """Natalia sold 48/2 = <<48/2=24>>24 clips in May, and then she sold half as many clips in June.
How many clips did Natalia sell altogether in April and May? She's sure that they'll count them; it isn't hard.
Let \\[f(x) = \\left\\{ \\begin{array}{cl} ax+3, &\\text{ if }x>2, \\\\ x-5 &\\text{ if } -2 \\le x \\le 2. \\end{array} \\right.\\]
Find $a+b$ if the function is continuous. We have $2x=8$ which implies $x=\\boxed{4}$.   The answer is 1,234.567.
    def solve(n):
        return sum(i * i for i in range(n))  # 100 000
caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00fcber stra\u00dfe \u4f60\u597d\u4e16\u754c \u6570\u5b66\u95ee\u9898 \u3053\u3093\u306b\u3061\u306f \ud55c\uad6d\uc5b4 \u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 \u03b1\u03b2\u03b3 \u2264 \u2265 \u221a2 \U0001f600\U0001f680
Here is a math problem: compute 7 x 8. Here is a candidate solution: 56. The above candidate solution is correct
""".splitlines(keepends=True)

SPECIAL = ["<|begin|>", "<|end|>", "<|end|><|begin|>", "<|im_start|>"]

TEXTS = [
    "",
    " ",
    "  ",
    "\n",
    " \n\n  \t x",
    "Hello world",
    "Hello, world! It's 5 o'clock, they'll've known; IT'S, WE'RE, I'D, 'Tis 'twas rock'n'roll",
    "'s 't 're 've 'm 'll 'd 'S 'T 'RE 'VE 'M 'LL 'D '\u017f '\u017ftop",
    "1 12 123 1234 12345 123456789012345678901234567890 3.14159 1,000,000 -7 +8 1/2 x2 2x",
    "a  b   c    d     e" + " " * 30 + "f",
    "trailing blanks   ",
    "tabs\t\t\tand\r\nlines\r\n\r\n\r\nend\n\n\n",
    "\r\r\n\n\r",
    "caf\u00e9 cafe\u0301 \u00e9 e\u0301 \u1e69 s\u0323\u0307 s\u0307\u0323 \u212b \u00c5 A\u030a \ufb01 \u2460",
    "\u0301 \u0301\u0301 a\u0301\u0327b",
    "\u1100\u1161\u11a8 \uac01 \u1100\u1161",
    "\u0958 \u0915\u093c \u0928\u093f \u0939\u093f\u0928\u094d\u0926\u0940",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01\u6570\u5b66\u95ee\u9898\uff1a\u6c42 x \u7684\u503c\u3002",
    "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c \u30ab\u30bf\u30ab\u30ca \uff76\uff9e \ud55c\uad6d\uc5b4",
    "\U0001f600\U0001f680 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f \U0001f44d\U0001f3fd",
    "\u0663\u0664\u0665 \u00b2\u00b3 \u00bd \u2167 \u2460 \U0001d7d8\U0001d7d9 \u4e00\u4e8c\u4e09",
    "\U0001d44e\U0001d44f \U0001d538 \u2202\u222b\u2211 \u2264\u2265\u2260 \u221a2 \u03c0\u22483.14",
    "\u00a0\u2003\u3000\u2028\u2029\u0085\u180e\u200b\ufeff mixed\u00a0blanks\u2003here\u3000x\u180ey\u200bz",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u043f\u0440\u0438\u0432\u0435\u0442",
    "\x00\x01\x1f\x7f control \x0b\x0c feed",
    "<|begin|>", "<|end|><|begin|>", "x<|end|>y<|end|>", "<|end|", "<|end |>", " <|im_start|> user\n <|end|> ",
    "<<48/2=24>>24 <|<|end|>|>", "\U0010ffff \U000e0041 \ufffd \uffff",
    "\\[\\frac{1}{2}\\] $x^2+y^2=z^2$ \\boxed{\\sqrt{2}} \\begin{align*} &= 3 \\\\ \\end{align*}",
    "a" * 200 + " " + "ab" * 100, "=" * 100, "\n" * 70, "!?" * 40, "\u4f60" * 60,
    "wordwithoutanyblankthatismuchlongerthanfortyeightbytesandgoeson clipsclipsclipsclipsclipsclipsclipsclipsclipsclips",
    "[MASK]", "x [MASK] y", "a[MASK]b", "x   [MASK]   y", "word wordy sword word. word", "e\u0301tude \u00e9tude",
    "<strip>  a", "b  <strip>", "<strip>  <strip> [MASK] <strip>", "\u3000[MASK]\u00a0\n[MASK]", "_word_ word_ \u00e9word word\u0301",
]  # fmt: skip

RANDOM_PARTS = [
    lambda r: chr(r.randrange(0x20, 0x7F)),
    lambda r: "".join(r.choice("etaoinshrdlu") for _ in range(r.randrange(1, 9))),
    lambda r: str(r.randrange(10 ** r.randrange(1, 7))),
    lambda r: r.choice([" ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u2009", "\u0085"]),
    lambda r: r.choice(["'s", "'ll", "'T", "'re ", "'"]),
    lambda r: chr(r.randrange(0xC0, 0x250)),
    lambda r: chr(r.randrange(0x300, 0x345)),
    lambda r: chr(r.randrange(0x391, 0x3A2)),
    lambda r: chr(r.randrange(0x4E00, 0x9FA5)),
    lambda r: chr(r.randrange(0xAC00, 0xD7A4)),
    lambda r: chr(r.randrange(0x1F600, 0x1F640)),
    lambda r: r.choice("\u00b2\u00bd\u0663\u2167\u200d\ufe0f\u2264\u221e\u03c0\u0415"),
    lambda r: r.choice(SPECIAL + ["[MASK]", "word", "<strip>"]),
    lambda r: r.choice(["\\frac{", "}", "\\boxed{", "$", "^2", "<<", ">>", "####", " = "]),
]


def random_texts(count):
    r = random.Random(1)
    return ["".join(r.choice(RANDOM_PARTS)(r) for _ in range(r.randrange(1, 25))) for _ in range(count)]


def with_unmerged_token(tokenizer, token):
    """Adds a token that no merge makes: with ignore_merges the piece is that token, without it the token never comes."""
    data = json.loads(tokenizer.to_str())
    data["model"]["vocab"][token] = len(data["model"]["vocab"])
    return Tokenizer.from_str(json.dumps(data))


def build(normalizer, pre_tokenizer, added, size=600, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer = with_unmerged_token(tokenizer, "Hello")
    tokenizer.add_tokens([token for token in added if not token.special])
    tokenizer.add_special_tokens([token for token in added if token.special])
    return tokenizer


def special_tokens():
    return [AddedToken(content, special=True, normalized=False) for content in SPECIAL]


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(False)])


def make_tokenizers():
    smollm2 = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)])
    flags = [
        AddedToken("[MASK]", special=True, normalized=False, lstrip=True),
        AddedToken("<strip>", special=False, normalized=False, rstrip=True),
        AddedToken("word", special=False, normalized=False, single_word=True),
        AddedToken("e\u0301tude", special=False, normalized=True),
    ]
    made = {
        "gpt2": build(None, byte_level(True), special_tokens()),
        "llama3": build(None, split(LLAMA3), special_tokens(), ignore_merges=True),
        "qwen2": build(normalizers.NFC(), split(QWEN2), special_tokens()),
        "smollm2": build(None, smollm2, special_tokens()),
        "flags": build(normalizers.NFC(), byte_level(True), special_tokens() + flags),
    }
    begin = made["llama3"].token_to_id("<|begin|>")
    template = processors.TemplateProcessing(
        single="<|begin|> $A", pair="<|begin|> $A <|begin|> $B:1", special_tokens=[("<|begin|>", begin)]
    )
    made["llama3"].post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return made


def main():
    texts = TEXTS + random_texts(120)
    golden = {"reference": f"tokenizers {tokenizers.__version__}", "texts": texts, "tokenizers": {}}
    for name, tokenizer in make_tokenizers().items():
        folder = os.path.join(OUT, name)
        os.makedirs(folder, exist_ok=True)
        tokenizer.save(os.path.join(folder, "tokenizer.json"))
        with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as file:
            json.dump({"eos_token": "<|end|>", "bos_token": "<|begin|>"}, file, indent=1)
            file.write("\n")
        r = random.Random(2)
        size = max(tokenizer.get_vocab().values()) + 1
        sequences = [[r.randrange(size) for _ in range(r.randrange(1, 30))] for _ in range(40)]
        golden["tokenizers"][name] = {
            "size": size,
            "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in texts],
            "with_special": tokenizer.encode("Hello", add_special_tokens=True).ids,
            "decoded": [[ids, tokenizer.decode(ids, skip_special_tokens=True)] for ids in sequences],
        }
    with open(os.path.join(OUT, "golden.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
