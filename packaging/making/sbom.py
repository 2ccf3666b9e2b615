"""What is really inside, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).

A component for each distribution; below it the shared libraries that its wheels carry along, and
what the lists inside of the wheels name (PEP 770): crates, OpenSSL.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from packaging.requirements import Requirement

from making import licences
from making.steps import digest, epoch, file_digest, version
from making.wheels import Wheel, holds, installed_as, normal

_SPACE: Final = uuid.UUID("3f0c35d2-7d3c-5c3e-9a53-3c1f5e2a7a10")
_KEPT: Final = ("type", "name", "version", "purl", "licenses", "hashes")
_PROGRAM: Final = "calsync"


def document(
    wheels: Mapping[str, Sequence[Wheel]],
    what: str,
    environment: Mapping[str, str] | None = None,
    beside: Sequence[dict[str, Any]] = (),
) -> str:
    """The list of what is in these wheels, given for each Python, as JSON.

    `what` says in a word what it is the list of. `environment` are the markers that hold where it
    is installed (PEP 508), `sys_platform` and such, where they are others than here. `beside` are
    the entries of what comes in no wheel.
    """
    by_name: dict[str, list[Wheel]] = {}
    for some in wheels.values():
        for wheel in some:
            same = by_name.setdefault(wheel.name, [])
            if wheel.path.name not in {other.path.name for other in same}:
                same.append(wheel)
    by_name = dict(sorted(by_name.items()))
    own = by_name.pop(_PROGRAM)
    known = {name: _reference(some[0]) for name, some in by_name.items()}
    body: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": dt.datetime.fromtimestamp(epoch(), dt.UTC).isoformat(),
            "component": {**_component(own), "type": "application"},
            "properties": [
                {"name": "calsync:of", "value": what},
                {"name": "calsync:pythons", "value": " ".join(wheels)},
            ],
        },
        "components": [*(_component(some) for some in by_name.values()), *beside],
        "dependencies": [
            _dependencies(some, known, list(wheels), environment or {})
            for some in (own, *by_name.values())
        ],
    }
    named = json.dumps(body, sort_keys=True) + version()
    body["serialNumber"] = uuid.uuid5(_SPACE, named).urn
    return json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _reference(wheel: Wheel) -> str:
    return f"pkg:pypi/{wheel.name}@{wheel.version}"


def _component(same: Sequence[Wheel]) -> dict[str, Any]:
    """A distribution, whose wheels may differ from Python to Python."""
    first = same[0]
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _reference(first),
        "name": first.name,
        "version": first.version,
        "purl": _reference(first),
        "licenses": [{"expression": licences.expression(first)}],
        "externalReferences": [
            {
                "type": "distribution",
                "url": wheel.path.name,
                "hashes": [{"alg": "SHA-256", "content": file_digest(wheel.path)}],
            }
            for wheel in same
        ],
    }
    inner = _inside(same)
    if inner:
        found["components"] = inner
    return found


def _inside(same: Sequence[Wheel]) -> list[dict[str, Any]]:
    """What wheels carry along that is no distribution of its own; each once."""
    found: dict[str, dict[str, Any]] = {}
    for wheel in same:
        for each in (*_libraries(wheel), *_listed(wheel)):
            found.setdefault(each["bom-ref"], each)
    return [found[key] for key in sorted(found)]


def _libraries(wheel: Wheel) -> Iterable[dict[str, Any]]:
    for name in licences.libraries(wheel):
        content, file = wheel.read(name), PurePosixPath(name).name
        yield {
            "type": "file",
            "bom-ref": f"{_reference(wheel)}#{name}:{digest(content)[:16]}",
            "name": str(installed_as(wheel, name)),
            "licenses": [{"expression": licences.of_library(file)}],
            "hashes": [{"alg": "SHA-256", "content": digest(content)}],
        }


def _listed(wheel: Wheel) -> Iterable[dict[str, Any]]:
    for name in wheel.names:
        if not name.startswith(f"{wheel.info}/sboms/"):
            continue
        for each in json.loads(wheel.read(name)).get("components", []):
            if normal(each["name"]) == wheel.name:
                continue  # a list of itself
            kept = {key: each[key] for key in _KEPT if each.get(key)}
            known = licences.of_package(each["name"])
            if "licenses" not in kept and known:
                kept["licenses"] = [{"expression": known}]
            purl = each.get("purl", f"{each['name']}@{each.get('version', '')}")
            yield {**kept, "bom-ref": f"{_reference(wheel)}#{purl}"}


def _dependencies(
    same: Sequence[Wheel],
    known: Mapping[str, str],
    pythons: Sequence[str],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """Which of the others a distribution needs, on any of the Pythons."""
    needed = set()
    for line in same[0].metadata.get_all("Requires-Dist", []):
        asked = Requirement(line)
        name = normal(asked.name)
        if name in known and any(holds(asked, python, environment) for python in pythons):
            needed.add(known[name])
    return {"ref": _reference(same[0]), "dependsOn": sorted(needed)}
