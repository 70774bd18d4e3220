"""Who calls whom, and who consumes what: the chart says the same as the modules
of services/. Its network policies and autoscalers go by that."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]


def in_chart() -> dict[str, dict[str, list[str]]]:
    text = (ROOT / "deploy/helm/millrace/templates/_names.tpl").read_text(encoding="utf-8")
    block = re.search(r'define "millrace.wiring" -\}\}\n(.*?)\{\{- end', text, re.S)[1]
    services = re.findall(r"^(\w+):\n  needs: \[(.*)\]\n  groups: \[(.*)\]$", block, re.M)
    return {
        name: {"needs": sorted(filter(None, needs.split(", "))), "groups": sorted(groups.split(", "))}
        for name, needs, groups in services
    }


def in_code(folder: pathlib.Path) -> dict[str, list[str]]:
    module = (folder / "module.cc").read_text(encoding="utf-8")
    method = re.search(r"\bNeeds\(\) const override \{(.*?)\n  \}", module, re.S)
    needed = re.findall(r"&([\w:]+)::Info\(\)", method[1]) if method else []
    # Service by package: `using ::users::v1::UsersService;`
    names = {service: package for package, service in re.findall(r"^using ::(\w+)::v1::(\w+);", module, re.M)}
    packages = {names.get(service) or service.lstrip(":").split("::")[0] for service in needed}
    groups = [
        group
        for header in folder.glob("*.h")
        for group in re.findall(r'\bk\w*Group\[\] = "([^"]+)"', header.read_text(encoding="utf-8"))
    ]
    assert groups, f"{folder}: no consumer group found"
    return {"needs": sorted(packages), "groups": sorted(groups)}


def main() -> int:
    code = {
        path.parent.name: in_code(path.parent)
        for path in sorted((ROOT / "services").glob("*/module.cc"))
    }
    chart = in_chart()
    if chart == code:
        return 0
    print(f"the modules say\n  {code}\nand deploy/helm/millrace/templates/_names.tpl\n  {chart}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
