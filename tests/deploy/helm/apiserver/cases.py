"""The chart of deploy/helm on a real Kubernetes API server, by the real Helm:
what it renders is taken with every field, its Pods by the restricted standard
of Pod security, and releases are installed, changed, refused, rolled back and
removed. `../run apiserver` finds the programs.

  cases.py [CASE...]    default: all of them
"""

import json
import os
import pathlib
import signal
import sys

from cluster import LIBC, PR_SET_PDEATHSIG, Cluster
from compared import differences, lost
from helm import HERE, VALUES, rendered
from played import try_pod
from release import Release, documents_in, name_of, objects_in
import wholeness

DIGEST = "sha256:" + "ab" * 32


def manifests(cluster: Cluster) -> None:
    """All that is rendered, hooks and tests too, one by one and with nothing
    unknown in it; and it would find what is wrong."""
    release = Release(cluster, "manifests")
    for values in VALUES:
        documents = documents_in(rendered(values))
        for document in documents:
            try:
                cluster.create(document, release.namespace, dryRun="All").made()
            except AssertionError as error:
                raise AssertionError(f"{values.name}: {error}\n{document}") from error
        print(f"{values.name}: {len(documents)} objects are taken as they are")
    refused_manifests(release)


def refused_manifests(release: Release) -> None:
    document = next(d for d in documents_in(rendered(VALUES[0])) if "\nkind: Deployment\n" in d)

    def tried(was: str, becomes: str):
        assert was in document
        return release.cluster.create(document.replace(was, becomes, 1), release.namespace, dryRun="All")

    answer = tried("readOnlyRootFilesystem:", "readonlyRootFilesystem:")
    assert answer.code == 400 and 'readonlyRootFilesystem"' in answer.body["message"], answer
    answer = tried("enableServiceLinks: false", "restartPolicy: Never")
    assert answer.code == 422 and "restartPolicy" in answer.body["message"], answer
    # What the restricted standard forbids: the Deployment is taken, with a
    # warning, and its Pods are not.
    answer = tried("allowPrivilegeEscalation: false", "privileged: true")
    assert answer.code == 201 and "would violate PodSecurity" in answer.warnings[0], answer
    for was, becomes, word in (
        ("serviceAccountName: ", "serviceAccountName: default #", None),
        ("allowPrivilegeEscalation: false", "privileged: true", "privileged"),
        ("seccompProfile: {type: RuntimeDefault}", "", "seccompProfile"),
        ("runAsNonRoot: true", "", "runAsNonRoot"),
    ):
        document = document.replace(was, becomes, 1)
        pod = try_pod(release.cluster, release.cluster.create(document, release.namespace, dryRun="All").body)
        if word is None:
            pod.made()
        else:
            message = pod.body["message"]
            assert pod.code == 403 and "restricted" in message and word in message, pod
    print("an unknown field, a wrong value, and what the restricted standard forbids are refused")


def installs(cluster: Cluster) -> None:
    """With each file of values: nothing that was asked for is lost, Pods are
    taken, `helm test` runs, and nothing is left of it in the end."""
    for values in VALUES:
        release = Release(cluster, f"install-{values.stem.replace('_', '-')}")
        played = release.change("install", "-f", str(values))
        hooks = objects_in(release.read("get", "hooks"))
        jobs = sorted(h["metadata"]["name"] for h in hooks if h["kind"] == "Job")
        assert sorted(played.names()) == jobs, f"{played.names()} ran of {jobs}"
        check_live(release)
        tested = release.change("test")
        assert [p["metadata"]["name"] for p in tested.pods] == [
            h["metadata"]["name"] for h in hooks if h["kind"] == "Pod"], tested.pods
        count = len(release.of_release())
        release.change("uninstall")
        assert not differences(release.before, release.live()), differences(release.before, release.live())
        print(f"{values.name}: {count} objects, {len(jobs)} jobs before, {len(tested.pods)} test")


