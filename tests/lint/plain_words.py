"""Refuse words that an English-speaking planner stumbles over. Run by ``make lint``.

``remaining.txt`` lists, file by file, how many of them are left from before this check. A count may fall, never rise: after a file is
reworded, ``python -m tests.lint.plain_words --update`` writes the lower count.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REMAINING = Path(__file__).with_name("remaining.txt")
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


def counts() -> dict[str, Counter[str]]:
    """Refused words of each file under version control."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    found = {}
    for name in listed:
        path = ROOT / name
        if path.suffix not in SUFFIXES or name.startswith(EXEMPT) or not path.is_file():
            continue
        words = Counter(word.lower() for word in REFUSED.findall(path.read_text()))
        if words:
            found[name] = words
    return found


def allowed() -> dict[str, int]:
    """How many refused words each file may still hold."""
    rows = (line.rsplit(maxsplit=1) for line in REMAINING.read_text().splitlines() if line)
    return {name: int(count) for name, count in rows}


def main() -> int:
    """Compare, or with ``--update`` write, what is left. Returns the exit code."""
    found = counts()
    if "--update" in sys.argv:
        REMAINING.write_text("".join(f"{name} {words.total()}\n" for name, words in sorted(found.items())))
        return 0
    left = allowed()
    worse = {name: words for name, words in found.items() if words.total() > left.get(name, 0)}
    for name, words in sorted(worse.items()):
        listed = "; ".join(f"{word} ({count}): {INSTEAD[word]}" for word, count in words.items())
        print(f"{name}: {words.total()} refused words, {left.get(name, 0)} allowed: {listed}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
