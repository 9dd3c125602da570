"""Which kinds a command knows: the core's, and those of a folder of kind files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import rich_click as click

from flowcore.kinds import Catalogue, core_catalogue
from flowcore.library import load_kinds

#: Environment variable that names the folder.
VARIABLE = "FLOWCORE_KINDS_DIR"

folder_option = click.option(
    "--kinds-dir",
    type=click.Path(path_type=Path),
    envvar=VARIABLE,
    help="Folder of kind files; kinds in your data folder if not given.",
)


def kinds_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that names a folder of kind files; the command gets the kinds as ``catalogue``."""

    @folder_option
    @wraps(command)
    def with_kinds(*, kinds_dir: Path | None, **rest: Any) -> None:
        command(catalogue=open_catalogue(kinds_dir), **rest)

    return with_kinds


def open_catalogue(folder: Path | None) -> Catalogue:
    """Return the core's kinds with those of a folder: the given one, else the one that ``flowcore`` itself was given,
    else the one in the user's data folder, if there is one.

    Raises:
        InvalidInputError: with every problem of every file.
    """
    chosen = chosen_folder(folder)
    if chosen is not None:
        return load_kinds(chosen)
    default = default_folder()
    return load_kinds(default) if default.is_dir() else core_catalogue()


def chosen_folder(folder: Path | None) -> Path | None:
    """Return the folder that a command or ``flowcore`` itself was given, None when neither was."""
    if folder is not None:
        return folder
    context = click.get_current_context(silent=True)
    given = context.find_root().params.get("kinds_dir") if context is not None else None
    return Path(given) if given else None


def default_folder() -> Path:
    """Return the folder of kind files in the user's data folder, which need not be there."""
    from platformdirs import user_data_path

    return user_data_path("flowcore", appauthor=False) / "kinds"
