"""Holds alerts and dashboards to the metrics that the code registers.

  metric_names.py list             what the code registers, one name a line
  metric_names.py check FILE...    fails on a name that nothing registers

Names are read from the sources, not from a running process, because a process
registers many of them only when something happens.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A registration's first argument; or a name that a class adds suffixes to.
LITERAL = re.compile(r'"((?:millrace|process)_[a-z0-9_]+)"')
WINDOWED = re.compile(r"millrace_loop_(?:lag|phase|worker_wait|worker_run)$")
# What Prometheus makes of a histogram.
SUFFIXES = ("_bucket", "_count", "_sum")
USED = re.compile(r"\b((?:millrace|process)_[a-z0-9_]+)")


def registered() -> set[str]:
    names: set[str] = set()
    for folder in ("libs", "services"):
        for path in (ROOT / folder).rglob("*.cc"):
            text = path.read_text(encoding="utf-8")
            if path.name.endswith("_test.cc") or not re.search(
                r"Add(Counter|Gauge|Histogram)\(|LoopMetrics::", text
            ):
                continue
            names.update(LITERAL.findall(text))
    for name in [name for name in names if WINDOWED.match(name)]:
        names.remove(name)
        names.update(f"{name}_{part}_seconds" for part in ("p50", "p99", "max"))
    return names


def unknown(text: str, names: set[str]) -> list[str]:
    known = names | {name + suffix for name in names for suffix in SUFFIXES}
    return sorted(set(USED.findall(text)) - known)


def main(arguments: list[str]) -> int:
    names = registered()
    if arguments == ["list"]:
        print("\n".join(sorted(names)))
        return 0
    assert arguments[:1] == ["check"] and arguments[1:], __doc__
    # It would find a wrong one.
    assert unknown("rate(millrace_no_such_total[5m])", names) == ["millrace_no_such_total"]
    assert "millrace_calls_total" in names, "no metrics found in the sources"
    bad = 0
    for file in arguments[1:]:
        for name in unknown(pathlib.Path(file).read_text(encoding="utf-8"), names):
            print(f"{file}: nothing registers '{name}'; see: metric_names.py list")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
