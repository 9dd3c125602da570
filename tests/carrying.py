"""Count what becomes of every entry of real Compose files: carried over, reported, or the cluster's own way anyhow.

``python -m tests.carrying [FOLDER]`` prints the counts for every Compose file below a folder.
"""

from __future__ import annotations

import copy
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import field, frozen

from flowcore.compose import FolderFiles, Imported, import_compose, load
from flowcore.errors import InvalidInputError

Tree = dict[str, Any]
Steps = tuple[str | int, ...]
_GROUPS = ("services", "volumes", "networks", "secrets", "configs")
#: Entries that ask for what a cluster does without being asked; nothing is lost when they change nothing.
_ANYHOW = {
    ("restart", "always"), ("restart", "unless-stopped"), ("mode", "replicated"), ("network_mode", "bridge"),
    ("replicas", 1), ("driver", "bridge"), ("driver", "local"), ("condition", "any"), ("pull_policy", "missing"),
    ("tty", False), ("stdin_open", False), ("privileged", False), ("read_only", False), ("retries", 3),
}  # fmt: skip


@frozen
class Count:
    """What became of the entries of some files.

    Attributes:
        files: how many files were read.
        refused: why a file was refused, by its path.
        carried: entries without which the drawing is another one.
        reported: entries that only a finding speaks of.
        anyhow: entries that ask for what a cluster does anyhow.
        dropped: entries that nothing speaks of, each with its file; there should be none.
    """

    files: int = 0
    refused: dict[str, str] = field(factory=dict)
    carried: int = 0
    reported: int = 0
    anyhow: int = 0
    dropped: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        """How many entries there are in the files that were imported."""
        return self.carried + self.reported + self.anyhow + len(self.dropped)


def count(folder: Path) -> Count:
    """Return what becomes of every entry of every Compose file below a folder."""
    refused: dict[str, str] = {}
    sorts: Counter[str] = Counter()
    dropped: list[str] = []
    files = sorted([*folder.rglob("compose.y*ml"), *folder.rglob("docker-compose.y*ml")])
    for path in files:
        try:
            import_compose(path)
        except InvalidInputError as error:
            refused[str(path.relative_to(folder))] = error.findings[0].message
            continue
        for entry, sort in _sorted(path):
            sorts[sort] += 1
            if sort == "dropped":
                dropped.append(f"{path.relative_to(folder)} {entry}")
    return Count(len(files), refused, sorts["carried"], sorts["reported"], sorts["anyhow"], tuple(dropped))


def _sorted(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every entry of a file with what became of it."""
    tree = _escaped(load(path, strict=False))
    files = FolderFiles(path.parent)
    whole = _imported(tree, files)
    assert whole is not None, path
    messages = {finding.message for finding in whole.findings}
    told = {finding.place.path for finding in whole.findings}
    for steps in _entries(tree):
        name = _path(steps)
        without = _imported(_without(tree, steps), files)
        if without is None or without.workflow != whole.workflow or without.secret_values != whole.secret_values:
            yield name, "carried"
        elif {finding.message for finding in without.findings} - messages:
            yield name, "carried"  # what it says is assumed, and told, where it is not written
        elif any(_is_about(place, name) for place in told):
            yield name, "reported"
        else:
            yield name, "anyhow" if (steps[-1], _value(tree, steps)) in _ANYHOW else "dropped"


def _imported(tree: Tree, files: FolderFiles) -> Imported | None:
    try:
        return import_compose(json.dumps(tree), files=files)
    except InvalidInputError:
        return None


def _escaped(value: Any) -> Any:
    """Return the tree with its dollar signs kept from being read as variables again."""
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _entries(tree: Tree) -> Iterator[Steps]:
    """Yield every entry below an element: each key, and inside it each key or item, two levels deep."""
    for group in _GROUPS:
        for name, element in (tree.get(group) or {}).items():
            for key, value in (element or {}).items():
                if key in ("command", "entrypoint") or not value:
                    yield (group, name, key)
                elif key == "deploy":
                    yield from (
                        (group, name, key, *rest)
                        for inner in value
                        for rest in ((inner, *r) for r in _keys(value[inner]))
                    )
                else:
                    yield from ((group, name, key, *rest) for rest in _keys(value))


def _keys(value: Any) -> Iterator[Steps]:
    if isinstance(value, dict) and value:
        yield from ((key,) for key in value)
    elif isinstance(value, list) and value:
        yield from ((position,) for position in range(len(value)))
    else:
        yield ()


def _value(tree: Any, steps: Steps) -> Any:
    for step in steps:
        tree = tree[step]
    return tree if isinstance(tree, (str, int, float, bool, type(None))) else str(tree)


def _without(tree: Tree, steps: Steps) -> Tree:
    copied = copy.deepcopy(tree)
    inner: Any = copied
    for step in steps[:-1]:
        inner = inner[step]
    del inner[steps[-1]]
    return copied


def _path(steps: Steps) -> str:
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps]
    return "".join(parts).removeprefix(".")


def _is_about(place: str, name: str) -> bool:
    """Whether a finding's place is an entry, inside it, or the key or the element around it."""
    key = ".".join(name.split("[")[0].split(".")[:3])
    element = ".".join(name.split(".")[:2])
    return (
        place in (name, key)
        or place.startswith((f"{name}.", f"{name}["))
        or (place == element and not name.startswith("services."))
    )


def lines(found: Count) -> Iterator[str]:
    """Yield the counts as text."""
    imported = found.files - len(found.refused)
    yield f"{found.files} files, {imported} imported without an error, {len(found.refused)} refused"
    yield from (f"  refused: {path}: {reason}" for path, reason in found.refused.items())
    yield (
        f"{found.entries} entries: {found.carried} carried over, {found.reported} reported, "
        f"{found.anyhow} that a cluster does anyhow, {len(found.dropped)} dropped"
    )
    yield from (f"  dropped: {entry}" for entry in found.dropped)


def main(folder: Path) -> int:
    """Print the counts of a folder; the result says whether something was dropped."""
    found = count(folder)
    sys.stdout.writelines(f"{line}\n" for line in lines(found))
    return 1 if found.dropped else 0


if __name__ == "__main__":
    default = Path(__file__).resolve().parents[2] / "shared" / "testdata" / "compose"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
