"""Coverage-guided fuzzing of the Compose language: ``python -m benchmarks.fuzz_compose SECONDS [CORPUS]``.

It needs the optional extra ``fuzz`` (atheris) and ends at the first input that breaks the law: an import gives a
drawing or raises InvalidInputError or LimitExceededError, whatever the bytes are. The input that did is written as
``crash-…``; put it into ``tests/unit/compose`` as a test.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from flowcore.compose import MemoryFiles, import_compose, interpolate, load, merge, parse_dotenv, parse_volume
from flowcore.errors import InvalidInputError, LimitExceededError

_FILES = {
    ".env": "X=1\nSECRET_KEY=s3cret\n",
    "e.env": "A=1\n",
    "conf/a.txt": "a",
    "base.yml": "services: {b: {image: redis, environment: [A=1]}}\n",
}


def _import(text: str) -> None:
    imported = import_compose(f"{text}\n", files=MemoryFiles(_FILES))
    ids = {node.id for node in imported.workflow.nodes}
    assert {end for edge in imported.workflow.edges for end in (edge.source, edge.target)} <= ids
    assert set(imported.secret_values) <= ids


def _merge(text: str) -> None:
    first, _, second = text.partition("\n---\n")
    merge(load(f"{first}\n", strict=False), load(f"{second}\n", strict=False))


_STAGES: tuple[Callable[[str], object], ...] = (
    _import,
    _merge,
    lambda text: load(f"services: {{a: {{image: b}}}}\n{text}\n"),
    lambda text: interpolate(text, {"A": "1", "B": ""}),
    lambda text: parse_dotenv(text, {"A": "1"}),
    parse_volume,
)


def try_one(data: bytes) -> None:
    """Hand *data* to the stage that its first byte chooses; raises only what nobody may see."""
    if not data:
        return
    stage = _STAGES[data[0] % 16 % len(_STAGES)] if data[0] < 128 else _import
    try:
        stage(data[1:].decode("utf-8", "surrogateescape"))
    except (InvalidInputError, LimitExceededError):
        return


def main(arguments: list[str]) -> int:
    """Fuzz for so many seconds; returns 0 also when atheris is not installed."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed, nothing is fuzzed; install the extra fuzz", file=sys.stderr)
        return 0
    seconds, *rest = arguments or ["60"]
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", *rest], try_one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
