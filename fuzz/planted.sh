#!/usr/bin/env bash
# Bugs planted in a source, each of which a fuzzer must find: builds the harness with the patched source by
# libFuzzer under address and undefined, and runs it from the corpus.
# Usage: planted.sh PATCH ROOT COMPILER FOLDER SECONDS
# Not for: the project's own build; everything happens in FOLDER. Exit: 0 found; 1 not; 77 a tool is missing.
set -u
patch=$1 root=$2 compiler=$3 folder=$4 seconds=$5
command -v patch >/dev/null 2>&1 || { echo "skipped: patch is not installed"; exit 77; }
rm -rf "$folder" && mkdir -p "$folder/core" && cp "$root"/core/*.h "$root"/core/*.cc "$folder/core/" || exit 1
rm -f "$folder"/core/*_test.cc "$folder"/core/*_properties.cc "$folder"/core/simulated_* "$folder"/core/fault.*
patch -d "$folder" -p1 --quiet <"$patch" || { echo "the patch does not apply: $patch"; exit 1; }
echo 'int main(){}' | "$compiler" -x c++ -fsanitize=fuzzer-no-link - -o /dev/null 2>/dev/null ||
  { echo "skipped: $compiler has no libFuzzer"; exit 77; }
libraries=$(pkg-config --libs absl_status absl_statusor absl_strings absl_str_format absl_cord) ||
  { echo "skipped: pkg-config knows no Abseil"; exit 77; }
# One source that includes them all: the headers take most of the compiling.
for source in "$folder"/core/*.cc "$root/fuzz/address_fuzzer.cc"; do
  echo "#include \"$source\""
done >"$folder/all.cc"
"$compiler" -std=c++20 -O1 -gline-tables-only -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -I"$folder" -I"$root" "$folder/all.cc" $libraries \
  -o "$folder/fuzzer" >"$folder/build.txt" 2>&1 || { cat "$folder/build.txt"; exit 1; }
start=$SECONDS
mkdir -p "$folder/new"
"$folder/fuzzer" -seed=1 -max_total_time="$seconds" -dict="$root/corpus/address_fuzzer.dict" \
  -artifact_prefix="$folder/" "$folder/new" "$root/corpus/address_fuzzer" >"$folder/run.txt" 2>&1
status=$?
[ $status -ne 0 ] && ls "$folder"/crash-* >/dev/null 2>&1 ||
  { tail -n 3 "$folder/run.txt"; echo "not found in $seconds s: $(head -n 1 "$patch")"; exit 1; }
echo "found in $((SECONDS - start)) s: $(head -n 1 "$patch")"
