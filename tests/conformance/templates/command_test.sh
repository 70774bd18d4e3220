#!/usr/bin/env bash
# The command line: `millrace render` with files, folders, errors, a file of the
# specification's form, and --watch.
set -euo pipefail
millrace=${MILLRACE_BIN:?}/millrace
dir=$(mktemp -d)
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*"; exit 1; }
# expect CODE TEXT COMMAND...: the exit code and all that is printed.
expect() {
  local code=0 wanted=$1 text=$2 printed
  shift 2
  printed=$("$@" 2>&1) || code=$?
  [ "$code" = "$wanted" ] || fail "$*: exit code $code, not $wanted: $printed"
  [ "$printed" = "$text" ] || fail "$*: printed '$printed', not '$text'"
}

mkdir -p parts/mail
echo 'Hi {{name}},' >parts/mail/head.mustache
printf '{{>mail/head}}\n{{text}}\n' >letter.mustache
echo '{"name": "Ada & Co", "text": "hello"}' >data.json

expect 0 $'Hi Ada &amp; Co,\nhello' \
  "$millrace" render letter.mustache --data data.json --partials parts
expect 0 $'Hi Ada & Co,\nhello' "$millrace" render letter.mustache \
  --data data.json --partials parts --escape none
echo '{{#if name}}{{number 2 decimals=1}}{{/if}}' >extended.mustache
expect 0 '2.0' "$millrace" render extended.mustache --data data.json --syntax 2
expect 1 $'millrace render: letter.mustache:1:1: there is no partial \'mail/head\'
  {{>mail/head}}
  ^' "$millrace" render letter.mustache --data data.json --strict
echo '{{nmae}}' >wrong.mustache
expect 1 $'millrace render: wrong.mustache:1:1: the data has no \'nmae\'; did you mean \'name\'?
  {{nmae}}
  ^' "$millrace" render wrong.mustache --data data.json --strict
echo '{"name": }' >bad.json
expect 1 "millrace render: bad.json: line 1, column 10: expected a value, found '}'" \
  "$millrace" render letter.mustache --data bad.json
expect 2 'millrace render: cannot read nowhere' "$millrace" render nowhere
expect 2 'millrace render: nowhere is no folder' \
  "$millrace" render letter.mustache --partials nowhere

echo '{"tests": [{"name": "a", "template": "{{x}}", "data": {"x": 1}, "expected": "1"}]}' >good.json
expect 0 '1 passed, 0 failed' "$millrace" render --spec good.json
echo '{"tests": [{"name": "a", "template": "{{x}}", "data": {"x": 1}, "expected": "2"}]}' >failing.json
expect 1 $'failed: a: expected "2", got "1"\n0 passed, 1 failed' \
  "$millrace" render --spec failing.json
expect 2 'millrace render: data.json: the file has no list "tests": is it one of the Mustache specification?' \
  "$millrace" render --spec data.json

# Each change is rendered, also of a partial; errors do not end it.
"$millrace" render letter.mustache --data data.json --partials parts --watch \
  >watched 2>errors &
watcher=$!
wait_for() {  # wait_for FILE TEXT
  for _ in $(seq 300); do
    if grep -q "$2" "$1"; then return 0; fi
    sleep 0.1
  done
  fail "--watch has not printed '$2': $(cat watched errors)"
}
wait_for watched '^Hi Ada'
# Times of files are coarse where one is written twice at once.
sleep 1.1
echo 'Bye {{name}},' >parts/mail/head.mustache
wait_for watched '^Bye Ada'
sleep 1.1
echo '{{#x}}' >letter.mustache
wait_for errors "'x' is never closed"
sleep 1.1
echo 'fine' >letter.mustache
wait_for watched '^fine'
echo 'millrace render does what it says'
