#!/bin/sh
# A relay that drops at a half-close what it still holds, in front of a sound echo, must be caught by what is required of a
# half-close, and by nothing else of it; without the defect it must be cleared.
# Usage: tail.sh VERBATIM RELAY PATCH FOLDER
# Not for: other relays. Exit: 0 both; 1 not; 77 a tool is missing.
set -u
verbatim=$1 relay=$2 patch=$3 folder=$4
for tool in patch python3; do
  command -v $tool >/dev/null 2>&1 || { echo "skipped: $tool is not installed"; exit 77; }
done
rm -rf "$folder" && mkdir -p "$folder" && cp "$relay" "$folder/relay.py" && cd "$folder" || exit 1
check() {
  "$verbatim" check --no-color --budget "$1" --only "stream.halfclose.*" --only "stream.exact.*" --save saved \
    --behind echo --spawn "exec python3 '$folder/relay.py' {port} {backend_host} {backend_port}" >report.txt
}
check 120s
status=$?
[ $status -eq 0 ] || { cat report.txt; echo "the sound relay is not cleared: status $status"; exit 1; }
patch -p1 --quiet <"$patch" || { echo "the patch does not apply: $patch"; exit 1; }
check 60s
status=$?
cat report.txt
[ $status -eq 1 ] || { echo "the check's status is $status and not 1"; exit 1; }
grep -Eq "^  FAIL +stream.halfclose.drains" report.txt || { echo "drains and drains-slowly hold"; exit 1; }
grep -Eq "^  FAIL +stream.halfclose.ends|^  FAIL +stream.exact" report.txt && { echo "another is blamed too"; exit 1; }
grep -q "seen      truncated: connection 1 ended at offset" report.txt || { echo "the loss is not named"; exit 1; }
grep -q -- "--behind echo" report.txt || { echo "the command to play it again lacks --behind"; exit 1; }
echo "cleared without the defect, caught with it"
