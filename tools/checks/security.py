"""Every test that SECURITY.md names is there, and every risk names one.

A name is `Suite.Case` of GoogleTest, or that of a test of ctest.
"""

import pathlib
import re
import subprocess
import sys

RISKS = 10
SHOWN = re.compile(r"^\*\*Shown by\*\*(.*?)(?=\n\n|\Z)", re.M | re.S)
SECTION = re.compile(r"^## (API\d+)[^\n]*\n(.*?)(?=^## |\Z)", re.M | re.S)
CASE = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
# Names of ctest: what is added by itself, and by the functions that add tests.
ADDED = re.compile(r"\badd_test\(NAME\s+([\w.-]+)|\bmillrace_(?:e2e|contracts_test)\(([\w.-]+)\s")
FUZZER = re.compile(r"^millrace_byte_fuzzer\(([\w.-]+)\s", re.M)
# add_test(NAME deploy.helm.${part} ...) in a foreach(part IN ITEMS ...).
EACH = re.compile(r"foreach\((\w+) IN ITEMS ([^)]*)\)(.*?)endforeach\(\)", re.S)


def tests_in(path: str, text: str) -> set[str]:
    if path.endswith(".cc") or path.endswith(".h"):
        return {f"{suite}.{case}" for suite, case in CASE.findall(text)}
    names = {a or b for a, b in ADDED.findall(text)}
    names |= {f"fuzz.{name}" for name in FUZZER.findall(text)}
    for variable, items, body in EACH.findall(text):
        for name in re.findall(r"NAME\s+([\w.${}-]+)", body):
            names |= {name.replace(f"${{{variable}}}", item) for item in items.split()}
    return names


def findings_in(document: str, tests: set[str]) -> list[str]:
    found = []
    sections = SECTION.findall(document)
    wanted = [f"API{n}" for n in range(1, RISKS + 1)]
    if [name for name, _ in sections] != wanted:
        found.append(f"SECURITY.md: the sections are not {', '.join(wanted)}")
    for name, text in sections:
        named = [n for block in SHOWN.findall(text) for n in re.findall(r"`([^`]+)`", block)]
        if not named:
            found.append(f"SECURITY.md: {name} names no test; write **Shown by** `Suite.Case`")
        for part in ("Does", "Left"):
            if f"**{part}.**" not in text:
                found.append(f"SECURITY.md: {name} has no **{part}.**")
        found += [f"SECURITY.md: {name} names {n}, which is no test" for n in named if n not in tests]
    return found


def main() -> int:
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.cc", "*_suite.h", "*CMakeLists.txt"],
        check=True, capture_output=True, text=True,
    ).stdout.split()
    tests: set[str] = set()
    for path in files:
        file = pathlib.Path(path)
        if file.exists():
            tests |= tests_in(path, file.read_text(encoding="utf-8"))
    found = findings_in(pathlib.Path("SECURITY.md").read_text(encoding="utf-8"), tests)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
