#!/usr/bin/env python3
"""Each message that docs/troubleshooting.md quotes is one that the program still has.

  messages_test.py [PAGE]

A message is the line of a list that is nothing but `MESSAGE`. Its words must stand in one text of the sources, in their
order; `...` stands for what is filled in."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROOMS = ["framework", "launch", "parallel", "recipes", "datasets"]
TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
TEXTS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')  # adjacent ones are one
HOLE = "\0"  # what a text leaves to be filled in


def texts_of(source):
    """The texts of a file of C++, comments left out, with holes for what is filled in."""
    source = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
    for found in TEXTS.finditer(source):
        text = "".join(TEXT.findall(found[0]))
        text = re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), text)
        yield re.sub(r"\{\{|\}\}|\{(?:[^{}]|\{[^{}]*\})*\}", lambda field: field[0][0] if field[0] in ("{{", "}}") else HOLE, text)


def stands_in(message, text):
    """Its words in their order; `...` may leave out words of the text too, not only what is filled in."""
    at = 0
    for words in message.split("..."):
        at = text.find(words, at)
        if at < 0:
            return False
        at += len(words)
    return True


def main():
    page = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "troubleshooting.md"
    sources = [path for room in ROOMS for ending in ("*.cpp", "*.h") for path in sorted((ROOT / room).rglob(ending))]
    texts = [text for path in sources for text in texts_of(path.read_text())]
    messages = [(number, line[3:-1]) for number, line in enumerate(page.read_text().splitlines(), 1) if re.fullmatch(r"- `.*`", line)]
    gone = 0
    for number, message in messages:
        words = sum(len(part.split()) for part in message.split("..."))
        if words < 3:
            print(f"{page.name}:{number}: too few words to know a message by: {message}")
        elif not any(stands_in(message, text) for text in texts):
            print(f"{page.name}:{number}: no message of the program has these words: {message}")
        else:
            continue
        gone += 1
    print(f"{len(messages)} messages, {gone} of them are not as the sources have them")
    return bool(gone or not messages)


if __name__ == "__main__":
    sys.exit(main())
