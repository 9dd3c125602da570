"""Short forms: volumes, ports, units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcore.compose import load, parse_volume
from flowcore.compose._ports import Port, PortError, long_port, parse_exposed, parse_port
from flowcore.compose._units import bytes_of, cpus_of, memory_of, seconds_of, whole_number, whole_seconds, yes_or_no
from flowcore.compose._volumes import _split
from flowcore.errors import InvalidInputError

_NAMES = {
    "Type": "type", "Source": "source", "Target": "target", "ReadOnly": "read_only", "Bind": "bind", "Volume": "volume",
    "CreateHostPath": "create_host_path", "SELinux": "selinux", "Propagation": "propagation", "NoCopy": "nocopy",
}  # fmt: skip


def _ours(value: Any) -> Any:
    """The outside case's spelling in ours; a volume without options is the same as none."""
    if not isinstance(value, dict):
        return value
    found = {_NAMES[key]: _ours(item) for key, item in value.items() if key != "_type"}
    return {key: item for key, item in found.items() if item != {}}


def test_the_outside_cases_agree(testdata: Path) -> None:
    for case in json.loads((testdata / "compose_volume_specs.json").read_text())["cases"]:
        if "parts" in case:
            assert _split(case["input"]) == case["parts"], case
        elif case.get("error"):
            with pytest.raises(InvalidInputError, match=case["error"].split(":")[0]):
                parse_volume(case["input"])
        else:
            found = {key: item for key, item in parse_volume(case["input"]).items() if item != {}}
            assert found == _ours(case["expected"]), case


def test_an_empty_volume_is_refused_as_such() -> None:
    with pytest.raises(InvalidInputError, match="invalid empty volume spec"):
        parse_volume("")


@pytest.mark.parametrize(
    ("spec", "key", "options"),
    [
        ("data:/x:Z", "bind", {"selinux": "Z"}),
        ("data:/x:rslave", "bind", {"propagation": "rslave"}),
        ("/a:/x:nocopy", "volume", {"nocopy": True}),
    ],
)
def test_an_option_meant_for_another_type_of_mount_is_kept(spec: str, key: str, options: dict[str, Any]) -> None:
    assert parse_volume(spec)[key] == options


def test_a_volume_with_a_name_of_one_letter_is_no_drive() -> None:
    assert parse_volume("x:/x:ro") == {"type": "volume", "source": "x", "target": "/x", "volume": {}, "read_only": True}


@pytest.mark.parametrize(
    ("spec", "ports"),
    [
        (80, [Port(target=80, published=0)]),
        ("8080:80", [Port(target=80, published=8080)]),
        ("127.0.0.1:8080:80", [Port(target=80, published=8080, host_ip="127.0.0.1")]),
        ("127.0.0.1::80", [Port(target=80, published=0, host_ip="127.0.0.1")]),
        ("[::1]:81:80/udp", [Port(target=80, published=81, host_ip="::1", protocol="udp")]),
        ("3000-3001", [Port(target=3000, published=0), Port(target=3001, published=0)]),
        ("9000-9001:80-81", [Port(target=80, published=9000), Port(target=81, published=9001)]),
        ("9000-9010:80", [Port(target=80, published=9000)]),
        ("53:53/UDP", [Port(target=53, published=53, protocol="udp")]),
    ],
)
def test_a_short_port_is_understood(spec: object, ports: list[Port]) -> None:
    assert parse_port(spec) == ports


@pytest.mark.parametrize(
    "spec", ["", "a", "0", "65536", "80:80:80:80", "80-70", "1-5000", "80/icmp", "1-3:1-2", "-80", "80:a"]
)
def test_what_is_no_port_is_refused(spec: str) -> None:
    with pytest.raises(PortError):
        parse_port(spec)


def test_a_long_port_may_be_quoted_and_named() -> None:
    spec = {"target": "80", "published": "8080", "protocol": "tcp", "name": "web", "app_protocol": "http"}
    assert long_port(spec) == [Port(target=80, published=8080, name="web", app_protocol="http")]
    with pytest.raises(PortError):
        long_port({"published": 80})


def test_exposed_ports_may_be_ranges_with_a_protocol() -> None:
    assert parse_exposed("53/udp") == [Port(target=53, protocol="udp")]
    assert [port.target for port in parse_exposed("1000-1002")] == [1000, 1001, 1002]


@pytest.mark.parametrize(
    ("value", "quantity"),
    [("512m", "512Mi"), ("1gb", "1Gi"), ("1.5G", "1536Mi"), (1048576, "1Mi"), ("64k", "64Ki"), ("300", "300"),
     ("2 GiB", "2Gi"), ("x", None), ("", None), (True, None), ("1z", None), ("-1", None)],
)  # fmt: skip
def test_a_size_is_converted_by_powers_of_1024(value: object, quantity: str | None) -> None:
    assert memory_of(value) == quantity


@pytest.mark.parametrize(
    ("value", "quantity"),
    [("0.5", "500m"), (2, "2"), ("1.0", "1"), (0.001, "1m"), ("x", None), (-1, None), (True, None)],
)
def test_processors_are_converted(value: object, quantity: str | None) -> None:
    assert cpus_of(value) == quantity


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1m30s", 90),
        ("500ms", 0.5),
        ("1h", 3600),
        ("30", 30),
        (5, 5),
        ("1h2m3s", 3723),
        ("x", None),
        ("", None),
        ("5x", None),
    ],
)
def test_a_duration_is_converted(value: object, seconds: float | None) -> None:
    assert seconds_of(value) == seconds


def test_numbers_and_flags_are_read_from_texts_too() -> None:
    assert [whole_number(value) for value in ("2", 2.0, "x", 2.5, True)] == [2, 2, None, None, None]
    assert [yes_or_no(value) for value in ("true", "0", "x", False)] == [True, False, None, False]
    assert [whole_seconds(value) for value in ("500ms", "0s", "x")] == [1, 1, None]
    assert bytes_of("1k") == 1024


def test_a_device_in_the_long_form_is_read_as_its_text() -> None:
    entries = "['/dev/a:/dev/b', {source: /dev/c, target: /dev/d, permissions: r}, {source: vendor.com/class=x}]"
    document = load(f"services: {{a: {{image: x, devices: {entries}}}}}\n")
    assert document["services"]["a"]["devices"] == ["/dev/a:/dev/b", "/dev/c:/dev/d:r", "vendor.com/class=x"]
    with pytest.raises(InvalidInputError, match="no source"):
        load("services: {a: {image: x, devices: [{target: /dev/d}]}}\n")
