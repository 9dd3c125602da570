"""``extends`` from other files and folders, and ``label_file``."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.compose import MemoryFiles, import_compose
from tests.unit.compose.looking import found, imported, loaded, only, problems


def test_a_service_of_another_folder_is_extended_with_its_paths() -> None:
    files = {
        "compose.yaml": "services:\n  web:\n    extends: {file: common/base.yaml, service: base}\n    image: web\n",
        "common/base.yaml": (
            "services:\n  base:\n    extends: {file: deep/root.yaml, service: root}\n"
            "    build: {dockerfile: D}\n    env_file: base.env\n    label_file: l.txt\n"
        ),
        "common/base.env": "A=1",
        "common/l.txt": "com.example.a=1\ncom.example.b=2",
        "common/deep/root.yaml": "services: {root: {volumes: ['./data:/data', '/abs:/abs', 'named:/n'], init: true}}",
    }
    files["compose.yaml"] += "    labels: {com.example.b: own}\nvolumes: {named: {}}\n"
    web = loaded(files)["services"]["web"]
    assert web["build"]["context"] == "./common"
    assert web["env_file"][0]["path"] == "./common/base.env"
    assert [volume["source"] for volume in web["volumes"]] == ["./common/deep/data", "/abs", "named"]
    assert web["init"] is True
    assert web["labels"] == {"com.example.a": "1", "com.example.b": "own"}


@pytest.mark.parametrize(
    ("extends", "told"),
    [
        ("{file: ../up.yaml, service: a}", "outside"),
        ("{file: no.yaml, service: a}", "not there"),
        ("{file: other.yaml, service: b}", "is not there in other.yaml"),
        ("{file: circle.yaml, service: c}", "in a circle"),
    ],
)
def test_what_cannot_be_extended_is_told_with_its_place(extends: str, told: str) -> None:
    files = {
        "compose.yaml": f"services: {{web: {{image: a, extends: {extends}}}}}\n",
        "other.yaml": "services: {a: {image: a}}",
        "circle.yaml": "services: {c: {extends: {file: circle.yaml, service: c}}}",
    }
    found = problems(files)
    assert any(told in problem.message for problem in found), found
    assert all(problem.place.line for problem in found)


@pytest.mark.parametrize(("path", "told"), [("no.txt", "is not there"), ("../l.txt", "is outside")])
def test_label_files_must_be_there(path: str, told: str) -> None:
    [problem] = problems({"compose.yaml": f"services: {{web: {{image: a, label_file: {path}}}}}"})
    assert told in problem.message
    assert problem.place.path == "services.web.label_file"


def test_every_kind_of_path_comes_along_from_its_folder() -> None:
    files = {
        "app/compose.yaml": "services: {web: {extends: {file: ../base/common.yaml, service: base}}}\n",
        "base/common.yaml": """
services:
  base:
    build:
      context: src
      additional_contexts: {docs: ./docs, base: 'docker-image://alpine', other: 'service:x'}
    env_file: [{path: a.env, required: false}, b.env]
    label_file: [l.txt]
    volumes:
      - {type: bind, source: ./data, target: /data}
      - .hidden:/hidden
      - ~/home:/home
      - /var/log
    develop: {watch: [{path: ./src, action: rebuild}]}
