"""Holds a check of a hostile server to what every check owes its user.

Usage: hostile.py VERBATIM SERVER MODE STATUS FOLDER [FLAG...]
The check must end within its budget, with exit STATUS, in bounded memory; print nothing raw; write its
report; and leave no process behind. Not for: what a hostile server's verdict is in detail.
"""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

BUDGET_S = 20
GRACE_S = 10  # to end what was started, on a busy machine
MEMORY_BYTES = 400 << 20


def leftovers(mark):
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in command and int(process.name) != os.getpid():
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def main():
    verbatim, server, mode, status, folder, *flags = sys.argv[1:]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    command = [verbatim, "check", "--no-color", "--budget", f"{BUDGET_S}s", "--deadline", "500ms",
               "--cases", "20", "--save", f"{folder}/saved", "--report", f"json:{folder}/report.json",
               *flags, "--spawn", f"exec python3 '{server}' {{port}} {mode} {mark}"]
    start = time.monotonic()
    # What AddressSanitizer keeps of freed memory, 256 MiB unless told, is not what the check holds.
    options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16"
    # A session of its own, so that what it leaves behind can't hide in ours.
    check = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=BUDGET_S + 60, start_new_session=True,
                           env={**os.environ, "ASAN_OPTIONS": options})
    took = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(check.stdout.decode(errors="backslashreplace"))
    print(f"status {check.returncode}, {took:.1f} s, peak {peak >> 20} MiB")
    problems = []
    if str(check.returncode) != status:
        problems.append(f"its status is {check.returncode} and not {status}")
    if took > BUDGET_S + GRACE_S:
        problems.append(f"it took {took:.1f} s of a budget of {BUDGET_S} s")
    if peak > MEMORY_BYTES:
        problems.append(f"its memory grew to {peak >> 20} MiB")
    raw = sorted({byte for byte in check.stdout if byte < 32 and byte != 10 or byte == 127})
    if raw:
        problems.append(f"it printed raw bytes: {raw}")
    try:
        check.stdout.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.append(f"it printed what is no UTF-8: {error}")
    try:
        report = json.loads(pathlib.Path(f"{folder}/report.json").read_text("utf-8"))
        if not report["outcomes"]:
            problems.append("its report has no outcomes")
    except (OSError, ValueError, KeyError) as error:
        problems.append(f"its report can't be read: {error!r}")
    if left := leftovers(mark):
        problems.append(f"it left behind: {left}")
    for problem in problems:
        print("FAILED:", problem)
    sys.exit(1 if problems else 0)


main()
