"""What was asked of the API server beside what it has."""

import decimal
import re

QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|Ki|M|Mi|G|Gi)?")
FACTORS = {
    "": "1", "m": "0.001", "k": "1000", "Ki": str(2**10), "M": str(10**6), "Mi": str(2**20),
    "G": str(10**9), "Gi": str(2**30),
}


def quantity(value) -> decimal.Decimal | None:
    """Of cpu: "0.5" or 500m. The API server writes them in its own way."""
    match = QUANTITY.fullmatch(str(value))
    return match and decimal.Decimal(match[1]) * decimal.Decimal(FACTORS[match[2] or ""])


def lost(asked, found, at: str = "") -> list[str]:
    """Where what was asked for is not found; what the API server adds is no loss."""
    if asked in (None, {}, []) and not found:
        return []
    if isinstance(asked, dict) and isinstance(found, dict):
        return [where for key, value in asked.items() for where in lost(value, found.get(key), f"{at}.{key}")]
    if isinstance(asked, list) and isinstance(found, list) and len(asked) == len(found):
        return [where for i, (a, f) in enumerate(zip(asked, found)) for where in lost(a, f, f"{at}[{i}]")]
    if asked == found or (quantity(asked) is not None and quantity(asked) == quantity(found)):
        return []
    return [f"{at}: {asked!r} was asked for, there is {found!r}"]


def essence(item: dict) -> dict:
    """An object without what says only when and by whom it was changed."""
    changing = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
    metadata = {k: v for k, v in item["metadata"].items() if k not in changing}
    return {**{k: v for k, v in item.items() if k != "status"}, "metadata": metadata}


def differences(before: dict[str, dict], after: dict[str, dict]) -> list[str]:
    """Between two sets of objects by name, in their essence."""
    found = [f"{name} is gone" for name in before.keys() - after.keys()]
    found += [f"{name} is new" for name in after.keys() - before.keys()]
    for name in before.keys() & after.keys():
        one, other = essence(before[name]), essence(after[name])
        found += [f"{name}{where}" for where in lost(one, other)]
        found += [f"{name}{where} (the other way round)" for where in lost(other, one)]
    return sorted(found)
