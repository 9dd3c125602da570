"""Values that are wrong: each is told with its place and what it is, and all of them at once."""

from __future__ import annotations

import pytest

from flowcore.compose import import_compose, load
from flowcore.errors import InvalidInputError

#: Key of a service with a wrong value, and what of it must be said.
_WRONG = [
    ("healthcheck: {test: x, interval: 5 apples}", "5 apples"),
    ("healthcheck: {test: x, timeout: -1s}", "-1s"),
    ("healthcheck: {test: x, retries: many}", "many"),
    ("mem_limit: lots", "lots"),
    ("mem_reservation: 1x", "1x"),
    ("shm_size: big", "big"),
    ("cpus: few", "few"),
    ("ports: ['70000:80']", "70000"),
    ("ports: ['a:b']", "a:b"),
    ("ports: ['80:90-91']", "the host range 80 has 1 ports"),
    ("ports: [{target: x}]", "x"),
    ("ports: ['[::1:80:80']", "[::1:80:80"),
    ("expose: [a]", "a"),
    ("volumes: ['::']", "::"),
    ("volumes: [{type: magic, target: /x}]", "magic"),
    ("volumes: [{type: volume, source: a}]", "target"),
    ("depends_on: {b: {condition: service_happy}}", "service_happy"),
    ("depends_on: [nobody]", "nobody"),
    ("restart: sometimes", "sometimes"),
    ("restart: 'on-failure:x'", "on-failure:x"),
    ("scale: -1", "-1"),
    ("deploy: {replicas: x}", "x"),
    ("deploy: {mode: odd}", "odd"),
    ("deploy: {resources: {limits: {cpus: much}}}", "much"),
    ("deploy: {resources: {limits: {memory: huge}}}", "huge"),
    ("stop_grace_period: soon", "soon"),
    ("environment: 5", "5"),
    ("environment: [[a]]", "list"),
    ("secrets: [nope]", "nope"),
    ("configs: [{target: /x}]", "source"),
    ("extra_hosts: [h]", "h"),
    ("build: {context: ., args: 7}", "7"),
    ("privileged: perhaps", "perhaps"),
    ("labels: {a: [b]}", "list"),
    ("networks: 5", "5"),
    ("env_file: [{required: true}]", "path"),
    ("command: {a: b}", "mapping"),
    ("ulimits: {nofile: many}", "many"),
    ("ulimits: {nofile: {soft: some}}", "some"),
    ("ulimits: 5", "5"),
    ("mem_swappiness: high", "high"),
    ("memswap_limit: lots", "lots"),
    ("pull_policy: sometimes", "sometimes"),
    ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: big}}]", "big"),
    ("volumes: [{type: bind, source: /a, target: /x, bind: {propagation: far}}]", "far"),
    ("deploy: {restart_policy: {condition: maybe}}", "maybe"),
    ("deploy: {update_config: {order: random}}", "random"),
    ("deploy: {update_config: {delay: soon}}", "soon"),
    ("deploy: {update_config: {parallelism: all}}", "all"),
]


@pytest.mark.parametrize(("key", "said"), _WRONG)
def test_a_wrong_value_is_told_with_line_column_and_what_it_is(key: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        load(f"services:\n  a:\n    image: x\n    {key}\n  b: {{image: b}}\n")
    [problem] = [finding for finding in refused.value.findings if finding.is_error]
    assert problem.place.line == 4
    assert problem.place.column >= 5
    assert problem.place.path.startswith("services.a.")
    assert said in problem.message


def test_all_of_them_are_told_at_once() -> None:
    by_key = {key.partition(":")[0]: key for key, _ in _WRONG}
    text = "services:\n  b: {image: b}\n  a:\n    image: x\n" + "".join(f"    {key}\n" for key in by_key.values())
    with pytest.raises(InvalidInputError) as refused:
        import_compose(text)
    lines = {finding.place.line for finding in refused.value.findings if finding.is_error}
    assert lines == set(range(5, 5 + len(by_key)))
