#!/usr/bin/env python3
"""Looks at a report page as its readers do: wide, on a phone, in the dark, on paper, with a screen reader's eyes.

  tests/report/look.py runs/multitask/stages/report-*/output-*/index.html OUT [--axe axe.min.js]

Run by hand. Needs Chromium (Debian: chromium), and for the accessibility check axe.min.js of axe-core (in the npm package
axe-core; the wheel of axe-playwright-python holds it, too). Writes OUT/{wide,dark,phone,phone-dark}.png and OUT/paper.pdf to be looked at, and fails when the page
loads anything, writes to the console, is wider than a phone's screen, or breaks a rule of axe that is serious or critical.
"""
import argparse
import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

DARK = "--blink-settings=preferredColorScheme=0"
LIGHT = "--blink-settings=preferredColorScheme=1"


def chromium(page, *options):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
               "--virtual-time-budget=8000", *options, page.resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, console


def with_script(page, folder, script):
    """A copy of the page that runs a script, whose result stands in <pre id=outcome>."""
    copy = folder / "probe.html"
    text = page.read_text(encoding="utf-8")
    copy.write_text(text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    return copy


SAY = "const say=o=>{const p=document.createElement('pre');p.id='outcome';p.textContent=JSON.stringify(o);document.body.append(p)};"


def outcome(dom):
    found = re.search(r'<pre id="outcome">(.*?)</pre>', dom, re.S)
    return json.loads(html.unescape(found.group(1))) if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--axe", type=pathlib.Path)
    arguments = parser.parse_args()
    page, out = arguments.page, arguments.out
    out.mkdir(parents=True, exist_ok=True)
    wrong = []
    text = page.read_text(encoding="utf-8")
    wrong += [f"the page loads something: {m}" for m in re.findall(r'(?:src|href)="(?!#)[^"]*"|url\([^)]*\)|@import', text)]
    if "<script" in text:
        wrong.append("the page has a script")

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        # Headless Chromium has no narrow windows: a frame of a phone's width stands in for one.
        measure = SAY + ("const f=document.createElement('iframe');f.style.cssText='width:390px;height:800px';"
                         "f.srcdoc=document.documentElement.outerHTML.replace(/<script[^]*<\\/script>/,'');"
                         "f.onload=()=>{const d=f.contentDocument.documentElement;"
                         "say({height:document.documentElement.scrollHeight-800,phone:d.scrollHeight,wide:d.scrollWidth})};"
                         "document.body.append(f);")
        dom, _ = chromium(with_script(page, folder, measure), "--window-size=1280,1000", "--dump-dom")
        sizes = outcome(dom) or {"height": 8000, "phone": 16000, "wide": 0}
        if sizes["wide"] > 390:
            wrong.append(f"the page is {sizes['wide']} pixels wide on a phone of 390")
        for name, width, height, scheme in (("wide", 1280, sizes["height"], LIGHT), ("dark", 1280, sizes["height"], DARK),
                                            ("phone", 500, sizes["phone"], LIGHT), ("phone-dark", 500, sizes["phone"], DARK)):
            shown = page
            if width == 500:  # the narrowest window there is: the page in a frame of 390
                shown = folder / "phone.html"
                frame = html.escape(text)
                shown.write_text(f'<!doctype html><meta charset="utf-8"><body style="margin:0"><iframe title="page" '
                                 f'style="border:0;width:390px;height:{height}px" srcdoc="{frame}"></iframe>', encoding="utf-8")
            _, console = chromium(shown, f"--screenshot={(out / name).resolve()}.png", f"--window-size={width},{height}", scheme)
            wrong += console
        chromium(page, f"--print-to-pdf={(out / 'paper').resolve()}.pdf", "--no-pdf-header-footer")

        if arguments.axe:
            run = arguments.axe.read_text(encoding="utf-8").replace("</script", "<\\/script") + ";" + SAY + (
                "document.querySelectorAll('details').forEach(d=>d.open=true);"
                "axe.run(document,{resultTypes:['violations']}).then(r=>say(r.violations.map(v=>({id:v.id,impact:v.impact,"
                "help:v.help,nodes:v.nodes.length,first:v.nodes[0].html.slice(0,160),why:v.nodes[0].failureSummary}))),"
                "e=>say([{id:'axe',impact:'critical',help:String(e)}]));")
            for scheme in (LIGHT, DARK):
                dom, _ = chromium(with_script(page, folder, run), scheme, "--window-size=1280,2000", "--dump-dom",
                                  "--virtual-time-budget=60000")
                found = outcome(dom)
                if found is None:
                    wrong.append("axe gave no result")
                for one in found or []:
                    line = f"axe {one['impact']}: {one['id']}: {one['help']} ({one.get('nodes')} places, first {one.get('first')}): {one.get('why')}"
                    print(line)
                    if one["impact"] in ("serious", "critical"):
                        wrong.append(line)
                print(f"axe, {'dark' if scheme == DARK else 'light'}: {len(found or [])} findings")
    for line in wrong:
        print("WRONG", line)
    print(f"{page}: {'%d things wrong' % len(wrong) if wrong else 'nothing wrong'}; pictures in {out}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
