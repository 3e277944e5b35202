#!/usr/bin/env python3
"""The picture of the questions that a run asked: each difference with its interval, from report.json.

  picture.py REPORT.json OUT.svg"""
import html
import json
import sys

NAMES = {  # of recipes/findings.yaml, for people
    "answers_fine sampled - answers_terse sampled": "step-by-step solutions over final sums",
    "ranking W.RR - ranking Maj1": "votes weighted by the verifier over the vote",
    "ranking RR.Top-4 - ranking Maj1": "best of the 4 largest clusters over the vote",
    "ranking RR.Top-4 - ranking RR.All": "ranking within the 4 largest clusters over ranking all",
    "ranking W.RR - ranking W.RR by sum log p": "the verifier over the solver's own log-probability",
    "ranking_large W.RR - ranking W.RR": "a larger verifier over one of the solver's size",
    "answers_again sampled - answers_control sampled": "solver again after the verifier over as many more steps",
    "answers_margin sampled - answers_control sampled": "the same after the margin loss alone",
    "answers_again sampled - answers_practice sampled": "solver again after the verifier over likelihood on the same problems",
    "answers_taught sampled - answers_control sampled": "solver again after its own right attempts over as many more steps",
}
COLOURS = {"a gain": "#1a7f37", "a loss": "#b42318", "not told apart": "#6b7280"}
LEFT, WIDTH, ROW, TOP = 470, 430, 30, 56


def main():
    differences = json.load(open(sys.argv[1]))["results"]["differences"]
    rows = [(NAMES.get(text, text), value) for text, value in differences.items() if value.get("holm_p") is not None]
    ends = [100 * end for _, value in rows for end in value["interval_95"]] + [0]
    low, high = min(ends) - 1, max(ends) + 1
    height = TOP + ROW * len(rows) + 40

    def x(points):
        return LEFT + (points - low) / (high - low) * WIDTH
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 200} {height}" font-family="sans-serif" font-size="13">',
           f'<rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="24" font-size="15" font-weight="bold">'
           f'Differences in points of accuracy, {rows[0][1]["seeds"]} seeds, {rows[0][1]["problems"]} test problems</text>',
           '<text x="12" y="43" fill="#6b7280">95 % intervals over problems and seeds; what is called a gain or a loss holds after Holm\'s adjustment</text>']
    first = 5 * -(-int(low) // 5)
    for tick in range(first, int(high) + 1, 5):
        out.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP}" y2="{height - 34}" stroke="{"#111827" if tick == 0 else "#e5e7eb"}"/>'
                   f'<text x="{x(tick):.1f}" y="{height - 16}" text-anchor="middle" fill="#6b7280">{tick:+d}</text>')
    for i, (name, value) in enumerate(rows):
        y, colour = TOP + ROW * i + ROW / 2, COLOURS[value["verdict"]]
        a, b, middle = (x(100 * p) for p in (*value["interval_95"], value["mean"]))
        out.append(f'<text x="{LEFT - 14}" y="{y + 4}" text-anchor="end">{html.escape(name)}</text>'
                   f'<line x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/><circle cx="{middle:.1f}" cy="{y}" r="4.5" fill="{colour}"/>'
                   f'<text x="{LEFT + WIDTH + 12}" y="{y + 4}" fill="{colour}">{100 * value["mean"]:+.1f}, p {value["holm_p"]:.3f}: {value["verdict"]}</text>')
    out.append("</svg>\n")
    open(sys.argv[2], "w").write("\n".join(out))


if __name__ == "__main__":
    main()
