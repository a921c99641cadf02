#!/bin/sh
# A server with one known bug: the check must fail and name it, and what it saved must fail again.
# Usage: bug.sh VERBATIM SERVER PATCH FOLDER PATTERN
# Not for: servers that need more than python3. Exit: 0 caught and named; 1 not; 77 a tool is missing.
set -u
verbatim=$1 server=$2 patch=$3 folder=$4 pattern=$5
for tool in patch python3; do
  command -v $tool >/dev/null 2>&1 || { echo "skipped: $tool is not installed"; exit 77; }
done
rm -rf "$folder" && mkdir -p "$folder" && cp "$server" "$folder/" && cd "$folder" || exit 1
patch -p1 --quiet <"$patch" || { echo "the patch does not apply: $patch"; exit 1; }
spawn="exec python3 '$folder/$(basename "$server")' {port}"
"$verbatim" check --no-color --budget 120s --deadline 1s --jobs 4 --save saved --spawn "$spawn" >report.txt
status=$?
cat report.txt
[ $status -eq 1 ] || { echo "the check's status is $status and not 1"; exit 1; }
grep -Eq -- "$pattern" report.txt || { echo "the report does not say: $pattern"; exit 1; }
for scenario in saved/*.echo; do
  "$verbatim" replay --no-color "$scenario" --spawn "$spawn" >replay.txt
  status=$?
  [ $status -eq 1 ] || { cat replay.txt; echo "the replay's status is $status and not 1: $scenario"; exit 1; }
done
echo "caught, named, and $(ls saved | wc -l) scenario(s) fail again"
