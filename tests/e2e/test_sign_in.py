"""Signing in from the command line to a service that is served, while its keys are rotated."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import jwt
import pytest

from tests.e2e.test_commands import flowcore, line_with, running

pytestmark = pytest.mark.slow
PASSWORD = "correct horse 7"


def test_a_token_outlives_rotated_keys_and_another_process_can_check_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv("FLOWCORE_TOKEN_ALGORITHM", "EdDSA")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with running("serve", "--port", "0", "--data-dir", data, cwd=tmp_path) as service:
        url = line_with(service, "listens on").split()[-1]
        with httpx.Client(base_url=url, timeout=30) as client:
            body = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}
            old = client.post("/v1/api/auth/register", json=body).json()["token"]
            before = jwt.get_unverified_header(old)
            assert before["alg"] == "EdDSA"

            done = flowcore("keys", "rotate", "--purpose", "tokens", "--data-dir", data, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            new = client.post("/v1/api/auth/login", json=body).json()["token"]
            after = jwt.get_unverified_header(new)
            assert (after["alg"], after["kid"] == before["kid"]) == ("EdDSA", False)
            keys = {key["kid"]: key for key in client.get("/.well-known/jwks.json").json()["keys"]}
            for token, header in ((old, before), (new, after)):
                told = jwt.decode(token, jwt.PyJWK(keys[header["kid"]]), algorithms=["EdDSA"], audience="flowcore")
                assert told["email"] == "ann@example.com"
                asked = client.get("/v1/api/auth/session", headers={"Authorization": f"Bearer {token}"})
                assert asked.status_code == 200

            made = client.post(
                "/v1/api/profile/tokens",
                json={"name": "pipeline", "scopes": ["read"]},
                headers={"Authorization": f"Bearer {new}"},
            ).json()["token"]
        env = {"FLOWCORE_SERVER": url, "FLOWCORE_TOKEN": made}
        done = flowcore("whoami", "--json", cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["apiToken"]["name"] == "pipeline"
        assert made not in done.stdout + done.stderr
    done = flowcore("whoami", cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert f"{url} does not answer" in done.stderr
    assert made not in done.stderr