""",
        "base/l.txt": "a=1",
        "base/b.env": "",
    }
    web = loaded(files, "app/compose.yaml")["services"]["web"]
    assert web["build"] == {
        "context": "../base/src",
        "additional_contexts": {"docs": "../base/docs", "base": "docker-image://alpine", "other": "service:x"},
    }
    assert [entry["path"] for entry in web["env_file"]] == ["../base/a.env", "../base/b.env"]
    sources = [volume.get("source") for volume in web["volumes"]]
    assert sources == ["../base/data", "../base/.hidden", "~/home", None]
    assert web["develop"]["watch"][0]["path"] == "../base/src"
    assert web["labels"] == {"a": "1"}


def test_a_remote_build_context_stays_what_it_is() -> None:
    files = {"compose.yaml": "services: {web: {extends: {file: d/b.yaml, service: b}}}\n"}
    for context in ("https://github.com/a/b.git#main", "git@github.com:a/b.git", "github.com/a/b", "/abs"):
        files["d/b.yaml"] = f"services: {{b: {{build: '{context}'}}}}\n"
        assert loaded(files)["services"]["web"]["build"]["context"] == context


def test_what_an_extended_service_needs_does_not_come_along_but_is_told() -> None:
    files = {
        "compose.yaml": "services: {web: {extends: {file: b.yaml, service: base}}}\n",
        "b.yaml": (
            "services:\n  base: {image: a, depends_on: [db], secrets: [s]}\n  db: {image: b}\nsecrets: {s: {file: s}}\n"
        ),
    }
    told = [problem for problem in problems(files) if problem.is_error]
    assert {problem.place.path for problem in told} == {"services.web.depends_on.db", "services.web.secrets[0]"}
    assert {problem.place.file for problem in told} == {"b.yaml"}


@pytest.mark.parametrize(
    ("extends", "base", "told"),
    [
        ("{file: b.yaml}", "services: {base: {image: a}}", "names no service"),
        ("{file: b.yaml, service: base}", "services: {base: [a]}", "is not a mapping"),
        ("{file: b.yaml, service: base}", "services: {base: }", "is empty"),
        ("{file: b.yaml, service: base}", "services: [a]", "is not there"),
        ("{file: 'https://example.com/b.yaml', service: base}", "", "is not fetched"),
        (
            "{file: b.yaml, service: base}",
            "services: {base: {extends: {file: compose.yaml, service: web}}}",
            "circle: web -> base -> web",
        ),
    ],
)
def test_what_is_wrong_with_extends_has_one_error_with_a_place(extends: str, base: str, told: str) -> None:
    files = {"compose.yaml": f"services: {{web: {{image: a, extends: {extends}}}}}\n", "b.yaml": f"{base}\n"}
    [problem] = [problem for problem in problems(files) if problem.rule == "compose-extends"]
    assert told in problem.message
    assert problem.place.line == 1


def test_an_unknown_key_of_extends_is_told() -> None:
    text = "services: {base: {image: a}, web: {extends: {service: base, fil: b.yaml}}}\n"
    assert only(imported(text), "unknown-key").message.startswith("extends.fil ")


def test_a_file_of_several_documents_is_extended_as_one() -> None:
    files = {
        "compose.yaml": "services: {web: {extends: {file: b.yaml, service: base}}}\n",
        "b.yaml": "services: {base: {image: a}}\n---\nservices: {base: {scale: 2}}\n",
    }
    web = loaded(files)["services"]["web"]
    assert (web["image"], web["scale"]) == ("a", 2)


def test_tags_of_an_extended_service_work_and_its_paths_move() -> None:
    files = {
        "compose.yaml": "services: {web: {extends: {file: d/b.yaml, service: base}}}\n",
        "d/b.yaml": "services: {base: {image: a, volumes: !override ['./y:/y'], ports: !reset ['80']}}\n",
    }
    web = loaded(files)["services"]["web"]
    assert [volume["source"] for volume in web["volumes"]] == ["./d/y"]
    assert "ports" not in web


def test_a_label_file_is_told_for_every_service_that_lacks_it() -> None:
    text = "services:\n  a: {image: a, label_file: no.txt}\n  b: {image: b, label_file: [no.txt, yes.txt]}\n"
    told = problems({"compose.yaml": text, "yes.txt": "a='"})
    assert [(p.rule, p.place.line) for p in told] == [
        ("compose-label-file", 2),
        ("compose-label-file", 3),
        ("compose-dotenv", 1),
    ]
    assert all(problem.fix for problem in told[:2])


def test_a_label_file_sets_what_labels_decide_here() -> None:
    files = {"compose.yaml": "services: {web: {image: a, label_file: l.txt, ports: ['80']}}\n"}
    files["l.txt"] = "# how it is published\nkompose.service.type=nodeport\n"
    result = import_compose(Path("compose.yaml"), files=MemoryFiles(files))
    [service] = [node for node in result.workflow.nodes if node.type == "service"]
    assert service.data["serviceType"] == "NodePort"
    assert not found(result, "unsupported")


def test_labels_of_shared_files_are_bounded() -> None:
    lines = "".join(f"  s{n}: {{image: a, label_file: l.txt}}\n" for n in range(60))
    files = {"compose.yaml": f"services:\n{lines}", "l.txt": "".join(f"l{n}=1\n" for n in range(2_000))}
    assert [problem.rule for problem in problems(files)] == ["compose-limit"]


def test_an_extends_that_leads_nowhere_is_one_error() -> None:
    [problem] = problems({"compose.yaml": "services: {web: {extends: {file: no.yaml, service: base}}}\n"})
    assert problem.rule == "compose-extends"
