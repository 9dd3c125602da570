"""Ways in: sealed credentials of every kind, uploaded kubeconfigs, the user's own one, TLS."""

from __future__ import annotations

import json
import stat
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from adapters.kubernetes import KubernetesClusters, connect_kubeconfig
from adapters.security import AesGcmCipher, Keys, generate_key
from flowcore.errors import InvalidInputError, UnauthenticatedError, UnavailableError
from flowcore.model import Cluster, ObjectRef
from tests.adapters.kubernetes.certificates import Authority, server_context
from tests.adapters.kubernetes.scripted import Reply, ScriptedServer, TestClock, config_map, open_scripted, refusal

pytestmark = pytest.mark.anyio

AUTHORITY = Authority.new()
CLIENT = AUTHORITY.issue("ann")
CLUSTERS = KubernetesClusters(AesGcmCipher(Keys.single(generate_key())), TestClock())


def a_cluster(server: str = "https://203.0.113.7:6443", auth_type: str = "token", id: str = "c1") -> Cluster:
    return Cluster(
        id=id,
        owner_id="u1",
        name="test",
        server=server,
        auth_type=auth_type,
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
    )


def sealed(cluster: Cluster, credentials: Mapping[str, str]) -> Cluster:
    return evolve(cluster, credentials=CLUSTERS.seal(cluster, credentials))


def refused(cluster: Cluster, credentials: Mapping[str, Any]) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        CLUSTERS.seal(cluster, credentials)
    return caught.value


def places(error: InvalidInputError) -> set[str]:
    return {finding.place.path for finding in error.findings}


def b64(text: str) -> str:
    return b64encode(text.encode()).decode()


# ---------------------------------------------------------------- sealed credentials


def test_credentials_are_sealed_for_one_cluster_only() -> None:
    cluster = sealed(a_cluster(), {"token": "very-secret"})
    assert "very-secret" not in repr(cluster) + cluster.credentials
    with pytest.raises(InvalidInputError):
        CLUSTERS._unsealed(evolve(cluster, id="c2"))
    assert CLUSTERS._unsealed(cluster) == {"token": "very-secret"}


@pytest.mark.parametrize(
    ("auth_type", "missing"),
    [
        ("token", {"credentials.token"}),
        ("serviceaccount", {"credentials.token"}),
        ("certificate", {"credentials.clientCertData", "credentials.clientKeyData"}),
        ("kubeconfig", {"kubeconfig"}),
    ],
)
def test_what_a_sign_in_needs_is_asked_for(auth_type: str, missing: set[str]) -> None:
    assert places(refused(a_cluster(auth_type=auth_type), {"token": "  ", "insecure": ""})) == missing


@pytest.mark.parametrize("auth_type", ["oidc", "", "magic"])
def test_a_sign_in_that_is_not_supported_is_said(auth_type: str) -> None:
    assert refused(a_cluster(auth_type=auth_type), {"token": "x"}).code == "cluster.auth_type"


def test_every_problem_is_said_at_once_and_no_secret_with_it() -> None:
    wrong = {
        "clientCertData": "hunter2",
        "clientKeyData": CLIENT.locked_key,
        "caData": b64("-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----"),
        "insecure": "perhaps",
    }
    error = refused(a_cluster("ftp://ann:hunter2@host", "certificate"), wrong)
    assert places(error) == {
        "server",
        "credentials.clientCertData",
        "credentials.clientKeyData",
        "credentials.caData",
        "credentials.insecure",
    }
    assert "hunter2" not in str(error)
    assert "passphrase" in str(error)


def test_what_is_not_understood_is_not_kept_silently() -> None:
    assert places(refused(a_cluster(), {"token": "x", "oidcClientId": "id", "oidcScopes": ""})) == {
        "credentials.oidcClientId"
    }


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "line\r\nX-Header: 1", "é", "tab\there"])
def test_a_token_cannot_become_another_header(token: str) -> None:
    assert places(refused(a_cluster(), {"token": token})) == {"credentials.token"}


@pytest.mark.parametrize(
    "server",
    [
        "",
        "host:6443",
        "file:///etc/passwd",
        "https://",
        "https://a:b@host",
        "https://host/?x=1",
        "https://h:99999",
        "//h",
    ],
)
def test_a_server_must_be_an_address(server: str) -> None:
    assert places(refused(a_cluster(server), {"token": "x"})) == {"server"}


