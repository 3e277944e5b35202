#!/usr/bin/env python3
"""Writes framework/text/unicode_set_table.cpp: in what the reference's sets of characters differ from PCRE2's, over all
code points. Run by hand where the reference or PCRE2 has a newer Unicode; needs the package tokenizers and libpcre2-8.

    tests/golden/unicode_sets.py > framework/text/unicode_set_table.cpp
"""

import ctypes
import ctypes.util
import sys

import tokenizers
from tokenizers import Regex, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
ALL = "".join(map(chr, CODE_POINTS))

CATEGORIES = {
    "L": "Letter", "Lu": "Uppercase_Letter", "Ll": "Lowercase_Letter", "Lt": "Titlecase_Letter", "LC": "Cased_Letter",
    "Lm": "Modifier_Letter", "Lo": "Other_Letter", "M": "Mark", "Mn": "Nonspacing_Mark", "Mc": "Spacing_Mark",
    "Me": "Enclosing_Mark", "N": "Number", "Nd": "Decimal_Number", "Nl": "Letter_Number", "No": "Other_Number",
    "P": "Punctuation", "Pc": "Connector_Punctuation", "Pd": "Dash_Punctuation", "Ps": "Open_Punctuation",
    "Pe": "Close_Punctuation", "Pi": "Initial_Punctuation", "Pf": "Final_Punctuation", "Po": "Other_Punctuation",
    "S": "Symbol", "Sm": "Math_Symbol", "Sc": "Currency_Symbol", "Sk": "Modifier_Symbol", "So": "Other_Symbol",
    "Z": "Separator", "Zs": "Space_Separator", "Zl": "Line_Separator", "Zp": "Paragraph_Separator",
    "C": "Other", "Cc": "Control", "Cf": "Format", "Cn": "Unassigned", "Co": "Private_Use",
}  # fmt: skip
SCRIPTS = """Latin Greek Cyrillic Armenian Hebrew Arabic Syriac Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu
Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Cherokee Ogham Runic Khmer Mongolian Hiragana
Katakana Bopomofo Han Yi Common Inherited Tagalog Limbu Coptic Gothic Braille Balinese Javanese Nko""".split()
WORD = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"
NAMED = {  # name in the reference -> PCRE2's spelling
    "Alnum": r"\p{Alphabetic}\p{Nd}", "Alpha": r"\p{Alphabetic}", "Alphabetic": r"\p{Alphabetic}", "ASCII": r"\x00-\x7F",
    "Blank": r"\t\p{Zs}", "Cntrl": r"\p{Cc}", "Digit": r"\p{Nd}", "Lower": r"\p{Lowercase}", "Lowercase": r"\p{Lowercase}",
    "Punct": r"\p{P}", "Space": r"\p{White_Space}", "White_Space": r"\p{White_Space}", "Upper": r"\p{Uppercase}",
    "Uppercase": r"\p{Uppercase}", "Word": WORD, "XDigit": "0-9A-Fa-f", "Any": r"\p{Any}", "Emoji": r"\p{Emoji}",
    "Emoji_Presentation": r"\p{Emoji_Presentation}", "Emoji_Modifier": r"\p{Emoji_Modifier}",
    "Extended_Pictographic": r"\p{Extended_Pictographic}", "Ideographic": r"\p{Ideographic}",
}  # fmt: skip
POSIX = "alnum alpha ascii blank cntrl digit lower punct space upper xdigit word".split()
SHORTHANDS = {r"\w": WORD, r"\d": r"\p{Nd}", r"\s": r"\p{White_Space}", r"\h": "0-9A-Fa-f"}


def ranges(points):
    out = []
    for c in sorted(points):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


class Pcre2:
    """The characters that a class of PCRE2 holds, as the program compiles it."""

    OPTIONS = 0x00080000 | 0x00020000  # UTF, UCP

    def __init__(self):
        lib = ctypes.CDLL(ctypes.util.find_library("pcre2-8"))
        lib.pcre2_compile_8.restype = lib.pcre2_match_data_create_8.restype = ctypes.c_void_p
        lib.pcre2_get_ovector_pointer_8.restype = ctypes.POINTER(ctypes.c_size_t)
        self.lib = lib
        self.text = ALL.encode()

    def matches(self, pattern, text):
        lib, raw = self.lib, pattern.encode()
        error, offset = ctypes.c_int(), ctypes.c_size_t()
        code = lib.pcre2_compile_8(raw, ctypes.c_size_t(len(raw)), self.OPTIONS, ctypes.byref(error), ctypes.byref(offset), None)
        if not code:
            raise ValueError(f"PCRE2 does not take {pattern}")
        code = ctypes.c_void_p(code)
        data = ctypes.c_void_p(lib.pcre2_match_data_create_8(1, None))
        at, found = 0, []
        no_check = 0x40000000
        while lib.pcre2_match_8(code, text, ctypes.c_size_t(len(text)), ctypes.c_size_t(at), no_check, data, None) > 0:
            begin, end = lib.pcre2_get_ovector_pointer_8(data)[0:2]
            found.append(text[begin:end].decode())
            at = end
        return found

    def set(self, inside):
        return set(map(ord, "".join(self.matches(f"[{inside}]+", self.text))))


def reference_set(one):
    found = pre_tokenizers.Split(Regex(f"(?:{one})+"), "removed", invert=True).pre_tokenize_str(ALL)
    return set(map(ord, "".join(piece for piece, _ in found)))


def cut_set(pre_tokenizer, text_of, is_in):
    """Of a pre-tokenizer written in Rust: the characters that it treats in a way, told by what it makes of a text."""
    return {c for c in CODE_POINTS if is_in([piece for piece, _ in pre_tokenizer.pre_tokenize_str(text_of(chr(c)))])}


