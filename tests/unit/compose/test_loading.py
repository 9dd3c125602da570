"""Sources, files, profiles, extends, strictness."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest

from flowcore.compose import EntryKind, FolderFiles, MemoryFiles, import_compose, load
from flowcore.errors import ForbiddenError, InvalidInputError, NotFoundError, Severity
from flowcore.files import inside
from tests.unit.compose.looking import data, found, imported, kinds, only, refused, service

_WEB = "services: {web: {image: nginx}}\n"


@pytest.mark.parametrize(
    ("name", "text", "folder", "expected"),
    [
        ("Given App", "name: written\n", "folder", "givenapp"),
        (None, "name: written-${X:-1}\n", "folder", "written-1"),
        (None, "", "My Folder_1", "myfolder_1"),
        (None, "", "---", "app"),
    ],
)
def test_the_project_is_named_by_caller_file_or_folder(
    tmp_path: Path, name: str | None, text: str, folder: str, expected: str
) -> None:
    path = tmp_path / folder / "compose.yaml"
    path.parent.mkdir()
    path.write_text(text + _WEB)
    assert import_compose(path, name=name).workflow.name == expected


def test_the_projects_name_is_a_variable_too() -> None:
    text = "name: shop\nservices: {web: {image: '${COMPOSE_PROJECT_NAME}'}}\n"
    assert data(imported(text), "web")["image"] == "shop"
    assert imported(text, env={"COMPOSE_PROJECT_NAME": "other"}).workflow.name == "other"


def test_a_source_may_be_a_path_a_folder_a_text_or_several(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(_WEB)
    (tmp_path / "docker-compose.override.yml").write_text("services: {web: {working_dir: /w}}\n")
    (tmp_path / ".env").write_text("IGNORED='")
    with pytest.raises(InvalidInputError):
        import_compose(tmp_path)
    (tmp_path / ".env").write_text("A=1")
    assert data(import_compose(tmp_path), "web")["workingDir"] == "/w"
    assert "workingDir" not in data(import_compose(str(tmp_path / "docker-compose.yml")), "web")
    both = import_compose([_WEB, "services: {web: {scale: 2}}"])
    assert data(both, "web")["replicas"] == 2
    assert data(import_compose('{"services": {"web": {"image": "a"}}}'), "web")["image"] == "a"


def test_findings_name_the_file_they_are_about(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("services: {web: {image: nginx, init: true}}\n")
    second.write_text("services:\n  web:\n    stop_signal: SIGINT\n")
    result = import_compose([first, second])
    assert only(result, "left-out").place.file == str(first)
    finding = only(result, "unsupported")
    assert (finding.place.file, finding.place.line, finding.place.column) == (str(second), 3, 5)


@pytest.mark.parametrize("path", ["no-such-file.yaml", "", "a\0b.yaml"])
def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInputError):
        import_compose(str(tmp_path / path) if path else path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(b"services: \xff\xfe")
    with pytest.raises(InvalidInputError, match="UTF-8"):
        import_compose(tmp_path / "compose.yaml")


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(b"\xef\xbb\xbf" + _WEB.encode())
    assert kinds(import_compose(tmp_path / "compose.yaml"))["web"] == "deployment"


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("./a/b", "a/b"), ("a/../b", "b"), (".", "."), ("a/..", "."), ("../a", None), ("a/../../b", None), ("/a", None),
        ("~/a", None), ("", None), ("a\0", None), ("C:\\a", None), ("c:/a", None), ("a\\..\\b", None),
    ],
)  # fmt: skip
def test_a_path_is_cleaned_or_leads_outside(path: str, clean: str | None) -> None:
    assert inside(path) == clean


def test_files_outside_the_folder_are_never_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    project = tmp_path / "project"
    project.mkdir()
    (project / "link.txt").symlink_to(tmp_path / "secret.txt")
    (project / "loop").symlink_to(project / "loop")
    (project / "own.txt").write_text("y")
    (project / "inner.txt").symlink_to(project / "own.txt")
    files = FolderFiles(project)
    for path in ("../secret.txt", "link.txt", str(tmp_path / "secret.txt"), "~"):
        assert files.look(path).kind is EntryKind.OUTSIDE
        with pytest.raises(ForbiddenError):
            files.read(path)
        assert files.names(path) == ()
    assert files.look("loop").kind in (EntryKind.OUTSIDE, EntryKind.MISSING)
    assert files.read("inner.txt") == b"y"
    assert files.look(".").kind is EntryKind.FOLDER
    with pytest.raises(NotFoundError):
        files.read("no.txt")


def test_files_in_memory_behave_like_a_folder() -> None:
    files = MemoryFiles({"./a/b.txt": "x", "c": b"\xff"})
    assert files.look("a").kind is EntryKind.FOLDER
    assert files.names(".") == ("a", "c")
    assert files.names("a") == ("b.txt",)
    assert files.read("a/./b.txt") == b"x"
    assert files.look("../a").kind is EntryKind.OUTSIDE
    assert files.look("no").kind is EntryKind.MISSING
    with pytest.raises(NotFoundError):
        files.read("no")
    with pytest.raises(ForbiddenError):
        files.read("/c")
    assert "xff" not in repr(files)


def test_profiles_choose_services() -> None:
    text = "services: {web: {image: a}, debug: {image: b, profiles: [debug]}}\n"
    assert "debug" not in kinds(imported(text))
    assert "debug" in only(imported(text), "profiles").message
    assert "debug" in kinds(imported(text, profiles=["debug"]))
    assert "debug" in kinds(imported(text, profiles=["*"]))
    assert "debug" in kinds(imported(text, env={"COMPOSE_PROFILES": "x,debug"}))


def test_a_dependency_on_a_service_of_an_inactive_profile_is_refused() -> None:
    text = "services: {web: {image: a, depends_on: [db]}, db: {image: b, profiles: [p]}}\n"
    assert "activate" in only(refused(text), "dependency-absent").fix
    assert "activate" in only(refused("services: {a: {image: x, profiles: [p]}}\n"), "no-services").fix


def test_an_unknown_key_is_a_warning_with_a_guess_and_an_error_when_strict() -> None:
    text = "services:\n  web:\n    image: nginx\n    prots: ['80']\nvolums: {}\n"
    guess, other = found(imported(text), "unknown-key")
    assert (other.place.line, other.fix) == (4, "did you mean ports?")
    assert (guess.place.path, guess.severity) == ("volums", Severity.WARNING)
    with pytest.raises(InvalidInputError, match="prots"):
        load(text)
    assert load(text, strict=False)["volums"] == {}


def test_loading_writes_every_short_form_out() -> None:
    document = load("""
