"""Refuse words that an English-speaking planner stumbles over. Run by ``make lint``."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {".py", ".md", ".sql", ".yml", ".yaml", ".html", ".toml"}
INSTEAD = {
    "told": "given, stated, or the noun: distribution, forecast, message",
    "mine": "own, ours",
    "whoever": "anyone who",
    "anew": "again",
    "likelier": "more likely",
    "nobody's": "no one's, or say what it is",
    "hardly any": "few, almost no",
    "luck": "chance, random stream",
    "danger": "risk",
    "thereby": "so",
    "wherein": "in which",
    "shall": "must, will",
}
REFUSED = re.compile(rf"(?<![A-Za-z])({'|'.join(INSTEAD)})(?![A-Za-z])", re.IGNORECASE)
EXEMPT = ("CHANGELOG.md", "docs/commands.md", "docs/research/", "tests/lint/")


def refused() -> dict[str, Counter[str]]:
    """Refused words of each file under version control."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    faults = {}
    for name in listed:
        path = ROOT / name
        if path.suffix not in SUFFIXES or name.startswith(EXEMPT) or not path.is_file():
            continue
        words = Counter(word.lower() for word in REFUSED.findall(path.read_text()))
        if words:
            faults[name] = words
    return faults


def main() -> int:
    """Print what is refused. Returns the exit code."""
    faults = refused()
    for name, words in sorted(faults.items()):
        print(f"{name}: " + "; ".join(f"{word} ({count}): {INSTEAD[word]}" for word, count in words.items()))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
