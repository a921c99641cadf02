#!/usr/bin/env bash
# ClusterFuzzLite's build is OSS-Fuzz's. Not for: anything else.
exec bash "$SRC/verbatim/fuzz/oss-fuzz/build.sh"
