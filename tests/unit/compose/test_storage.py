"""Volumes, bind mounts, secrets and configs."""

from __future__ import annotations

import base64

import pytest

from flowcore.errors import Severity
from tests.unit.compose.looking import data, edges, found, imported, kinds, only, refused, service

_BUILT = "services:\n  web:\n    build: app\n    volumes: ['./app:/src', /src/node_modules, './app/a.conf:/a.conf']\n"


def test_a_named_volume_is_a_claim_mounted_by_an_edge() -> None:
    result = service(
        "volumes: ['my_data:/d/:ro', {type: volume, source: my_data, target: /e, volume: {subpath: s}}]",
        more="volumes: {my_data: {labels: {kompose.volume.size: 2g}}}",
    )
    assert data(result, "my-data")["name"] == "my-data"
    assert data(result, "my-data")["storage"] == "2Gi"
    assert edges(result, "my-data", "web") == [
        {"mountPath": "/d", "readOnly": True},
        {"mountPath": "/e", "subPath": "s"},
    ]


def test_the_written_name_of_a_volume_is_the_claims_name() -> None:
    result = service("volumes: ['d:/d']", more="volumes: {d: {name: Real_Name}}")
    assert data(result, "d")["name"] == "real-name"


def test_an_external_volume_is_an_existing_claim_mounted_by_name() -> None:
    result = service("volumes: ['d:/d']", more="volumes: {d: {external: true, name: shared_data}}")
    assert data(result, "web")["volumeMounts"] == [
        {"type": "persistentVolumeClaim", "name": "shared-data", "mountPath": "/d"}
    ]
    assert "shared-data" in only(result, "external").message


def test_an_undeclared_volume_is_made_with_a_warning_and_an_unused_one_is_not() -> None:
    result = service("volumes: ['d:/d']", more="volumes: {other: }")
    assert kinds(result)["d"] == "persistentvolumeclaim"
    assert "other" not in kinds(result)
    assert only(result, "volume-undeclared").severity is Severity.WARNING
    assert only(result, "unused").place.path == "volumes.other"


def test_drivers_of_volumes_are_told() -> None:
    result = service("volumes: ['d:/d']", more="volumes: {d: {driver: nfs, driver_opts: {o: x}}}")
    assert [f.place.path for f in found(result, "volume-driver")] == ["volumes.d.driver", "volumes.d.driver_opts"]


def test_a_volume_of_several_services_or_replicas_is_warned_about() -> None:
    result = imported("""
        services:
          a: {image: x, volumes: ["d:/d"], scale: 2}
          b: {image: x, volumes: ["d:/d"]}
        volumes: {d: }
        """)
    assert "a, b" in only(result, "volume-shared").message
    assert only(result, "replicas").severity is Severity.WARNING


def test_scratch_space_is_an_empty_folder() -> None:
    result = service(
        "volumes: [/anon, {type: tmpfs, target: /t, tmpfs: {size: 64m}}]\ntmpfs: ['/u:size=1m,mode=700']\nshm_size: 1g"
    )
    assert data(result, "web")["volumeMounts"] == [
        {"type": "emptyDir", "name": "scratch-anon", "mountPath": "/anon"},
        {"type": "emptyDir", "name": "scratch-t", "mountPath": "/t", "medium": "Memory", "sizeLimit": "64Mi"},
        {"type": "emptyDir", "name": "scratch-u", "mountPath": "/u", "medium": "Memory", "sizeLimit": "1Mi"},
        {
            "type": "emptyDir",
            "name": "scratch-dev-shm",
            "mountPath": "/dev/shm",
            "medium": "Memory",
            "sizeLimit": "1Gi",
        },
    ]


def test_two_mounts_at_one_path_leave_the_first() -> None:
    result = service("volumes: [/a, /a/]\ntmpfs: /a")
    assert len(data(result, "web")["volumeMounts"]) == 1
    assert len(found(result, "mount-path")) == 2


@pytest.mark.parametrize("spec", ["a:b", "a:/", "'C:\\x:D:\\y'", "'/a::ro'"])
def test_a_mount_path_that_is_none_is_refused(spec: str) -> None:
    error = refused(f"services:\n  web:\n    image: x\n    volumes:\n      - {spec}\n")
    assert error.findings[0].place.line == 5


def test_a_small_file_travels_in_a_config_map() -> None:
    result = service("volumes: ['./conf/nginx.conf:/etc/nginx/nginx.conf:ro']", {"conf/nginx.conf": "x;\n"})
    assert data(result, "web-nginx-conf")["data"] == {"nginx.conf": "x;\n"}
    assert edges(result, "web-nginx-conf", "web") == [
        {"as": "files", "mountPath": "/etc/nginx/nginx.conf", "subPath": "nginx.conf", "readOnly": True}
    ]
    assert not only(result, "bind-files").fix


def test_the_working_folder_is_the_projects() -> None:
    result = service("volumes: ['${PWD}/a.txt:/a.txt']", {"a.txt": "x"})
    assert data(result, "web-a-txt")["data"] == {"a.txt": "x"}


