#!/usr/bin/env bash
# Gets what a build as at OSS-Fuzz is made of, once, into a folder that is there afterwards or not at all:
#   prepare.sh abseil-git FOLDER         Abseil, the commit that CMakeLists.txt pins, by git (the image does this)
#   prepare.sh abseil FOLDER             the same release from Debian's source package if there is apt-get, else by git
#   prepare.sh libcxx-memory FOLDER LLVM libc++ of that release with MemorySanitizer in it, from Debian's source
# Nothing is installed, and apt's own lists are left alone. Exit 1, with the reason in the last line: it can't be had.
# Not for: building a harness (build.sh) or judging it (check).
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
root=$(dirname -- "$(dirname -- "$here")")
jobs=${VERBATIM_JOBS:-$(nproc)}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# debian_source PACKAGE: downloads that source package into the current folder, unpacked by whoever asked.
debian_source() {
  local options=()
  command -v apt-get >/dev/null || fail "there is no apt-get here for the source package $1"
  mkdir -p lists/partial
  apt-get indextargets --format "deb-src \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" 'Created-By: Packages' \
    'Origin: Debian' | sort -u >sources.list
  [[ -s sources.list ]] || fail "apt knows no archive of Debian's for the source package $1"
  options=(-q -o "Dir::Etc::SourceList=$PWD/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$PWD/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=)
  if ! timeout 300 apt-get "${options[@]}" update >&2 ||
    ! timeout 900 apt-get "${options[@]}" source --download-only "$1" >&2; then
    fail "apt-get could not get the source package $1"
  fi
}

abseil_from_git() {
  local commit
  commit=$(sed -n '/abseil-cpp.git/,/)/s/.*GIT_TAG \([0-9a-f]\{40\}\).*/\1/p' "$root/CMakeLists.txt")
  [[ -n $commit ]] || fail "CMakeLists.txt pins no commit of Abseil"
  git init -q abseil
  git -C abseil fetch -q --depth 1 https://github.com/abseil/abseil-cpp.git "$commit" ||
    fail "Abseil $commit can't be fetched by git"
  git -C abseil checkout -q FETCH_HEAD
}

# Debian builds it with a string_view of its own; upstream, which OSS-Fuzz builds, with the standard's.
abseil_from_debian() {
  debian_source abseil
  mkdir abseil
  tar -xf abseil_*.orig.tar.* --strip-components=1 -C abseil
}

# libc++ and libc++abi alone, with the flags that the harnesses get too. Their source is a hundredth of the archive.
libcxx_memory() {
  local llvm=$1 parts=(runtimes libcxx libcxxabi libunwind cmake llvm/cmake llvm/utils)
  command -v "clang++-$llvm" >/dev/null || fail "clang++-$llvm is not installed"
  debian_source "llvm-toolchain-$llvm"
  mkdir llvm
  tar -xf llvm-toolchain-*.orig.tar.* --strip-components=1 -C llvm --wildcards --no-wildcards-match-slash \
    "${parts[@]/#/*/}" >&2 ||
    fail "Debian's llvm-toolchain-$llvm is not as expected"
  rm -f llvm-toolchain-*
  cmake -S llvm/runtimes -B build "-DCMAKE_C_COMPILER=clang-$llvm" "-DCMAKE_CXX_COMPILER=clang++-$llvm" \
    -DCMAKE_BUILD_TYPE=Release '-DLLVM_ENABLE_RUNTIMES=libcxx;libcxxabi' -DLLVM_USE_SANITIZER=MemoryWithOrigins \
    -DLIBCXXABI_USE_LLVM_UNWINDER=OFF -DLIBCXX_ENABLE_SHARED=OFF -DLIBCXXABI_ENABLE_SHARED=OFF \
    -DLIBCXX_INCLUDE_TESTS=OFF -DLIBCXX_INCLUDE_BENCHMARKS=OFF -DLIBCXXABI_INCLUDE_TESTS=OFF \
    -DLLVM_INCLUDE_TESTS=OFF "-DCMAKE_INSTALL_PREFIX=$PWD/libcxx" >&2 || fail "libc++ could not be configured"
  cmake --build build --parallel "$jobs" --target cxx cxxabi >&2 || fail "libc++ could not be built"
  cmake --build build --target install-cxx install-cxxabi >&2 || fail "libc++ could not be put into its folder"
}

main() {
  local what=${1-} folder=${2-} work made=abseil
  [[ -n $folder ]] || fail "usage: prepare.sh abseil|abseil-git|libcxx-memory FOLDER [LLVM]"
  if [[ -d $folder ]]; then exit 0; fi
  folder=$(readlink -m -- "$folder")
  work=$folder.making
  rm -rf "$work" && mkdir -p "$work" && cd "$work"
  case $what in
    abseil-git) abseil_from_git ;;
    abseil) (abseil_from_debian) || { rm -rf abseil && abseil_from_git; } ;;
    libcxx-memory) libcxx_memory "$3" && made=libcxx ;;
    *) fail "prepare.sh knows no '$what'" ;;
  esac
  mv "$work/$made" "$folder"
  cd / && rm -rf "$work"
}

main "$@"
