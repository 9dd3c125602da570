"""Files that commands write."""

from __future__ import annotations

import os
from pathlib import Path

from flowcore.errors import FlowcoreError


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in a folder that is made if need be.

    Raises:
        FlowcoreError: it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FlowcoreError(f"{path} cannot be written: {error.strerror}") from error


def write_file(path: Path, text: str) -> None:
    """Write a file into a folder that exists.

    Raises:
        FlowcoreError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FlowcoreError(f"{path} cannot be written: {error.strerror}") from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless it exists.

    Raises:
        FlowcoreError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FlowcoreError(f"{folder} cannot be made: {error.strerror}") from error