def test_a_folder_travels_with_its_subfolders_and_binary_files() -> None:
    files = {"conf/a.txt": "a", "conf/sub/b.txt": "b", "conf/c.bin": b"\xff\x00", "conf/sub.b.txt": "other"}
    result = service("volumes: ['./conf/:/c']", files)
    node = data(result, "web-conf")
    assert node["data"] == {"a.txt": "a", "sub.b.txt": "b", "sub.b.txt-2": "other"}
    assert base64.b64decode(node["binaryData"]["c.bin"]) == b"\xff\x00"
    items = {item["path"]: item["key"] for item in edges(result, "web-conf", "web")[0]["items"]}
    assert (items["sub/b.txt"], items["sub.b.txt"]) == ("sub.b.txt", "sub.b.txt-2")
    assert "can only be read" in only(result, "bind-files").message


def test_services_that_mount_the_same_files_share_one_node() -> None:
    text = "services: {a: {image: x, volumes: ['./f.txt:/f']}, b: {image: x, volumes: ['f.txt/../f.txt:/g']}}\n"
    result = imported(text.replace("f.txt/../", "./"), {"f.txt": "1"})
    assert edges(result, "a-f-txt", "a")
    assert edges(result, "a-f-txt", "b")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tls.key", "hunter2"),
        (".env", "A=1"),
        ("id_rsa", "hunter2"),
        ("cert.pem", "-----BEGIN PRIVATE KEY-----"),
        ("db_password.txt", "hunter2"),
    ],
)
def test_files_that_look_secret_travel_in_a_secret(name: str, content: str) -> None:
    result = service(f"volumes: ['./{name}:/x']", {f"./{name}": content})
    (node,) = [node for node in result.workflow.nodes if node.type == "secret"]
    assert list(result.secret_values[node.id].values()) == [content]
    assert content not in str(node.data)


def test_a_missing_file_is_left_out_because_an_empty_folder_would_break_the_image() -> None:
    result = service("volumes:\n  - './no.conf:/etc/no.conf'")
    finding = only(result, "bind-file")
    assert (finding.severity, finding.place.line) == (Severity.WARNING, 5)
    assert "volumeMounts" not in data(result, "web")


@pytest.mark.parametrize("source", ["./no", "/srv/data", "~/data", "../other", "/etc/app/"])
def test_a_folder_of_the_host_is_an_empty_folder_with_a_warning(source: str) -> None:
    result = service(f"volumes: ['{source}:/data']")
    assert data(result, "web")["volumeMounts"] == [{"type": "emptyDir", "name": "scratch-data", "mountPath": "/data"}]
    assert only(result, "bind").severity is Severity.WARNING


def test_other_policies_for_folders_of_the_host() -> None:
    body = "volumes: ['/srv/data:/data:ro']"
    claim = service(body, binds="pvc")
    assert edges(claim, "web-data", "web") == [{"mountPath": "/data", "readOnly": True}]
    assert data(claim, "web")["strategy"] == {"type": "Recreate"}
    host = data(service(body, binds="hostpath"), "web")["volumeMounts"]
    assert host == [
        {"type": "hostPath", "name": "host-data", "mountPath": "/data", "hostPath": "/srv/data", "readOnly": True}
    ]
    assert only(refused("services: {web: {image: a, volumes: ['./no:/data']}}\n", binds="refuse"), "bind")


@pytest.mark.parametrize(
    "source",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/",
        "/etc",
        "/proc",
        "/sys/fs",
        "/var/run/x",
        "/etc/localtime",
        "/dev",
    ],
)
def test_the_system_of_the_host_is_never_mounted(source: str) -> None:
    for binds in ("emptydir", "hostpath"):
        result = service(f"volumes: ['{source}:/x:ro']", binds=binds)
        finding = only(result, "bind-system")
        assert finding.severity is Severity.WARNING
        assert finding.why
        assert "volumeMounts" not in data(result, "web")


def test_files_too_large_or_too_many_are_told() -> None:
    large = service("volumes: ['./a.bin:/a.bin']", {"a.bin": b"x" * 900_001})
    assert "900001 bytes" in only(large, "bind-file").message
    many = service("volumes: ['./d:/d']", {f"d/{n}": "" for n in range(300)})
    assert "too many" in only(many, "bind").message


def test_source_code_is_not_laid_over_the_image_built_from_it() -> None:
    result = imported(_BUILT, {"app/main.py": "x", "app/a.conf": "y"})
    assert only(result, "bind-build").severity is Severity.WARNING
    assert only(result, "volume-shield").severity is Severity.INFO
    assert "volumeMounts" not in data(result, "web")
    assert edges(result, "web-a-conf", "web")


