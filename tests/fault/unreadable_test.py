#!/usr/bin/env python3
"""What cannot be read is left alone: one call of the C library fails, and nothing is lost.

  unreadable_test.py FTRUN LIBRARY [COUNT] [--ranks 1,2] [--jobs N] [--only TEXT]

LIBRARY is inject_errors.c, built. Runs that were stopped in training, in sampling, or that are finished are continued
while one call fails: any open, stat, read, listing, lock, rename, removal, write or sync of a checkpoint, a sealed output, a
manifest, a log, the ledger, a piece, a note or the lock, with any errno, once or from then on, on either rank. COUNT
(40) of all such calls are drawn by FT_FAULT_SEED (1), each kind of call on each kind of file first.

Each time: exit code 1, file and cause in one message (0 where NO_HARM says that the program may go on); every file of
every sealed folder is there with its bytes under its name, what was appended to is a continuation of what was there, and
nothing is called damaged. Continued without failures, the run ends with the digests of the one that was left alone.

Before that, cases without a failing call: rights that are missing, links that lead nowhere, real damage."""
import argparse
import concurrent.futures
import errno
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

RUN_FILE = """\
run: {folder: FOLDER/run, seed: 1}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: 40}
  test: {dataset: arithmetic, split: test, limit: 3}
training: {lanes: 2, tokens_per_lane: 300, max_length: 128, learning_rate: 1e-3, save_every: 2steps, keep: 20}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 6steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 4, max_new_tokens: 24}
  report: {recipe: report, of: [answers]}
"""
READING = [errno.EIO, errno.ESTALE, errno.EACCES, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ETIMEDOUT, errno.ELOOP,
           errno.ENOTCONN, errno.EPERM, errno.EREMOTEIO, errno.ENXIO]
WRITING = [errno.EIO, errno.ESTALE, errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ETIMEDOUT, errno.EPERM]
# May not be read or written by this user: where the run has not begun to work, that is told as the user's to mend.
RIGHTS = {errno.EACCES, errno.EPERM, errno.EROFS}
WRITTEN_FOLDERS = r"(examples|stages(/[^/]*(/work(/checkpoints)?)?)?)?"  # looked at before anything runs: may they be written?
WRITES = {"open_write", "rename", "unlink", "mkdir", "write", "sync", "truncate", "reserve"}
MAKES = {"open_write", "mkdir"}
# (call, path) where the program may go on (exit code 0), and why.
NO_HARM = [
    (r"unlink", r".*\.partial(/.*)?", "what cannot be removed of an earlier start fails, if it does, where it is made anew"),
    (r"write|open_write|fstat|lseek", r"log\.txt", "the log is for people; what it lacks stands on the screen"),
    (r"stat|fstat", r"lock", "whether the folder is still in its place is asked again a second later"),
    (r".*", r"\.?exit_code(\..*)?", "at the end the process has its exit code all the same"),
    (r"stat|fstat|open|opendir|readdir|rename|unlink|sync", r"examples(/\.?[0-9a-f]{32}(\.discarded.*)?)?",
     "examples that cannot be removed at the end are told of, the results are there"),
    (r"stat|fstat|open|read", r"input_digests\.json", "what was noted of inputs saves time alone: they are hashed again"),
    (r"fstat|lseek", r".*", "streams of the C library ask for the size of their buffer, and do without"),
]


def normal(path):
    """The kind of file that it is."""
    path = re.sub(r"-[0-9a-f]{12}", "", path)
    path = re.sub(r"\d{4,}", "N", path)
    return path


