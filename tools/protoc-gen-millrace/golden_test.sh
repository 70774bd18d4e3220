#!/bin/bash
# Regenerates the goldens of the contract compiler and compares.
#
#   golden_test.sh <protoc> <plugin> <proto folder> [--update]
#
# testdata/golden/X.proto must give X.millrace.h and X.millrace.cc, and
# X.derived.proto when it derives messages, which must give its own;
# testdata/errors/X.proto must fail with exactly the text of X.txt, those called
# layout_* with the parameter "layout"; errors/parts has what they import.
# --update writes what comes out instead.
set -euo pipefail

protoc=$1 plugin=$2 protos=$3 update=${4:-}
data=$(dirname "$0")/testdata
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failures=0

compare() {
  if [[ $update == --update ]]; then
    cp "$2" "$1"
  elif ! diff -u "$1" "$2"; then
    echo "FAILED: $1 is not what the compiler writes"
    failures=$((failures + 1))
  fi
}

compile() {
  "$protoc" --plugin=protoc-gen-millrace="$plugin" -I"$data" -I"$protos" \
    --millrace_out="$out" "$@"
}

mkdir -p "$out/derived"
for proto in $(grep -l '^option (millrace.v1.derive)' "$data"/golden/*.proto); do
  stem=golden/$(basename "$proto" .proto)
  "$protoc" --plugin=protoc-gen-millrace="$plugin" -I"$data" -I"$protos" \
    --millrace_out=derive:"$out/derived" "$stem.proto"
  compare "$data/$stem.derived.proto" "$out/derived/$stem.derived.proto"
done

for proto in "$data"/golden/*.proto; do
  stem=golden/$(basename "$proto" .proto)
  compile "$stem.proto"
  compare "$data/$stem.millrace.h" "$out/$stem.millrace.h"
  compare "$data/$stem.millrace.cc" "$out/$stem.millrace.cc"
done

for proto in "$data"/errors/*.proto; do
  stem=errors/$(basename "$proto" .proto)
  mkdir -p "$out/errors"
  options=()
  [[ $stem == errors/layout_* ]] && options=(--millrace_opt=layout)
  if compile "${options[@]}" "$stem.proto" 2>"$out/$stem.txt"; then
    echo "FAILED: $stem.proto was accepted"
    failures=$((failures + 1))
  fi
  compare "$data/$stem.txt" "$out/$stem.txt"
  if [[ -e $out/$stem.millrace.h ]]; then
    echo "FAILED: $stem.proto has errors, and code was written"
    failures=$((failures + 1))
  fi
done

[[ $failures == 0 ]] && echo "all goldens are as they were"
exit "$((failures > 0))"
