#!/usr/bin/env python3
"""Files as people have them, through the whole program: grade, rerank and a problem set of a run file.

    tests/fault/files_test.py FTRUN
"""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

PARQUET = pathlib.Path(__file__).resolve().parent.parent / "golden" / "parquet"
FTRUN = pathlib.Path(sys.argv[1]).resolve()
failures = []


def run(*arguments, stdin=None):
    done = subprocess.run([str(FTRUN), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def check(name, holds, shown):
    print("ok" if holds else "FAILED", name)
    if not holds:
        failures.append(name)
        print("   ", shown)


def verdicts(output):
    return [json.loads(line).get("verdict", "error") for line in output.splitlines()]


def grade(folder):
    rows = [{"id": "a", "gold": ["1/2", "one half"], "pred": 0.50}, {"id": 7, "gold": 123456789012345678901234567890, "pred": 123456789012345678901234567891},
            {"id": "c", "gold": "We add them.\n#### 12", "solution": "So \\boxed{12}."}, {"id": "d", "gold": "", "pred": ""}]
    expected = ["equal", "different", "equal", "different"]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "a.jsonl").write_text(lines)
    (folder / "a.json").write_text(json.dumps(rows, indent=1))
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    for name in ("a.jsonl", "a.json", "a.jsonl.gz"):
        code, out, err = run("grade", folder / name)
        check(f"grade {name}", code == 0 and verdicts(out) == expected and json.loads(out.splitlines()[1])["id"] == "7", out + err)
    code, out, err = run("grade", "-", stdin="gold,pred\n1/2,0.5\n\"1,000\",1000\n2,3\n")
    check("grade CSV from standard input", code == 0 and verdicts(out) == ["equal", "equal", "different"], out + err)
    nested = '{"doc":{"answer":"2"},"out":[{"text":"So \\\\boxed{2}"}],"ok":1,"kind":"x"}\n{"doc":{"answer":"2"},"out":[{"text":"?"}],"ok":0,"kind":"y"}\n'
    code, out, err = run("grade", "-", "--gold", "doc.answer", "--solution", "out[0].text", "--label", "ok", "--where", "kind=x", stdin=nested)
    check("grade by paths, rows by a condition", code == 0 and verdicts(out) == ["equal"] and "1 of 1 agree" in err, out + err)
    code, out, err = run("grade", "-", "--label", "okk", stdin='{"gold":"1","pred":"1"}\n')
    check("grade: a label that no line has", code == 2 and "'okk'" in err, out + err)
    code, out, err = run("grade", "-", stdin='{"gold":"1","pred":"1"}\n{"gold":"1","gold":"2","pred":"1"}\n')
    check("grade: a name twice", code == 2 and ":2:13: the name 'gold' stands twice" in err and verdicts(out) == ["equal", "error"], out + err)
    for name, words in (("none.jsonl", "there is no such file"), ("", "this is a folder")):
        code, out, err = run("grade", folder / name if name else folder)
        check(f"grade: {words}", code == 2 and words in err, out + err)


def rerank(folder):
    rights, attempts = (PARQUET / "openr1.right").read_text().split()
    code, out, err = run("rerank", PARQUET / "openr1.parquet", "--json", "-", "--bootstrap", 0)
    check("rerank Parquet", code == 0 and f"labels agree with this program's grader on {attempts} of {attempts} answers" in out, out[-500:] + err)
    steps = folder / "steps.jsonl"
    steps.write_text('{"id":1,"gold":"2","completions":["So \\\\boxed{2}","So \\\\boxed{3}"],"scores":[[0.9,0.1],[0.4,0.8]]}\n')
    code, out, err = run("rerank", steps, "--step-scores", "mean", "--bootstrap", 0)
    check("rerank by steps", code == 0 and "is the mean of them" in out, out + err)
    code, out, err = run("rerank", "-", "--bootstrap", 0, stdin=steps.read_text())
    check("rerank from standard input", code == 0 and "is the last of them" in out, out + err)
    code, out, err = run("rerank", steps, "--reference", "glod")
    check("rerank: a field that no line has", code == 2 and "did you mean 'gold'?" in err, out + err)
    sets = {}
    for name, right in (("a", (1, 0, 0, 1)), ("b", (1, 1, 0, 1)), ("c", (0, 0, 0, 1))):
        sets[name] = folder / f"{name}.jsonl"
        sets[name].write_text("".join(json.dumps({"id": f"p{p}", "gold": "1", "attempts": [str(2 - (i < 1 + right[p])) for i in range(3)]}) + "\n" for p in range(4)))
    other = folder / "d.jsonl"
    other.write_text('{"id":"q","gold":"1","attempts":["1","2","1"]}\n')
    code, out, err = run("rerank", sets["a"], sets["b"], "--bootstrap", 0)
    check("rerank: two files of attempts at the same problems", code == 2 and "'p0' has attempts in" in err and "--compare" in err and "--pool" in err, out + err)
    code, out, err = run("rerank", sets["a"], other, "--bootstrap", 0, "--json", "-")
    check("rerank: two files of different problems", code == 0 and json.loads(out)["results"]["stages"]["attempts"]["problems"] == 5, out + err)
    code, out, err = run("rerank", sets["a"], sets["b"], "--pool", "--bootstrap", 0, "--json", "-")
    check("rerank --pool", code == 0 and json.loads(out)["results"]["stages"]["attempts"]["attempts_per_problem"] == 6, out + err)
    code, out, err = run("rerank", sets["a"], sets["b"], sets["c"], "--compare", "--json", "-")
    results = json.loads(out)["results"] if code == 0 else {}
    check("rerank --compare: a table each", list(results.get("stages", {})) == ["a.jsonl", "b.jsonl", "c.jsonl"], out + err)
    rows = {name: [row["right"] for row in table["per_problem"]] for name, table in results["stages"].items()}
    for name in ("b.jsonl", "c.jsonl"):
        said = results["differences"][f"{name} sampled - a.jsonl sampled"]
        means = [x - y for x, y in zip(rows[name], rows["a.jsonl"])]
        check(f"rerank --compare: {name}", abs(said["mean"] - sum(means) / 4) < 1e-12 and said["problems"] == 4 and "holm_p" in said, json.dumps(said))
    code, out, err = run("rerank", sets["a"], sets["b"], "--compare", "--bootstrap", 0)
    check("rerank --compare for people", code == 0 and "b.jsonl Maj1 - a.jsonl Maj1" in out and "a gain" not in out, out + err)
    for given, words in ((("--compare",), "needs two files"), (("--compare", sets["b"], "--pool"), "give one")):
        code, out, err = run("rerank", sets["a"], *given)
        check(f"rerank {given[0]}: {words}", code == 2 and words in err, out + err)
    code, out, err = run("rerank", steps, "--where", "id=2")
    check("rerank: conditions that leave nothing", code == 2 and "the conditions keep none of the" in err, out + err)


TOKENIZER = PARQUET.parent / "tokenizers" / "smollm2"
RUN = """run: {{folder: {folder}/run}}
models: {{base: {{preset: tiny, tokenizer: {tokenizer}}}}}
problems: {{mine: {{dataset: jsonl, path: {path}{keys}}}}}
stages: {{answers: {{recipe: sample, model: base, problems: mine, per_problem: 1}}}}
"""


def plan(folder, path, keys=""):
    (folder / "run.yaml").write_text(RUN.format(folder=folder, path=path, keys=keys, tokenizer=TOKENIZER))
    return run("plan", folder / "run.yaml")


def problems(folder):
    keys = ", problem_field: prompt, answer_field: reward_model.ground_truth"
    code, out, err = plan(folder, PARQUET / "verl.parquet", keys)
    check("a problem set in Parquet is read", code == 0 and "40 problems x 1 attempts" in out, out + err)
    code, out, err = plan(folder, PARQUET / "verl.parquet", keys + "s")
    check("a field that no row has", code == 2 and "no row has the field 'reward_model.ground_truths'" in out + err, out + err)
    code, out, err = plan(folder, PARQUET / "gsm8k_main.parquet")
    check("a schema with other names is refused with the key to set", code == 2 and "problem_field: question" in out + err, out + err)
    code, out, err = plan(folder, PARQUET)
    check("a folder", code == 2 and "is a folder; name a file in it" in out + err, out + err)
    (folder / "bad.jsonl").write_text('{"problem":"ann has 2 pens .","answer":"proof"}\n{"problem":"ann has 3 pens ."\n')
    code, out, err = plan(folder, folder / "bad.jsonl")
    check("a bad row stops", code == 2 and "bad.jsonl:2:" in out + err, out + err)
    code, out, err = plan(folder, folder / "bad.jsonl", ", on_bad_row: skip")
    check("a bad row is skipped, a reference that cannot be graded is told", "1 of 1 reference answers cannot be graded" in out + err, out + err)


with tempfile.TemporaryDirectory(prefix="ftrun-files-") as name:
    grade(pathlib.Path(name))
    rerank(pathlib.Path(name))
    problems(pathlib.Path(name))
print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
