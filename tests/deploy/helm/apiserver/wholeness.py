"""What refers to what among the objects of a release, as the API server has
them: a name or a selector that finds nothing is no error to it."""


def of(live: dict[str, dict], kind: str) -> list[dict]:
    return [item for item in live.values() if item["kind"] == kind]


def selected(selector: dict, items: list[dict], labels) -> list[dict]:
    return [item for item in items if selector.items() <= labels(item).items()]


def pod_labels(deployment: dict) -> dict:
    return deployment["spec"]["template"]["metadata"]["labels"]


def own_labels(item: dict) -> dict:
    return item["metadata"]["labels"]


def check(live: dict[str, dict]) -> None:
    """`live` has all objects of the namespace by `KIND NAME`."""
    deployments, services = of(live, "Deployment"), of(live, "Service")
    assert deployments and len(services) == len(deployments)
    for kind, selector in (
        ("Service", lambda s: s["selector"]),
        ("PodDisruptionBudget", lambda s: s["selector"]["matchLabels"]),
        ("NetworkPolicy", lambda s: s["podSelector"]["matchLabels"]),
        ("Deployment", lambda s: s["selector"]["matchLabels"]),
    ):
        for item in of(live, kind):
            found = selected(selector(item["spec"]), deployments, pod_labels)
            names = [d["metadata"]["name"] for d in found]
            assert names == [item["metadata"]["name"]], f"{kind} {item['metadata']['name']} selects {names}"
    for service in services:
        pods = live[f"Deployment {service['metadata']['name']}"]["spec"]["template"]["spec"]
        named = {p["name"] for c in pods["containers"] for p in c["ports"]}
        assert {p["targetPort"] for p in service["spec"]["ports"]} <= named, service["spec"]["ports"]
        assert service["spec"]["clusterIP"].startswith("10.0.0."), service["spec"]
    for deployment in deployments:
        check_pods(deployment["spec"]["template"]["spec"], live)
    for autoscaler in of(live, "HorizontalPodAutoscaler"):
        target = autoscaler["spec"]["scaleTargetRef"]
        assert f"{target['kind']} {target['name']}" in live, target
        for metric in autoscaler["spec"]["metrics"]:
            if metric["type"] == "Object":
                described = metric["object"]["describedObject"]
                assert f"{described['kind']} {described['name']}" in live, described
    for monitor in of(live, "ServiceMonitor"):
        found = selected(monitor["spec"]["selector"]["matchLabels"], services, own_labels)
        assert found, f"ServiceMonitor {monitor['metadata']['name']} selects nothing"
        wanted = {e["port"] for e in monitor["spec"]["endpoints"]}
        for service in found:
            assert wanted <= {p["name"] for p in service["spec"]["ports"]}, wanted


def check_pods(pods: dict, live: dict[str, dict]) -> None:
    assert f"ServiceAccount {pods['serviceAccountName']}" in live, pods["serviceAccountName"]
    assert pods["automountServiceAccountToken"] is False and pods["enableServiceLinks"] is False
    for volume in pods["volumes"]:
        if "configMap" in volume:
            assert f"ConfigMap {volume['configMap']['name']}" in live, volume
    volumes = {v["name"] for v in pods["volumes"]}
    for container in pods["containers"]:
        assert {m["name"] for m in container["volumeMounts"]} == volumes, volumes
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["successThreshold"] == 1, container[probe]
