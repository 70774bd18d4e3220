#!/usr/bin/env bash
# headers_test.sh COMPILER SOURCE_DIR GEN_DIR HEADER...: the headers of contracts
# include nothing of the libraries behind the faces, the bus and the store, so
# that whoever uses a contract pays for none of them.
set -euo pipefail
compiler=$1 source=$2 gen=$3
shift 3
unwanted='/(grpc|grpcpp|librdkafka|soci|boost|prometheus)/|/uv\.h'
failed=0
for header in "$@"; do
  included=$("$compiler" -std=c++20 -M -x c++ -I "$source" -I "$source/libs" \
    -isystem "$gen" "$gen/$header" | tr -d '\\' | tr -s ' \n' '\n')
  # That something was read at all.
  grep -q 'google/protobuf/message\.h' <<<"$included" ||
    { echo "FAILED: $header does not even include protobuf"; failed=1; }
  if grep -E "$unwanted" <<<"$included"; then
    echo "FAILED: $header includes the above"
    failed=1
  fi
done
exit "$failed"
