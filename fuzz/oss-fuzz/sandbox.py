"""Runs one command where there is nothing but /usr to read, $OUT (at another place than it was built in) and perhaps
some seeds, and nothing but a fresh /tmp to write, without a network: what a fuzzer of OSS-Fuzz may count on, or less.
By namespaces (unshare), without Docker. Not for: keeping a hostile program in."""
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

_SCRIPT = r"""
set -e
room=$1 out=$2 seeds=$3
shift 3
mount -t tmpfs room "$room"
cd "$room"
mkdir usr proc dev tmp not-out seeds
mount --rbind /usr usr
mount -o remount,bind,ro usr
mount --rbind /proc proc
for name in bin sbin lib lib32 lib64; do
  if [ -L "/$name" ]; then cp -P "/$name" .
  elif [ -d "/$name" ]; then mkdir "$name"; mount --rbind "/$name" "$name"; mount -o remount,bind,ro "$name"; fi
done
for name in null zero urandom; do : >"dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
mount --bind "$out" not-out
mount -o remount,bind,ro not-out
if [ -n "$seeds" ]; then mount --bind "$seeds" seeds; mount -o remount,bind,ro seeds; fi
mount -o remount,bind,ro "$room"
mount -t tmpfs tmp tmp
exec chroot . /bin/sh -c 'cd /not-out && exec "$@"' sh "$@"
"""
# As the image that runs the fuzzers sets them, as far as they bear on a verdict.
_OPTIONS = {
    "ASAN_OPTIONS": "detect_odr_violation=0:detect_stack_use_after_return=1:handle_abort=1:handle_sigill=1:"
                    "allocator_may_return_null=0:strict_memcmp=1:symbolize=0:abort_on_error=1",
    "MSAN_OPTIONS": "print_stats=1:strip_path_prefix=/workspace/:symbolize=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:print_summary=1:silence_unsigned_overflow=1:symbolize=0",
}


def unavailable():
    """Why this machine has no such place, or None."""
    if not shutil.which("unshare") or not shutil.which("chroot"):
        return "unshare or chroot is not installed (util-linux, coreutils)"
    with tempfile.TemporaryDirectory() as out:
        status, said = run(Path(out), ["/bin/true"], seconds=20)
    return None if status == 0 else f"no namespaces to be had here: {said.strip().splitlines()[-1:]}"


def run(out, command, *, seconds, seeds=None, environment=None):
    """Returns the exit status (minus the signal; 124 when the time was up) and all that was said."""
    who = ["--mount", "--net"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount", "--net"]
    env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", "OUT": "/not-out"}
    env.update({**_OPTIONS, **(environment or {})})
    with tempfile.TemporaryDirectory() as room:
        process = subprocess.Popen(
            ["unshare", *who, "sh", "-c", _SCRIPT, "sandbox", room, str(out), str(seeds or ""), *command],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            said, _ = process.communicate(timeout=seconds)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            status = 124
    return status, said.decode(errors="replace")
