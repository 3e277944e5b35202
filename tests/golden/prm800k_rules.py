#!/usr/bin/env python3
"""The rules of PRM800K's authors for equal answers, written anew from their description, with sympy as the algebra.

By hand, in an environment of its own (pip install sympy pylatexenc):

    prm800k_rules.py FTRUN PAIRS.jsonl [...] > disagreements.jsonl

Each line of PAIRS has "gold" and "pred"; lines with a "solution" or without both are left out. FTRUN grades the same
pairs with `grade --prm800k`; pairs on which the two differ come out with both verdicts, a summary on standard error.
"""
import json
import re
import signal
import subprocess
import sys
import tempfile

import sympy
from pylatexenc.latex2text import LatexNodes2Text
from sympy.parsing import sympy_parser

UNITS = ("degree cm centimeter meter mile second minute hour day week month year foot feet inch yard").split()
SECONDS = 5


class TooSlow(Exception):
    pass


def unwrapped(text):
    text = text.strip()
    whole = re.fullmatch(r"\\text\{(.+)\}", text)
    return whole.group(1).strip() if whole else text


def braced_roots(text):
    return re.sub(r"\\sqrt([^{])", r"\\sqrt{\1}", text)


def braced_fractions(text):
    pieces = text.split("\\frac")
    out = pieces[0]
    for piece in pieces[1:]:
        out += "\\frac"
        if piece.startswith("{"):
            out += piece
            continue
        if len(piece) < 2:
            return text
        top, bottom, rest = piece[0], piece[1], piece[2:]
        out += "{" + top + "}" + (bottom if bottom == "{" else "{" + bottom + "}") + rest
    return out


def slash_as_fraction(text):
    parts = text.split("/")
    if len(parts) != 2:
        return text
    try:
        top, bottom = int(parts[0]), int(parts[1])
    except ValueError:
        return text
    return f"\\frac{{{top}}}{{{bottom}}}" if text == f"{top}/{bottom}" else text


def first_text(answer):
    """The text that the MATH dataset's own comparison looks at."""
    start = unwrapped(answer)
    try:
        text = start.replace("\n", "").replace("\\!", "").replace("\\\\", "\\")
        text = text.replace("tfrac", "frac").replace("dfrac", "frac")
        for gone in ("\\left", "\\right", "^{\\circ}", "^\\circ", "\\$"):
            text = text.replace(gone, "")
        if "\\text{ " in text:
            head, _ = text.split("\\text{ ")  # more than one: an exception
            text = head
        text = text.replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.")
        if not text:
            return text
        if text[0] == ".":
            text = "0" + text
        sides = text.split("=")
        if len(sides) == 2 and len(sides[0]) <= 2:
            text = sides[1]
        if text.endswith("\\sqrt"):
            return start
        text = braced_fractions(braced_roots(text).replace(" ", ""))
        if text == "0.5":
            text = "\\frac{1}{2}"
        return slash_as_fraction(text)
    except ValueError:
        return start


def reads_as_whole(text):
    try:
        value = float(text.replace(",", ""))
        return abs(value - round(value)) <= 1e-7
    except (ValueError, OverflowError):
        return False


def plain_text(latex):
    latex = latex.replace("\\tfrac", "\\frac").replace("\\dfrac", "\\frac").replace("\\frac", " \\frac")
    text = LatexNodes2Text().latex_to_text(latex)
    for sign, word in (("√", "sqrt"), ("π", "pi"), ("∞", "inf"), ("∪", "U"), ("·", "*"), ("×", "*")):
        text = text.replace(sign, word)
    return text.strip()


def second_text(answer):
    text = unwrapped(answer) if re.fullmatch(r"\\text\{.+\}", answer) else answer
    text = text.replace("\\%", "%").replace("\\$", "$").replace("$", "").replace("%", "")
    text = text.replace(" or ", " , ").replace(" and ", " , ")
    for word, power in (("million", 6), ("billion", 9), ("trillion", 12)):
        text = text.replace(word, f"*10^{power}")
    for unit in UNITS:
        text = re.sub(unit + r"(es)?(s)? *(\^[0-9]+)?", "", text)
    text = re.sub(r"\^ *\\circ", "", text)
    if len(text) > 0 and text[0] == "{" and text[-1] == "}":
        text = text[1:-1]
    text = re.sub(r",\\! *", "", text)
    try:
        if abs(float(text) - round(float(text))) <= 1e-7:
            text = str(int(round(float(text))))
    except (ValueError, OverflowError):
        pass
    if "\\" in text:
        try:
            text = plain_text(text)
        except Exception:  # whatever that library throws, the text stays
            pass
    text = re.sub(r"- *", "-", text)
    text = re.sub(r"([0-9]) +([0-9])", r"\1+\2", text)
    text = text.replace(" ", "").replace("{", "").replace("}", "").lower()
    if reads_as_whole(text):
        text = str(int(float(text.replace(",", ""))))
    return text


