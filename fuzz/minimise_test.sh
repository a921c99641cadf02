#!/usr/bin/env bash
# What fuzz/minimise promises: as small as it gets, the same finding, and an input that finds nothing is said to be one.
# Usage: minimise_test.sh MINIMISE FOLDER. Not for: real harnesses; a script of a few lines stands for one.
set -eu
minimise=$1 folder=$2
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
mkdir -p "$folder"
cat >"$folder/harness" <<'SCRIPT'
#!/bin/sh
# Two bugs: Q without Z is the one, two Zs are the other, which a careless cut would turn into nothing. And two of the
# same kind, at places that only a name in an anonymous namespace tells apart.
text=$(cat "$1")
overflow() {
  printf '%s\n' "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1" \
    "    #0 0x5 in __asan_memcpy (/a/harness+0x5) (BuildId: 5c)" "    #1 0x6 in (anonymous namespace)::$1(int) /a/b.cc:5:6" \
    "    #2 0x7 in bool (anonymous namespace)::Run<char>::Play((anonymous namespace)::Step*) /a/b.cc:7:8" \
    "    #3 0x8 in LLVMFuzzerTestOneInput /a/c.cc:9:1" "" >&2
  exit 99
}
case $text in
  *B*) overflow First ;;
  *C*) overflow Second ;;
  *Z*Z*) echo "broken law: two Zs, at ${#text}" >&2; exit 1 ;;
  *Z*) exit 0 ;;
  *Q*) echo "broken law: a Q, at ${#text}" >&2; exit 1 ;;
esac
SCRIPT
chmod +x "$folder/harness"

# expect INPUT SMALLEST FINDING
expect() {
  printf '%s' "$1" >"$folder/input"
  said=$("$minimise" "$folder/harness" "$folder/input" "$folder/small" 30)
  [[ $(tr -d '\0' <"$folder/small") == "$2" && $said == *": $3" ]] || {
    echo "$1 became $(cat -v "$folder/small"): $said"
    exit 1
  }
}

expect 'abcdefghijklmQnopqrst' Q 'broken law: a Q, at N'
expect 'aaZbbQbbZcc' ZZ 'broken law: two Zs, at N'
expect 'CaB' B 'AddressSanitizer: heap-buffer-overflow < First < Run<char>::Play < LLVMFuzzerTestOneInput'
printf 'nothing' >"$folder/input"
if "$minimise" "$folder/harness" "$folder/input" "$folder/small" 2>"$folder/said"; then
  echo "an input that finds nothing is no crash"
  exit 1
fi
grep -q 'does not crash' "$folder/said"
