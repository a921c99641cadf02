"""Shows that the rules refuse what they are there to refuse: makes small builds, each bad in one way, and wants the
complaint that names it; and sound ones, which must pass. A rule that never says no is worth nothing.
Not for: the harnesses themselves."""
import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

import builds
import rules
import trials

# Enough arithmetic for UndefinedBehaviorSanitizer to show, and branches for the fuzzer. HOOK is where a bad one sins.
SOURCE = r"""
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define ONE(n) if (data[n % size] == n) sum = sum * data[(n + 1) % size] + (sum << (data[n % size] & 31)) - n;
#define TEN(n) ONE(n) ONE(n + 1) ONE(n + 2) ONE(n + 3) ONE(n + 4) ONE(n + 5) ONE(n + 6) ONE(n + 7) ONE(n + 8) ONE(n + 9)
static volatile int sink;
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  HOOK
  if (size == 0) return 0;
  int sum = 0;
  if (size > 1000) { TEN(0) TEN(10) TEN(20) TEN(30) TEN(40) TEN(50) TEN(60) TEN(70) TEN(80) TEN(90) }
  sink = sum;
  return 0;
}
"""
OPTIONS = "[libfuzzer]\ntimeout = 10\n"


class Case:
    """One made-up build in a folder of its own, that `spoil` may do something to."""

    def __init__(self, wanted, *, sanitizer="address", engine="libfuzzer", hook="", flags=None, link=None,
                 options=OPTIONS, seeds=(b"a",), spoil=None):
        self.wanted, self.sanitizer, self.engine, self.hook = wanted, sanitizer, engine, hook
        self.flags, self.link, self.options, self.seeds, self.spoil = flags, link, options, seeds, spoil

    def make(self, folder):
        self.folder, self.out = folder, folder / "out"
        out = self.out
        out.mkdir()
        source = folder / "target.cc"
        source.write_text(SOURCE.replace("HOOK", self.hook.replace("FOLDER", str(folder))))
        flags = self.flags
        if flags is None:
            counters = ("-fsanitize-coverage=trace-pc-guard" if self.engine == "afl" else
                        builds.SOURCE_COVERAGE if self.sanitizer == "coverage" else builds.COUNTERS)
            flags = f"{builds.SANITIZER_FLAGS[self.sanitizer]} {counters}"
        link = self.link
        if link is None:
            driver = builds.AFL_DRIVER
            link = [str(driver), str(driver.parent / "afl-compiler-rt.o")] if self.engine == "afl" else [
                "-fsanitize=fuzzer"]
        compiler = builds.tool("clang++")
        own = [flag for flag in flags.split()
               if flag.startswith(("-fsanitize=", "-fprofile")) and "fuzzer" not in flag]
        subprocess.run([compiler, "-O1", "-w", *flags.split(), "-c", source, "-o", folder / "target.o"], check=True)
        link = [word.replace("FOLDER", str(folder)) for word in link]
        if "-lbeside" in link:
            subprocess.run([compiler, "-shared", "-x", "c", "/dev/null", "-o", folder / "libbeside.so"], check=True)
        subprocess.run([compiler, "-w", *own, folder / "target.o", *link, "-o", out / "target"], check=True)
        (out / "target.options").write_text(self.options)
        with zipfile.ZipFile(out / "target_seed_corpus.zip", "w") as archive:
            for number, seed in enumerate(self.seeds):
                archive.writestr(f"seed-{number}", seed)
        if self.spoil:
            self.spoil(out)


def write(name, text, mode=0o644):
    def spoil(out):
        (out / name).write_text(text)
        (out / name).chmod(mode)
    return spoil


def remove(name):
    return lambda out: (out / name).unlink()


def elsewhere(out):
    """The target reads what its build left beside $OUT, which was there while it was built."""
    (out.parent / "data").write_text("x")


