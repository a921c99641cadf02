"""The builds that OSS-Fuzz makes of a project, made here: for each engine and sanitizer the environment in which
build.sh runs there, as far as this machine has the tools, and the reason where it hasn't.
Not for: judging what came out (rules.py), nor for anybody's daily build."""
import os
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LLVM = os.environ.get("VERBATIM_LLVM", "19")
AFL_DRIVER = Path("/usr/lib/afl/libAFLDriver.a")
PACKAGES = [f"clang-{LLVM}", f"libclang-rt-{LLVM}-dev", f"libc++-{LLVM}-dev", f"libc++abi-{LLVM}-dev",
            f"llvm-{LLVM}", "afl++", "binutils", "nlohmann-json3-dev", "zip", "cmake", "make", "util-linux"]

COMMON = ("-O1 -fno-omit-frame-pointer -gline-tables-only -Wno-error=deprecated-declarations "
          "-Wno-error=unknown-warning-option -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION")
_UNDEFINED = ("array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,"
              "returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr")
SANITIZER_FLAGS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": f"-fsanitize={_UNDEFINED},unsigned-integer-overflow -fno-sanitize-recover={_UNDEFINED}",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
    "coverage": "",
}
COUNTERS = "-fsanitize=fuzzer-no-link"
SOURCE_COVERAGE = ("-fprofile-instr-generate -fcoverage-mapping -pthread -Wl,--no-as-needed -Wl,-ldl -Wl,-lm "
                   "-Wno-unused-command-line-argument")


class CannotBuild(Exception):
    """This machine lacks something for a build; says what."""


def tool(name):
    """LLVM's tool of our release, or of that name alone."""
    found = shutil.which(f"{name}-{LLVM}") or shutil.which(name)
    if not found:
        raise CannotBuild(f"{name} is not installed")
    return found


def prepare(what, folder, *more):
    """Has prepare.sh make `folder`, unless it is there; its last words are the reason if it can't."""
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([HERE / "prepare.sh", what, folder, *more], text=True, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise CannotBuild(lines[-1] if lines else f"prepare.sh {what} failed")
    return folder


class Build:
    """One engine with one sanitizer."""

    def __init__(self, engine, sanitizer, folder, cache):
        self.engine, self.sanitizer = engine, sanitizer
        self.name = f"{engine}-{sanitizer}"
        self.folder = folder / self.name
        self.cache = cache
        self.out = self.folder / "out"

    def _standard_library(self):
        """A folder with libc++.a and no shared one, as the image has it. libFuzzer as Debian builds it, and the
        runtime of vptr, want libstdc++ beside it."""
        if self.sanitizer == "memory":
            made = prepare("libcxx-memory", self.cache / f"libcxx-memory-{LLVM}", LLVM)
            archives = made / "lib"
        else:
            archives = Path(f"/usr/lib/llvm-{LLVM}/lib")
        for name in "libc++.a", "libc++abi.a":
            if not (archives / name).is_file():
                raise CannotBuild(f"{name} is not in {archives} (libc++-{LLVM}-dev, libc++abi-{LLVM}-dev)")
        folder = self.folder / "lib"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "libc++.a").write_text(f"GROUP({archives}/libc++.a {archives}/libc++abi.a -lstdc++)\n")
        return folder, archives.parent / "include/c++/v1"

    def environment(self):
        """What OSS-Fuzz would have in the environment of build.sh."""
        library, headers = self._standard_library()
        env = {key: value for key, value in os.environ.items()
               if key in ("PATH", "HOME", "LANG", "VERBATIM_JOBS") or key.endswith("_proxy")}
        flags = [COMMON, SANITIZER_FLAGS[self.sanitizer]]
        if self.engine == "afl":
            if not AFL_DRIVER.is_file() or not shutil.which("afl-clang-fast"):
                raise CannotBuild("AFL++ is not installed (package afl++: afl-clang-fast, libAFLDriver.a)")
            # Debian's AFL++ is of another LLVM than libc++: clang's own trace-pc-guard needs no plug-in.
            env.update(CC="afl-clang-fast", CXX="afl-clang-fast++", AFL_CC=tool("clang"), AFL_CXX=tool("clang++"),
                       AFL_LLVM_INSTRUMENT="LLVM-NATIVE", AFL_QUIET="1", LIB_FUZZING_ENGINE=str(AFL_DRIVER),
                       ASAN_OPTIONS="detect_leaks=0:symbolize=0:detect_odr_violation=0:abort_on_error=1")
        else:
            env.update(CC=tool("clang"), CXX=tool("clang++"), LIB_FUZZING_ENGINE="-fsanitize=fuzzer")
            flags.append(SOURCE_COVERAGE if self.sanitizer == "coverage" else COUNTERS)
        env["CFLAGS"] = " ".join(flags)
        env["CXXFLAGS"] = f"{env['CFLAGS']} -stdlib=libc++ -nostdinc++ -isystem {headers}"
        # Debian's libFuzzer is of libstdc++, and that shall not come upon ours of the two.
        env["LDFLAGS"] = f"-L{library} -Wl,--exclude-libs,libc++.a:libc++abi.a"
        env.update(SANITIZER=self.sanitizer, FUZZING_ENGINE=self.engine, ARCHITECTURE="x86_64",
                   FUZZING_LANGUAGE="c++")
        return env

    def run(self, script):
        """Runs build.sh into a fresh $OUT. Returns the seconds it took; throws RuntimeError with the log's end."""
        env = self.environment()
        abseil = prepare("abseil", self.cache / "abseil-cpp")
        folders = {key: self.folder / key.lower() for key in ("SRC", "WORK", "OUT")}
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        (folders["SRC"] / "verbatim").symlink_to(ROOT)
        (folders["SRC"] / "abseil-cpp").symlink_to(abseil)
        env.update({key: str(folder) for key, folder in folders.items()})
        start = time.monotonic()
        log = self.folder / "build.log"
        with log.open("w") as stream:
            status = subprocess.run(["bash", "-eu", script], env=env, cwd=folders["SRC"], stdout=stream,
                                    stderr=subprocess.STDOUT, check=False).returncode
        if status:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise RuntimeError(f"build.sh ended with {status}; the end of {log}:\n{end}")
        return time.monotonic() - start
