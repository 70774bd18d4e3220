"""Which file may include which.

A module uses only modules of lower layers, siblings never include each other,
no service includes another, and a third-party header stays inside the one
place that owns it. ARCHITECTURE.md explains the layers.
"""

import re
import subprocess
import sys

LAYERS = {
    "base": 1,
    "digest": 1,
    "loop": 2,
    "events": 3,
    "contract": 3,
    "tls": 3,
    "store": 4,
    "rpc": 4,
    "http": 4,
    "tokens": 4,
    "bus": 5,
    "otlp": 5,
    "runtime": 6,
}
SERVICES = ("users", "admin", "templates")
SERVICE_LAYER = 7

# Header prefix -> the folders that may include it.
OWNERS = {
    "uv.h": ("libs/loop/",),
    "soci/": ("libs/store/",),
    "sqlite3.h": ("libs/store/",),
    "libpq-fe.h": ("libs/store/",),
    "grpc/": ("libs/rpc/",),
    "grpcpp/": ("libs/rpc/",),
    "nghttp2/": ("libs/rpc/",),
    "boost/beast": ("libs/http/",),
    "boost/": ("libs/http/", "libs/store/"),
    "librdkafka/": ("libs/bus/kafka/",),
    "prometheus/": ("libs/runtime/",),
    "yaml-cpp/": ("libs/runtime/", "tools/contracts/document_test.cc"),
    "CLI/": ("libs/runtime/", "tools/millrace/"),
    "openssl/": ("libs/tls/", "libs/tokens/"),
    "sodium": ("libs/digest/", "libs/tokens/"),
    "zlib.h": ("libs/base/",),
    "opentelemetry/": ("libs/otlp/",),
}
# Tests and benchmarks may use a peer directly.
FREE = ("tests/",)

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def place_of(path):
    """('lib', name) | ('service', name) | ('other', top folder)."""
    parts = path.split("/")
    if parts[0] == "libs" and len(parts) > 2:
        return "lib", parts[1]
    if parts[0] == "services" and len(parts) > 2:
        return "service", parts[1]
    return "other", parts[0]


def target_of(header):
    """The module or service that an include names, or None."""
    parts = header.split("/")
    if parts[0] == "services" and len(parts) > 2:
        return "service", parts[1]
    if parts[0] in LAYERS and len(parts) > 1:
        return "lib", parts[0]
    if parts[0] in SERVICES and len(parts) > 2 and re.fullmatch(r"v\d+", parts[1]):
        return "contract", parts[0]
    return None


def findings_in(path, text):
    kind, name = place_of(path)
    found = []

    def report(offset, message):
        line = text.count("\n", 0, offset) + 1
        found.append(f"{path}:{line}: {message}")

    for match in INCLUDE.finditer(text):
        header = match.group(2)
        at = match.start(2)
        target = target_of(header) if match.group(1) == '"' else None
        if kind == "lib" and target:
            if target[0] == "service":
                report(at, f"libs/{name} includes a service ({header}); a library knows no service")
            elif target[0] == "contract":
                report(at, f"libs/{name} includes the contract {header}; a library knows no service's contract")
            elif target[1] != name and LAYERS[target[1]] >= LAYERS.get(name, 0):
                report(
                    at,
                    f"libs/{name} (layer {LAYERS.get(name, 0)}) includes {header} "
                    f"(layer {LAYERS[target[1]]}); a module uses only lower layers",
                )
        if kind == "service" and target and target[0] == "service" and target[1] != name:
            report(at, f"services/{name} includes services/{target[1]} ({header}); services share only contracts in proto/")
        if path.startswith(FREE):
            continue
        for prefix in sorted(OWNERS, key=len, reverse=True):
            if header == prefix or header.startswith(prefix):
                if not path.startswith(OWNERS[prefix]):
                    report(at, f"<{header}> belongs to {' and '.join(OWNERS[prefix])} only")
                break
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
