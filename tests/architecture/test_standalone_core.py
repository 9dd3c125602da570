"""The library works alone: with nothing but the standard library and its three dependencies."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "flowcore"
ALLOWED = {"attr", "attrs", "cattrs", "ruamel", "flowcore"}

ALONE = '''
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in BLOCKED:
            raise ImportError(f"{name} is not there")

BLOCKED = set("""
adapters entrypoints pymongo bson kubernetes litestar uvicorn jwt argon2 bcrypt cryptography rich rich_click click
structlog httpx aiohttp anyio jsonschema yaml platformdirs prometheus_client
""".split())
sys.meta_path.insert(0, Refuse())

import flowcore

imported = flowcore.import_compose("services: {web: {image: 'nginx:1.27', ports: ['80:80']}}\\n")
assert not [finding for finding in flowcore.validate(imported.workflow) if finding.is_error]
manifests = flowcore.render(imported.workflow)
assert {manifest["kind"] for manifest in manifests} == {"Deployment", "Service"}, manifests
assert flowcore.waves(imported.workflow)
assert flowcore.diff(imported.workflow, imported.workflow).is_empty
assert flowcore.assess(manifests[0]).status in {"Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"}
print("alone")
'''


def imported_tops(path: Path) -> set[str]:
    """Return the top-level names that a module imports from."""
    tops: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            tops.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            tops.add(node.module.partition(".")[0])
    return tops


def test_the_core_imports_only_the_standard_library_and_its_three_dependencies() -> None:
    strange = {
        f"{path.relative_to(SOURCE)}: {top}"
        for path in SOURCE.rglob("*.py")
        for top in imported_tops(path) - ALLOWED - set(sys.stdlib_module_names)
    }
    assert not strange


def test_the_library_imports_compose_validates_renders_and_compares_where_nothing_else_is_installed() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "alone"
