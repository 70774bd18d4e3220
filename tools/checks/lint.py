"""House rules that a text search can hold: see CONTRIBUTING.md.

- no `[=]`: a capture by copy of everything hides what outlives what;
- no capturing lambda that is a coroutine: its captures die with the closure,
  while the frame lives on;
- no lambda inside a co_await expression that captures by value (`this`
  apart): GCC 12 destroys such
  captures twice unless they are trivial. Capture by reference, which is safe
  while the coroutine waits, or name the lambda first;
- no DebugString() of a message outside of tests: it shows what contracts mark
  sensitive, and DebugText() does not;
- no `using namespace` in a header; every header has its guard;
- a file is at most 400 lines, or says in its first 30 why not ("long:");
- no address of a temporary place of a developer's machine.
"""

import re
import subprocess
import sys

MAX_LINES = 400
COROUTINE = re.compile(r"\bco_(await|return|yield)\b")
LAMBDA = re.compile(r"\[([^\[\]]*)\]\s*(\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*(mutable\s*)?(->\s*[\w:<>,\s*&]+?)?\s*\{")


def body_end(text, start):
    """The offset after the brace that closes the one at `start`."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] == "{":
            depth += 1
        elif text[i] == "}":
            depth -= 1
            if depth == 0:
                return i + 1
    return len(text)


def strip_comments_and_strings(text):
    """Same length and lines, with comments and literals blanked."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def innermost_coroutine(body):
    """Whether a co_ keyword stands in `body` outside any nested lambda."""
    while True:
        nested = LAMBDA.search(body)
        if not nested:
            return COROUTINE.search(body) is not None
        brace = nested.end() - 1
        end = body_end(body, brace)
        body = body[:nested.start()] + " " * (end - nested.start()) + body[end:]


def findings_in(path, text):
    found = []
    code = strip_comments_and_strings(text)

    def report(offset, message):
        found.append(f"{path}:{text.count(chr(10), 0, offset) + 1}: {message}")

    for match in re.finditer(r"\[\s*=", code):
        if code[match.start():match.start() + 3] != "[==":
            report(match.start(), "captures everything by copy; name what the lambda keeps")
    for match in LAMBDA.finditer(code):
        before = code[:match.start()].rstrip()
        if before and (before[-1].isalnum() or before[-1] in "_)]"):
            if not re.search(r"\b(return|co_return|co_await|co_yield)$", before):
                continue  # an index, not a lambda
        if not match.group(1).strip():
            continue
        brace = match.end() - 1
        if innermost_coroutine(code[brace + 1:body_end(code, brace) - 1]):
            report(match.start(), "a capturing lambda is a coroutine; make it a function with parameters")
    for match in re.finditer(r"\bco_await\b", code):
        end = code.find(";", match.end())
        brace = code.find("{", match.end())
        if brace != -1 and brace < end:
            end = code.find(";", body_end(code, brace))
        for nested in LAMBDA.finditer(code, match.end(), end):
            before = code[:nested.start()].rstrip()
            if before and (before[-1].isalnum() or before[-1] in "_)]"):
                continue  # an index
            names = [name.strip() for name in nested.group(1).split(",")]
            values = [n for n in names if n and not n.startswith("&") and n != "this"]
            if values:
                report(nested.start(), f"a lambda inside co_await captures {values[0]!r} by value, which GCC 12 destroys twice; capture by reference or name the lambda first")
            break  # what stands in its body is another expression
    if path.startswith(("libs/", "services/")) and "test" not in path:
        for match in re.finditer(r"\b(?:Short|Utf8)?DebugString\(", code):
            report(match.start(), "DebugString() shows sensitive fields; use DebugText() of contract/redact.h")
    if path.endswith(".h"):
        for match in re.finditer(r"^\s*using namespace\b", code, re.M):
            report(match.start(), "'using namespace' in a header")
        if not re.search(r"^#ifndef \w+_H_\s*$", text, re.M):
            report(0, "has no include guard of the form PATH_FILE_H_")
    lines = text.count("\n")
    if lines > MAX_LINES and "long:" not in "\n".join(text.split("\n")[:30]):
        report(0, f"is {lines} lines; split it, or say why not in a comment that begins 'long:'")
    return found


def main():
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.h", "*.cc"],
        check=True, capture_output=True, text=True,
    ).stdout.split()
    found = []
    for path in files:
        if "/testdata/" in path:
            continue
        try:
            with open(path, encoding="utf-8") as file:
                found += findings_in(path, file.read())
        except FileNotFoundError:
            continue
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
