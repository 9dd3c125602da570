"""Old files: the first form without ``services``, and keys that were renamed since."""

from __future__ import annotations

import pytest

from flowcore.compose import load
from flowcore.errors import InvalidInputError
from tests.unit.compose.looking import data, found, imported

FIRST = """\
web:
  build: .
  dockerfile: Dockerfile.dev
  ports: ["80:80"]
  links: ["db:database"]
  volumes: ["./src:/src", "assets:/assets"]
  net: bridge
  log_driver: json-file
  log_opt: {max-size: 10m}
  mem_limit: 64m
db:
  image: postgres
x-note: {image: no}
"""


def test_the_first_form_is_read_as_services() -> None:
    document = load(FIRST)
    web = document["services"]["web"]
    assert set(document["services"]) == {"web", "db"}
    assert web["build"] == {"context": ".", "dockerfile": "Dockerfile.dev"}
    assert web["network_mode"] == "bridge"
    assert web["logging"] == {"driver": "json-file", "options": {"max-size": "10m"}}
    assert set(document["volumes"]) == {"assets"}


def test_the_first_form_is_told_once_and_gives_a_drawing() -> None:
    result = imported(FIRST)
    [told] = found(result, "first-form")
    assert (told.severity, told.place.line) == ("info", 1)
    assert data(result, "web")["resources"]["limits"]["memory"] == "64Mi"


@pytest.mark.parametrize("text", ["a: {b: {c: d}}\n", "x-a: {image: b}\n", "a: 1\n"])
def test_what_has_no_service_is_no_file_of_the_first_form(text: str) -> None:
    with pytest.raises(InvalidInputError, match="there are no services"):
        load(text, strict=False)


def test_mounts_of_another_service_are_taken_with_their_mode() -> None:
    document = load(
        "services:\n"
        "  a: {image: a, volumes_from: ['b:ro', c], volumes: ['own:/x']}\n"
        "  b: {image: b, volumes: ['data:/data', 'other:/x'], volumes_from: [c]}\n"
        "  c: {image: c, volumes: ['./conf:/conf']}\n"
        "volumes: {data: , other: , own: }\n"
    )
    mounts = {mount["target"]: mount for mount in document["services"]["a"]["volumes"]}
    assert mounts["/x"]["source"] == "own"
    assert (mounts["/data"]["source"], mounts["/data"]["read_only"]) == ("data", True)
    assert mounts["/conf"]["source"] == "./conf"
    assert set(document["services"]["a"]["depends_on"]) == {"b", "c"}
    assert "volumes_from" not in document["services"]["a"]


@pytest.mark.parametrize(
    ("entry", "told"), [("gone", "there is no service gone"), ("a", "in a circle"), ("b", "in a circle")]
)
def test_mounts_that_cannot_be_taken_are_told(entry: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told) as refused:
        load(f"services:\n  a: {{image: a, volumes_from: [{entry}]}}\n  b: {{image: b, volumes_from: [a]}}\n")
    assert refused.value.findings[0].place.line


def test_mounts_of_containers_outside_are_left_out_with_a_finding() -> None:
    result = imported("services: {a: {image: a, volumes_from: ['container:old']}}\n")
    assert found(result, "volumes-from")[0].place.path == "services.a.volumes_from[0]"
