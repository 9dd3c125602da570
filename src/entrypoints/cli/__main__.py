"""The command `flowcore`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit status 0 is done, 1 failed, 2 wrong usage or bad input."""
    try:
        from entrypoints.cli.app import cli
    except ModuleNotFoundError as error:
        sys.exit(f"flowcore: the command line needs more than the library ({error.name}): pip install 'flowcore[all]'")
    cli(prog_name="flowcore")


if __name__ == "__main__":
    main()
