"""What OSS-Fuzz asks of a build that can be seen without running it, and what we ask of ours beyond it: what lies in
$OUT, which sanitizer is in it, which libraries it needs. Each rule yields complaints, one a line; no complaint: sound.
Written from OSS-Fuzz's documentation and the thresholds of its check.
Not for: running the targets (trials.py); making builds (builds.py)."""
import configparser
import os
import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

import builds

# Calls in a disassembly: at least so many of the own sanitizer, at most so many of each other one.
LEAST = {"address": ("asan", 1000), "memory": ("msan", 1000), "undefined": ("ubsan", 168)}
MOST = {"asan": 0, "dfsan": 0, "msan": 3, "ubsan": 200}
# libFuzzer and its runtime make some 170 calls of __ubsan in any build, so the 168 say nothing of ours: it must be
# so many more than in a target without any code. Our smallest harness makes 50 of its own.
UBSAN_RISE = 20
# What the image that runs the fuzzers has, and libstdc++, which only Debian's libFuzzer needs.
LIBRARIES = re.compile(r"(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+|ld-linux-x86-64)\.so\.\d+$")

# Without a word they are of Ubuntu 20.04, whose C library knows no strerrorname_np, and nlohmann-json no ordered_json.
IMAGE = "ubuntu-24-04"


def images(root):
    """OSS-Fuzz's image and ClusterFuzzLite's are of the release that we need, where it is built and where it is run."""
    for folder in "fuzz/oss-fuzz", ".clusterfuzzlite":
        for name, pattern in (("Dockerfile", r"^FROM gcr\.io/oss-fuzz-base/base-builder:(\S+)$"),
                              ("project.yaml", r"^base_os_version: (\S+)$")):
            found = re.findall(pattern, (root / folder / name).read_text(), re.MULTILINE)
            if found != [IMAGE]:
                yield f"{folder}/{name}: it is to name the image {IMAGE}, and names {found or 'none'}"


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