# ---------------------------------------------------------------- uploaded kubeconfigs


def a_kubeconfig(server: Any = "https://203.0.113.7:6443", **user: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "prod", "cluster": {"server": server}}],
        "users": [{"name": "ann", "user": user or {"token": "very-secret"}}],
        "contexts": [{"name": "main", "context": {"cluster": "prod", "user": "ann", "namespace": "team"}}],
        "current-context": "main",
    }


def refused_kubeconfig(document: Any, **more: str) -> InvalidInputError:
    text = document if isinstance(document, str) else json.dumps(document)
    return refused(a_cluster(auth_type="kubeconfig"), {"kubeconfig": text, **more})


def test_a_kubeconfig_that_would_run_commands_or_read_files_is_refused_with_everything_it_wants() -> None:
    document = a_kubeconfig()
    document["clusters"].append(
        {"name": "other", "cluster": {"certificate-authority": "/etc/shadow", "proxy-url": "http://10.0.0.1"}}
    )
    document["users"] += [
        {"name": "bob", "user": {"exec": {"command": "sh"}, "auth-provider": {"name": "gcp"}}},
        {"name": "eve", "user": {"tokenFile": "/t", "client-certificate": "c", "client-key": "k", "as": "root"}},
    ]
    error = refused_kubeconfig(document)
    assert places(error) == {
        "kubeconfig.clusters[other].certificate-authority",
        "kubeconfig.clusters[other].proxy-url",
        "kubeconfig.users[bob].exec",
        "kubeconfig.users[bob].auth-provider",
        "kubeconfig.users[eve].tokenFile",
        "kubeconfig.users[eve].client-certificate",
        "kubeconfig.users[eve].client-key",
        "kubeconfig.users[eve].as",
    }
    assert all(finding.fix for finding in error.findings)


@pytest.mark.parametrize("key", ["exec", "auth-provider", "tokenFile", "client-certificate", "client-key", "as-groups"])
def test_even_an_empty_wish_is_refused(key: str) -> None:
    assert places(refused_kubeconfig(a_kubeconfig(**{"token": "x", key: None}))) == {f"kubeconfig.users[ann].{key}"}


@pytest.mark.parametrize("at", [0, 1])
def test_a_second_entry_of_the_same_name_hides_nothing(at: int) -> None:
    document = a_kubeconfig()
    document["users"].insert(at, {"name": "ann", "user": {"exec": {"command": "sh"}}})
    assert places(refused_kubeconfig(document)) == {"kubeconfig.users[ann].exec", "kubeconfig.users[ann]"}


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "nonsense",
        "[]",
        "5",
        "{",
        "a: *nowhere",
        "!!python/object/apply:os.system [ls]",
        "\0",
        "[" * 5000,
        "x" * 2**21,
        "a: !!bool maybe",
        "a: !!int ''",
        "a: !!float ''",
        'a: "\\UFFFFFFFF"',
        "a: " + "9" * 5000,
        "a: &a [x]\nb: *a",
        # Merged twice at every level: written out, it would fill the memory of this machine.
        "a0: &a0 {k0: x}\n"
        + "".join(
            f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}], k{level}: x}}\n" for level in range(1, 40)
        ),
    ],
)
def test_what_is_no_kubeconfig_is_refused(garbage: str) -> None:
    assert places(refused_kubeconfig(garbage)) == {"kubeconfig"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"current-context": "nowhere"}, "kubeconfig.current-context"),
        ({"contexts": None}, "kubeconfig.current-context"),
        ({"users": []}, "kubeconfig.contexts.user"),
        ({"clusters": "none"}, "kubeconfig.contexts.cluster"),
        ({"clusters": [{"name": "prod", "cluster": {"server": 5}}]}, "kubeconfig.cluster.server"),
        ({"users": [{"name": "ann", "user": {"token": "a b"}}]}, "kubeconfig.user.token"),
        (
            {"users": [{"name": "ann", "user": {"client-certificate-data": b64("x")}}]},
            "kubeconfig.user.client-key-data",
        ),
    ],
)
def test_a_kubeconfig_with_holes_is_refused(change: dict[str, Any], place: str) -> None:
    assert place in places(refused_kubeconfig(a_kubeconfig() | change))


