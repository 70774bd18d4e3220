"""JSON Schemas for kubeconform, of every kind of the Kubernetes API and of the
Prometheus operator's, strict: a field that the API does not have is refused.

  schemas.py SWAGGER_JSON CRD_FOLDER OUT_FOLDER

SWAGGER_JSON is api/openapi-spec/swagger.json of a Kubernetes release,
CRD_FOLDER has *-crd.json. Each schema stands by itself in KIND-GROUP-VERSION.json,
in lower case, as kubeconform's {{.ResourceKind}}{{.KindSuffix}} names it.
"""

import json
import pathlib
import sys

# Strings in the document, numbers too in the API.
LOOSE = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ["string", "number"],
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ["string", "integer"],
}
PREFIX = "#/definitions/"


def strict(schema: dict) -> dict:
    """The same, with nothing beside what is named."""
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    out = {}
    for key, value in schema.items():
        if key.startswith("x-kubernetes-") or key in ("description", "default"):
            continue
        if key == "properties":
            value = {name: strict(part) for name, part in value.items()}
        elif key in ("items", "additionalProperties", "not") and isinstance(value, dict):
            value = strict(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            value = [strict(part) for part in value]
        out[key] = value
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in out and "additionalProperties" not in out and not open_ended:
        out["additionalProperties"] = False
    return out


def references(schema) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(references, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    found = references(list(schema.values()))
    if isinstance(schema.get("$ref"), str):
        found.add(schema["$ref"].removeprefix(PREFIX))
    return found


def with_definitions(name: str, definitions: dict[str, dict]) -> dict:
    needed: set[str] = set()
    ahead = references(definitions[name])
    while ahead:
        needed |= ahead
        ahead = set().union(*(references(definitions[n]) for n in ahead)) - needed
    return {**definitions[name], "definitions": {n: definitions[n] for n in sorted(needed)}}


def of_kind(schema: dict, group: str, version: str, kind: str) -> dict:
    schema = {**schema, "properties": dict(schema.get("properties", {}))}
    api_version = f"{group}/{version}" if group else version
    schema["properties"]["apiVersion"] = {"type": "string", "enum": [api_version]}
    schema["properties"]["kind"] = {"type": "string", "enum": [kind]}
    schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind"})
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema}


def file_name(group: str, version: str, kind: str) -> str:
    parts = [kind, *([group.split(".")[0]] if group else []), version]
    return "-".join(parts).lower() + ".json"


def main(swagger: str, crds: str, out: str) -> None:
    folder = pathlib.Path(out)
    folder.mkdir(parents=True)
    document = json.loads(pathlib.Path(swagger).read_text(encoding="utf-8"))
    definitions = {
        name: {"type": LOOSE[name]} if name in LOOSE else strict(schema)
        for name, schema in document["definitions"].items()
    }
    metadata = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    count = 0

    def write(schema: dict, group: str, version: str, kind: str) -> None:
        nonlocal count
        count += 1
        path = folder / file_name(group, version, kind)
        path.write_text(json.dumps(of_kind(schema, group, version, kind)), encoding="utf-8")

    for name, schema in document["definitions"].items():
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1 and "metadata" in schema.get("properties", {}):
            it = kinds[0]
            write(with_definitions(name, definitions), it["group"], it["version"], it["kind"])
    for path in sorted(pathlib.Path(crds).glob("*-crd.json")):
        spec = json.loads(path.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"$ref": PREFIX + metadata}
            whole = with_definitions("it", {**definitions, "it": schema})
            write(whole, spec["group"], version["name"], spec["names"]["kind"])
    assert count > 50, f"{swagger} has hardly any kinds"


if __name__ == "__main__":
    assert len(sys.argv) == 4, __doc__
    main(*sys.argv[1:])
