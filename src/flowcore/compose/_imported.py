"""What an import made: the drawing, the secret values beside it, and where everything came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from flowcore.errors import Finding, Place
from flowcore.model import Workflow


@frozen(kw_only=True)
class Origin:
    """An element of a Compose file, and what became of it.

    Attributes:
        element: where it stands; its path is like ``services.web`` or ``volumes.data``.
        nodes: ids of the nodes that it became; none when it was left out, or is a part of others.
    """

    element: Place
    nodes: tuple[str, ...] = ()


@frozen(kw_only=True)
class Imported:
    """What an import made.

    Attributes:
        workflow: the drawing, without positions.
        findings: everything that was decided, changed or left out; none of them is an error.
        secret_values: values by node id and key; they are nowhere else.
        unset_variables: variables that nobody gave a value and that have no default, with the places that use them.
        services: the services by name, short forms written out, with what a reader wants to see: of environment and
            build arguments the names, and the command as it is drawn, without secrets. Empty for other imports.
        origins: what each element of the Compose file became, in the file's order; empty for other imports.
    """

    workflow: Workflow
    findings: tuple[Finding, ...] = ()
    secret_values: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)
    unset_variables: Mapping[str, tuple[Place, ...]] = field(factory=dict)
    services: Mapping[str, Mapping[str, Any]] = field(factory=dict, repr=False)
    origins: tuple[Origin, ...] = ()
