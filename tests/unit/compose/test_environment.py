"""Variables: plain ones, secret ones, and where they come from."""

from __future__ import annotations

import pytest

from flowcore.compose._sensitive import secret_word, why_sensitive
from flowcore.errors import Severity
from tests.unit.compose.looking import data, edges, found, imported, kinds, only, refused, service


def test_plain_variables_go_into_a_config_map() -> None:
    result = service("environment: {A: 1, B: true, C: 1.5, discovery.type: x}")
    assert data(result, "web-config")["data"] == {"A": "1", "B": "true", "C": "1.5", "discovery.type": "x"}
    assert edges(result, "web-config", "web") == [{"as": "envFrom"}]
    assert not result.secret_values


def test_secret_variables_are_named_in_a_secret_and_their_values_are_kept_apart() -> None:
    result = service("environment: ['DB_PASSWORD=hunter2', 'URL=http://u:hunter2@h/', 'A=b=c']")
    assert [key["name"] for key in data(result, "web-secret")["keys"]] == ["DB_PASSWORD", "URL"]
    assert result.secret_values == {"web-secret": {"DB_PASSWORD": "hunter2", "URL": "http://u:hunter2@h/"}}
    assert edges(result, "web-secret", "web") == [{"as": "envFrom"}]
    assert data(result, "web-config")["data"] == {"A": "b=c"}
    assert "hunter2" not in repr(result)
    assert "hunter2" not in repr(result.workflow)
    assert "hunter2" not in "".join(str(finding) for finding in result.findings)
    messages = [finding.message for finding in found(result, "secret-variable")]
    assert "the word PASSWORD" in messages[0]
    assert "an address with a password" in messages[1]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("PASSWORD", "PASSWORD"), ("MYSQL_ROOT_PASSWORD", "PASSWORD"), ("WEBPASSWORD", "WEBPASSWORD"),
        ("DB_PASSWD", "PASSWD"), ("DB_PWD", "PWD"), ("JWT_SECRET", "SECRET"), ("GITHUB_TOKEN", "TOKEN"),
        ("API_KEY", "API_KEY"), ("apiKey", "API_KEY"), ("APIKEY", "APIKEY"), ("AWS_ACCESS_KEY_ID", "ACCESS_KEY"),
        ("PRIVATE_KEY", "PRIVATE_KEY"), ("GCP_CREDENTIALS", "CREDENTIALS"),
        ("spring.datasource.password", "PASSWORD"), ("SECRET_KEY_BASE", "SECRET"), ("KEYBOARD", ""), ("AUTHOR", ""),
        ("MONKEY", ""), ("PWD", ""), ("MAX_TOKENS", ""), ("PASSWORD_FILE", ""), ("TOKEN_TTL", ""),
        ("SECRET_NAME", ""), ("PRIMARY_KEY", ""), ("BYPASS", ""), ("AUTH_METHOD", ""), ("CERT", ""), ("", ""),
        ("PLEX_CLAIM", "PLEX_CLAIM"), ("USERNAME_CLAIM", ""), ("GITHUB_PAT", "PAT"), ("COMPAT", ""),
        ("DEPLOY_KEY", "DEPLOY_KEY"), ("PUBLIC_KEY", ""), ("SORT_KEY", ""), ("HOTKEY", ""), ("AUTHORITY", ""),
        ("TOKENIZER_MODEL", ""), ("SECRETARY", ""), ("SSL_CERT", ""), ("MAP_PIN_COLOR", ""), ("OTP", ""),
    ],
)  # fmt: skip
def test_names_are_judged_word_by_word(name: str, word: str) -> None:
    assert secret_word(name) == word


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("ALLOW_EMPTY_PASSWORD", "yes", False),
        ("DB_PASSWORD", "/run/secrets/db", False),
        ("DB_PASSWORD", "/x", True),
        ("URL", "postgres://user:pw@db/x", True),
        ("URL", "postgres://user@db:5432/x", False),
        ("URL", "redis://:pw@cache:6379", True),
        ("URL", "http://host:80/a@b", False),
        ("CONNECTION", "Server=db;User=sa;Password=x", True),
        ("DSN", "jdbc:postgresql://db/x?user=a&password=b", True),
        ("STORAGE", "DefaultEndpointsProtocol=https;AccountKey=abc", True),
        ("X", "ghp_" + "a" * 36, True),
        ("CLAIM", "claim-abcdefghijklmnopqrst", True),
        ("HOOK", "https://hooks.slack.com/services/T0/B0/x", True),
        ("PAGE", "https://example.com/services/x?page=1", False),
        ("PEM", "-----BEGIN RSA PRIVATE KEY-----\nx", True),
    ],
)
def test_values_are_looked_at_too(name: str, value: str, is_secret: bool) -> None:
    assert bool(why_sensitive(name, value)) is is_secret


def test_a_secret_made_of_an_unset_variable_is_asked_for_at_deploy_time() -> None:
    result = service("environment: {DB_PASSWORD: '${NO}', API_TOKEN: ''}")
    assert result.secret_values == {"web-secret": {"API_TOKEN": ""}}
    finding = found(result, "secret-variable")[0]
    assert "at deploy time" in finding.message
    assert "web-secret.DB_PASSWORD" in finding.fix


def test_a_name_without_value_is_taken_from_what_the_caller_gives() -> None:
    result = service("environment: [A, B]", env={"A": "1"})
    assert data(result, "web-config")["data"] == {"A": "1"}
    finding = only(result, "variable-unset")
    assert (finding.place.line, finding.place.path) == (4, "services.web.environment.B")


