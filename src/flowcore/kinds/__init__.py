"""The catalogue of node kinds: one YAML file per kind."""

from flowcore.kinds._catalogue import Catalogue, core_catalogue, parse_catalogue
from flowcore.kinds._collecting import Collector, nearest
from flowcore.kinds._formats import FORMATS, Format
from flowcore.kinds._functions import FUNCTIONS, label_value
from flowcore.kinds._kind import Check, Handle, Kind, Link
from flowcore.kinds._parameters import Parameter
from flowcore.kinds._reading import PLACEHOLDER
from flowcore.kinds._reference import to_markdown
from flowcore.kinds._wiring import Wire, WiredNode, Wiring, wire_up

__all__ = [
    "FORMATS",
    "FUNCTIONS",
    "PLACEHOLDER",
    "Catalogue",
    "Check",
    "Collector",
    "Format",
    "Handle",
    "Kind",
    "Link",
    "Parameter",
    "Wire",
    "WiredNode",
    "Wiring",
    "core_catalogue",
    "label_value",
    "nearest",
    "parse_catalogue",
    "to_markdown",
    "wire_up",
]
