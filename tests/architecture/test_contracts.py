"""The house rules that a machine can check."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
FORBIDDEN_WORDS = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)(_|$)")


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_module_is_named_after_a_junk_drawer() -> None:
    assert not [
        path for path in SOURCES if FORBIDDEN_WORDS.search(path.stem) or FORBIDDEN_WORDS.search(path.parent.name)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""'), "the module has no docstring"
    assert text.count("\n") <= 400, "split this module"


def test_committed_files_name_no_registry_host() -> None:
    hosts = ("py" + "pi.org", "python" + "hosted", "registry." + "npmjs", "deb." + "debian")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    naming = [
        name
        for name in listed
        if (ROOT / name).is_file()
        and any(host in (ROOT / name).read_text(encoding="utf-8", errors="ignore") for host in hosts)
    ]
    assert not naming
