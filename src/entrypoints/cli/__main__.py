"""The command `flowcore`."""


def main() -> None:
    """Run the command line."""
