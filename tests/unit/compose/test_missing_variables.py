"""Most real files use variables that nobody has at hand: there is a drawing all the same."""

from __future__ import annotations

import pytest

from flowcore.compose import import_compose, load
from flowcore.errors import InvalidInputError
from flowcore.files import Entry, MemoryFiles
from tests.unit.compose.looking import data, found, imported

#: Keys of a service with a variable where something must stand.
_GAPS = [
    "image: '${X}'",
    "image: 'a:${X}'",
    "image: '${X}/a'",
    "image: '${X}:${X}'",
    "ports: ['${X}:80']",
    "ports: ['80:${X}']",
    "ports: ['${X}']",
    "ports: ['${X}:80:80']",
    "ports: [{target: '${X}', published: '${X}'}]",
    "expose: ['${X}']",
    "volumes: ['${X}:/data']",
    "volumes: ['${X}:${X}']",
    "volumes: ['${X}/db:/db']",
    "volumes: [{type: bind, source: '${X}', target: '${X}'}]",
    "mem_limit: '${X}'",
    "cpus: '${X}'",
    "shm_size: '${X}'",
    "deploy: {replicas: '${X}'}",
    "deploy: {resources: {limits: {cpus: '${X}', memory: '${X}'}}}",
    "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: '${X}'}]}}}",
    "healthcheck: {test: x, interval: '${X}', retries: '${X}', timeout: '${X}'}",
    "scale: '${X}'",
    "privileged: '${X}'",
    "read_only: '${X}'",
    "init: '${X}'",
    "user: '${X}:${X}'",
    "env_file: '${X}'",
    "env_file: ['${X}/x.env']",
    "restart: '${X}'",
    "pull_policy: '${X}'",
    "stop_grace_period: '${X}'",
    "depends_on: ['${X}']",
    "links: ['${X}']",
    "extra_hosts: ['h:${X}']",
    "ulimits: {nofile: '${X}'}",
    "sysctls: {net.core.somaxconn: '${X}'}",
    "tmpfs: '${X}'",
    "profiles: ['${X}']",
    "group_add: ['${X}']",
    "devices: ['${X}:/dev/x']",
    "dns: '${X}'",
    "network_mode: '${X}'",
    "hostname: '${X}'",
    "working_dir: '${X}'",
    "command: '${X}'",
    "entrypoint: '${X}'",
    "logging: {driver: '${X}'}",
    "platform: '${X}'",
    "security_opt: ['${X}']",
    "build: '${X}'",
    "labels: {a: '${X}'}",
    "environment: {A: '${X:?needed}'}",
    "image: '${X:?needed}'",
    "gpus: '${X}'",
    "oom_score_adj: '${X}'",
]


@pytest.mark.parametrize("key", _GAPS)
def test_a_gap_anywhere_still_gives_a_drawing(key: str) -> None:
    image = "" if key.startswith(("image", "build")) else "image: nginx, "
    result = import_compose(f"services: {{web: {{{image}{key}}}}}\n")
    assert "web" in {node.id for node in result.workflow.nodes}
    assert set(result.unset_variables) == {"X"}
    assert all(finding.place.line for finding in result.findings if "variable" in finding.rule)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("${X}", "web:variable-not-set"),
        ("a:${X}", "a"),
        ("${X}/a:1", "a:1"),
        ("r.example/${X}/a", "r.example/a"),
        ("${X}:${X}", "web:variable-not-set"),
    ],
)
def test_an_image_with_a_gap_is_still_an_image(written: str, read: str) -> None:
    result = imported(f"services: {{web: {{image: '{written}'}}}}\n")
    assert data(result, "web")["image"] == read
    assert found(result, "variable-mended")[0].place.path == "services.web.image"


def test_a_mount_without_its_source_is_a_mount_all_the_same() -> None:
    result = imported("services: {web: {image: nginx, volumes: ['${DATA}:/data', 'kept:/kept']}}\nvolumes: {kept: }\n")
    assert {finding.rule for finding in result.findings} >= {"compose-variable-mended", "compose-volume-anonymous"}
    assert "kept" in {node.id for node in result.workflow.nodes}


def test_what_is_left_out_is_told_and_what_is_beside_it_stays() -> None:
    result = imported("services: {web: {image: nginx, ports: ['80:${P}', '81:81'], mem_limit: '${M}'}}\n")
    assert [port["containerPort"] for port in data(result, "web")["ports"]] == [81]
    assert [finding.place.path for finding in found(result, "variable-left-out")] == [
        "services.web.ports[0]",
        "services.web.mem_limit",
    ]


def test_loading_stays_strict() -> None:
    with pytest.raises(InvalidInputError):
        load("services: {web: {image: nginx, ports: ['80:${P}']}}\n")


def test_with_its_value_nothing_is_changed() -> None:
    result = imported("services: {web: {image: 'nginx:${TAG}', ports: ['80:${P}']}}\n", env={"TAG": "1", "P": "80"})
    assert data(result, "web")["image"] == "nginx:1"
    assert not [finding for finding in result.findings if "variable" in finding.rule]


def test_a_service_with_a_gap_is_not_left_out_for_an_error_of_its_own() -> None:
    with pytest.raises(InvalidInputError) as refused:
        import_compose("services: {a: {environment: {X: '${Y}'}}, b: {image: b}}\n")
    [problem] = [finding for finding in refused.value.findings if finding.is_error]
    assert (problem.rule, problem.place.path) == ("compose-no-image", "services.a")


def test_a_gap_beside_another_error_is_told_as_what_it_is() -> None:
    with pytest.raises(InvalidInputError) as refused:
        import_compose("services:\n  web:\n    image: nginx\n    ports:\n      - '80:${P}'\n      - x\n")
    told = {finding.rule: (finding.severity, finding.place.line) for finding in refused.value.findings}
    assert told["compose-port"] == ("error", 6)
    assert told["compose-variable-left-out"] == ("warning", 5)


class CountedFiles(MemoryFiles):
    """Files that count how often somebody looks for ``.env``, which every loading does once."""

    looks = 0

    def look(self, path: str) -> Entry:
        """See ``Files.look``."""
        type(self).looks += path == ".env"
        return super().look(path)


def test_looking_for_what_can_be_done_without_ends() -> None:
    # Circles are told one at a time, so each needs a look of its own.
    circle = "  a{n}: {{image: x, depends_on: ['${{X}}b{n}']}}\n  b{n}: {{image: x, depends_on: [a{n}]}}\n"
    text = "services:\n" + "".join(circle.format(n=n) for n in range(50))
    with pytest.raises(InvalidInputError, match="circle"):
        import_compose(text, files=CountedFiles())
    assert 2 < CountedFiles.looks < 10


def test_the_services_are_told_without_values_and_also_with_gaps() -> None:
    services = import_compose("""\
services:
  r: {image: redis, command: redis-server --requirepass planted-one, environment: {A: planted-two}}
  w: {image: w, build: {context: ./w, args: {TOKEN: planted-three}}, ports: ['80:${P}'], depends_on: [r]}
""").services
    assert services["r"]["command"] == ["redis-server", "--requirepass", "$(ARG_REQUIREPASS)"]
    assert services["r"]["environment"] == ["A"]
    assert services["w"]["build"] == {"context": "./w", "args": ["TOKEN"]}
    assert services["w"]["depends_on"] == ["r"]
    assert "planted" not in repr({name: dict(service) for name, service in services.items()})
