"""What error answers tell, and what they keep for the log."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from litestar import Request

from entrypoints.http.errors import answer_to_flowcore_error
from flowcore.errors import UnavailableError

REQUEST = cast("Request[Any, Any, Any]", None)  # the answer does not depend on it


def test_where_the_store_is_is_told_to_the_log_and_not_to_callers(capsys: pytest.CaptureFixture[str]) -> None:
    error = UnavailableError("MongoDB at 10.1.2.3:27017 does not answer", code="store.unavailable")
    answer = answer_to_flowcore_error(REQUEST, error)
    assert answer.status_code == 503
    assert answer.content["code"] == "store.unavailable"
    assert "10.1.2.3" not in json.dumps(answer.content)
    assert "10.1.2.3" in "".join(capsys.readouterr())


def test_a_cluster_that_does_not_answer_is_told_with_its_reason() -> None:
    error = UnavailableError("the API server at https://203.0.113.7:6443 refuses the connection")
    assert "203.0.113.7" in answer_to_flowcore_error(REQUEST, error).content["error"]