def test_secrets_are_mounted_below_run_secrets() -> None:
    result = service(
        """
        secrets:
          - db_password
          - {source: token, target: app_token, mode: 0440}
          - {source: token, target: /abs/token, uid: "1"}
          - given
        """,
        {"secrets/db.txt": "hunter2"},
        more="""
        secrets:
          db_password: {file: ./secrets/db.txt}
          token: {environment: TOKEN}
          given: {external: true, name: real_one}
        """,
        env={"TOKEN": "t0p"},
    )
    assert data(result, "db-password-secret")["keys"] == [{"id": "db.txt", "name": "db.txt"}]
    assert result.secret_values == {"db-password-secret": {"db.txt": "hunter2"}, "token-secret": {"token": "t0p"}}
    assert edges(result, "db-password-secret", "web") == [
        {"as": "files", "mountPath": "/run/secrets/db_password", "subPath": "db.txt", "readOnly": True}
    ]
    assert [(e["mountPath"], e.get("defaultMode")) for e in edges(result, "token-secret", "web")] == [
        ("/run/secrets/app_token", 0o440),
        ("/abs/token", None),
    ]
    mount = data(result, "web")["volumeMounts"][0]
    assert (mount["type"], mount["name"], mount["subPath"]) == ("secret", "real-one", "given")
    assert only(result, "mount-owner")
    assert "hunter2" not in repr(result)


@pytest.mark.parametrize("options", ["{file: ./no.txt}", "{file: ../out.txt}", "{environment: NO}", "{}"])
def test_a_secret_whose_value_is_not_at_hand_is_asked_for_at_deploy_time(options: str) -> None:
    result = service("secrets: [s]", more=f"secrets: {{s: {options}}}")
    finding = only(result, "secret-value")
    assert (finding.severity, finding.place.file) == (Severity.WARNING, "compose.yaml")
    assert "s-secret." in finding.fix
    assert kinds(result)["s-secret"] == "secret"
    assert not result.secret_values


def test_configs_are_mounted_at_the_root_or_their_target() -> None:
    result = service(
        "configs: [app.conf, {source: app.conf, target: /etc/app.conf, mode: '0444'}, text]",
        {"conf/app.conf": "x"},
        more="configs: {app.conf: {file: ./conf/app.conf}, text: {content: 'a: ${A}'}}",
        env={"A": "1"},
    )
    assert [edge["mountPath"] for edge in edges(result, "app-conf-config", "web")] == ["/app.conf", "/etc/app.conf"]
    assert edges(result, "app-conf-config", "web")[1]["defaultMode"] == 0o444
    assert data(result, "text-config")["data"] == {"text": "a: 1"}


def test_a_config_that_is_not_there_is_not_mounted() -> None:
    result = service("configs: [c]", more="configs: {c: {file: no.txt}}")
    assert only(result, "config-value").severity is Severity.WARNING
    assert kinds(result) == {"web-service": "service", "web": "deployment"}


def test_an_undeclared_secret_is_refused() -> None:
    finding = only(refused("services:\n  web:\n    image: a\n    secrets:\n      - no\n"), "secrets-absent")
    assert finding.place.line == 5


def test_a_secret_does_not_take_the_path_of_a_volume() -> None:
    result = service("volumes: [/run/secrets/s]\nsecrets: [s]", more="secrets: {s: {content: x}}")
    assert edges(result, "s-secret", "web") == []
    assert only(result, "mount-path").place.path == "services.web.secrets[0]"


def test_a_database_that_wants_an_empty_folder_gets_one_inside_its_new_disk() -> None:
    result = imported("""
        services:
          db: {image: "postgres:16", volumes: ["data:/var/lib/postgresql/data", "dumps:/dumps", "old:/old"]}
          backup: {image: acme/backup, volumes: ["data:/source:ro"]}
          web: {image: nginx, volumes: ["html:/html"]}
        volumes: {data: , html: , dumps: , old: {external: true}}
        """)
    assert edges(result, "data", "db") == [{"mountPath": "/var/lib/postgresql/data", "subPath": "data"}]
    assert edges(result, "data", "backup") == [{"mountPath": "/source", "readOnly": True, "subPath": "data"}]
    assert edges(result, "html", "web") == [{"mountPath": "/html"}]
    assert "subPath" not in data(result, "db")["volumeMounts"][0]
    bound = imported("services: {db: {image: mysql, volumes: ['./db:/var/lib/mysql']}}\n", {}, binds="pvc")
    assert edges(bound, "db-db", "db") == [{"mountPath": "/var/lib/mysql", "subPath": "data"}]


@pytest.mark.parametrize(
    ("keys", "group"),
    [
        ("image: nginx, user: '1000'", 1000),
        ("image: nginx, user: '1000:50'", 50),
        ("image: nginx, user: '0'", None),
        ("image: 'docker.elastic.co/elasticsearch/elasticsearch:8.13.0'", 1000),
        ("image: elasticsearch, user: root", None),
        ("image: 'bitnami/redis:7'", 1001),
        ("image: nginx", None),
    ],
)
def test_who_is_not_root_can_write_to_a_new_disk(keys: str, group: int | None) -> None:
    result = imported(f"services: {{web: {{{keys}, volumes: ['data:/d']}}}}\nvolumes: {{data: }}\n")
    assert data(result, "web").get("podSecurityContext", {}).get("fsGroup") == group
    without = imported(f"services: {{web: {{{keys}}}}}\n")
    assert "podSecurityContext" not in data(without, "web")
