"""Folders of kind files: more kinds without code, and every problem of every file at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.errors import InvalidInputError
from flowcore.kinds import core_catalogue
from flowcore.library import load_kinds
from flowcore.model import Node
from flowcore.planning import plan
from tests.drawings import drawing

TINY = "name: {name}\nlabel: A\nresource: {{apiVersion: v1, kind: A}}\ntemplate: {{apiVersion: v1, kind: A}}\n"
ROLLOUT = Path(__file__).resolve().parents[2] / "crds" / "rollout.yaml"


def fill(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_kinds_of_a_folder_stand_beside_the_cores(tmp_path: Path) -> None:
    fill(tmp_path, a=TINY.format(name="a"), two=f"{TINY.format(name='b')}---\n{TINY.format(name='c')}")
    (tmp_path / "notes.txt").write_text("not a kind", encoding="utf-8")
    (tmp_path / "more").mkdir()
    made = load_kinds(tmp_path)
    assert {"a", "b", "c", "deployment"} <= {kind.name for kind in made.kinds}
    assert "a" not in core_catalogue()


def test_files_can_include_parts_of_each_other_and_of_the_core(tmp_path: Path) -> None:
    text = (
        TINY.format(name="a") + "parameters:\n  - {$include: _own.yaml#more}\n  - {$include: _object.yaml#parameters}\n"
    )
    fill(tmp_path, a=text, _own="more: [{name: name, label: Name}]\n")
    assert {"name", "namespace"} <= {parameter.name for parameter in load_kinds(tmp_path).kind("a").parameters}


def test_a_definition_in_the_folder_is_a_kind(tmp_path: Path) -> None:
    fill(tmp_path, rollout=ROLLOUT.read_text(encoding="utf-8"))
    assert load_kinds(tmp_path).kind("rollout.argoproj.io").object_kind == "Rollout"


def test_every_problem_of_every_file_is_told_with_file_and_line(tmp_path: Path) -> None:
    bad_schema = TINY.format(name="d") + "parameters:\n  - {name: x, schema: 5}\n"
    crd = ROLLOUT.read_text(encoding="utf-8").replace("served: true", "served: false")
    fill(tmp_path, a="nmae: a", b="a: [", c=TINY.format(name="deployment"), d=bad_schema, e=crd)
    (tmp_path / "f.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInputError) as caught:
        load_kinds(tmp_path)
    found = {(Path(one.place.file).name, one.place.line) for one in caught.value.findings}
    assert {("a.yaml", 1), ("b.yaml", 1), ("c.yaml", 1), ("d.yaml", 6), ("e.yaml", 2), ("f.yaml", 0)} <= found
    assert all(Path(one.place.file).parent == tmp_path for one in caught.value.findings)


def test_a_kind_that_is_there_already_is_refused_unless_its_file_says_that_it_replaces_it(tmp_path: Path) -> None:
    fill(tmp_path, mine=TINY.format(name="configmap"))
    with pytest.raises(InvalidInputError, match="there is a kind 'configmap' already") as caught:
        load_kinds(tmp_path)
    (found,) = caught.value.findings
    assert (found.place.line, found.place.path) == (1, "name")
    assert "replaces: true" in found.fix
    own = TINY.format(name="configmap") + "receives: []\nreplaces: true\n"
    made = load_kinds(fill(tmp_path, mine=own))
    assert made.kind("configmap").label == "A"
    assert [kind.name for kind in made.kinds].count("configmap") == 1
    (step,) = plan(drawing(Node(id="x", type="configmap", data={})), made).steps
    assert step.manifest == {"apiVersion": "v1", "kind": "A"}


def test_a_kind_that_replaces_none_is_a_mistake(tmp_path: Path) -> None:
    fill(tmp_path, a=TINY.format(name="deploymnet") + "replaces: true\n")
    with pytest.raises(InvalidInputError, match="no kind 'deploymnet' to replace") as caught:
        load_kinds(tmp_path)
    assert caught.value.findings[0].fix == "did you mean deployment?"


def test_the_same_kind_in_two_files_is_a_mistake(tmp_path: Path) -> None:
    fill(tmp_path, a=TINY.format(name="x"), b=TINY.format(name="x"))
    with pytest.raises(InvalidInputError, match=r"'x' is declared in a\.yaml too") as caught:
        load_kinds(tmp_path)
    assert Path(caught.value.findings[0].place.file).name == "b.yaml"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        load_kinds(tmp_path / "nowhere")
