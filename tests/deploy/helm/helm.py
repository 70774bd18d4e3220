"""The chart of deploy/helm, by the real Helm and against the Kubernetes API's
schemas. `run` finds the programs; what cannot be had is skipped, by name.

  helm.py lint               helm lint --strict, with every file of values/
  helm.py golden [--update]  what it renders is what golden/ has
  helm.py api                what it renders is valid for the API, by kubeconform
  helm.py refusals           wrong values are refused with the right words
  helm.py config             the processes take the configuration in golden/
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from refusals import REFUSED

HERE = pathlib.Path(__file__).resolve().parent
CHART = HERE.parents[2] / "deploy/helm/millrace"
VALUES = sorted((HERE / "values").glob("*.yaml"))
CACHE = pathlib.Path(os.environ.get("MILLRACE_CACHE") or pathlib.Path.home() / ".cache/millrace")
# Services of values/ that are not the platform's.
OTHERS = ("purchase_orders",)
RELEASE = ["shop", str(CHART), "--namespace", "shop"]


def run(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True)


def must(*command: str) -> str:
    result = run(*command)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def helm() -> str:
    return os.environ["HELM"]


def rendered(values: pathlib.Path, *more: str) -> str:
    return must(helm(), "template", *RELEASE, "--kube-version", "1.34.0", "-f", str(values), *more)


def lint() -> None:
    for values in VALUES:
        text = must(helm(), "lint", "--strict", str(CHART), "-f", str(values))
        assert "0 chart(s) failed" in text, text
        assert "[WARNING]" not in text, text
    print(f"{len(VALUES)} files of values")


def golden(*arguments: str) -> None:
    stale = []
    for values in VALUES:
        path = HERE / "golden" / values.name
        text = rendered(values)
        if arguments == ("--update",):
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as now:
                now.write(text)
                now.flush()
                print(run("diff", "-u", str(path), now.name).stdout)
            stale.append(path.name)
    if stale:
        sys.exit(f"{', '.join(stale)}: is that as it should be? Then: tests/deploy/helm/run golden --update")


def api() -> None:
    schemas = sorted((CACHE / "kubernetes-schemas").glob("v*"))
    if len(schemas) < 2:
        print(f"skipped: no schemas of the Kubernetes API in {CACHE} (tools/dev helm-tools)")
        sys.exit(77)
    for version in schemas:
        check = [
            os.environ["KUBECONFORM"], "-strict", "-summary", "-output", "json",
            "-kubernetes-version", version.name.removeprefix("v"),
            "-schema-location", f"{version}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        ]
        for values in VALUES:
            text = rendered(values)
            result = subprocess.run(check, input=text, capture_output=True, text=True)
            if result.returncode != 0:
                sys.exit(f"{values.name}, Kubernetes {version.name}:\n{result.stdout}{result.stderr}")
            summary = json.loads(result.stdout)["summary"]
            assert summary["valid"] == len(re.findall("^kind: ", text, re.M)), summary
            assert summary["skipped"] == 0, summary
            print(f"{version.name} {values.name}: {summary['valid']} resources")
        # It would find a field that is not there.
        wrong = rendered(VALUES[0]).replace("readOnlyRootFilesystem:", "readonlyRootFilesystem:")
        assert subprocess.run(check, input=wrong, capture_output=True, text=True).returncode != 0


def refusals() -> None:
    for values, words in REFUSED:
        sets = [
            part
            for path, value in values.items()
            for part in ("--set-json", f"{path}={json.dumps(value)}")
        ]
        result = run(helm(), "template", *RELEASE, *sets)
        assert result.returncode != 0, f"{values} is not refused"
        for word in words:
            assert word in result.stderr, f"{values}: no '{word}' in\n{result.stderr}"
    print(f"{len(REFUSED)} refusals")


def files_of(text: str) -> dict[str, str]:
    """The YAML files in the ConfigMaps that were rendered, by their names."""
    files: dict[str, list[str]] = {}
    current = None
    for line in text.splitlines():
        if match := re.fullmatch(r"  ([a-z_-]+\.yaml): \|", line):
            current = files.setdefault(match[1], [])
        elif current is not None and (line.startswith("    ") or not line):
            current.append(line[4:])
        else:
            current = None
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


def secrets_of(text: str) -> dict[str, str]:
    """The variables that name files, which the processes read at their start."""
    return dict(re.findall(r"- name: (MILLRACE_\w+_FILE)\n +value: (\S+)", text))


def config() -> None:
    programs = pathlib.Path(os.environ["MILLRACE_BIN"])
    count = 0
    for path in sorted((HERE / "golden").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        variables = secrets_of(text)
        for name, content in files_of(text).items():
            service = name.removesuffix(".yaml").removeprefix("migrate-")
            if service in OTHERS:
                # The platform's programs do not know it: as if it were one that
                # they do.
                content = re.sub(rf"\b{service}\b", "users", content)
                service = "users"
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / name
                file.write_text(content, encoding="utf-8")
                secret = pathlib.Path(folder) / "secret"
                secret.write_text("a secret that is long enough\n", encoding="utf-8")
                wanted = [v for v in variables if is_for(v, service, content)]
                result = subprocess.run(
                    [programs / "millrace", "up", "--check-config", "--config", file],
                    env={"PATH": "/bin", **{v: str(secret) for v in wanted}},
                    capture_output=True, text=True,
                )
            assert result.returncode == 0, f"{path.name}, {name}:\n{content}\n{result.stderr}"
            count += 1
    assert count > 15, count
    print(f"{count} configuration files")


def is_for(variable: str, service: str, content: str) -> bool:
    if "_DATABASES_" in variable:
        return f"_{service.upper()}_" in variable
    return ("kafka:" in content) if "_KAFKA_" in variable else ("identity:" in content)


if __name__ == "__main__":
    commands = {f.__name__: f for f in (lint, golden, api, refusals, config)}
    assert sys.argv[1:2] and sys.argv[1] in commands, __doc__
    commands[sys.argv[1]](*sys.argv[2:])
