"""Differences between drawings, and how they are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from attrs import evolve

from flowcore.diffing import Change, DiffStatus, diff, to_json, to_text
from flowcore.model import Edge, Node, Position, Version, Workflow

WEB = Node(id="n1", type="deployment", data={"name": "web", "image": "nginx:1"}, position=Position(10, 20))
API = Node(id="n2", type="service", data={"name": "api", "ports": [{"name": "http", "port": 80}]})
WIRE = Edge(id="e1", source="n2", target="n1")
OLD = Workflow(name="shop", nodes=[WEB, API], edges=[WIRE])


def test_a_node_that_only_moved_is_moved_not_changed() -> None:
    new = evolve(OLD, nodes=[evolve(WEB, position=Position(99, 20)), API])
    [item] = diff(OLD, new).nodes
    assert item.status is DiffStatus.MOVED
    assert item.changes == (Change("position.x", 10, 99),)


def test_a_node_that_moved_and_changed_is_changed() -> None:
    new = evolve(OLD, nodes=[evolve(WEB, data={**WEB.data, "image": "nginx:2"}, position=Position(99, 20)), API])
    [item] = diff(OLD, new).nodes
    assert item.status is DiffStatus.CHANGED
    assert [change.path for change in item.changes] == ["data.image", "position.x"]


def test_what_the_running_service_keeps_in_a_node_does_not_count() -> None:
    running = {**WEB.data, "_status": {"state": "healthy"}, "_linkedSecrets": ["x"], "_secretCreated": True}
    assert diff(OLD, evolve(OLD, nodes=[evolve(WEB, data=running), API])).is_empty


def test_an_underscore_below_the_top_is_the_users_own() -> None:
    old = evolve(OLD, nodes=[evolve(WEB, data={"data": {"_key": "a"}})])
    new = evolve(OLD, nodes=[evolve(WEB, data={"data": {"_key": "b"}})])
    assert diff(old, new).nodes[0].changes == (Change("data.data._key", "a", "b"),)


def test_another_kind_under_the_same_id_is_a_change() -> None:
    [item] = diff(OLD, evolve(OLD, nodes=[evolve(WEB, type="statefulset"), API])).nodes
    assert item.status is DiffStatus.CHANGED
    assert item.changes == (Change("type", "deployment", "statefulset"),)


def test_an_edge_wired_elsewhere_under_the_same_id_is_changed() -> None:
    new = evolve(OLD, edges=[evolve(WIRE, target="n2", source_handle="p1", data={"as": "env"})])
    [item] = diff(OLD, new).edges
    assert item.status is DiffStatus.CHANGED
    assert [change.path for change in item.changes] == ["target", "sourceHandle", "data.as"]


def test_additions_come_in_drawing_order_and_removals_last() -> None:
    new = evolve(OLD, nodes=[Node(id="z", type="job"), API, Node(id="a", type="job")], edges=[])
    found = diff(OLD, new)
    assert [(item.node_id, item.status.value) for item in found.nodes] == [
        ("z", "added"),
        ("a", "added"),
        ("n1", "removed"),
    ]
    assert [(item.edge_id, item.status.value) for item in found.edges] == [("e1", "removed")]
    assert found.counts == {
        "nodes": {"added": 2, "removed": 1, "changed": 0, "moved": 0},
        "edges": {"added": 0, "removed": 1, "changed": 0, "moved": 0},
    }


def test_nodes_under_one_id_are_compared_one_by_one() -> None:
    twice = [WEB, evolve(WEB, data={"name": "second"})]
    found = diff(evolve(OLD, nodes=twice), evolve(OLD, nodes=[WEB]))
    assert [(item.status.value, item.name) for item in found.nodes] == [("removed", "second")]


def test_the_order_of_drawing_does_not_count() -> None:
    assert diff(OLD, evolve(OLD, nodes=[API, WEB])).is_empty


def test_versions_are_compared_like_workflows() -> None:
    version = Version(id="v", workflow_id="w", number=1, nodes=[WEB], created_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert diff(version, OLD).counts["nodes"]["added"] == 1


def test_an_empty_diff_is_an_empty_text() -> None:
    assert to_text(diff(OLD, OLD)) == ""


def test_the_text_shows_old_and_new_values_as_a_unified_diff_does() -> None:
    web = evolve(WEB, data={**WEB.data, "image": "nginx:2", "tty": True, "args": ["8080"]}, position=Position(0, 0))
    script = Node(id="c", type="configmap", data={"name": "conf", "data": {"a.sh": "one\ntwo\nthree\n"}})
    old = evolve(OLD, nodes=[*OLD.nodes, script])
    changed = evolve(script, data={"name": "conf", "data": {"a.sh": "one\n2\nthree\n"}})
    new = evolve(OLD, nodes=[web, changed, Node(id="job", type="job", data={"_status": {}})], edges=[])
    assert to_text(diff(old, new)) == (
        "~ deployment web (n1)\n"
        "  - image: nginx:1\n"
        "  + image: nginx:2\n"
        "  + tty: true\n"
        '  + args: ["8080"]\n'
        "  > position: (10, 20) -> (0, 0)\n"
        "~ configmap conf (c)\n"
        '  ~ data["a.sh"]:\n'
        "      @@ -1,3 +1,3 @@\n"
        "       one\n"
        "      -two\n"
        "      +2\n"
        "       three\n"
        "+ job job\n"
        "- service api (n2)\n"
        "  - name: api\n"
        '  - ports: [{"name": "http", "port": 80}]\n'
        "- edge api -> web (e1)\n"
    )


def test_texts_that_look_like_other_values_and_control_characters_cannot_fool_the_reader() -> None:
    old = evolve(OLD, nodes=[evolve(WEB, data={"name": "web\x1b[31m", "v": "true", "w": "a"})])
    new = evolve(OLD, nodes=[evolve(WEB, data={"name": "web\x1b[31m", "v": True, "w": "\x1b[2J"})], edges=[])
    text = to_text(diff(old, new))
    assert "\x1b" not in text
    assert '- v: "true"\n  + v: true' in text


def test_only_a_line_feed_at_the_end_is_told_too() -> None:
    old = evolve(OLD, nodes=[evolve(WEB, data={"motd": "hi\n"})])
    new = evolve(OLD, nodes=[evolve(WEB, data={"motd": "hi"})])
    assert "+ (no line feed at the end)" in to_text(diff(old, new))
    assert "- (no line feed at the end)" in to_text(diff(new, old))


def test_the_json_form_is_plain_and_leaves_absent_sides_out() -> None:
    new = evolve(OLD, nodes=[evolve(WEB, data={"name": "web"}), Node(id="x", type="job")], edges=[])
    found = json.loads(json.dumps(to_json(diff(OLD, new))))
    assert found["counts"]["nodes"] == {"added": 1, "removed": 1, "changed": 1, "moved": 0}
    assert found["nodes"][0]["changes"] == [{"path": "data.image", "old": "nginx:1"}]
    assert "old" not in found["nodes"][1]
    assert found["edges"] == [
        {
            "edge_id": "e1",
            "status": "removed",
            "old": {"id": "e1", "source": "n2", "target": "n1"},
            "changes": [],
        }
    ]
