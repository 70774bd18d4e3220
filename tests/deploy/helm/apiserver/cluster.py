"""etcd and the Kubernetes API server: on free ports of loopback, with a folder
of their own, and requests to them as somebody who may do everything.

There are no controllers, no scheduler and no kubelets: objects stay as the API
server takes them. Both processes end with the `with` block, and by the kernel
when this process is killed. A Cluster may be used by several threads.
"""

import ctypes
import http.client
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import typing
import urllib.parse

READY_SECONDS = 180
STOP_SECONDS = 30
ATTEMPTS = 3
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Answer(typing.NamedTuple):
    code: int
    body: dict
    warnings: list[str]

    def made(self) -> dict:
        """What was created, without a word against it."""
        assert self.code in (200, 201), f"{self.code}: {self.body.get('message')}"
        assert not self.warnings, self.warnings
        return self.body


class Cluster:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="millrace-apiserver-")
        self.folder = pathlib.Path(self._folder.name)
        self._processes: list[subprocess.Popen] = []
        self._resources: dict[str, list[dict]] = {}

    def __enter__(self) -> "Cluster":
        try:
            self._prepare()
            for attempt in range(1, ATTEMPTS + 1):
                if self._start(attempt):
                    return self
                # Ports were free when they were chosen.
                if attempt == ATTEMPTS or "address already in use" not in self._logs(attempt):
                    raise RuntimeError(self._logs(attempt))
                self._stop()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_) -> None:
        self._stop()
        self._folder.cleanup()

    def request(self, method: str, path: str, body: str | dict | None = None,
                content_type: str = "application/json", **query: str) -> Answer:
        if query:
            path += "?" + urllib.parse.urlencode(query)
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self._tls)
        try:
            connection.request(method, path, body and body.encode(), {
                "Authorization": f"Bearer {self._token}",
                "Content-Type": content_type,
                "Accept": "application/json",
            })
            response = connection.getresponse()
            text = response.read().decode()
            warnings = response.msg.get_all("Warning") or []
        finally:
            connection.close()
        parsed = json.loads(text) if text.startswith("{") else {"message": text}
        return Answer(response.status, parsed, warnings)

    def resources(self, api_version: str) -> list[dict]:
        """What discovery says is there, without subresources."""
        if api_version not in self._resources:
            group = "/api/" if "/" not in api_version else "/apis/"
            found = self.request("GET", group + api_version).made()["resources"]
            self._resources[api_version] = [r for r in found if "/" not in r["name"]]
        return self._resources[api_version]

    def wait_for(self, api_version: str, kinds: tuple[str, ...]) -> None:
        """Until kinds that were defined are served: discovery has them first."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._serves(api_version, kinds):
            assert time.monotonic() < deadline, f"{api_version} has no {', '.join(kinds)}"
            time.sleep(0.2)

    def _serves(self, api_version: str, kinds: tuple[str, ...]) -> bool:
        self._resources.pop(api_version, None)
        if self.request("GET", f"/apis/{api_version}").code != 200:
            return False
        names = {r["kind"]: r["name"] for r in self.resources(api_version)}
        return all(
            kind in names and self.request("GET", f"/apis/{api_version}/{names[kind]}").code == 200
            for kind in kinds)

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        resource = next((r for r in self.resources(api_version) if r["kind"] == kind), None)
        assert resource, f"the API server knows no {kind} of {api_version}"
        path = ("/apis/" if "/" in api_version else "/api/") + api_version
        if resource["namespaced"]:
            path += f"/namespaces/{namespace}"
        return f"{path}/{resource['name']}" + (f"/{name}" if name else "")

    def create(self, document: str | dict, namespace: str = "", **query: str) -> Answer:
        """`document` is YAML or an object; a field that does not exist, or is
        there twice, is refused."""
        if isinstance(document, str):
            api_version = re.search(r"^apiVersion: (\S+)$", document, re.M)[1]
            kind = re.search(r"^kind: (\S+)$", document, re.M)[1]
            content_type = "application/yaml"
        else:
            api_version, kind = document["apiVersion"], document["kind"]
            content_type = "application/json"
        return self.request("POST", self.path(api_version, kind, namespace), document,
                            content_type, fieldValidation="Strict", **query)

    def everything_in(self, namespace: str) -> dict[str, dict]:
        """All objects, by `KIND NAME`."""
        groups = self.request("GET", "/apis").made()["groups"]
        versions = ["v1"] + [g["preferredVersion"]["groupVersion"] for g in groups]
        found = {}
        for version in versions:
            for resource in self.resources(version):
                if not resource["namespaced"] or "list" not in resource["verbs"]:
                    continue
                path = self.path(version, resource["kind"], namespace)
                answer = self.request("GET", path)
                assert answer.code == 200, f"{path}: {answer.body}"
                for item in answer.body["items"]:
                    # Lists do not say of each item what it is.
                    item = {"apiVersion": version, "kind": resource["kind"], **item}
                    found[f"{resource['kind']} {item['metadata']['name']}"] = item
        return found

    def _prepare(self) -> None:
        self._token = secrets.token_hex(16)
        (self.folder / "tokens.csv").write_text(f"{self._token},tester,tester,system:masters\n")
        subprocess.run(
            ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
             "-out", str(self.folder / "service-accounts.pem")],
            check=True, capture_output=True)

    def _start(self, attempt: int) -> bool:
        """False when a process ended before it was ready."""
        client, peer, self.port = free_ports(3)
        etcd, peers = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        keys = self.folder / "service-accounts.pem"
        certificates = self.folder / f"certificates-{attempt}"
        self._run("etcd", attempt, os.environ["ETCD"], [
            f"--data-dir={self.folder}/etcd-{attempt}", "--unsafe-no-fsync", "--log-level=warn",
            f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
        ])
        self._run("kube-apiserver", attempt, os.environ["KUBE_APISERVER"], [
            f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            # It makes its own certificate there.
            f"--cert-dir={certificates}",
            f"--token-auth-file={self.folder}/tokens.csv", "--anonymous-auth=false",
            "--authorization-mode=AlwaysAllow",
            # So that it is Pod security that refuses.
            "--allow-privileged=true",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys}", f"--service-account-signing-key-file={keys}",
            "--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none",
        ])
        authority = certificates / "apiserver.crt"
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in self._processes):
                return False
            if self._ready(authority):
                self._write_kubeconfig(authority)
                return True
            time.sleep(0.2)
        raise RuntimeError(f"not ready in {READY_SECONDS} s:\n{self._logs(attempt)}")

    def _ready(self, authority: pathlib.Path) -> bool:
        try:
            self._tls = ssl.create_default_context(cafile=str(authority))
            return self.request("GET", "/readyz").code == 200
        except (OSError, http.client.HTTPException):
            return False

    def _write_kubeconfig(self, authority: pathlib.Path) -> None:
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {
                "server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(authority)}}],
            "users": [{"name": "it", "user": {"token": self._token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }))
        self.kubeconfig.chmod(0o600)

    def _run(self, name: str, attempt: int, program: str, arguments: list[str]) -> None:
        with open(self.folder / f"{name}-{attempt}.log", "w", encoding="utf-8") as log:
            self._processes.append(subprocess.Popen(
                [program, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, preexec_fn=end_with_parent))

    def _logs(self, attempt: int) -> str:
        """Their last lines."""
        return "\n".join(
            line for log in sorted(self.folder.glob(f"*-{attempt}.log"))
            for line in [f"{log.name}:"] + log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])

    def _stop(self) -> None:
        # The API server before etcd, which it would wait for.
        while self._processes:
            process = self._processes.pop()
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def end_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_ports(count: int) -> list[int]:
    """Different ones, that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