@pytest.mark.parametrize(
    ("before", "field", "place"),
    [
        ('"current-context": "main"', "current-context", "kubeconfig.current-context"),
        ('"cluster": "prod"', "cluster", "kubeconfig.contexts.cluster"),
    ],
)
def test_a_number_wider_than_python_writes_out_is_no_name_that_is_there(before: str, field: str, place: str) -> None:
    document = json.dumps(a_kubeconfig())
    assert before in document
    assert place in places(refused_kubeconfig(document.replace(before, f'"{field}": 0x{"f" * 5000}')))


async def test_a_kubeconfigs_context_decides_server_user_and_namespace(server: ScriptedServer) -> None:
    document = a_kubeconfig(server.url)
    document["contexts"].append({"name": "other", "context": {"cluster": "nowhere", "user": "nobody"}})
    cluster = sealed(a_cluster(auth_type="kubeconfig"), {"kubeconfig": json.dumps(document), "context": "main"})
    server.on("GET", "/api/v1/namespaces/team/configmaps/a", Reply(body=config_map("a")))
    async with CLUSTERS.connect(cluster) as connection:
        assert await connection.get(ObjectRef("v1", "ConfigMap", "a"))
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer very-secret"}


async def test_a_kubeconfig_may_have_a_name_and_a_password(server: ScriptedServer) -> None:
    document = a_kubeconfig(server.url, username="ann", password="hunter2")
    cluster = sealed(a_cluster(auth_type="kubeconfig"), {"kubeconfig": json.dumps(document)})
    async with CLUSTERS.connect(cluster):
        pass
    assert server.asked[0].headers["authorization"] == f"Basic {b64('ann:hunter2')}"


# ---------------------------------------------------------------- connecting


async def test_a_cluster_that_tells_its_version_to_nobody_is_connected(server: ScriptedServer) -> None:
    server.on("GET", "/version", refusal(403, "Forbidden"))
    async with CLUSTERS.connect(sealed(a_cluster(server.url), {"token": "x"})):
        pass


async def test_a_cluster_that_refuses_the_token_is_not(server: ScriptedServer) -> None:
    server.on("GET", "/version", refusal(401, "Unauthorized"))
    with pytest.raises(UnauthenticatedError):
        async with CLUSTERS.connect(sealed(a_cluster(server.url), {"token": "x"})):
            pass


async def test_a_server_below_a_path_is_reached_there(server: ScriptedServer) -> None:
    server.on("GET", "/k8s/clusters/c-1/version", Reply(body={"gitVersion": "v1.30.0"}))
    async with CLUSTERS.connect(sealed(a_cluster(f"{server.url}/k8s/clusters/c-1/"), {"token": "x"})) as connection:
        assert await connection.version() == "v1.30.0"


@pytest.mark.parametrize("pack", [str, b64])
async def test_tls_with_a_clients_certificate(tmp_path: Path, pack: Any) -> None:
    context = server_context(AUTHORITY, tmp_path, asks_clients=True)
    async with open_scripted(context) as server:
        credentials = {
            "clientCertData": pack(CLIENT.certificate),
            "clientKeyData": pack(CLIENT.key),
            "caData": pack(AUTHORITY.pair.certificate),
        }
        async with CLUSTERS.connect(sealed(a_cluster(server.url, "certificate"), credentials)) as connection:
            assert await connection.version() == "v1.37.0"


async def test_tls_with_a_kubeconfig(tmp_path: Path) -> None:
    context = server_context(AUTHORITY, tmp_path, asks_clients=True)
    async with open_scripted(context) as server:
        user = {"client-certificate-data": b64(CLIENT.certificate), "client-key-data": b64(CLIENT.key)}
        document = a_kubeconfig(server.url, **user)
        document["clusters"][0]["cluster"]["certificate-authority-data"] = b64(AUTHORITY.pair.certificate)
        cluster = sealed(a_cluster(auth_type="kubeconfig"), {"kubeconfig": json.dumps(document)})
        async with CLUSTERS.connect(cluster) as connection:
            assert await connection.version() == "v1.37.0"


