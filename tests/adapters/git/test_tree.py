"""Symlinks of a tree, without a Git."""

from __future__ import annotations

import pytest

from adapters.git._tree import Leaf, TreeFiles, parse_tree
from flowcore.errors import LimitExceededError
from flowcore.files import EntryKind


class Targets:
    """Reads every object as its own id, which is where a symlink points then; counts the reads."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self, object_id: str) -> bytes:
        self.reads += 1
        return object_id.encode()

    def close(self) -> None:
        return


def tree(links: dict[str, str]) -> tuple[TreeFiles, Targets]:
    reader = Targets()
    leaves = {path: Leaf("120000", target, len(target)) for path, target in links.items()}
    leaves["real"] = Leaf("100644", "content", 7)
    return TreeFiles(leaves, reader, 100), reader


@pytest.mark.parametrize(("length", "kind"), [(40, EntryKind.FILE), (41, EntryKind.OUTSIDE)])
def test_forty_symlinks_are_followed(length: int, kind: EntryKind) -> None:
    files, _ = tree({f"l{number}": f"l{number + 1}" if number + 1 < length else "real" for number in range(length)})
    assert files.look("l0").kind is kind


def test_symlinks_that_multiply_are_bounded() -> None:
    files, reader = tree({f"l{number}": f"l{number + 1}/../l{number + 1}" for number in range(60)})
    assert files.look("l0").kind is EntryKind.OUTSIDE
    assert reader.reads < 50


def test_a_tree_is_parsed_with_its_odd_names() -> None:
    listing = (
        b"100644 blob aa       5\ta b\n\tc\0" + b"160000 commit bb       -\tlib\0" + b"100644 blob cc       1\t\xff\0"
    )
    assert set(parse_tree(listing, 2)) == {"a b\n\tc", "\ufffd"}
    with pytest.raises(LimitExceededError):
        parse_tree(listing, 1)
