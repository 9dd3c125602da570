"""The command `flowcore`."""

from __future__ import annotations

from entrypoints.cli.app import cli


def main() -> None:
    """Run the command line; exit status 0 is done, 1 failed, 2 wrong usage or bad input."""
    cli(prog_name="flowcore")


if __name__ == "__main__":
    main()
