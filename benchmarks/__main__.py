"""Run every benchmark, or those whose names are given: ``python -m benchmarks rendering``."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("rendering", "validating", "diffing", "applying", "importing")


def main(names: list[str]) -> int:
    """Run the benchmarks and print their lines."""
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        print(f"== {name}")
        for line in import_module(f"benchmarks.{name}").run():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
