# What the build of every client package needs. Sourced by its `build`, which
# has set `language`, and runs from the top of the project.
set -euo pipefail

version=$(sed -n 's/^project(millrace VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
bin=${MILLRACE_BIN:-$PWD/build/release/bin}
here=tools/clients/$language
# The packages, and below `work` what it took to make them.
out=$PWD/build/clients/$language
work=$out/.work

die() { printf '%s client: %s\n' "$language" "$*" >&2; exit 1; }

# What cannot be had here: ctest's code for a skipped test.
unavailable() { printf 'skipped: %s client: %s\n' "$language" "$*" >&2; exit 77; }

need() {  # need COMMAND REASON
  command -v "$1" >/dev/null || unavailable "no $1: $2"
}

# fetch URL COMMAND...: runs what needs a registry. When it fails three times
# and the registry does not answer at all, that is the reason and no error of
# ours.
fetch() {
  local registry=$1 log=$work/fetch.log pause
  shift
  for pause in 2 5 0; do
    "$@" >"$log" 2>&1 && return
    sleep $pause
  done
  if curl -sS -o "$work/fetch.probe" --max-time 20 "$registry" 2>>"$log"; then
    cat "$log" >&2
    die "'$*' failed"
  fi
  unavailable "$registry does not answer: $(tail -n1 "$log")"
}

# fetched NAME FILE...: whether the step was done with these very files;
# `fetched_now` says that it is.
stamp_of() { sha256sum "${@:2}" | cut -d' ' -f1; }
fetched() { [ "$(cat "$work/$1.stamp" 2>/dev/null)" = "$(stamp_of "$@")" ]; }
fetched_now() { stamp_of "$@" >"$work/$1.stamp"; }

# contracts FILE [FLAG...]: every contract as a set of descriptors, prepared by
# client_contracts with these flags; `generated` gets the files to generate.
contracts() {
  local set=$1 derived=$bin/../gen/proto roots=(--proto_path=proto) file files
  shift
  [ -x "$bin/client_contracts" ] ||
    die "no $bin/client_contracts; run 'tools/dev build client_contracts'"
  mapfile -t files < <(cd proto && find . -name '*.proto' -printf '%P\n' |
    LC_ALL=C sort)
  # What the contract compiler derived, from ours and not from its tests'.
  if [ -d "$derived" ]; then
    roots+=(--proto_path="$derived")
    for file in "${files[@]%.proto}"; do
      [ ! -f "$derived/$file.derived.proto" ] || files+=("$file.derived.proto")
    done
  fi
  protoc "${roots[@]}" --include_imports --include_source_info \
    --descriptor_set_out="$set.all" "${files[@]}"
  "$bin/client_contracts" --in="$set.all" --out="$set" "$@" >"$set.files"
  mapfile -t generated <"$set.files"
}

# fill FILE...: a template becomes a file of the package.
fill() { sed -i "s/@VERSION@/$version/g" "$@"; }

say() { printf '==> %s\n' "$*" >&2; }
