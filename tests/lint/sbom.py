"""``python -m tests.lint.sbom FILE``: every pinned package is in the list of what the environment holds, at its version."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    """Package → version, as pinned; environment markers are left out."""
    lines = [
        line for file in ("requirements.txt", "requirements-dev.txt") for line in (ROOT / file).read_text().splitlines()
    ]
    found = [re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)\s*(;?)", line) for line in lines]
    return {_name(one[1]): one[2] for one in found if one and not one[3]}


def differences(listed: dict[str, str], pinned: dict[str, str]) -> list[str]:
    """What the list lacks or has at another version."""
    return [
        f"{name} {version} is pinned, the list has {listed.get(name, 'none')}"
        for name, version in sorted(pinned.items())
        if listed.get(name) != version
    ]


def main(file: str) -> int:
    """Compare and print. Returns the exit code."""
    document = json.loads(Path(file).read_text())
    listed = {_name(one["name"]): one["version"] for one in document["components"]}
    off = differences(listed, pins())
    unnamed = [one["name"] for one in document["components"] if not one.get("purl")]
    for line in [*off, *(f"{name} has no package URL" for name in unnamed)]:
        print(line)
    print(
        f"{file}: CycloneDX {document['specVersion']}, {len(listed)} packages, {len(pins())} pins compared, {len(off)} off"
    )
    return 1 if off or unnamed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