class Bench:
    def __init__(self, ftrun, library):
        self.ftrun, self.library = os.path.abspath(ftrun), os.path.abspath(library)
        self.base = pathlib.Path(os.path.realpath(tempfile.mkdtemp(prefix="ftrun-unreadable-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)))

    def start(self, folder, ranks, unprivileged=False, **inject):
        (folder / "run.yaml").write_text(RUN_FILE.replace("FOLDER", str(folder)))
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        launcher = ["mpirun", *root, "--oversubscribe", "--bind-to", "none", "-np", str(ranks)] if ranks > 1 else []
        environment = {**os.environ, "FT_INJECT_ROOT": str(folder / "run"), **inject}
        if inject:
            launcher = [*launcher, "env", f"LD_PRELOAD={self.library}"]
        if unprivileged and os.geteuid() == 0:  # root may read and write everything
            launcher = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *launcher]
        return subprocess.run([*launcher, self.ftrun, str(folder / "run.yaml"), "parallel.bind=none"], capture_output=True, text=True, cwd=folder,
                              env=environment, timeout=300)

    # Folders of runs in each state, made from a finished one by taking away what came later.
    def make_states(self):
        whole = self.base / "whole"
        whole.mkdir()
        done = self.start(whole, 1)
        if done.returncode != 0:
            sys.exit(f"the undisturbed run failed with {done.returncode}:\n{done.stderr}")
        self.expected = outcome(whole)
        if len(self.expected) < 3:
            sys.exit(f"nothing to compare: {self.expected}")
        self.states = {"finished": whole}
        examples = self.tokenised()
        for name in ("restored", "training", "sampling"):
            folder = self.base / name
            shutil.copytree(whole, folder)
            run = folder / "run"
            for pattern in {"restored": ["stages/*/intact-*"],
                            "training": ["stages/*/output-*", "stages/*/intact-*", "stages/answers-*", "stages/report-*",
                                         "stages/solver-*/work/checkpoints/step-00000006"],
                            "sampling": ["stages/answers-*/output-*", "stages/answers-*/intact-*", "stages/report-*"]}[name]:
                found = list(run.glob(pattern))
                assert found, pattern
                for path in found:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            if name == "training":
                shutil.copytree(examples, run / "examples")
            if name == "sampling":
                (piece,) = run.glob("stages/answers-*/work/attempts-0000.jsonl")
                lines = piece.read_bytes().splitlines(keepends=True)
                piece.write_bytes(b"".join(lines[: len(lines) // 2]))
            self.states[name] = folder

    # The examples as they lie there while a training runs: a run that has reached its end has removed them.
    def tokenised(self):
        folder = self.base / "tokenised"
        folder.mkdir()
        (folder / "run.yaml").write_text(RUN_FILE.replace("FOLDER", str(folder)))
        process = subprocess.Popen([self.ftrun, str(folder / "run.yaml"), "parallel.bind=none"], stderr=subprocess.DEVNULL)
        while process.poll() is None and not list((folder / "run").glob("examples/*/index.bin")):
            time.sleep(0.005)
        process.send_signal(signal.SIGUSR1)
        assert process.wait() == 75 and list((folder / "run").glob("examples/*/index.bin")), "no run that was stopped in training"
        return folder / "run" / "examples"

    # What is not a failing call: (name, state, change, exit code, words). `change` gets the run folder; what it gives is done
    # to the folder before it is continued.
    def plain_cases(self):
        def closed(pattern, mode):
            def change(run):
                paths = [(path, path.stat().st_mode) for path in (run.glob(pattern) if pattern else [run])]
                assert paths, pattern
                for path, _ in paths:
                    path.chmod(mode)
                return lambda: [path.chmod(before) for path, before in paths]
            return change

        def dangling(run):
            (output,) = run.glob("stages/solver-*/output-*")
            away = output.with_name("away")
            output.rename(away)
            output.symlink_to("/nowhere/else")
            return lambda: (output.unlink(), away.rename(output))

        def damaged(pattern, edit):
            def change(run):
                path = sorted(run.glob(pattern))[-1]
                edit(path)
                return lambda: None
            return change

        def flip(path):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)

        def foreign(path):
            lines = path.read_text().splitlines(keepends=True)
            path.write_text(lines[0] + "# a note of mine\n" + '{"step": "two"}\n' + "".join(lines[1:]) + '{"step": 99, "lo')

        closed_folders = [("", "run"), ("stages", "stages"), ("stages/solver-*", "solver"), ("stages/solver-*/work", "work"),
                          ("stages/solver-*/work/checkpoints", "checkpoints")]
        for pattern, name in closed_folders:
            yield f"{name} may not be written", "training", closed(pattern, 0o555), 2, [name, "Permission denied"]
        yield "the ledger may not be written", "finished", closed("ledger.jsonl", 0o444), 2, ["ledger.jsonl", "may not be read and written"]
        yield "checkpoints may not be read", "training", closed("stages/solver-*/work/checkpoints/step-*/rank-*.h5", 0), 1, ["rank-0000.h5", "Permission denied"]
        yield "an output may not be read", "restored", closed("stages/solver-*/output-*/rank-*.h5", 0), 1, ["rank-0000.h5", "Permission denied"]
        yield "an output lies on a disk that is gone", "finished", dangling, 2, ["output-", "is a link that leads nowhere"]
        yield "a checkpoint is damaged", "training", damaged("stages/solver-*/work/checkpoints/step-*/rank-*.h5", flip), 0, ["rank-0000.h5 is damaged", "it is kept as"]
        yield "an output is damaged", "finished", damaged("stages/solver-*/output-*/config.json", flip), 0, ["config.json is damaged", "it is kept as"]
        yield "an output lost its manifest", "finished", damaged("stages/answers-*/output-*/manifest.json", pathlib.Path.unlink), 0, ["no manifest.json", "it is kept as"]
        yield "the step log holds foreign lines, restart", "training", damaged("stages/solver-*/steps.jsonl", foreign), 0, ["2 lines of steps.jsonl"]
        yield "the step log holds foreign lines, report", "sampling", damaged("stages/solver-*/steps.jsonl", foreign), 0, []

    def plain_case(self, number, state, change, code, words, ranks=1, inject={}):
        folder = self.copy(state, f"plain-{number}")
        run = folder / "run"
        change_back = change(run)
        before, ledger = everything(run), (run / "ledger.jsonl").read_bytes()
        done = self.start(folder, ranks, unprivileged=not inject, **inject)
        wrong = [] if done.returncode == code else [f"exit code {done.returncode} instead of {code}"]
        wrong += [f"no '{word}'" for word in words if word not in done.stderr]
        after = everything(run)
        if code == 2 and before != after:
            wrong.append("something was touched: " + ", ".join(sorted(set(before.items()) ^ set(after.items()))[0]))
        if code == 1:
            wrong += [f"{path} was changed" for path in before if "stages/" in path and "/intact-" not in path and before[path] != after.get(path)]
        if "it is kept as" in words:
            wrong += [] if '"event":"set aside"' in (run / "ledger.jsonl").read_bytes()[len(ledger):].decode() else ["the ledger does not tell"]
            wrong += [f"{path} is kept though a sound one is there" for path in after if ".damaged-" in path]
        change_back()
        if code != 0 and self.start(folder, 1).returncode != 0:
            wrong.append("it does not go on when that is mended")
        if outcome(folder) != self.expected:
            wrong.append("it ends with other digests")
        shutil.rmtree(folder)
        return wrong, done

    # A disk that gives one other bit when the values are read, after it gave the right ones to be hashed (or is vouched for).
    def silent_cases(self, calls):
        for state, ranks, folder, code, words in [
                ("training", 1, "stages/solver-[^/]*/work/checkpoints/step-00000004", 0, ["its bytes are not those that were written", "it is kept as"]),
                ("training", 2, "stages/solver-[^/]*/work/checkpoints/step-00000004", 0, ["its bytes are not those that were written", "it is kept as"]),
                ("sampling", 2, "stages/solver-[^/]*/output-[^/]*", 1, ["its bytes are not those that were written", "the next start looks at every byte"])]:
            reads = [c for c in calls[state, ranks] if c[1] == "read" and re.fullmatch(folder + "/rank-0000.h5", c[2])]
            rank, call, path, at = reads[-1]
            name = f"another bit in '{pathlib.PurePath(path).parent.name}' on rank {rank} of {ranks}"
            inject = {"FT_INJECT": f"{rank} {call} {at} 0 once {path}"}
            yield name, state, lambda run: lambda: None, code, words, ranks, inject

    # What a start of that state calls: [(rank, call, path, number)].
    def calls(self, state, ranks):
        folder = self.copy(state, f"count-{state}-{ranks}")
        done = self.start(folder, ranks, FT_INJECT_LOG=str(folder / "calls"))
        assert done.returncode == 0 and outcome(folder) == self.expected, done.stderr
        found = []
        for rank in range(ranks):
            count = {}
            for line in (folder / f"calls.{rank}").read_text().splitlines():
                call, path = line.split("\t")
                if path.startswith("hang") or "/events" in path:
                    continue
                count[call, path] = number = count.get((call, path), 0) + 1
                found.append((rank, call, path, number))
        shutil.rmtree(folder)
        return found

    def copy(self, state, name):
        folder = self.base / name
        shutil.copytree(self.states[state], folder)
        return folder

    # One injection; a text that says what is wrong, or "".
    def inject(self, number, state, ranks, rank, call, path, at, error, mode):
        folder = self.copy(state, f"case-{number}")
        try:
            before = listing(folder / "run")
            done = self.start(folder, ranks, FT_INJECT=f"{rank} {call} {at} {error} {mode} {path}")
            after = listing(folder / "run")
            wrong = judge(done, call, path, error)
            wrong += compare(before, after)
            again = self.start(folder, ranks)
            if again.returncode != 0:
                wrong.append(f"continued, it ends with {again.returncode}: {again.stderr[-600:]}")
            elif outcome(folder) != self.expected:
                wrong.append("continued, it ends with other digests")
            if any("damaged" in str(p) for p in folder.rglob("*damaged-*")):
                wrong.append("something was set aside as damaged")
            return wrong, done
        except subprocess.TimeoutExpired as hang:
            return [f"hangs: {hang}"], None
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def everything(run):
    """{path: digest} of all files but those that tell of a start itself."""
    return {str(path.relative_to(run)): sha256(path) for path in run.rglob("*") if path.is_file() and os.access(path, os.R_OK) and path.name not in ("lock", "exit_code")}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listing(run):
    """{path: digest} of all files in sealed folders; {path: bytes} of what is appended to."""
    sealed, appended = {}, {}
    for manifest in run.rglob("manifest.json"):
        if manifest.parent.name.startswith("."):
            continue
        for path in manifest.parent.rglob("*"):
            sealed[str(path.relative_to(run))] = sha256(path)
    for path in [run / "ledger.jsonl", *run.glob("stages/*/work/*.jsonl"), *run.glob("stages/*/saves.jsonl")]:
        if path.exists():
            appended[str(path.relative_to(run))] = path.read_bytes()
    return sealed, appended


def compare(before, after):
    wrong = []
    for path, digest in before[0].items():
        if after[0].get(path) != digest:
            wrong.append(f"{path} is {'another' if path in after[0] else 'gone'}")
    for path, content in before[1].items():
        if not after[1].get(path, b"").startswith(content):
            wrong.append(f"{path} lost lines")
    return wrong


def judge(done, call, path, error):
    said = [line for line in done.stderr.splitlines() if line.startswith("ftrun: ")]
    wrong = []
    if done.returncode == 0 and any(re.fullmatch(c, call) and re.fullmatch(p, path) for c, p, _ in NO_HARM):
        return wrong
    asks_for_rights = call in MAKES | {"access"} or (call == "stat" and re.fullmatch(WRITTEN_FOLDERS, path))
    asks_for_rights = asks_for_rights or (call == "unlink" and path.endswith(".partial"))  # and is made at once
    codes = {1, 2} if error in RIGHTS and asks_for_rights else {1}
    if done.returncode not in codes:
        wrong.append(f"exit code {done.returncode} instead of {sorted(codes)}")
    if len(said) != 1:
        wrong.append(f"{len(said)} messages instead of one")
    text = "\n".join(said)
    # A temporary file may be called by the name that it was to get.
    names = {pathlib.PurePath(path).name, re.sub(r"^\.?(.*)\.(partial|discarded|previous|new)$", r"\1", pathlib.PurePath(path).name)}
    is_removed = re.search(r"[^/]*\.discarded(?=/|$)", path)  # a folder: that it cannot be removed is said of it as a whole
    if is_removed:
        names.add(is_removed[0])
    if path and not any(name in text for name in names):
        wrong.append("the message does not name the file")
    # What is a link (ELOOP) where a folder was is removed as a file, in vain.
    causes = {os.strerror(error)} | ({os.strerror(errno.ENOTEMPTY)} if is_removed and error == errno.ELOOP else set())
    if not any(cause in text for cause in causes):
        wrong.append("the message does not name the cause")
    return wrong


def outcome(folder):
    found = {}
    for output in sorted((folder / "run").glob("stages/*/output-*")):
        body = json.loads((output / "manifest.json").read_text())["body"]
        if "weights_digest" in body:
            found[output.parent.name] = body["weights_digest"]
        if (output / "attempts-00000.jsonl").exists():
            found[output.parent.name] = sha256(output / "attempts-00000.jsonl")
        if (output / "report.json").exists():
            found[output.parent.name] = json.dumps(json.loads((output / "report.json").read_text())["results"])
    return found


def draw(candidates, count, rng):
    """Each kind of call on each kind of file in each state first, then the rest, at random."""
    rng.shuffle(candidates)
    groups = {}
    for candidate in candidates:
        state, ranks, rank, call, path, at = candidate
        groups.setdefault((call, normal(path)), []).append(candidate)
    order, round_ = [], 0
    while len(order) < min(count, len(candidates)):
        keys = [key for key in groups if len(groups[key]) > round_]
        rng.shuffle(keys)
        order += [groups[key][round_] for key in keys]
        round_ += 1
    return order[:count], len(groups)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ftrun")
    parser.add_argument("library")
    parser.add_argument("count", type=int, nargs="?", default=40)
    parser.add_argument("--ranks", default="1,2")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="only calls 'STATE RANKS RANK CALL PATH' that match this pattern")
    options = parser.parse_args()
    rng = random.Random(int(os.environ.get("FT_FAULT_SEED", "1")))
    started = time.monotonic()
    bench = Bench(options.ftrun, options.library)
    failed, codes = 0, {}
    try:
        bench.make_states()
        calls = {(state, ranks): bench.calls(state, ranks) for ranks in map(int, options.ranks.split(",")) for state in bench.states}
        candidates = [(*key, *call) for key, of_key in calls.items() for call in of_key]
        plain = [] if options.only else [*bench.plain_cases(), *bench.silent_cases(calls)]
        for number, (name, *case) in enumerate(plain):
            wrong, done = bench.plain_case(number, *case)
            failed += bool(wrong)
            said = [line for line in done.stderr.splitlines() if line.startswith(("ftrun: ", "warning: "))]
            print(f"{'FAILED' if wrong else 'ok'} {name} -> {done.returncode} {said[0][:200] if said else ''}", flush=True)
            if wrong:
                print("   " + "; ".join(wrong) + "\n   " + done.stderr[-1500:].replace("\n", "\n   "), flush=True)
        if options.only:
            candidates = [c for c in candidates if re.search(options.only, " ".join(map(str, c[:5])))]
        chosen, kinds = draw(candidates, options.count, rng)
        print(f"{len(candidates)} calls of {kinds} kinds could fail, {len(chosen)} are chosen", flush=True)
        cases = []
        for number, (state, ranks, rank, call, path, at) in enumerate(chosen):
            error = rng.choice(WRITING if call in WRITES else READING)
            cases.append((number, state, ranks, rank, call, path, at, error, rng.choice(["once", "on"])))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for case, (wrong, done) in zip(cases, pool.map(lambda c: bench.inject(*c), cases)):
                _, state, ranks, rank, call, path, at, error, mode = case
                code = done.returncode if done else "hang"
                codes[code] = codes.get(code, 0) + 1
                name = f"{state}, {ranks} ranks: {call} {at} of '{path}' on rank {rank}: {errno.errorcode[error]} {mode}"
                said = [line for line in (done.stderr if done else "").splitlines() if line.startswith("ftrun: ")]
                print(f"{'FAILED' if wrong else 'ok'} {name} -> {code} {said[-1][:200] if said else ''}", flush=True)
                if wrong:
                    failed += 1
                    print("   " + "; ".join(wrong) + ("\n   " + done.stderr[-1500:].replace("\n", "\n   ") if done else ""), flush=True)
    finally:
        shutil.rmtree(bench.base, ignore_errors=True)
    print(f"{len(cases)} injections, exit codes {codes}, {failed} failed, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
