#!/usr/bin/env python3
"""Operator mutants of two plain echo servers: does `verbatim check` see every slip of the pen?

    operators.py VERBATIM OUT [-j 2] [--over tcp|udp] [--whole] [--equivalents] [--match TEXT] [--list]

Each mutant (c_mutants.py) is compiled and held to the catalogue; the first requirement that fails has
killed it. What compiles to the same code as the original, or as an earlier one, is not run. What
equivalent.txt lists is no slip that any peer could see. Exit: 0 all others are killed; 1 some survive, or
equivalent.txt does not fit; 2 the servers as they are do not pass; 77 here not every requirement can be
judged (datagram.no-loop takes root). OUT keeps the results: what was seen with the
same checker and the same mutant's code is not run again. Not for: mutants written by hand (../table.cc).
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import threading

import c_mutants

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = ["cc", "-std=c11", "-O2", "-Werror=return-type", "-Werror=int-conversion",
            "-Werror=incompatible-pointer-types", "-Werror=implicit-function-declaration"]
SUBJECTS = {"tcp": "plain_echo.c", "udp": "plain_datagram_echo.c"}
# What is quick comes first; most mutants get no further.
LATE = ["stream.pressure.*", "stream.silent.first", "stream.open.*", "stream.exact.bulk", "stream.survive.*",
        "stream.many.thousand", "stream.halfclose.drains-slowly", "stream.idle.*", "stream.stop.*"]
# One that never ends a connection makes everything else slow: that is seen first.
FIRST = ["--only=stream.halfclose.ends", "--only=stream.prompt.single-byte"]
# Where connections are accepted late it alone takes all the time that there is.
LAST = "stream.survive.churn"
STAGES = {"tcp": [FIRST, [f"--except={row}" for row in LATE], [f"--only={row}" for row in LATE] + [f"--except={LAST}"],
                  [f"--only={LAST}"]],
          "udp": [["--only=datagram.*"]]}
OUTCOME = re.compile(r"  (FAIL|seen once|not run|no time|skip)\b.*? ((?:stream|datagram)\.[\w.-]+) +([MSI]) ", re.I)
CHECK_ITSELF = "the check itself"
NOT_JUDGED = 3
NOT_SOUND = 2
SKIPPED = 77
TIMES = 3  # so often is a mutant played, if what fails is a matter of time
LIMIT_SECONDS = 150


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Bench:
    """One checker and one folder."""

    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out).resolve()
        self.out.mkdir(parents=True, exist_ok=True)
        self.checker = digest(options.verbatim)
        asked = subprocess.run([options.verbatim, "check", "--help"], capture_output=True, text=True, check=True)
        self.first = ["--first"] if "--first " in asked.stdout and not options.whole else []
        self.lock = threading.Lock()
        self.results = {}
        self.log = self.out / "results.jsonl"
        if self.log.exists():
            for line in self.log.read_text().splitlines():
                entry = json.loads(line)
                self.results[entry["key"]] = entry

    def assembly(self, name, source):
        """The code that `source` compiles to; None if it does not compile."""
        path = self.out / f"{name}.c"
        path.write_text(source)
        made = subprocess.run(COMPILER + ["-S", "-o", "-", str(path)], capture_output=True, text=True)
        path.unlink()
        if made.returncode != 0:
            return None
        return re.sub(r"(?m)^\s*\.(file|ident)\s.*\n", "", made.stdout)

    def build(self, name, assembly):
        program = self.out / name
        subprocess.run(["cc", "-x", "assembler", "-", "-o", str(program)], input=assembly, text=True, check=True)
        return program

    def check(self, program, over, flags):
        """One `verbatim check`. Returns its exit status and what each row that is no pass came to; ended at the
        first failure unless all are wanted."""
        command = [self.options.verbatim, "check", "--spawn", f"exec {program} {{port}}", "--over", over,
                   "--strict", "--no-color", "--budget", "120s", "--save", f"{program}-failures", *self.first, *flags]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        timer = threading.Timer(LIMIT_SECONDS, process.kill)
        timer.start()
        rows = {}
        for line in process.stdout:
            found = OUTCOME.match(line)
            if found:
                rows[found[2]] = f"{found[1].lower()} {found[3]}"
            if found and found[1] == "FAIL" and not self.options.whole:
                process.terminate()
                break
        process.stdout.read()
        status = process.wait()
        timer.cancel()
        return status, rows

    def stages(self, program, over):
        """All stages until one kills. Returns the failed rows, and those that were left open."""
        left_open = {}
        failed = {}
        for flags in STAGES[over]:
            status, rows = self.check(program, over, flags)
            failed.update({row: said for row, said in rows.items() if said.startswith("fail")})
            left_open.update({row: said for row, said in rows.items() if not said.startswith("fail")})
            if status == NOT_JUDGED:
                failed["nothing could be judged"] = "fail M"
            if status not in (0, 1, NOT_JUDGED) and not failed:
                left_open[CHECK_ITSELF] = f"ended with {status}"
            if failed and not self.options.whole:
                break
        return failed, left_open

    def verdict(self, program, over):
        """Rows of level S are believed at the second failure: they may measure time, and others work here too."""
        failures = collections.Counter()
        for _ in range(TIMES):
            failed, left_open = self.stages(program, over)
            failures.update(list(failed))
            sure = [row for row in failed if failed[row].endswith("M") or sum(failures.values()) > 1]
            if sure:
                return sorted(failed if self.options.whole else sure), left_open
            if not failed:
                break
        return [], {**left_open, **{row: "failed once" for row in failures}}

    def judge(self, mutant, number, assembly, over):
        key = hashlib.sha256((self.checker + over + assembly).encode()).hexdigest()
        if key in self.results:
            return self.results[key]
        program = self.build(f"{over}-{number}", assembly)
        killers, left_open = self.verdict(program, over)
        program.unlink()
        entry = {"key": key, "name": mutant.name(), "change": mutant.change(), "killers": killers,
                 "open": left_open}
        with self.lock:
            self.results[key] = entry
            if any(said.startswith(("not run", "no time")) for said in left_open.values()) and not killers:
                return entry  # no time left: another time
            with self.log.open("a") as log:
                log.write(json.dumps(entry) + "\n")
        return entry


def read_equivalent(path):
    """Lines `CHANGE`, groups of which end with a line `    why: REASON`. Returns the reason of each change."""
    reasons, group = {}, []
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.lstrip().startswith("why:"):
            reasons.update({change: line.split("why:", 1)[1].strip() for change in group})
            group = []
        else:
            group.append(line.strip())
    if group:
        sys.exit(f"{path}: no reason stands below: {group[0]}")
    return reasons


def distinct(bench, over):
    """The mutants that compile to code of their own, with it; and how many were left out, and why."""
    file = SUBJECTS[over]
    source = (HERE / file).read_text()
    mutants = c_mutants.Source(file, source).mutants()
    with concurrent.futures.ThreadPoolExecutor(bench.options.jobs) as pool:
        codes = list(pool.map(lambda job: bench.assembly(f"{over}-source-{job[0]}", job[1].apply(source)),
                              enumerate(mutants)))
    seen = {bench.assembly(f"{over}-original", source): "same code as the original"}
    left_out, kept = collections.Counter(), []
    for mutant, code in zip(mutants, codes):
        if code is None or code in seen:
            left_out[seen.get(code, "does not compile")] += 1
            continue
        seen[code] = "same code as another mutant"
        kept.append((mutant, code))
    return kept, left_out


def run(bench, over, reasons):
    """All mutants of one server. Returns the lines of complaint."""
    options = bench.options
    kept, left_out = distinct(bench, over)
    print(f"{SUBJECTS[over]}: {len(kept)} mutants; left out: {dict(left_out)}", flush=True)
    mutants = c_mutants.Source(SUBJECTS[over], (HERE / SUBJECTS[over]).read_text()).mutants()
    changes = {text for mutant in mutants for text in (mutant.change(), mutant.any_change())}
    complaints = [f"equivalent.txt lists what is no mutant: {change}" for change in reasons
                  if change.startswith(SUBJECTS[over]) and change not in changes]
    jobs = [(mutant, number, code) for number, (mutant, code) in enumerate(kept)
            if bool({mutant.change(), mutant.any_change()} & set(reasons)) == options.equivalents
            and options.match in mutant.change()]
    if options.list:
        for mutant, _, _ in jobs:
            print(f"{mutant.name()} | {mutant.change()}")
        return complaints
    original = bench.build(f"{over}-original", bench.assembly(f"{over}-original", (HERE / SUBJECTS[over]).read_text()))
    killers, left_open = bench.verdict(original, over)
    if killers or CHECK_ITSELF in left_open:
        print(f"{SUBJECTS[over]} as it is does not pass: {killers} {left_open}", file=sys.stderr)
        sys.exit(NOT_SOUND)
    if left_open:
        print(f"skipped: here {', '.join(left_open)} can't be judged, and so not all that is broken be seen")
        sys.exit(SKIPPED)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for entry in pool.map(lambda job: bench.judge(*job, over), jobs):
            killers = ", ".join(entry["killers"])
            said = f"killed by {killers}" if killers else "SURVIVED"
            more = "".join(f"; {row} {what}" for row, what in entry["open"].items()) if not killers else ""
            print(f"{entry['name']}: {said}{more}", flush=True)
            if bool(killers) == options.equivalents:
                print(f"    {entry['change']}", flush=True)
                complaints.append(f"{'listed as equivalent, but ' if killers else ''}{said}: {entry['change']}")
    print(f"{SUBJECTS[over]}: {len(jobs)} run")
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verbatim")
    parser.add_argument("out")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--over", choices=sorted(SUBJECTS), action="append")
    parser.add_argument("--whole", action="store_true", help="name every requirement that kills, not the first")
    parser.add_argument("--equivalents", action="store_true", help="run what equivalent.txt lists, and only that")
    parser.add_argument("--match", default="", help="only changes with this text")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if not pathlib.Path(options.verbatim).is_file():
        parser.error(f"{options.verbatim}: no such program; build it with ./dev build release verbatim")
    bench = Bench(options)
    reasons = read_equivalent(HERE / "equivalent.txt")
    complaints = [line for over in options.over or SUBJECTS for line in run(bench, over, reasons)]
    for line in complaints:
        print(line)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
