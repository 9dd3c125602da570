"""The catalogue of node kinds: one YAML file per kind."""

from flowcore.kinds._catalogue import Catalogue, core_catalogue, kind_from_crd, parse_catalogue
from flowcore.kinds._collecting import Collector, nearest
from flowcore.kinds._crd import is_definition, kind_file
from flowcore.kinds._formats import FORMATS, Format
from flowcore.kinds._functions import FUNCTIONS
from flowcore.kinds._kind import Check, Handle, Kind, Link
from flowcore.kinds._labels import label_value
from flowcore.kinds._objects import (
    DATA_KINDS,
    Identity,
    Implied,
    identity_of,
    implied_orders,
    install_rank,
    rank_of,
)
from flowcore.kinds._parameters import Parameter
from flowcore.kinds._reading import PLACEHOLDER
from flowcore.kinds._reference import to_markdown
from flowcore.kinds._wiring import Wire, WiredNode, Wiring, wire_up

__all__ = [
    "DATA_KINDS",
    "FORMATS",
    "FUNCTIONS",
    "PLACEHOLDER",
    "Catalogue",
    "Check",
    "Collector",
    "Format",
    "Handle",
    "Identity",
    "Implied",
    "Kind",
    "Link",
    "Parameter",
    "Wire",
    "WiredNode",
    "Wiring",
    "core_catalogue",
    "identity_of",
    "implied_orders",
    "install_rank",
    "is_definition",
    "kind_file",
    "kind_from_crd",
    "label_value",
    "nearest",
    "parse_catalogue",
    "rank_of",
    "to_markdown",
    "wire_up",
]