def rust_rows(pcre2):
    letter, numeric, word = "a", r"\p{N}", WORD + r"\p{Join_Control}"
    digits = cut_set(pre_tokenizers.Digits(True), lambda c: letter + c, lambda p: len(p) == 2)
    blank = cut_set(pre_tokenizers.WhitespaceSplit(), lambda c: letter + c, lambda p: p == [letter])
    words = cut_set(pre_tokenizers.Whitespace(), lambda c: letter + c, lambda p: len(p) == 1 and p != [letter])
    blank2 = cut_set(pre_tokenizers.Whitespace(), lambda c: letter + c, lambda p: p == [letter])
    signs = cut_set(pre_tokenizers.Punctuation("isolated"), lambda c: letter + c, lambda p: len(p) == 2)
    assert blank == blank2
    return [
        ("rust numeric", numeric, digits, pcre2.set(numeric)),
        ("rust white space", r"\p{White_Space}", blank, pcre2.set(r"\p{White_Space}")),
        ("rust word", word, words, pcre2.set(word)),
        ("rust punctuation", r"\p{P}$+<=>\^`|~", signs, pcre2.set(r"\p{P}$+<=>\^`|~")),
    ]


def rows(pcre2):
    names = {short: rf"\p{{{short}}}" for short in CATEGORIES}
    known = {}

    def row(name, one, inside):
        if inside not in known:
            known[inside] = pcre2.set(inside)
        return (name, inside, reference_set(one), known[inside])

    out = []
    for short, long in CATEGORIES.items():
        first = row(short, rf"\p{{{short}}}", names[short])
        out += [first, (long, *first[1:])]
    out += [row(name, rf"\p{{{name}}}", inside) for name, inside in NAMED.items()]
    out += [row(name, rf"\p{{{name}}}", rf"\p{{sc:{name}}}") for name in SCRIPTS]
    lowered = {name.lower(): inside for name, inside in NAMED.items()}
    lowered["punct"] = r"\p{P}\p{S}"
    out += [row(f"[:{name}:]", f"[[:{name}:]]", lowered[name]) for name in POSIX]
    out += [row(name, name, inside) for name, inside in SHORTHANDS.items()]
    return out


def folding(pcre2):
    """Characters whose caseless matches are other ones in the reference, or strings; and the strings."""
    def variants(c):
        return {x for x in (c.lower(), c.upper(), c.title(), c.casefold()) if len(x) == 1}

    cased = {c for c in map(chr, CODE_POINTS) if len(variants(c) | {c}) > 1 or len(c.casefold()) > 1}
    # This Python's Unicode may be older than the reference's.
    later = [(0x19B, 0x19C), (0x264, 0x265), (0x1C80, 0x1C90), (0xA640, 0xA800), (0x10570, 0x105C0), (0x10D50, 0x10D90)]
    cased |= {chr(c) for a, b in later for c in range(a, b)}
    text = "".join(sorted(cased | {x for c in cased for x in variants(c)}))
    raw = text.encode()
    strange = set()
    for c in sorted(cased):
        theirs = pre_tokenizers.Split(Regex(f"(?i:{c})"), "removed", invert=True).pre_tokenize_str(text)
        if len(c.casefold()) > 1 or {p for p, _ in theirs} != set(pcre2.matches(f"(?i:{c})", raw)):
            strange.add(ord(c))
    return strange, sorted({c.casefold() for c in cased if len(c.casefold()) > 1})


def c_ranges(points):
    return ", ".join(f"{{0x{a:X}, 0x{b:X}}}" for a, b in ranges(points))


def wrapped(text):
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) + 1 > 114:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return "\n    ".join([*lines, line])


def main():
    pcre2 = Pcre2()
    print(f"""// Written by tests/golden/unicode_sets.py with tokenizers {tokenizers.__version__}; not by hand. See unicode_set.h.
// clang-format off
#include "framework/text/unicode_set_table.h"

namespace ft {{
namespace {{
""")
    arrays, table = {}, []
    for name, inside, theirs, ours in rows(pcre2) + rust_rows(pcre2):
        spelled = []
        for points in (theirs - ours, ours - theirs):
            if len(ranges(points)) > 120:
                print(f"{name}: {inside} is no good beginning ({len(ranges(points))} ranges)", file=sys.stderr)
            text = c_ranges(points)
            if text and text not in arrays:
                arrays[text] = f"kRanges{len(arrays)}"
            spelled.append(arrays.get(text, "{}"))
        plain = name.lower().replace("_", "") if name[0] not in "\\[r" or name == "Runic" else name
        quoted = inside.replace("\\", "\\\\")
        table.append(f'    {{"{plain.replace(chr(92), chr(92) * 2)}", "{quoted}", {spelled[0]}, {spelled[1]}}},')
    strange, strings = folding(pcre2)
    for text, array in arrays.items():
        print(f"constexpr CodePointRange {array}[] = {{\n    {wrapped(text)}}};")
    print(f"constexpr CodePointRange kStrangeFolds[] = {{\n    {wrapped(c_ranges(strange))}}};")
    strings = ", ".join('U"' + "".join(c if c.isascii() else f"\\U{ord(c):08X}" for c in s) + '"' for s in strings)
    print(f"constexpr std::u32string_view kFoldStrings[] = {{\n    {wrapped(strings)}}};")
    print("constexpr UnicodeSetRow kRows[] = {")
    print("\n".join(table))
    print("""};

}  // namespace

std::span<const UnicodeSetRow> unicode_set_rows() { return kRows; }
std::span<const CodePointRange> strange_folds() { return kStrangeFolds; }
std::span<const std::u32string_view> fold_strings() { return kFoldStrings; }

}  // namespace ft""")


if __name__ == "__main__":
    main()
