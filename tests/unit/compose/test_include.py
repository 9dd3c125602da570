"""``include``: other projects put in, with their folders, variables and conflicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcore.compose import import_compose
from flowcore.errors import InvalidInputError, Severity
from tests.unit.compose.looking import data, imported, loaded, only, problems

WEB = "services: {web: {image: nginx}}\n"


def test_an_include_brings_its_resources_with_paths_from_its_own_folder() -> None:
    files = {
        "compose.yaml": "include: [db/compose.yaml]\nservices: {web: {image: nginx, depends_on: [db]}}\n",
        "db/compose.yaml": (
            "services:\n  db:\n    build: .\n    env_file: [db.env]\n    volumes: ['./init:/init:ro', 'data:/data']\n"
            "    secrets: [key]\n"
            "volumes: {data: {}}\nsecrets: {key: {file: ./key.txt}}\n"
        ),
        "db/db.env": "A=1",
        "db/key.txt": "s3cret",
    }
    document = loaded(files)
    db = document["services"]["db"]
    assert db["build"]["context"] == "./db"
    assert db["env_file"][0]["path"] == "./db/db.env"
    assert [volume["source"] for volume in db["volumes"]] == ["./db/init", "data"]
    assert document["secrets"]["key"]["file"] == "./db/key.txt"
    assert set(document["volumes"]) == {"data"}


def test_an_included_project_has_variables_of_its_own_that_do_not_win() -> None:
    files = {
        "compose.yaml": "include: [a/compose.yaml]\nservices: {web: {image: 'w:${TAG}-${OWN:-none}'}}\n",
        ".env": "TAG=outer",
        "a/compose.yaml": "services: {a: {image: 'a:${TAG}-${OWN}'}}\n",
        "a/.env": "TAG=inner\nOWN=own",
    }
    services = loaded(files)["services"]
    assert services["a"]["image"] == "a:outer-own"
    assert services["web"]["image"] == "w:outer-none"


def test_the_long_form_merges_paths_and_moves_the_folder() -> None:
    files = {
        "compose.yaml": (
            "include:\n  - path: [a/one.yaml, a/two.yaml]\n    project_directory: b\n    env_file: [x.env, y.env]\n"
            "services: {web: {image: nginx}}\n"
        ),
        "a/one.yaml": "services: {a: {image: 'a:${X}${Y}', build: ./src}}\n",
        "a/two.yaml": "services: {a: {scale: 2}}\n",
        "x.env": "X=1\nY=0",
        "y.env": "Y=2",
    }
    service = loaded(files)["services"]["a"]
    assert service["image"] == "a:12"
    assert service["scale"] == 2
    assert service["build"]["context"] == "./b/src"


def test_includes_nest() -> None:
    files = {
        "compose.yaml": "include: [a/compose.yaml]\nservices: {web: {image: nginx}}\n",
        "a/compose.yaml": "include: [../b/compose.yaml]\nservices: {a: {build: .}}\n",
        "b/compose.yaml": "services: {b: {build: ./x}}\n",
    }
    services = loaded(files)["services"]
    assert services["a"]["build"]["context"] == "./a"
    assert services["b"]["build"]["context"] == "./b/x"


def test_the_same_resource_twice_is_fine_when_it_is_the_same() -> None:
    files = {
        "compose.yaml": "include: [a.yaml, b.yaml]\nservices: {web: {image: nginx}}\n",
        "a.yaml": "services: {a: {image: a, environment: {A: '1'}}}\nnetworks: {back: {}}\n",
        "b.yaml": "services: {a: {image: a, environment: [A=1]}}\nnetworks: {back: {}}\n",
    }
    assert set(loaded(files)["services"]) == {"a", "web"}


def test_a_further_file_may_override_what_is_included() -> None:
    files = {
        "compose.yaml": "include: [a.yaml]\n",
        "a.yaml": WEB,
        "compose.override.yaml": "services: {web: {scale: 2}}",
    }
    assert loaded(files, ".")["services"]["web"]["scale"] == 2


@pytest.mark.parametrize(
    ("include", "more", "told"),
    [
        ("[missing.yaml]", {}, "missing.yaml is not there"),
        ("[../outside.yaml]", {}, "../outside.yaml is outside"),
        ("['https://example.com/c.yaml']", {}, "is somewhere else"),
        ("['oci://example.com/c']", {}, "is somewhere else"),
        ("[{project_directory: a}]", {}, "names no path"),
        ("a.yaml", {}, "include must be a list"),
        ("[{path: a.yaml, env_file: no.env}]", {"a.yaml": "services: {a: {image: a}}"}, "no.env is not there"),
        ("[a.yaml]", {"a.yaml": "services: {web: {image: other}}"}, "services.web is in a.yaml, line 1"),
        ("[a.yaml]", {"a.yaml": "include: [b.yaml]", "b.yaml": "include: [a.yaml]"}, "in a circle"),
    ],
)
def test_what_cannot_be_included_is_told_with_its_place(include: str, more: dict[str, str], told: str) -> None:
    found = problems({"compose.yaml": f"include: {include}\n{WEB}", **more})
    assert any(told in problem.message for problem in found), found
    assert all(problem.place.file and problem.place.line for problem in found)


def test_including_is_bounded() -> None:
    files = {f"f{n}.yaml": f"include: [f{n + 1}.yaml, f{n + 1}.yaml]\n" for n in range(30)}
    files |= {"f30.yaml": "services: {a: {image: a}}", "compose.yaml": f"include: [f0.yaml]\n{WEB}"}
    assert "more than 200 files are included" in {problem.message for problem in problems(files)}


def test_every_problem_of_included_files_is_told_at_once_and_where_it_stands() -> None:
    files = {
        "app/compose.yaml": "include:\n  - no.yaml\n  - ../../up.yaml\n  - {path: a/b.yaml, extra: 1}\n" + WEB,
        "app/a/b.yaml": "services:\n  web: {image: other}\n  c: {image: c, label_file: no.txt}\nservics: {}\n",
    }
    found = problems(files, "app/compose.yaml")
    told = {(finding.place.file, finding.place.line, finding.rule) for finding in found}
    assert told >= {
        ("app/compose.yaml", 2, "compose-include"),
        ("app/compose.yaml", 3, "compose-include"),
        ("app/compose.yaml", 4, "compose-unknown-key"),
        ("app/compose.yaml", 5, "compose-include"),
        ("app/a/b.yaml", 3, "compose-label-file"),
        ("app/a/b.yaml", 4, "compose-unknown-key"),
    }
    assert all(finding.fix for finding in found if finding.is_error)
    conflict = next(finding for finding in found if "services.web" in finding.place.path)
    assert "app/a/b.yaml, line 2" in conflict.message


def test_a_file_that_includes_the_first_one_is_a_circle() -> None:
    files = {"d/compose.yaml": f"include: [a.yaml]\n{WEB}", "d/a.yaml": "include: [compose.yaml]\n"}
    [circle] = problems(files, "d/compose.yaml")
    assert "d/compose.yaml -> d/a.yaml -> d/compose.yaml" in circle.message
    assert circle.place.file == "d/a.yaml"


@pytest.mark.parametrize("env_file", ["/dev/null", "[]", "other.env"])
def test_an_env_file_takes_the_place_of_the_one_beside(env_file: str) -> None:
    files = {
        "compose.yaml": f"include: [{{path: a/compose.yaml, env_file: {env_file}}}]\n{WEB}",
        "a/compose.yaml": "services: {a: {image: 'a:${T:-none}'}}\n",
        "a/.env": "T=beside",
        "other.env": "U=1",
    }
    image = loaded(files)["services"]["a"]["image"]
    assert image == ("a:beside" if env_file == "[]" else "a:none")


def test_dollar_signs_of_included_files_are_replaced_once() -> None:
    files = {
        "compose.yaml": f"include: [a.yaml]\n{WEB}",
        "a.yaml": "services: {a: {image: a, command: ['$$HOME', '${V}']}}\n",
    }
    assert loaded(files, env={"V": "$HOME"})["services"]["a"]["command"] == ["$HOME", "$HOME"]


def test_tags_work_in_an_included_project() -> None:
    files = {
        "compose.yaml": f"include: [{{path: [d/a.yaml, d/b.yaml]}}]\n{WEB}",
        "d/a.yaml": "services: {a: {image: a, volumes: ['./x:/x'], ports: ['80:80']}}\n",
        "d/b.yaml": "services: {a: {volumes: !override ['./y:/y'], ports: !reset []}}\n",
    }
    service = loaded(files)["services"]["a"]
    assert [volume["source"] for volume in service["volumes"]] == ["./d/y"]
    assert "ports" not in service


@pytest.mark.parametrize("body", ["services: [a]", "volumes: x", "services: !reset {}\nnetworks: [n]"])
def test_a_group_of_an_included_file_must_be_a_mapping(body: str) -> None:
    found = problems({"compose.yaml": f"include: [a.yaml]\n{WEB}", "a.yaml": f"{body}\n"})
    assert [(f.rule, f.place.file) for f in found if f.is_error] == [("compose-type", "a.yaml")]


def test_an_included_file_that_is_no_text_is_refused() -> None:
    [problem] = problems({"compose.yaml": f"include: [a.yaml]\n{WEB}", "a.yaml": b"services: \xff\xfe"})
    assert "UTF-8" in problem.message


def test_an_unset_variable_of_an_included_file_is_found_there() -> None:
    result = imported(f"include: [a.yaml]\n{WEB}", {"a.yaml": "services: {a: {image: 'a:${T}x'}}\n"})
    assert [place.file for place in result.unset_variables["T"]] == ["a.yaml"]
    assert only(result, "variable-unset").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("text", "env", "told"),
    [
        ("#" + "c" * 100_000, "", "4000000 bytes"),
        ("x-many: [" + "1," * 20_000 + "]", "", "300000 values"),
        ("x-few: 1", "#" + "c" * 100_000, "4000000 bytes"),
    ],
)
def test_large_files_cannot_be_included_again_and_again(text: str, env: str, told: str) -> None:
    files = {
        "compose.yaml": f"include: [{', '.join(['d/a.yaml'] * 50)}]\n{WEB}",
        "d/a.yaml": f"{text}\n",
        "d/.env": env,
    }
    [problem] = problems(files)
    assert (problem.rule, problem.place.file) == ("compose-limit", "compose.yaml")
    assert told in problem.message


def test_variables_cannot_grow_in_one_included_file_after_another() -> None:
    files = {
        "compose.yaml": f"include: [{', '.join(['a.yaml'] * 60)}]\n{WEB}",
        "a.yaml": "services: {a: {image: a, command: ['${V}']}}\n",
    }
    with pytest.raises(InvalidInputError, match="grow by more"):
        loaded(files, env={"V": "v" * 100_000})


def test_port_ranges_of_equal_services_are_not_written_out_again_and_again() -> None:
    group = "".join(f"  s{n}: {{image: a, ports: ['1-%s']}}\n" for n in range(60))
    files = {
        "compose.yaml": f"include: [a.yaml, b.yaml]\n{WEB}",
        "a.yaml": "services:\n" + group.replace("%s", "1000"),
        "b.yaml": "services:\n" + group.replace("%s", "999"),
    }
    assert len([problem for problem in problems(files) if "with another content" in problem.message]) == 60


def test_a_project_of_several_folders_is_whole(compose_files: Path) -> None:
    result = import_compose(compose_files / "include")
    assert {data(result, name)["image"] for name in ("web", "db", "cache")} == {
        "nginx:1.27",
        "postgres:16.4",
        "redis:7.4",
    }
    assert data(result, "cache")["replicas"] == 2
    assert data(result, "web-config")["data"] == {"LANGUAGE": "en"}
    assert result.secret_values["db-password-secret"] == {"password.txt": "only-for-tests\n"}
    assert {finding.rule for finding in result.findings if "outside" in finding.message} == set()
