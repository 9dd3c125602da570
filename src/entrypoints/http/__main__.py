"""Run the service with the settings of the environment: ``python -m entrypoints.http``."""

from __future__ import annotations

import asyncio
import os
import sys

from entrypoints.http.serving import serve
from entrypoints.settings import Settings
from flowcore.errors import FlowcoreError


def main() -> int:
    """Serve until the process is told to stop; return the exit status."""
    try:
        settings = Settings.from_env(os.environ)
        asyncio.run(serve(settings, on_start=_tell))
    except (FlowcoreError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _tell(url: str) -> None:
    sys.stdout.write(f"flowcore listens on {url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
