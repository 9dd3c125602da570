"""The file of identity providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoints.settings import Settings
from entrypoints.settings.oauth import ProviderSettings, read_providers
from entrypoints.settings.presets import PRESETS
from flowcore.errors import InvalidInputError


def read(tmp_path: Path, text: str, **env: str) -> tuple[ProviderSettings, ...]:
    path = tmp_path / "providers.toml"
    path.write_text(text)
    return read_providers(path, env)


def test_presets_need_a_client_and_little_else(tmp_path: Path) -> None:
    text = "".join(
        f'[providers.{name}]\npreset = "{name}"\nclient_id = "c"\nissuer = "https://{name}.example"\n'
        for name in PRESETS
    )
    found = read(tmp_path, text)
    assert [each.name for each in found] == list(PRESETS)
    github, gitlab, *_ = found
    assert (github.type, github.display_name, github.claims["subject"]) == ("oauth2", "GitHub", "id")
    assert github.emails_url == "https://api.github.com/user/emails"
    assert (gitlab.type, gitlab.scopes) == ("oidc", ("openid", "profile", "email"))


def test_everything_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    [found] = read(
        tmp_path,
        """
        [providers.corp]
        issuer = "https://sso.corp.example/realms/x"
        client_id = "flowcore"
        client_secret_file = "secret"
        token_auth = "client_secret_post"
        scopes = ["email"]
        display_name = "Corp"
        icon = "key"
        allowed_domains = ["corp.example"]
        assume_email_verified = true
        link_verified_email = true
        default_role = "none"
        [providers.corp.claims]
        email = "mail"
        groups = "realm_access.roles"
        [providers.corp.roles]
        admin = ["ops"]
        user = ["staff"]
        """,
    )
    assert found.client_secret == "s3cret"
    assert "s3cret" not in repr(found)
    assert found.scopes == ("openid", "email")
    assert found.claims == {"email": "mail", "groups": "realm_access.roles", "email_verified": ""}
    assert (found.admin_groups, found.user_groups, found.default_role) == (("ops",), ("staff",), "none")


def test_the_example_of_the_how_to_works(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[4] / "docs" / "how-to" / "sign-in-with-oauth.md"
    example = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "keycloak").write_text("s3cret")
    text = example.replace("/run/secrets/keycloak", "keycloak")
    github, corp = read(tmp_path, text, GITHUB_CLIENT_SECRET="s")
    assert (github.name, corp.client_secret, corp.admin_groups) == ("github", "s3cret", ("flowcore-admins",))


def test_a_provider_can_be_switched_off(tmp_path: Path) -> None:
    assert read(tmp_path, '[providers.x]\nenabled = false\npreset = "github"\n') == ()


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
top = 1
[providers.a]
preset = "facebook"
[providers.b]
issuer = "http://idp.example"
client_secret = "s3cret"
client_secret_env = "MISSING"
[providers.b.roles]
admin = ["ops"]
[providers.c]
client_id = 7
colour = "red"
claims = { phone = "x", name = 1 }
scopes = ["a", 1]
[providers.D]
type = "oauth2"
client_id = "c"
"""
    with pytest.raises(InvalidInputError) as refused:
        read(tmp_path, text)
    told = {(finding.place.path, finding.place.line) for finding in refused.value.findings}
    assert told == {
        ("top", 1),
        ("providers.a.preset", 3),
        ("providers.b.client_id", 4),
        ("providers.b.issuer", 5),
        ("providers.b.roles", 8),
        ("providers.b.client_secret", 6),
        ("providers.b.client_secret_env", 7),
        ("providers.c.client_id", 11),
        ("providers.c.colour", 12),
        ("providers.c.claims.phone", 13),
        ("providers.c.claims.name", 13),
        ("providers.c.scopes", 14),
        ("providers.D", 15),
        ("providers.D.authorization_url", 15),
        ("providers.D.token_url", 15),
        ("providers.D.userinfo_url", 15),
    }
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "providers = 1", "[providers]", 'secret = "s3cret', "\xff"])
def test_files_that_are_none_are_refused_without_quoting_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "providers.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInputError) as refused:
        read_providers(path, {})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example",
        "ftp://x",
        "https://",
        "https://u@x.example",
        "https://x.example/#f",
        "https://x:99999",
        "x",
    ],
)
def test_secrets_are_sent_to_safe_addresses_only(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidInputError):
        read(tmp_path, f'[providers.x]\nclient_id = "c"\nissuer = "{url}"\n')


def test_the_settings_of_the_service_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "providers.toml"
    path.write_text('[providers.gh]\npreset = "github"\nclient_id = "c"\nclient_secret_env = "FLOWCORE_GH_SECRET"\n')
    env = {
        "FLOWCORE_OAUTH_PROVIDERS": str(path),
        "FLOWCORE_GH_SECRET": "s3cret",
        "FLOWCORE_PUBLIC_URL": "https://flow.example/",
    }
    settings = Settings.from_env(env)
    assert settings.oauth_providers[0].client_secret == "s3cret"
    assert settings.public_url == settings.frontend == "https://flow.example"
    assert "s3cret" not in repr(settings)
    with pytest.raises(InvalidInputError) as refused:
        Settings.from_env(
            env | {"FLOWCORE_PUBLIC_URL": "https://flow.example/path", "FLOWCORE_FRONTEND_URL": "http://x"}
        )
    assert len(refused.value.findings) == 2
    with pytest.raises(InvalidInputError) as refused:
        Settings.from_env({"FLOWCORE_OAUTH_PROVIDERS": str(path), "FLOWCORE_PORT": "x"})
    assert {finding.place.path for finding in refused.value.findings} == {
        "FLOWCORE_PORT",
        "FLOWCORE_PUBLIC_URL",
        "providers.gh.client_secret_env",
    }
