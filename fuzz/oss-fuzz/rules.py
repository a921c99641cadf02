"""What OSS-Fuzz asks of a build, target by target, and what we ask of ours beyond it. Each rule returns complaints,
one a line; no complaint: sound. Written from OSS-Fuzz's documentation and the thresholds of its check.
Not for: making builds (builds.py)."""
import base64
import configparser
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import builds
import sandbox

RUNS = 4
LIMITS = ["-rss_limit_mb=2560", "-timeout=25", "-artifact_prefix=/tmp/"]
# Calls in a disassembly: at least so many of the own sanitizer, at most so many of each other one.
LEAST = {"address": ("asan", 1000), "memory": ("msan", 1000), "undefined": ("ubsan", 168)}
MOST = {"asan": 0, "dfsan": 0, "msan": 3, "ubsan": 200}
# libFuzzer and its runtime make some 170 calls of __ubsan in any build, so the 168 say nothing of ours: ask that many
# more than a target without a line of code has.
UBSAN_RISE = 20
FEW_EDGES = 100
# What the image that runs the fuzzers has, and libstdc++, which only Debian's libFuzzer needs.
LIBRARIES = re.compile(r"(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+|ld-linux-x86-64)\.so\.\d+$")


def executables(out):
    """Every executable file below `out`, as a relative path."""
    return sorted(path.relative_to(out) for path in out.rglob("*")
                  if path.is_file() and os.access(path, os.X_OK))


def is_target(path):
    """OSS-Fuzz's own idea of a fuzz target."""
    data = path.read_bytes()
    return data.startswith(b"\x7fELF") and b"LLVMFuzzerTestOneInput" in data and not path.name.startswith("afl-")


def targets(out):
    return [path for path in map(out.joinpath, executables(out)) if path.parent == out and is_target(path)]


def contents(out, expected):
    """$OUT holds the expected targets with their files, and no other executable."""
    found = {path.name for path in targets(out)}
    for name in sorted(set(expected) - found):
        yield f"{name}: there is no such fuzz target in $OUT"
    for path in executables(out):
        if str(path) not in found or str(path) not in expected:
            yield f"{path}: an executable that is none of our fuzz targets"
    for name in sorted(found):
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            yield f"{name}: a name that OSS-Fuzz can't run"
        yield from seeds_archive(out, name)
        yield from options_file(out, name)


def seeds_archive(out, name):
    archive = out / f"{name}_seed_corpus.zip"
    if not archive.is_file():
        yield f"{name}: {archive.name} is missing"
        return
    try:
        with zipfile.ZipFile(archive) as opened:
            if opened.testzip() or not opened.namelist():
                yield f"{name}: {archive.name} is damaged or empty"
    except zipfile.BadZipFile as error:
        yield f"{name}: {archive.name} is no archive: {error}"


def options_file(out, name):
    path = out / f"{name}.options"
    if not path.is_file():
        yield f"{name}: {path.name} is missing"
        return
    parsed = configparser.ConfigParser()
    try:
        parsed.read(path)
    except configparser.Error as error:
        yield f"{name}: {path.name} does not parse: {str(error).splitlines()[0]}"
        return
    known = {"libfuzzer", "asan", "lsan", "msan", "ubsan", "afl", "honggfuzz", "env", "grammar"}
    for section in parsed.sections():
        if section not in known:
            yield f"{name}: {path.name} has a section [{section}], which nobody reads"
    if not parsed.sections():
        yield f"{name}: {path.name} says nothing"


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
    return "\n".join("    | " + line for line in said.strip().splitlines()[-lines:])


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


def calls(path):
    """How often each sanitizer's runtime is called, counted as OSS-Fuzz does: in the demangled disassembly."""
    counts = dict.fromkeys(MOST, 0)
    pattern = re.compile(r"callq?\s+[0-9a-f]+\s+<__(asan|dfsan|msan|ubsan)")
    with subprocess.Popen(["objdump", "-dC", "--no-show-raw-insn", path], text=True, errors="replace",
                          stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            found = pattern.search(line)
            if found:
                counts[found.group(1)] += 1
    return counts


def ubsan_without():
    """Calls of __ubsan in a target that has no code, built without a sanitizer."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "empty.cc", Path(folder) / "empty"
        source.write_text('extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n')
        subprocess.run([builds.tool("clang++"), "-O1", "-fsanitize=fuzzer", source, "-o", program], check=True)
        return calls(program)["ubsan"]


def sanitizers(path, engine, sanitizer, without):
    """The own sanitizer is there, and no other."""
    counts = calls(path)
    own, least = LEAST.get(sanitizer, (None, 0))
    for name, most in MOST.items():
        if name != own and counts[name] > most:
            yield f"{path.name}: {counts[name]} calls of __{name} in a build for {sanitizer}; at most {most}"
    if own and counts[own] < least:
        yield f"{path.name}: {counts[own]} calls of __{own}, at least {least} are asked for: not built for {sanitizer}"
    elif own == "ubsan" and engine == "libfuzzer" and counts[own] < without + UBSAN_RISE:
        yield (f"{path.name}: {counts[own]} calls of __ubsan, where a target without any code has {without}: "
               "not built for undefined")


def libraries(path):
    said = subprocess.run(["objdump", "-p", path], text=True, capture_output=True, check=False).stdout
    for name in re.findall(r"^\s+NEEDED\s+(\S+)", said, re.MULTILINE):
        if not LIBRARIES.fullmatch(name):
            yield f"{path.name}: needs {name}, which is not where fuzzers are run"


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
