#!/usr/bin/env bash
# Builds the harnesses as OSS-Fuzz and ClusterFuzzLite ask for it: compilers, flags, engine and folders come from the
# environment (CC CXX CFLAGS CXXFLAGS LIB_FUZZING_ENGINE SRC WORK OUT), Abseil is built from source with the same
# flags, and $OUT gets NAME, NAME_seed_corpus.zip, NAME.options and, where there is one, NAME.dict of each harness.
# Not for: flags of our own, a -fsanitize least of all; nor for fuzzing at home, which is ./dev fuzz. What it leaves
# is held to OSS-Fuzz's rules by `check` beside it. SANITIZER, FUZZING_ENGINE and ARCHITECTURE need no word here:
# whoever sets them has put what they mean into the flags.
set -euo pipefail
root=$SRC/verbatim
build=$WORK/verbatim
jobs=$(nproc)

# A folder that other flags were used in would keep them.
rm -rf "$build"
options=(-DCMAKE_BUILD_TYPE= -DCMAKE_CXX_STANDARD=20 -DCMAKE_CXX_EXTENSIONS=OFF
  -DVERBATIM_TESTS=OFF -DVERBATIM_CHECKER=OFF -DVERBATIM_SANITIZER= "-DVERBATIM_FUZZING_ENGINE=$LIB_FUZZING_ENGINE")
# The image brings Abseil's sources; without them CMake fetches the same commit. An installed one is of other flags.
# nlohmann-json is headers alone: an installed one will do.
if [[ -d $SRC/abseil-cpp ]]; then
  options+=("-DFETCHCONTENT_SOURCE_DIR_ABSL=$SRC/abseil-cpp")
else
  options+=(-DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=NEVER)
fi
cmake -S "$root" -B "$build" "${options[@]}"
cmake --build "$build" --target fuzzers --parallel "${VERBATIM_JOBS:-$jobs}"

for program in "$build"/bin/*; do
  name=${program##*/}
  cp "$program" "$OUT/$name"
  rm -f "$OUT/${name}_seed_corpus.zip"
  (cd "$root/corpus/$name" && zip -qrX "$OUT/${name}_seed_corpus.zip" . -x '*.md')
  cp "$root/fuzz/oss-fuzz/harness.options" "$OUT/$name.options"
  if [[ -f $root/corpus/$name.dict ]]; then cp "$root/corpus/$name.dict" "$OUT/"; fi
done
