"""Laws of going in and out, over random drawings: nothing is lost on either way."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flowcore.errors import InvalidInputError
from flowcore.exchange import import_manifests, to_helm
from flowcore.exchange._chart_values import identifier
from flowcore.exchange._go_templates import to_template
from flowcore.exchange._overrides import overrides_for
from flowcore.kinds import core_catalogue
from flowcore.manifests import from_yaml, merge
from flowcore.model import Manifest, ObjectRef, Workflow
from flowcore.planning import plan
from tests.go_templates import _rendered, render_chart
from tests.property.test_rendering import drawings

CORE = core_catalogue()
Secrets = Mapping[str, Mapping[str, str]]
QUIET = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])


def secrets_of(workflow: Workflow, value: str) -> Secrets:
    """Return a value for every secret key of a drawing."""
    keyed = {node.id: node.data.get("keys", ()) for node in workflow.nodes if node.type == "secret"}
    return {id_: {key["name"]: value for key in keys if key.get("name")} for id_, keys in keyed.items()}


def made(workflow: Workflow, secrets: Secrets) -> dict[ObjectRef, Manifest]:
    """Return what a drawing renders, by what it is; drawings with errors do not count."""
    try:
        planned = plan(workflow, CORE, secret_values=secrets)
    except InvalidInputError:
        assume(False)
        raise
    return {ObjectRef.of(step.manifest): step.manifest for step in planned.steps}


@given(drawings(), st.text(max_size=8))
@QUIET
def test_what_was_rendered_is_imported_and_rendered_alike(workflow: Workflow, secret: str) -> None:
    rendered = made(workflow, secrets_of(workflow, secret))
    imported = import_manifests(rendered.values())
    assert made(imported.workflow, imported.secret_values) == rendered
    assert {node.id for node in imported.workflow.nodes} == {node.id for node in workflow.nodes}
    assert all(node.type != "manifest" for node in imported.workflow.nodes if node.type in CORE)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of an object that may change without making it another one."""
    if path and path[0] not in ("apiVersion", "kind", "metadata"):
        yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places_in(item, (*path, key))


def stated(manifest: Manifest) -> Manifest:
    """Return an object without its own labels and without what its secret holds."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "labels"}
    kept = {
        key: value
        for key, value in manifest.items()
        if key not in ("data", "stringData") or manifest["kind"] != "Secret"
    }
    return {**kept, "metadata": metadata}


JUNK = st.sampled_from(["", "x", 0, 80, True, [], {}, ["a"], {"a": "b"}, [{"name": "x"}], "{{ x }}", "A/b:c", [[1]]])


@given(drawings(), st.data())
@QUIET
def test_whatever_is_changed_in_an_object_comes_out_again(workflow: Workflow, data: st.DataObject) -> None:
    objects = copy.deepcopy(list(made(workflow, {}).values()))
    for one in objects:
        places = list(places_in(one))
        if not places:
            continue
        *way, last = data.draw(st.sampled_from(places))
        holder: Any = one
        for step in way:
            holder = holder[step]
        holder[last] = data.draw(JUNK)
    imported = import_manifests(objects)
    again = {ObjectRef.of(step.manifest): step.manifest for step in plan(imported.workflow, CORE).steps}
    # The labels by which flowcore finds an object are what it says they are; all else is as it was.
    assert {ref: stated(one) for ref, one in again.items()} == {ObjectRef.of(one): stated(one) for one in objects}


@given(drawings(), st.text(max_size=8))
@QUIET
def test_a_chart_makes_what_the_drawing_renders(workflow: Workflow, secret: str) -> None:
    secrets = secrets_of(workflow, secret)
    rendered = made(workflow, secrets)
    values = {identifier(id_): {"secrets": keys} for id_, keys in secrets.items() if keys}
    assert {ObjectRef.of(one): one for one in render_chart(to_helm(workflow), values)} == rendered


SCALARS = st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a"])
PORTS = st.fixed_dictionaries(
    {"containerPort": st.integers(1, 3)}, optional={"protocol": st.sampled_from(["TCP", "UDP"])}
)


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Draw an object with lists that are merged by keys, and others."""
    found: dict[str, Any] = {}
    for key in draw(st.sets(st.sampled_from(["containers", "env", "ports", "list", "x", "y"]), max_size=4)):
        if key == "ports":
            ports = st.lists(
                PORTS, max_size=3, unique_by=lambda one: (one["containerPort"], one.get("protocol", "TCP"))
            )
            found[key] = draw(ports)
        elif key in ("containers", "env"):
            names = draw(st.lists(st.sampled_from("abc"), max_size=3, unique=True))
            found[key] = [{"name": name, **(draw(objects(depth - 1)) if depth else {})} for name in names]
        elif key == "list":
            found[key] = draw(st.lists(SCALARS, max_size=2))
        else:
            found[key] = draw(objects(depth - 1)) if depth and draw(st.booleans()) else draw(SCALARS)
    return found


@given(objects(), objects())
def test_overrides_make_any_object_out_of_any_other(base: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert merge(base, overrides_for(base, wanted)) == wanted


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=12) | st.sampled_from(["{{", "}}", "{{- x }}\n{{/*"])))
def test_no_text_of_a_value_is_read_as_a_template(texts: dict[str, str]) -> None:
    assert from_yaml(_rendered(to_template({"a": texts}), {})) == [{"a": texts}]