services:
  web:
    build: .
    command: a 'b c'
    depends_on: [db]
    environment: [A=1, B]
    env_file: a.env
    ports: ["127.0.0.1:8080:80"]
    expose: [1-2]
    volumes: ["data:/d:ro"]
    secrets: [s]
    healthcheck: {test: x, retries: "3"}
    networks: [n]
    scale: "2"
    tty: "true"
  db: {image: b}
secrets: {s: {content: x}}
networks: {n: }
""")
    assert document["name"] == "app"
    assert document["services"]["web"] == {
        "build": {"context": "."},
        "command": ["a", "b c"],
        "depends_on": {"db": {"condition": "service_started", "required": True}},
        "environment": {"A": "1", "B": None},
        "env_file": [{"path": "a.env", "required": True}],
        "ports": [
            {"mode": "ingress", "target": 80, "host_ip": "127.0.0.1", "published": "8080", "protocol": "tcp"},
        ],
        "expose": ["1", "2"],
        "volumes": [{"type": "volume", "source": "data", "target": "/d", "volume": {}, "read_only": True}],
        "secrets": [{"source": "s"}],
        "healthcheck": {"test": ["CMD-SHELL", "x"], "retries": 3},
        "networks": {"n": None},
        "scale": 2,
        "tty": True,
    }
    assert type(document["services"]) is dict
    assert type(document["services"]["web"]["ports"]) is list


@pytest.mark.parametrize(
    "body",
    [
        "ports: 80",
        "environment: 5",
        "volumes: {a: b}",
        "deploy: [a]",
        "scale: x",
        "tty: maybe",
        "image: [a]",
        "expose: [[1]]",
    ],
)
def test_a_value_of_the_wrong_shape_is_refused_with_its_place(body: str) -> None:
    finding = only(refused(f"services:\n  web:\n    build: .\n    {body}\n"), "type")
    assert finding.place.line == 4
    assert finding.place.path.startswith(f"services.web.{body.split(':')[0]}")


def test_empty_keys_are_as_good_as_none() -> None:
    result = service("ports:\nvolumes:\nenvironment:\ndepends_on:\ndeploy:\nlabels: {}")
    assert not result.findings


def test_a_service_may_extend_another_one() -> None:
    text = """
        services:
          base: {image: a, environment: {A: '1'}, ports: ['127.0.0.1:80:80']}
          web: {extends: {service: base}, environment: {B: '2'}, ports: ['127.0.0.1:81:81']}
          top: {extends: web, image: b}
        """
    result = imported(text)
    assert data(result, "top")["image"] == "b"
    assert data(result, "top-config")["data"] == {"A": "1", "B": "2"}
    assert [port["containerPort"] for port in data(result, "top")["ports"]] == [80, 81]


def test_a_service_may_extend_one_of_a_file_beside_it() -> None:
    other = {"common.yaml": "services: {base: {image: 'a:${T}', command: x}}"}
    result = imported("services: {web: {extends: {file: common.yaml, service: base}}}\n", other, env={"T": "1"})
    assert (data(result, "web")["image"], data(result, "web")["args"]) == ("a:1", ["x"])


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {extends: b}, b: {extends: a}}\n",
        "services: {a: {extends: no, image: x}}\n",
        "services: {a: {extends: {file: no.yaml, service: b}, image: x}}\n",
        "services: {a: {extends: {file: ../out.yaml, service: b}, image: x}}\n",
    ],
)
def test_what_cannot_be_extended_is_refused(text: str) -> None:
    assert found(refused(text), "extends")


def test_the_same_input_gives_the_same_drawing_in_file_order(compose_files: Path) -> None:
    first, second = (import_compose(compose_files / "everything", profiles=["*"]) for _ in range(2))
    assert first == second
    services = [node.id for node in first.workflow.nodes if node.id in ("web-service", "db-service")]
    assert services == ["web-service", "db-service"]


def test_a_file_of_five_hundred_services_is_imported_quickly() -> None:
    lines = ["services:"]
    for number in range(500):
        lines += [
            f"  service_{number}:",
            f"    image: nginx:{number}",
            f"    environment: {{A: 'x{number}', DB_PASSWORD: '${{PW:-x}}', UP: 'http://service_{number - 1}:80'}}",
            f"    ports: ['{10000 + number}:80']",
            f"    volumes: ['data_{number}:/data']",
            "    healthcheck: {test: [CMD, check], interval: 30s}",
            *([f"    depends_on: [service_{number - 1}]"] if number else []),
        ]
    started = perf_counter()
    result = imported("\n".join(lines) + "\n")
    assert len(result.workflow.nodes) == 500 * 6
    assert perf_counter() - started < 10  # about 0.5 s on an idle machine; this only catches what grows too fast


def test_a_text_that_is_no_compose_file_is_refused_once_with_its_file() -> None:
    assert [finding.rule for finding in refused("services: [\n").findings] == ["compose-yaml"]
    assert [finding.rule for finding in refused("- just\n- a list\n").findings] == ["compose-yaml"]
    for text in ("", "version: '3'\n", "services: {}\n"):
        assert only(refused(text), "no-services").place.file == "compose.yaml"


def test_an_image_that_is_wrong_is_not_told_to_be_missing_too() -> None:
    assert len(refused("services: {web: {image: [nginx]}}\n").findings) == 1
