#!/usr/bin/env bash
# What fuzz/coverage promises: its figures are of core, echo, scenario and judge alone, however the compiler wrote their
# paths, and it fails where the corpus reaches too little.
# Usage: coverage_test.sh COVERAGE FOLDER. Not for: a real build; scripts of a few lines stand for LLVM's tools.
set -eu
coverage=$1 folder=$2
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
rm -rf "$folder"
mkdir -p "$folder/tools" "$folder/build/bin"
printf '#!/bin/sh\n' | tee "$folder/build/bin/address_fuzzer_replay" >"$folder/tools/llvm-profdata"
# The paths that a build below the sources may have in it; what is painted shall be ours.
cat >"$folder/tools/llvm-cov" <<'SCRIPT'
#!/usr/bin/env python3
import json, os, re, sys
names = ["/made/build/../core/address.cc", "/made/build/../fuzz/played.cc", "/usr/include/absl/status.h"]
if sys.argv[1] == "show":
    ignored = next(word.split("=", 1)[1] for word in sys.argv if word.startswith("-ignore-filename-regex="))
    painted = [name for name in names if not re.search(ignored, name)]
    sys.exit(0 if painted == names[:1] else f"painted: {painted}")
def of(name, covered):
    part = {"count": 100, "covered": covered}
    return {"filename": name, "summary": {"lines": part, "branches": part}}
files = [of(names[0], int(os.environ["COVERED"])), of(names[1], 0), of(names[2], 0)]
print(json.dumps({"data": [{"files": files}]}))
SCRIPT
chmod +x "$folder"/tools/* "$folder/build/bin/address_fuzzer_replay"
# Its place among the sources is what it reads the folders from.
root=$(cd -- "$(dirname -- "$coverage")/.." && pwd -P)
sed -i "s,/made,$root,g" "$folder/tools/llvm-cov"

# expect COVERED STATUS LINE
expect() {
  local status=0
  COVERED=$1 PATH="$folder/tools:$PATH" "$coverage" "$folder/build" "$folder/html" >"$folder/said" 2>&1 || status=$?
  [[ $status == "$2" ]] && grep -q -- "$3" "$folder/said" && ! grep -q 'played\|absl' "$folder/said" || {
    echo "with $1 of 100 covered, status $2 and '$3' were wanted; status $status:"
    cat "$folder/said"
    exit 1
  }
}

expect 97 0 '97.0 %   97.0 %  in all'
expect 92 1 'lines: 92.0 %, and 95 % are wanted'
expect 0 1 'branches: 0.0 %, and 90 % are wanted'