async def test_a_server_that_nobody_vouches_for_is_not_talked_to_unless_asked(tmp_path: Path) -> None:
    context = server_context(AUTHORITY, tmp_path, asks_clients=False)
    async with open_scripted(context) as server:
        for credentials in ({"token": "x"}, {"token": "x", "caData": Authority.new().pair.certificate}):
            with pytest.raises(UnavailableError, match="certificate"):
                async with CLUSTERS.connect(sealed(a_cluster(server.url), credentials)):
                    pass
        assert not server.asked
        async with CLUSTERS.connect(sealed(a_cluster(server.url), {"token": "x", "insecure": "true"})):
            assert server.asked


async def test_a_key_that_does_not_belong_to_its_certificate_is_said() -> None:
    credentials = {"clientCertData": CLIENT.certificate, "clientKeyData": AUTHORITY.issue("bob").key}
    with pytest.raises(InvalidInputError, match="cannot be read"):
        async with CLUSTERS.connect(sealed(a_cluster(auth_type="certificate"), credentials)):
            pass


# ---------------------------------------------------------------- the user's own kubeconfig


def written(tmp_path: Path, document: Any) -> str:
    path = tmp_path / "config"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


async def test_the_users_own_kubeconfig_is_used_with_its_context(server: ScriptedServer, tmp_path: Path) -> None:
    document = a_kubeconfig(server.url)
    document["contexts"].append({"name": "other", "context": {"cluster": "prod", "user": "ann", "namespace": "else"}})
    server.on("GET", "/api/v1/namespaces/team/configmaps/a", Reply(body=config_map("a")))
    server.on("GET", "/api/v1/namespaces/else/configmaps/a", Reply(body=config_map("a", "2")))
    for context, version in ((None, "1"), ("other", "2")):
        async with connect_kubeconfig(written(tmp_path, document), context, clock=TestClock()) as connection:
            live = await connection.get(ObjectRef("v1", "ConfigMap", "a"))
            assert live
            assert live["metadata"]["resourceVersion"] == version
    assert server.asked[0].headers["authorization"] == "Bearer very-secret"


async def test_the_users_own_kubeconfig_may_run_the_users_commands(server: ScriptedServer, tmp_path: Path) -> None:
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "from-plugin"},
    }
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\necho '{json.dumps(credential)}'\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}
    async with connect_kubeconfig(written(tmp_path, a_kubeconfig(server.url, exec=command)), clock=TestClock()):
        pass
    assert server.asked[0].headers["authorization"] == "Bearer from-plugin"


@pytest.mark.parametrize(
    ("document", "context"),
    [("nonsense", None), ("{", None), ("", None), (a_kubeconfig(), "nowhere"), (a_kubeconfig() | {"users": 5}, None)],
)
async def test_a_kubeconfig_that_cannot_be_used_is_said(tmp_path: Path, document: Any, context: str | None) -> None:
    with pytest.raises(InvalidInputError, match="kubeconfig cannot be used"):
        async with connect_kubeconfig(written(tmp_path, document), context, clock=TestClock()):
            pass


async def test_a_kubeconfig_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="kubeconfig cannot be used"):
        async with connect_kubeconfig(str(tmp_path / "nowhere"), clock=TestClock()):
            pass


async def test_a_cluster_whose_certificate_is_not_verified_is_refused_where_the_service_must_verify() -> None:
    strict = evolve(CLUSTERS, verifies_tls=True)
    document = a_kubeconfig(token="x")
    document["clusters"][0]["cluster"] = {"server": "https://k8s", "insecure-skip-tls-verify": True}
    for auth_type, given, place in (
        ("token", {"token": "x", "insecure": "true"}, "credentials.insecure"),
        ("kubeconfig", {"kubeconfig": json.dumps(document)}, "kubeconfig.cluster.insecure-skip-tls-verify"),
    ):
        cluster = a_cluster(auth_type=auth_type)
        with pytest.raises(InvalidInputError) as caught:
            strict.seal(cluster, given)
        assert (caught.value.code, places(caught.value)) == ("cluster.unverified_tls", {place})
        with pytest.raises(InvalidInputError):  # also one that was registered before
            async with strict.connect(sealed(cluster, given)):
                pass
