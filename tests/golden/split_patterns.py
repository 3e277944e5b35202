#!/usr/bin/env python3
"""Writes how the reference splits hostile texts by known and by generated patterns: what split_patterns_test.cpp compares
with. Run by hand; needs the package tokenizers. The output of the first line is committed; the second tries other patterns.

    tests/golden/split_patterns.py > tests/golden/split_patterns.json
    tests/golden/split_patterns.py SEED COUNT > /tmp/cases.json; FT_SPLIT_CASES=/tmp/cases.json build/ci/bin/golden_text -tc='*patterns*'

Pieces are given by their lengths in characters; a pattern that the reference does not take has none.
"""

import json
import random
import signal
import sys

import tokenizers
from tokenizers import Regex, pre_tokenizers

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LETTERS_UP, LETTERS_LOW = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
KNOWN = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",  # GPT-2
    CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",  # Llama 3
    CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",  # Qwen 2
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?" + LETTERS_UP + "*" + LETTERS_LOW + "+" + CONTRACTIONS + r"?|[^\r\n\p{L}\p{N}]?" + LETTERS_UP + "+"
    + LETTERS_LOW + "*" + CONTRACTIONS + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",  # o200k
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",  # DeepSeek 3
    r"\p{N}{1,3}", r"[一-龥\u3040-ゟ゠-ヿ]+", r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+",  # DeepSeek
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
    + CONTRACTIONS + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",  # Kimi
    r" ?[^(\s|[.,!?…。，、।۔،])]+",  # Bloom
    r"\d{1,3}(?=(?:\d{3})*\b)", r"(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})", r"\w+|[^\w\s]+", r"\s+|\S+", r"[0-9][0-9][0-9]",
    r"[^\n]+|[\n]+", r"\p{L}{2}+", r"\p{N}{3}+", r"\p{N}{,2}x", r"a(?i)b|c", r"(?i)a|(?-i)b|c", r"(?m:.)+", r".+", r"(?m).",
    r"^.", r".$", r"\Z", r"\A.|.\z", r"\b", r"\B", r"\bs\b", r"[[:alpha:]]+", r"[[:^alnum:]]+", r"[[:punct:]]", r"[[:word:]]+",
    r"[\w]+", r"[^\w]+", r"[\W]", r"[\d]+", r"[\D]+", r"[\s]+", r"[\h]+", r"[\H]+", r"\W+", r"\p{Word}+", r"[\p{Word}]+",
    r"[[:upper:]][[:lower:]]*", r"[^[:space:][:digit:]]+", r"\h+", r"\H+", r"\v", r"\R", r"\R+|\N+", r"\O{3}", r"\X", r"",
    r"x*", r"x*?", r"(?=1)", r"|a", r"a||b", r"()", r"\Gx", r"x\Kx", r"\pL", r"\p{L}\p{^L}", r"[\p{^L}]+", r"\P{^L}+", r"[^\P{L}]+",
    r"a{2}?", r"a{3,1}", r"a{3,1}a", r"(?:a{1,2}){2}", r"a{1,2}{2}", r"a{,}", r"a{x}", r"x{2,}?", r"s+?s", r"(s+?)+", r"s**",
    r"(?i:ss)", r"(?i:s)", r"(?i:k)", r"(?i:ß)", r"(?i:st)", r"(?i)s[t]", r"(?i:[a-z])+", r"(?i:[^a-z])+", r"(?i:[ß])", r"(?i)\p{Lu}",
    r"(?i)[\p{Lu}]", r"(?i:i)", r"(?i:\u0130)", r"(?i:é)+", r"(?i)(?:s)s", r"(?i:fi)", r"(?i:f(?:i))", r"[a-z&&[^aeiou]]+",
    r"[^a-z&&[^aeiou]]+", r"[\w&&\p{Greek}]", r"[a-c[x-z]]+", r"[^a-c[x-z]]+", r"[a[^b]]", r"[]a]+", r"[a\]]+", r"[-a]+", r"[a-]+",
    r"[\-a]+", r"[+--]+", r"[a\b]", r"[\x{4e00}-\x{9fff}]+", r"\x41", r"\x{41}", r"\u0041", r"\101", r"\0", r"(.)\1", r"(?<c>.)\k<c>",
    r"(?x) a b # c", r"(?x: [ ] \  )", r"a(?#x)+", r"(?>s+)s", r"(?<!s)s", r"(?<=s|1)x", r"(?<=[^\s])x", r"(?<=s+)x", r"(?~s)",
    r"(?(?=s)s|x)", r"(?<n>s)(x)", r"\p{Greek}+", r"\p{Hiragana}+|\p{Katakana}+", r"\p{Latin}+", r"\p{Alphabetic}+", r"\p{Emoji}",
    r"\p{So}", r"\p{Cn}", r"\p{Any}", r"\p{ASCII}+", r"\p{Alnum}+", r"\p{Script=Greek}", r"\p{letter}+", r"\p{Decimal_Number}", r"\p{Mn}+",
]  # fmt: skip

