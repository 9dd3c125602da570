"""Any damage to a kind file is answered with findings, never with a crash."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowcore.errors import FlowcoreError
from flowcore.kinds import core_catalogue
from flowcore.manifests import from_yaml, to_yaml
from tests.kind_files import FENCE, SCALER, TICKER

TREES = [from_yaml(text)[0] for text in (TICKER, SCALER, FENCE)]
JUNK = st.sampled_from(
    [None, True, 0, 1.5, "", "${", "x", "${x.y}", [], [None], ["a"], {}, {"a": 1}, {"$if": 1}, {"name": []}]
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Draw a kind file in which one value somewhere is replaced or removed."""
    tree = from_yaml(to_yaml([draw(st.sampled_from(TREES))]))[0]
    at: Any = tree
    while True:
        keys = list(at) if isinstance(at, dict) else range(len(at))
        key = draw(st.sampled_from(keys))
        if isinstance(at[key], (dict, list)) and at[key] and draw(st.integers(0, 3)):
            at = at[key]
            continue
        if draw(st.booleans()):
            at[key] = draw(JUNK)
        else:
            del at[key]
        return tree


@given(damaged())
def test_a_damaged_kind_file_is_read_or_refused_with_findings(tree: Any) -> None:
    try:
        core_catalogue().parsed({"damaged.yaml": to_yaml([tree])})
    except FlowcoreError:
        return
