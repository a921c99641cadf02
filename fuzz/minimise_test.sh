#!/usr/bin/env bash
# What fuzz/minimise promises: as small as it gets, the same finding, and an input that finds nothing is said to be one.
# Usage: minimise_test.sh MINIMISE FOLDER. Not for: real harnesses; a script of a few lines stands for one.
set -eu
minimise=$1 folder=$2
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
mkdir -p "$folder"
cat >"$folder/harness" <<'SCRIPT'
#!/bin/sh
# Two bugs: Q without Z is the one, two Zs are the other, which a careless cut would turn into nothing.
text=$(cat "$1")
case $text in
  *Z*Z*) echo "broken law: two Zs, at ${#text}" >&2; exit 1 ;;
  *Z*) exit 0 ;;
  *Q*) echo "broken law: a Q, at ${#text}" >&2; exit 1 ;;
esac
SCRIPT
chmod +x "$folder/harness"

# expect INPUT SMALLEST LAW
expect() {
  printf '%s' "$1" >"$folder/input"
  said=$("$minimise" "$folder/harness" "$folder/input" "$folder/small" 30)
  [[ $(tr -d '\0' <"$folder/small") == "$2" && $said == *"broken law: $3"* ]] || {
    echo "$1 became $(cat -v "$folder/small"): $said"
    exit 1
  }
}

expect 'abcdefghijklmQnopqrst' Q 'a Q, at N'
expect 'aaZbbQbbZcc' ZZ 'two Zs, at N'
printf 'nothing' >"$folder/input"
if "$minimise" "$folder/harness" "$folder/input" "$folder/small" 2>"$folder/said"; then
  echo "an input that finds nothing is no crash"
  exit 1
fi
grep -q 'does not crash' "$folder/said"