def test_env_files_are_read_in_order_and_environment_wins() -> None:
    files = {"a.env": "A=1\nB=1\nC=1", "b.env": "B=2\nDB_PASSWORD=x", ".env": "X=9"}
    result = service("env_file: [a.env, {path: ./b.env}]\nenvironment: {C: '3'}", files)
    assert data(result, "web-config")["data"] == {"A": "1", "B": "2", "C": "3"}
    assert result.secret_values == {"web-secret": {"DB_PASSWORD": "x"}}


def test_a_raw_env_file_is_taken_letter_by_letter() -> None:
    result = service("env_file: [{path: a.env, format: raw}]", {"a.env": "A='$X'\n"})
    assert data(result, "web-config")["data"] == {"A": "'$X'"}


def test_a_missing_env_file_is_a_warning_and_an_optional_one_is_not() -> None:
    result = service("env_file:\n  - no.env\n  - {path: maybe.env, required: false}\n  - ../out.env")
    missing, outside = found(result, "env-file")
    assert (missing.severity, missing.place.line) == (Severity.WARNING, 5)
    assert "outside" in outside.message


def test_a_broken_env_file_is_refused_with_its_line() -> None:
    error = refused("services: {web: {image: a, env_file: a.env}}\n", {"a.env": "A=1\nB='x"})
    assert (only(error, "dotenv").place.file, only(error, "dotenv").place.line) == ("a.env", 2)


def test_a_name_that_no_config_map_can_hold_is_set_on_the_workload() -> None:
    result = service("environment: {'a b': 'x$$(y)'}")
    assert data(result, "web")["env"] == {"a b": "x$$(y)"}
    assert only(result, "variable-name")


def test_a_mapping_inside_the_list_is_refused_with_a_hint() -> None:
    finding = only(refused("services:\n  web:\n    image: a\n    environment:\n      - A: b\n"), "type")
    assert finding.place.line == 5
    assert "quotes" in finding.fix


def test_names_with_underscores_are_renamed_and_hosts_follow() -> None:
    result = imported("""
        services:
          my_db: {image: postgres, environment: {POSTGRES_DB: my_db}}
          web:
            image: nginx
            command: [wait, "my_db:5432"]
            environment:
              URL: postgres://u:p@my_db/my_db
              DB_HOST: my_db
              NAME: my_db
        """)
    assert kinds(result)["my-db"] == "deployment"
    assert data(result, "my-db-service")["name"] == "my-db"
    assert data(result, "web")["args"] == ["wait", "my-db:5432"]
    assert data(result, "web-config")["data"] == {"DB_HOST": "my-db", "NAME": "my_db"}
    assert result.secret_values["web-secret"] == {"URL": "postgres://u:p@my-db/my_db"}
    assert data(result, "my-db-config")["data"] == {"POSTGRES_DB": "my_db"}
    assert only(result, "renamed").place.line == 3
    assert {finding.message.split()[2] for finding in found(result, "host-rewritten")} == {"URL", "DB_HOST", "command"}
    assert {finding.message.split()[1] for finding in found(result, "host-left")} == {"URL", "NAME", "POSTGRES_DB"}


@pytest.mark.parametrize(
    ("command", "args", "secrets"),
    [
        (
            "redis-server --requirepass planted --port 1",
            ["redis-server", "--requirepass", "$(ARG_REQUIREPASS)", "--port", "1"],
            {"ARG_REQUIREPASS": "planted"},
        ),
        (
            "serve --api-key=planted --max-tokens 5",
            ["serve", "--api-key=$(ARG_API_KEY)", "--max-tokens", "5"],
            {"ARG_API_KEY": "planted"},
        ),
        (
            "[sh, -c, \"run --password 'planted' $$(id) && PGPASSWORD=other x\"]",
            ["sh", "-c", "run --password '$(ARG_PASSWORD)' $$(id) && PGPASSWORD=$(ARG_PGPASSWORD) x"],
            {"ARG_PASSWORD": "planted", "ARG_PGPASSWORD": "other"},
        ),
        (
            "wait amqp://me:planted@mq:1/",
            ["wait", "amqp://me:$(ARG_URL_PASSWORD)@mq:1/"],
            {"ARG_URL_PASSWORD": "planted"},
        ),
        (
            "x -c password_encryption=md5 --password-file /run/db --token-ttl 5 --password $$PW --verbose",
            None,
            {},
        ),
    ],
)
def test_secrets_in_a_command_leave_the_drawing_too(
    command: str, args: list[str] | None, secrets: dict[str, str]
) -> None:
    result = service(f"command: {command}")
    if args is not None:
        assert data(result, "web")["args"] == args
    assert result.secret_values.get("web-secret", {}) == secrets
    assert "planted" not in str((result.workflow, result.findings))
    assert len(found(result, "secret-argument")) == len(secrets)


def test_a_secret_in_a_command_that_is_a_variable_too_keeps_its_name() -> None:
    result = service("environment: {REDIS_PASSWORD: planted}\nentrypoint: [redis, --requirepass, planted]")
    assert data(result, "web")["command"] == ["redis", "--requirepass", "$(REDIS_PASSWORD)"]
    assert result.secret_values == {"web-secret": {"REDIS_PASSWORD": "planted"}}


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("gitlab_rails['initial_root_password'] = 'planted'", True),
        ('{"user": "me", "db_password": "planted"}', True),
        ("config[:token] => 'planted'", True),
        ('{"tokens": 5, "password_file": "/run/x"}', False),
        ("the secret of success: 'patience'", False),
    ],
)
def test_settings_with_a_password_among_them_are_a_secret(value: str, secret: bool) -> None:
    result = service("environment:\n  CONFIG: |\n    first\n    " + value)
    assert ("web-secret" in kinds(result)) is secret
