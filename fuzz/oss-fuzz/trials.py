"""What OSS-Fuzz asks of a target when it runs, tried in the sandbox; and the verdict over all rules together. Each
trial yields complaints, as the rules do. Not for: what can be seen without running anything (rules.py)."""
import base64
import configparser
import json
import re
import shutil
import subprocess
import tempfile
import zipfile

import builds
import rules
import sandbox

RUNS = 4
LIMITS = ["-rss_limit_mb=2560", "-timeout=25", "-artifact_prefix=/tmp/"]
# Below this OSS-Fuzz warns, and goes on.
FEW_EDGES = 100


def libfuzzer_arguments(out, name):
    """Of the options file and the dictionary; run as at OSS-Fuzz."""
    parsed = configparser.ConfigParser()
    arguments = []
    try:
        parsed.read(out / f"{name}.options")
        if parsed.has_section("libfuzzer"):
            arguments = [f"-{key}={value}" for key, value in parsed["libfuzzer"].items()]
    except configparser.Error:
        pass  # said by options_file
    if (out / f"{name}.dict").is_file() and not any(word.startswith("-dict=") for word in arguments):
        arguments.append(f"-dict={name}.dict")
    return arguments


def last(said, lines=6):
    """What a sanitizer or libFuzzer says is wrong, and the end."""
    said = said.strip().splitlines()
    named = [line for line in said[:-lines] if re.search(r"==(ERROR|WARNING): |: runtime error: |^SUMMARY: ", line)]
    return "\n".join("    | " + line for line in named[:4] + said[-lines:])


def libfuzzer_starts(out, name):
    """Four runs without seeds, with the options and the dictionary."""
    status, said = sandbox.run(out, [f"./{name}", *LIMITS, *libfuzzer_arguments(out, name), "-seed=1337",
                                     f"-runs={RUNS}"], seconds=120)
    if "no interesting inputs were found" in said:
        yield f"{name}: no coverage instrumentation"
    elif f"Done {RUNS} runs" not in said or status:
        yield f"{name}: does not start, status {status}:\n{last(said)}"
    for line in said.splitlines():
        if re.search(r"WARNING: unrecognized flag", line):
            yield f"{name}: {line}"


def edges(out, name):
    """Counters of the target, or None."""
    _, said = sandbox.run(out, [f"./{name}", *LIMITS, "-seed=1337", f"-runs={RUNS}"], seconds=120)
    found = re.search(r"INFO: Loaded \d+ module.*\(.*(?:counters|guards)\):\s+(\d+)", said)
    return int(found.group(1)) if found else None


def with_seeds(out, name, command, seconds=300, environment=None):
    """Runs with the seed corpus unpacked at /seeds."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(out / f"{name}_seed_corpus.zip") as opened:
                opened.extractall(folder)
        except (OSError, zipfile.BadZipFile):
            return 0, ""  # said by seeds_archive
        return sandbox.run(out, command, seconds=seconds, seeds=folder, environment=environment)


def libfuzzer_seeds(out, name):
    status, said = with_seeds(out, name, [f"./{name}", *LIMITS, *libfuzzer_arguments(out, name), "-runs=0", "/seeds"])
    if status:
        yield f"{name}: its seed corpus does not run clean, status {status}:\n{last(said)}"


def afl_starts(out, name):
    """afl-fuzz for two seconds, from one small input, as at OSS-Fuzz without the seeds. And some edge is seen: AFL++
    itself is content with a target in which only its runtime is linked."""
    fuzz = ("mkdir -p /tmp/in && echo input >/tmp/in/input && "
            f"afl-showmap -q -m none -o /tmp/map -- ./{name} </tmp/in/input; echo edges: $(wc -l </tmp/map); "
            f"exec afl-fuzz -V 2 -m none -i /tmp/in -o /tmp/found -- ./{name}")
    environment = {f"AFL_{key}": "1" for key in ("NO_UI", "SKIP_CPUFREQ", "NO_AFFINITY",
                                                 "I_DONT_CARE_ABOUT_MISSING_CRASHES")}
    # AFL++ looks for crashes by SIGABRT, and refuses to start where another sanitizer's options say otherwise.
    environment.update(AFL_FORKSRV_INIT_TMOUT="30000", UBSAN_OPTIONS="", MSAN_OPTIONS="exit_code=86:symbolize=0",
                       ASAN_OPTIONS="abort_on_error=1:symbolize=0:detect_leaks=0:detect_odr_violation=0")
    _, said = sandbox.run(out, ["sh", "-c", fuzz], seconds=120, environment=environment)
    said = re.sub(r"\x1b[\[)][?0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f]", "", said)
    if "edges: 0" in said:
        yield f"{name}: no coverage instrumentation"
    if "All set and ready to roll" not in said:
        yield f"{name}: afl-fuzz does not get going:\n{last(said, 12)}"
    if re.search("target binary (crashed|terminated)", said):
        yield f"{name}: dies under afl-fuzz:\n{last(said, 12)}"


def source_coverage(out, name, folder):
    """The seeds are run as for a coverage report, and the report shows our harness run."""
    profiles = folder / "profiles"
    shutil.rmtree(profiles, ignore_errors=True)
    profiles.mkdir(parents=True)
    command = (f"mkdir /tmp/merged && ./{name} -merge=1 -timeout=100 -artifact_prefix=/tmp/ /tmp/merged /seeds >&2 && "
               "echo ==profile && base64 /tmp/profile")
    status, said = with_seeds(out, name, ["sh", "-c", command], environment={"LLVM_PROFILE_FILE": "/tmp/profile"})
    if status or "==profile" not in said:
        yield f"{name}: its seeds do not run for coverage, status {status}:\n{last(said)}"
        return
    raw, merged = profiles / "raw", profiles / "merged"
    encoded = said.rsplit("==profile\n", 1)[1]
    raw.write_bytes(base64.b64decode(encoded))
    subprocess.run([builds.tool("llvm-profdata"), "merge", "-sparse", raw, "-o", merged], check=True)
    report = subprocess.run(
        [builds.tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={merged}", out / name],
        text=True, capture_output=True, check=False)
    if report.returncode:
        yield f"{name}: llvm-cov can't read it: {report.stderr.strip()}"
        return
    covered = json.loads(report.stdout)["data"][0]["totals"]["lines"]
    if not covered["covered"]:
        yield f"{name}: its seeds cover none of {covered['count']} lines"


def libfuzzer(out, name, say):
    yield from libfuzzer_starts(out, name)
    yield from libfuzzer_seeds(out, name)
    few = edges(out, name)
    if few is not None and few < FEW_EDGES:
        say(f"{name}: note: {few} edges; below {FEW_EDGES} OSS-Fuzz warns, and goes on")


def judge(build, expected, say):
    """Every complaint about what lies in build.out, where targets of the names `expected` are to be."""
    yield from rules.contents(build.out, expected)
    without = rules.ubsan_without() if (build.engine, build.sanitizer) == ("libfuzzer", "undefined") else 0
    for path in rules.targets(build.out):
        yield from rules.libraries(path)
        yield from rules.sanitizers(path, build.engine, build.sanitizer, without)
        if build.engine == "afl":
            yield from afl_starts(build.out, path.name)
        elif build.sanitizer == "coverage":
            yield from source_coverage(build.out, path.name, build.folder)
        else:
            yield from libfuzzer(build.out, path.name, say)