def check_live(release: Release) -> None:
    """The objects of the deployed revision, after the API server's defaults."""
    live, mine, asked = release.live(), release.of_release(), release.asked()
    # Jobs and their like are gone when they have succeeded.
    assert sorted(mine) == sorted(map(name_of, asked)), sorted(mine)
    found = [name_of(a) + where for a in asked for where in lost(a, live[name_of(a)])]
    assert not found, "\n".join(found)
    wholeness.check(live)
    for deployment in wholeness.of(live, "Deployment"):
        try_pod(release.cluster, deployment).made()


def changes(cluster: Cluster) -> None:
    """One release, from revision to revision."""
    release = Release(cluster, "changes")
    release.change("install")
    first = release.of_release()
    check_defaults(first)

    played = release.change("upgrade", "-f", str(HERE / "values/production.yaml"))
    image = f"registry.example.org/platform/millrace@sha256:{'0123456789abcdef' * 4}"
    assert len(played.jobs) == 4 and {image_of(job) for job in played.jobs} == {image}, played.names()
    check_live(release)
    second = release.of_release()
    users = second["Deployment shop-millrace-users"]
    assert image_of(users) == image
    # The autoscaler's from now on, as the chart's README has it.
    assert users["spec"]["replicas"] == 1, users["spec"]["replicas"]
    assert second["HorizontalPodAutoscaler shop-millrace-users"]["spec"]["maxReplicas"] == 8
    assert users["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 40
    print("upgrade: other values, image and objects")

    scale(release, "shop-millrace-users", 4)
    release.change("upgrade", "--reuse-values", "--set", f"image.digest={DIGEST}")
    third = release.of_release()
    users = third["Deployment shop-millrace-users"]
    assert users["spec"]["replicas"] == 4 and image_of(users).endswith(f"@{DIGEST}"), users["spec"]
    check_live(release)
    print("upgrade: what the autoscaler has set stays")

    refused_upgrade(release)
    release.change("rollback", "3")
    assert not differences(third, release.of_release()), differences(third, release.of_release())
    print("rollback: as before the upgrade that was refused")

    failed_job(release)
    back_to_fixed_replicas(release, first)
    assert release.history() == [
        "1 superseded", "2 superseded", "3 superseded", "4 failed", "5 superseded", "6 failed",
        "7 superseded", "8 deployed"], release.history()
    release.change("uninstall")
    assert not differences(release.before, release.live()), differences(release.before, release.live())
    print("uninstall: nothing is left")


def image_of(workload: dict) -> str:
    return workload["spec"]["template"]["spec"]["containers"][0]["image"]


def check_defaults(live: dict[str, dict]) -> None:
    """What somebody who installs with nothing said may look at."""
    users = live["Deployment shop-millrace-users"]["spec"]
    assert users["replicas"] == 2
    assert users["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pods = users["template"]["spec"]
    assert pods["securityContext"] == {
        "runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"}}, pods["securityContext"]
    assert pods["terminationGracePeriodSeconds"] == 25
    (container,) = pods["containers"]
    assert container["image"] == "millrace:0.1.0"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]}}, container["securityContext"]
    assert container["livenessProbe"]["grpc"] == {"port": 9090, "service": "alive"}
    assert container["readinessProbe"]["grpc"] == {"port": 9090, "service": ""}
    assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}, container["lifecycle"]
    assert {"name": "MILLRACE_DATABASES_USERS_PASSWORD_FILE",
            "value": "/run/secrets/millrace/database/password"} in container["env"], container["env"]
    secrets = [v["secret"] for v in pods["volumes"] if "secret" in v]
    assert secrets and all(s["defaultMode"] == 0o440 for s in secrets), secrets
    ports = live["Service shop-millrace-users"]["spec"]["ports"]
    assert [(p["port"], p["targetPort"], p["appProtocol"], p["protocol"]) for p in ports] == [
        (8080, "http", "http", "TCP"), (9090, "grpc", "kubernetes.io/h2c", "TCP")], ports
    budget = live["PodDisruptionBudget shop-millrace-users"]["spec"]
    assert budget["maxUnavailable"] == 1 and budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    policy = live["NetworkPolicy shop-millrace-users"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert live["ServiceAccount shop-millrace-users"]["automountServiceAccountToken"] is False
    print("install: what was asked for, and the API server's defaults")


def scale(release: Release, deployment: str, replicas: int) -> None:
    """As the autoscaler does."""
    path = release.cluster.path("apps/v1", "Deployment", release.namespace, deployment)
    release.cluster.request(
        "PATCH", f"{path}/scale", {"spec": {"replicas": replicas}}, "application/merge-patch+json",
        fieldManager="kube-controller-manager").made()


def refused_upgrade(release: Release) -> None:
    """Other selectors under the same names: the API server takes no such change
    of a Deployment. The revision before stays the deployed one."""
    before = release.of_release()
    result, _ = release.attempt(
        "upgrade", "--reuse-values", "--set", "nameOverride=other,fullnameOverride=shop-millrace",
        "--set", "image.tag=9.9.9")
    assert result.returncode != 0 and "field is immutable" in result.stderr, result.stderr
    assert release.history()[-2:] == ["3 deployed", "4 failed"], release.history()
    after = release.of_release()
    for name in before:
        if name.startswith("Deployment "):
            assert not differences({name: before[name]}, {name: after[name]})
    print("upgrade: a change of an immutable field is refused, the Deployments stay")


def failed_job(release: Release) -> None:
    """A migration that fails: nothing else is changed, and it is left to be
    looked at until the next upgrade."""
    before = release.of_release()
    job = "Job shop-millrace-migrate-users"
    result, _ = release.attempt(
        "upgrade", "--reuse-values", "--set", "services.users.drainSeconds=15",
        failing=("shop-millrace-migrate-users",))
    assert result.returncode != 0 and "pre-upgrade hooks failed" in result.stderr, result.stderr
    assert release.history()[-2:] == ["5 deployed", "6 failed"], release.history()
    after = release.of_release()
    assert job in after, sorted(after)
    rest = {name: item for name, item in after.items() if name in before}
    assert not differences(before, rest), differences(before, rest)
    release.change("upgrade", "--reuse-values", "--set", "services.users.drainSeconds=15")
    assert job not in release.of_release()
    check_live(release)
    print("upgrade: a job that fails stops it, and the next one clears up")


def back_to_fixed_replicas(release: Release, first: dict[str, dict]) -> None:
    """To the first revision: what is new since then is gone, the rest as it was,
    and the number of pods is the release's again."""
    release.change("rollback", "1")
    assert not differences(first, release.of_release()), differences(first, release.of_release())
    print("rollback: to the first revision, the number of pods too")


def prepare(cluster: Cluster) -> None:
    """What a user's cluster has already."""
    for name in ("servicemonitors", "prometheusrules"):
        file = pathlib.Path(os.environ["CRDS"]) / f"{name}-crd.json"
        cluster.create(json.loads(file.read_text(encoding="utf-8"))).made()
    cluster.wait_for("monitoring.coreos.com/v1", ("ServiceMonitor", "PrometheusRule"))
    cluster.create({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": {"name": "1000"}, "value": 1000,
    }).made()


def main() -> None:
    cases = {f.__name__: f for f in (manifests, installs, changes)}
    chosen = sys.argv[1:] or list(cases)
    assert set(chosen) <= cases.keys(), __doc__
    # The cluster ends with its block when the test is told to end, too, or who
    # runs it has ended.
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    with Cluster() as cluster:
        os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
        print("Kubernetes " + cluster.request("GET", "/version").made()["gitVersion"])
        prepare(cluster)
        for name in chosen:
            print(f"-- {name}", flush=True)
            cases[name](cluster)


if __name__ == "__main__":
    main()
