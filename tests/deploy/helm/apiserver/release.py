"""A release in a namespace of its own, changed by the real Helm."""

import json
import pathlib
import re
import subprocess
import tempfile

from cluster import Cluster
from helm import CHART, helm, must, run
from played import Played

NAME = "shop"
# What Helm may take for one change. Nothing waits for so long.
TIMEOUT = "120s"
# A chart that writes the YAML files in it as JSON: Helm reads them as it reads
# what it sends.
READER = {
    "Chart.yaml": "{apiVersion: v2, name: reader, version: 0.1.0}\n",
    "templates/all.yaml": """\
{{ range $path, $_ := .Files.Glob "files/*" }}
---
{{ $.Files.Get $path | fromYaml | toJson }}
{{ end }}
""",
}


def documents_in(text: str) -> list[str]:
    return [d for d in re.split(r"^---$", text, flags=re.M) if re.search(r"^kind: ", d, re.M)]


def objects_in(text: str) -> list[dict]:
    documents = documents_in(text)
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(folder)
        files = {f"files/{i:03}.yaml": document for i, document in enumerate(documents)}
        for name, content in {**READER, **files}.items():
            (chart / name).parent.mkdir(exist_ok=True)
            (chart / name).write_text(content, encoding="utf-8")
        lines = must(helm(), "template", "reader", folder).splitlines()
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    assert len(objects) == len(documents), f"{len(objects)} of {len(documents)} read"
    return objects


def name_of(item: dict) -> str:
    return f"{item['kind']} {item['metadata']['name']}"


class Release:
    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        cluster.create({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {
                "pod-security.kubernetes.io/enforce": "restricted",
                # Of a Deployment and a Job, when their Pods would not be taken.
                "pod-security.kubernetes.io/warn": "restricted",
            }},
        }).made()
        # The first is made by a controller; the other is one of a user's own.
        for account in ("default", "elsewhere"):
            cluster.create({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account},
            }, namespace).made()
        self.before = self.live()

    def live(self) -> dict[str, dict]:
        """What is in the namespace, by `KIND NAME`, without what the API server notes of it."""
        return {
            name: item for name, item in self.cluster.everything_in(self.namespace).items()
            if not name.startswith("Event ")
        }

    def of_release(self) -> dict[str, dict]:
        """That without what Helm keeps for itself and what was there before."""
        return {
            name: item for name, item in self.live().items()
            if name not in self.before and not name.startswith("Secret sh.helm.release.v1.")
        }

    def asked(self) -> list[dict]:
        """What the deployed revision has, without hooks."""
        return objects_in(self.read("get", "manifest"))

    def read(self, *command: str) -> str:
        return must(helm(), *command, NAME, "--namespace", self.namespace)

    def change(self, command: str, *arguments: str, failing: tuple[str, ...] = ()) -> Played:
        """Is done, and says nothing against the chart."""
        result, played = self.attempt(command, *arguments, failing=failing)
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        # What a library of Helm's tells of its watches is of no chart.
        said = re.sub(r"^I\d{4} .*\n?", "", result.stderr, flags=re.M)
        assert "warning" not in said.lower(), said
        return played

    def attempt(self, command: str, *arguments: str,
                failing: tuple[str, ...] = ()) -> tuple[subprocess.CompletedProcess, Played]:
        chart = [str(CHART)] if command in ("install", "upgrade") else []
        with Played(self.cluster, self.namespace, failing) as played:
            result = run(helm(), command, NAME, *chart, *arguments,
                         "--namespace", self.namespace, "--timeout", TIMEOUT)
        return result, played

    def history(self) -> list[str]:
        """`REVISION STATUS`, the oldest first."""
        revisions = json.loads(self.read("history", "-o", "json"))
        return [f"{r['revision']} {r['status']}" for r in revisions]