OPEN = 'static FILE* file = fopen("%s", "%s"); if (!file) abort();'
CASES = {
    "sound, address": Case(None),
    "sound, undefined": Case(None, sanitizer="undefined"),
    "sound, memory": Case(None, sanitizer="memory"),
    "sound, coverage": Case(None, sanitizer="coverage"),
    "sound, writes to /tmp": Case(None, hook=OPEN % ("/tmp/x", "w")),
    "no counters": Case("no coverage instrumentation", flags=builds.SANITIZER_FLAGS["address"]),
    "address without ASan": Case("not built for address", flags=builds.COUNTERS),
    "undefined without UBSan": Case("where a target without any code has", sanitizer="undefined",
                                    flags=builds.COUNTERS),
    "memory without MSan": Case("not built for memory", sanitizer="memory", flags=builds.COUNTERS),
    "coverage without coverage": Case("do not run for coverage", sanitizer="coverage", flags=builds.COUNTERS),
    "address and undefined": Case("calls of __ubsan in a build for address",
                                  flags=f"-fsanitize=address,undefined {builds.COUNTERS}"),
    "undefined and address": Case("calls of __asan in a build for undefined", sanitizer="undefined",
                                  flags=f"-fsanitize=address,undefined {builds.COUNTERS}"),
    "reads a file outside $OUT": Case("does not start", hook=OPEN % ("FOLDER/data", "r"), spoil=elsewhere),
    "knows where $OUT was": Case("does not start", hook=OPEN % ("FOLDER/out/target.options", "r")),
    "writes outside /tmp": Case("does not start", hook=OPEN % ("/var/tmp/x", "w")),
    "writes into $OUT": Case("does not start", hook=OPEN % ("left", "w")),
    "crashes at start-up": Case("does not start", hook="abort();"),
    "ends at start-up": Case("does not start", hook="_exit(0);"),
    "a seed crashes": Case("does not run clean", hook='if (size == 4 && !memcmp(data, "boom", 4)) abort();',
                           seeds=(b"a", b"boom")),
    "a seed leaks": Case("does not run clean",
                         hook="if (size == 4) { static char* volatile p; p = new char[8]; p = nullptr; }",
                         seeds=(b"leak",)),
    "a seed reads behind an end": Case("does not run clean", seeds=(b"over",),
                                       hook="if (size == 4) sink = data[size + sink];"),
    "a seed overflows a number": Case("does not run clean", sanitizer="undefined", seeds=(b"over",),
                                      hook="if (size == 4) { sink = 0x7fffffff; sink = sink + data[0]; }"),
    "a seed reads what nobody wrote": Case(
        "does not run clean", sanitizer="memory", seeds=(b"read",), hook="if (size == 4) "
        '{ char* volatile p = static_cast<char*>(malloc(8)); if (p[3] == 7) puts("7"); free(p); }'),
    "options without a section": Case("does not parse", options="timeout = 10\n"),
    "options in an unknown section": Case("which nobody reads", options="[libfuzz]\ntimeout = 10\n"),
    "options with an unknown flag": Case("unrecognized flag", options="[libfuzzer]\ntime_out = 10\n"),
    "a broken dictionary": Case("does not start", spoil=write("target.dict", "a=\"unclosed\nb=\n")),
    "no options": Case("target.options is missing", spoil=remove("target.options")),
    "no seeds": Case("damaged or empty", seeds=()),
    "seeds are no archive": Case("is no archive", spoil=write("target_seed_corpus.zip", "no zip")),
    "an executable script": Case("none of our fuzz targets", spoil=write("extra.sh", "#!/bin/sh\n", 0o755)),
    "an executable without the entry": Case("none of our fuzz targets", spoil=lambda out: subprocess.run(
        ["cp", "/bin/true", out / "extra"], check=True)),
    "the target is missing": Case("there is no such fuzz target", spoil=remove("target")),
    "a library outside $OUT": Case("which is not where fuzzers are run", link=[
        "-fsanitize=fuzzer", "-Wl,--no-as-needed", "-LFOLDER", "-Wl,-rpath,FOLDER", "-lbeside"]),
    "sound, AFL++": Case(None, engine="afl"),
    "AFL++, crashes at start-up": Case("does not get going", engine="afl", hook="abort();"),
    "AFL++ without its instrumentation": Case("no coverage instrumentation", engine="afl",
                                              flags=builds.SANITIZER_FLAGS["address"]),
}


# Of an image: its Dockerfile's and its project.yaml's line, and what is wrong.
_FROM, _BASE = "FROM gcr.io/oss-fuzz-base/base-builder", "language: c++\nbase_os_version"
IMAGES = {
    "a sound image": (f"{_FROM}:{rules.IMAGE}", f"{_BASE}: {rules.IMAGE}", None),
    "an image of the old release": (_FROM, f"{_BASE}: {rules.IMAGE}", "Dockerfile: it is to name"),
    "run in the old release": (f"{_FROM}:{rules.IMAGE}", "language: c++", "project.yaml: it is to name"),
}


def image_refused(name, dockerfile, yaml, wanted):
    """As `refused`."""
    with tempfile.TemporaryDirectory() as root:
        for folder in "fuzz/oss-fuzz", ".clusterfuzzlite":
            (Path(root) / folder).mkdir(parents=True)
            (Path(root) / folder / "Dockerfile").write_text(dockerfile + "\nWORKDIR $SRC\n")
            (Path(root) / folder / "project.yaml").write_text(yaml + "\n")
        said = list(rules.images(Path(root)))
    as_wanted = not said if wanted is None else len(said) == 2 and all(wanted in line for line in said)
    return None if as_wanted else f"{name}: '{wanted}' was to be said, and was not: {said}"


def refused(name, case):
    """None when the case went as wanted, else what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        case.make(Path(folder))
        said = list(trials.judge(case, ["target"], lambda note: None))
    if case.wanted is None:
        return None if not said else f"{name}: a sound build is refused: {said}"
    if any(re.search(re.escape(case.wanted), line) for line in said):
        return None
    return f"{name}: '{case.wanted}' was to be said, and was not: {said}"


def run(say):
    """Exit status, as `check` has it."""
    try:
        builds.tool("clang++")
    except builds.CannotBuild as reason:
        say(f"skipped: {reason}")
        return 77
    wrong, skipped = [], 0
    for name, case in CASES.items():
        if case.engine == "afl" and not builds.AFL_DRIVER.is_file():
            say(f"{name}: skipped: AFL++ is not installed")
            skipped += 1
            continue
        failure = refused(name, case)
        say(failure or f"{name}: {'passes' if case.wanted is None else 'refused'}")
        if failure:
            wrong.append(name)
    for name, image in IMAGES.items():
        failure = image_refused(name, *image)
        say(failure or f"{name}: {'passes' if image[2] is None else 'refused'}")
        if failure:
            wrong.append(name)
    count = len(CASES) + len(IMAGES)
    say(f"{count - skipped - len(wrong)} of {count} as they should be, {skipped} skipped")
    return 1 if wrong else 0