TEXTS = [
    "",
    "Hello, World!  It's 1234567 o'clock; THEY'LL've",
    "x1234567 cafe\u0301 na\u00efve \u0301\u0301a\u0327",
    "a\r\nb\n\nc \r\r\n\n",
    "  \t x   \n  y\u00a0\u2003\u3000\u2028\u0085\x0b\x0cz ",
    "\u0663\u0664\u0665 \u00b2\u00bd\u2167\u2460\u0be7\u0bf0 12\u0661",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea\u2764\ufe0f\U0001faeb",
    "s\u017fS K\u212ak \u0130i\u0131I \u00df\u1e9ess SS \ufb01fi \ufb06st",
    "\x00a\x01\x7f \ud7ff\ue000\ufffd\uffff\U0010ffff",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u3053\u3093\u30ab\u30ca\u3001\u30fc x",
    "\u03b1\u03b2\u03a3\u03c3\u03c2 \u0391\u0345 \u0416\u0436 \ua64a\u1c88",
    "\u0897\u1c89\u1c8a\ua7cb\u0264 \U00010d4a\U00010d41 \U00031350\U0002ebf0 \u2427",
    "aaaaaaa ssss xxx sxs",
    "foo_bar-baz [x] {1,2} (y) a{,}a{x} ^$ `|~+<=>",
    "a" * 20 + " " * 12 + "1" * 9,
    "\u180e\u200b\ufeff\u2060 \u0e01\u0e31 \u0939\u093f\u0928\u094d \u00aa\u00b5\u2071",
]

ATOMS = [
    "a", "s", "x", "1", " ", "'", "é", "ß", "\\n", "\\r", "\\t", ".", "\\s", "\\S", "\\w", "\\W", "\\d", "\\D", "\\h", "\\H", "\\R",
    "\\N", "\\O", "\\v", "\\b", "\\B", "^", "$", "\\Z", "\\z", "\\A", "\\G", "\\p{L}", "\\p{Lu}", "\\p{N}", "\\P{L}", "\\p{^Nd}", "\\p{M}",
    "\\p{P}", "\\p{S}", "\\p{Z}", "\\p{Han}", "\\p{Greek}", "\\p{Alpha}", "\\p{Emoji}", "\\x41", "\\x{e9}", "\\u0301", "(?=x)", "(?!\\S)",
    "(?<=s)", "(?<!\\w)", "\\K", "ll", "ss", "[^\\s\\p{L}\\p{N}]", "[\\r\\n]", "(?i:s)", "(?i:k)", "(?m:.)", "\\.", "\\[", "\\-", "{", "]",
]  # fmt: skip
INSIDE = [
    "a", "s", "x", "1", " ", "a-z", "A-Z", "0-9", "\\n", "\\r\\n", "\\s", "\\S", "\\w", "\\W", "\\d", "\\h", "\\p{L}", "\\p{N}", "\\P{L}",
    "\\p{^M}", "[:alpha:]", "[:^space:]", "[:punct:]", "[:upper:]", "é-ü", "一-龥", "\\]", "\\-", "_", ".", "[^a]", "[x1]", "\\b", "\\x{300}-\\x{36f}",
]  # fmt: skip
QUANTIFIERS = ["?", "*", "+", "??", "*?", "+?", "?+", "*+", "++", "{2}", "{1,3}", "{,2}", "{2,}", "{1,2}?", "{2}?", "{3,1}", "{1,3}+", "{2}+", "{0}", "+*", "{2}{2}"]  # fmt: skip
COMMON = ["?", "*", "+", "{1,3}", "+?", "++", "{2}"]


def bracket(r, depth=0):
    inside = "".join(r.choice(INSIDE) for _ in range(r.randrange(1, 4)))
    if depth < 2 and r.random() < 0.2:
        inside += bracket(r, depth + 1)
    if r.random() < 0.2:
        inside += "&&" + (bracket(r, depth + 1) if r.random() < 0.5 else r.choice(INSIDE))
    return f"[{r.choice(['', '', '^'])}{inside}]"


def atom(r, depth):
    kind = r.random()
    if kind < 0.55:
        return r.choice(ATOMS)
    if kind < 0.75:
        return bracket(r)
    if kind < 0.79:
        return "\\1"
    if depth > 2:
        return r.choice("asx1")
    opening = r.choice(["(?:", "(?:", "(", "(?>", "(?=", "(?!", "(?<=", "(?<!", "(?i:", "(?m:", "(?i-m:", "(?-i:", "(?x:", "(?<n>"])
    return opening + alternatives(r, depth + 1) + ")"


def branch(r, depth):
    out = ""
    for _ in range(r.choice([0, 1, 1, 2, 2, 3])):
        if r.random() < 0.04:
            out += r.choice(["(?i)", "(?m)", "(?-i)", "(?#c)"])
        out += atom(r, depth)
        if r.random() < 0.45:
            out += r.choice(COMMON if r.random() < 0.6 else QUANTIFIERS)
    return out


def alternatives(r, depth=0):
    return "|".join(branch(r, depth) for _ in range(r.choice([1, 1, 1, 2, 2, 3])))


class TooSlow(Exception):
    pass


def too_slow(*_):
    raise TooSlow()


def cases(patterns):
    signal.signal(signal.SIGALRM, too_slow)
    for pattern in patterns:
        try:
            signal.setitimer(signal.ITIMER_REAL, 5)
            splitter = pre_tokenizers.Split(Regex(pattern), "isolated")
            pieces = [",".join(str(len(p)) for p, _ in splitter.pre_tokenize_str(text)) for text in TEXTS]
        except BaseException as error:  # the engine's errors while it matches are panics
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            pieces = None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        yield {"pattern": pattern, "pieces": pieces}


def main(seed=1, count=260, known=True):
    r = random.Random(seed)
    found = list(cases(KNOWN)) if known else []
    for case in cases(alternatives(r) for _ in range(10 * count)):
        if case["pieces"] and len(found) < count + len(KNOWN) * known:
            found.append(case)
    head = {"reference": f"tokenizers {tokenizers.__version__}", "texts": TEXTS}
    print(json.dumps(head)[:-1] + ', "cases": [')
    print(",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in found) + "]}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(int(sys.argv[1]), int(sys.argv[2]), known=False)
    elif len(sys.argv) == 1:
        main()
    else:
        sys.exit(__doc__)