def elements(text):
    while True:
        shorter = re.sub(r"(\d)(,)(\d\d\d)($|\D)", r"\1\3\4", text)
        if shorter == text:
            break
        text = shorter
    if not text:
        return []
    if len(text) > 2 and text[0] in "()[]" and text[-1] in "()[]" and not any(c in "()[]" for c in text[1:-1]):
        return [part.strip() for part in text[1:-1].split(",")]
    return [text]


def may_be_evaluated(text):
    rest = text.replace("sqrt", "").replace("frac", "")
    if len({c for c in rest if c.isalpha()}) > 2:
        return False
    if "^{" in text or "^(" in text:
        return False
    return not re.search(r"\^[0-9]+\^", text) and not re.search(r"\^[0-9][0-9]+", text)


def simplifies_to_zero(truth, given):
    if not may_be_evaluated(truth) or not may_be_evaluated(given):
        return False

    def stop(*_):
        raise TooSlow

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        rules = sympy_parser.standard_transformations + (sympy_parser.implicit_multiplication_application,)
        difference = sympy_parser.parse_expr(f"({truth})-({given})".replace("^", "**"), transformations=rules)
        return sympy.simplify(difference) == 0
    except Exception:  # sympy stops in many ways: each means "not equal" there
        return False
    finally:
        signal.alarm(0)


def is_plain_fraction(text):
    return bool(re.fullmatch(r"-?[0-9]+.?/0*[1-9][0-9]*.?", text))


def equal(gold, given):
    if not given:
        return False
    if first_text(gold) == first_text(given):
        return True
    truth, answer = second_text(gold), second_text(given)
    if truth == answer:
        return True
    if not answer:
        return False
    wanted, had = elements(truth), elements(answer)
    if len(wanted) > 1 and (truth[0] != answer[0] or truth[-1] != answer[-1]):
        return False
    if len(wanted) != len(had) or not wanted:
        return False
    for a, b in zip(wanted, had):
        if is_plain_fraction(a) and is_plain_fraction(b):
            right = a == b
        elif reads_as_whole(a) != reads_as_whole(b):
            right = False
        else:
            right = simplifies_to_zero(a, b)
        if not right:
            return False
    return True


def pairs_of(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if isinstance(row.get("gold"), str) and isinstance(row.get("pred"), str):
                yield row["gold"], row["pred"]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    ftrun, paths = sys.argv[1], sys.argv[2:]
    pairs = list(dict.fromkeys(pair for path in paths for pair in pairs_of(path)))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for gold, pred in pairs:
            file.write(json.dumps({"gold": gold, "pred": pred}) + "\n")
        file.flush()
        done = subprocess.run([ftrun, "grade", "--prm800k", file.name], capture_output=True, text=True)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    if len(verdicts) != len(pairs):
        sys.exit(f"{len(pairs)} pairs, {len(verdicts)} verdicts of {ftrun}: {done.stderr.strip()[-500:]}")
    said_more = said_less = 0
    for (gold, pred), verdict in zip(pairs, verdicts):
        ours, theirs = verdict["verdict"] == "equal", equal(gold, pred)
        if ours == theirs:
            continue
        said_more += ours
        said_less += theirs
        print(json.dumps({"gold": gold, "pred": pred, "ftrun": verdict["verdict"], "rules": theirs,
                          "reason": verdict["reason"], "texts": [second_text(gold), second_text(pred)]}))
    print(f"{len(pairs)} pairs: {len(pairs) - said_more - said_less} alike, {said_more} equal to ftrun only, "
          f"{said_less} equal to the rules only", file=sys.stderr)


if __name__ == "__main__":
    main()
