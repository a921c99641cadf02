#!/bin/sh
# One implementation against its expected verdict.
# Usage: expect.sh PROGRAM VERBATIM EXPECTED SAVE FLAG...
# Not for: deciding what is expected. Exit: verbatim's own; 77 if PROGRAM is not installed.
set -u
program=$1 verbatim=$2 expected=$3 save=$4
shift 4
command -v "$program" >/dev/null 2>&1 || { echo "skipped: $program is not installed"; exit 77; }
exec "$verbatim" check --no-color --budget 240s --save "$save" --expect "$expected" "$@"
