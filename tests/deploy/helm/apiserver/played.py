"""What a cluster says of Jobs and Pods that are run, played by the test: there
are no controllers and no kubelets, and Helm waits for its hooks."""

import threading
import time

from cluster import Answer, Cluster


def pod_of(workload: dict) -> dict:
    """The Pod that the controller of a Deployment or a Job would make."""
    template = workload["spec"]["template"]
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {**template["metadata"], "name": workload["metadata"]["name"] + "-0"},
        "spec": template["spec"],
    }


def try_pod(cluster: Cluster, workload: dict) -> Answer:
    """Whether the API server would take that Pod, by the namespace's standard of
    security too; it does not stay."""
    return cluster.create(pod_of(workload), workload["metadata"]["namespace"], dryRun="All")


class Played:
    """While the `with` block runs, every Job of the namespace gets its Pod, as a
    dry run, and ends as it would: well, or badly when its name is in `failing`.
    Every Pod ends well. `jobs` and `pods` have them in their order, as Helm made
    them; an error of the thread is raised at the end of the block."""

    def __init__(self, cluster: Cluster, namespace: str, failing: tuple[str, ...] = ()) -> None:
        self.jobs: list[dict] = []
        self.pods: list[dict] = []
        self._cluster = cluster
        self._namespace = namespace
        self._failing = failing
        self._seen: set[str] = set()
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._play)

    def __enter__(self) -> "Played":
        # Those that an upgrade before has left are done with.
        self._new("batch/v1", "Job")
        self._new("v1", "Pod")
        self._thread.start()
        return self

    def __exit__(self, kind, *_) -> None:
        self._over.set()
        self._thread.join()
        if self._error and kind is None:
            raise self._error

    def names(self) -> list[str]:
        return [job["metadata"]["name"] for job in self.jobs]

    def _play(self) -> None:
        try:
            while not self._over.wait(0.2):
                for job in self._new("batch/v1", "Job"):
                    self.jobs.append(job)
                    try_pod(self._cluster, job).made()
                    self._say(job, job_status(job["metadata"]["name"] in self._failing))
                for pod in self._new("v1", "Pod"):
                    self.pods.append(pod)
                    self._say(pod, {"phase": "Succeeded"})
        except Exception as error:  # Raised by __exit__.
            self._error = error

    def _new(self, api_version: str, kind: str) -> list[dict]:
        path = self._cluster.path(api_version, kind, self._namespace)
        items = self._cluster.request("GET", path).made()["items"]
        new = [item for item in items if item["metadata"]["uid"] not in self._seen]
        self._seen.update(item["metadata"]["uid"] for item in new)
        # Lists do not say of each item what it is.
        return [{"apiVersion": api_version, "kind": kind, **item} for item in new]

    def _say(self, item: dict, status: dict) -> None:
        path = self._cluster.path(
            item["apiVersion"], item["kind"], self._namespace, item["metadata"]["name"])
        self._cluster.request(
            "PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json").made()


def job_status(failed: bool) -> dict:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    before, last = ("FailureTarget", "Failed") if failed else ("SuccessCriteriaMet", "Complete")
    reason = "BackoffLimitExceeded" if failed else "CompletionsReached"
    status = {
        "startTime": now,
        "conditions": [
            {"type": kind, "status": "True", "reason": reason, "message": "played",
             "lastProbeTime": now, "lastTransitionTime": now}
            for kind in (before, last)
        ],
    }
    return {**status, "failed": 1} if failed else {**status, "completionTime": now, "succeeded": 1}
