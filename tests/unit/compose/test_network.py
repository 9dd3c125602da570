"""How services are reached, from inside and outside."""

from __future__ import annotations

import pytest

from flowcore.errors import InvalidInputError, Severity
from flowcore.library import render, validate
from tests.unit.compose.looking import data, edges, found, imported, kinds, only, refused, service


def _ports(data_: object) -> list[tuple[int, int, str]]:
    assert isinstance(data_, dict)
    return [(port["port"], port["targetPort"], port["protocol"]) for port in data_["ports"]]


def test_inside_the_cluster_the_port_is_the_containers_own() -> None:
    result = service("ports: ['8080:80']")
    assert _ports(data(result, "web-service")) == [(80, 80, "TCP")]
    assert data(result, "web-service")["serviceType"] == "ClusterIP"
    assert data(result, "web")["ports"] == [{"name": "tcp-80", "containerPort": 80, "protocol": "TCP"}]


def test_published_ports_with_other_numbers_get_a_service_that_offers_only_them() -> None:
    result = service("ports: ['8080:80']\nexpose: [9000]")
    assert _ports(data(result, "web-published")) == [(8080, 80, "TCP")]
    assert data(result, "web-published")["serviceType"] == "LoadBalancer"
    assert _ports(data(result, "web-service")) == [(80, 80, "TCP"), (9000, 9000, "TCP")]
    assert edges(result, "web-published", "web") == [{}]
    assert "web-published" in only(result, "ports").message


def test_one_service_is_enough_when_everything_is_published_under_its_own_number() -> None:
    result = service("ports: ['80:80', '53:53/udp', 53]")
    assert data(result, "web-service")["serviceType"] == "LoadBalancer"
    assert _ports(data(result, "web-service")) == [(80, 80, "TCP"), (53, 53, "UDP"), (53, 53, "TCP")]
    assert "web-published" not in kinds(result)


def test_every_port_and_protocol_is_kept_once_with_a_valid_name() -> None:
    result = service("ports: ['3000-3001', '80', '80', {target: 81, name: http-alt, app_protocol: http}, '90/sctp']")
    ports = data(result, "web-service")["ports"]
    assert [port["name"] for port in ports] == ["tcp-3000", "tcp-3001", "tcp-80", "http-alt", "sctp-90"]
    assert ports[3]["appProtocol"] == "http"


def test_a_port_published_for_the_host_itself_stays_inside() -> None:
    result = service("ports: ['127.0.0.1:8080:80']")
    assert kinds(result) == {"web-service": "service", "web": "deployment"}
    assert data(result, "web-service")["serviceType"] == "ClusterIP"
    assert "port-forward" in only(result, "port-local").fix


@pytest.mark.parametrize(
    ("expose", "type_", "node_port"), [("nodeport", "NodePort", 30080), ("loadbalancer", "LoadBalancer", None)]
)
def test_the_caller_chooses_how_published_ports_are_reached(expose: str, type_: str, node_port: int | None) -> None:
    result = service("ports: ['30080:80']", expose=expose)
    published = data(result, "web-published")
    assert published["serviceType"] == type_
    assert published["ports"][0].get("nodePort") == node_port


def test_published_ports_may_stay_inside() -> None:
    result = service("ports: ['80:80']", expose="clusterip")
    assert data(result, "web-service")["serviceType"] == "ClusterIP"
    assert "port-forward" in only(result, "ports").message


def test_published_ports_may_go_through_an_ingress() -> None:
    result = service("ports: ['8080:80', '8443:443', '53:53/udp']", expose="ingress", name="my_shop")
    path = data(result, "web-ingress")["paths"][0]
    assert (path["host"], path["serviceName"], path["servicePort"]) == ("web.my-shop.localhost", "web", 80)
    edge = next(edge for edge in result.workflow.edges if edge.source == "web-ingress")
    assert (edge.target, edge.source_handle) == ("web-service", path["id"])
    assert "443" in only(result, "ingress").message


def test_a_label_asks_for_an_ingress_with_a_host() -> None:
    result = service("ports: ['80']\nlabels: {kompose.service.expose: shop.example.org}")
    assert data(result, "web-ingress")["paths"][0]["host"] == "shop.example.org"


@pytest.mark.parametrize(
    ("word", "type_"), [("nodeport", "NodePort"), ("ClusterIP", "ClusterIP"), ("loadbalancer", "LoadBalancer")]
)
def test_a_label_chooses_the_type(word: str, type_: str) -> None:
    result = service(f"ports: ['80']\nlabels: {{kompose.service.type: {word}}}")
    assert data(result, "web-service")["serviceType"] == type_


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="clusterip"):
        service("", expose="moon")


def test_a_service_without_ports_gets_a_headless_service_so_that_its_name_resolves() -> None:
    web = data(service(""), "web-service")
    assert web["headless"] is True
    assert "ports" not in web
    assert web["targetApp"] == "web"


def test_a_well_known_image_gets_the_port_it_listens_on() -> None:
    result = imported("services: {db: {image: 'bitnami/postgresql:16'}, q: {image: my/rabbitmq-consumer}}\n")
    assert _ports(data(result, "db-service")) == [(5432, 5432, "TCP")]
    assert data(result, "q-service")["headless"] is True
    assert "5432" in only(result, "known-port").message


def test_a_published_database_is_warned_about() -> None:
    result = imported("services: {db: {image: postgres, ports: ['5432:5432']}}\n")
    assert [finding.severity for finding in found(result, "ports")] == [Severity.INFO, Severity.WARNING]


def test_a_wrong_port_is_refused_with_its_place() -> None:
    finding = only(refused("services:\n  web:\n    image: a\n    ports:\n      - '80'\n      - 'x:y'\n"), "port")
    assert (finding.place.line, finding.place.path) == (6, "services.web.ports[1]")


def test_the_network_of_the_host_is_told() -> None:
    result = service("network_mode: host\nports: ['80:80']")
    web = data(result, "web")
    assert (web["hostNetwork"], web["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    assert data(result, "web-service")["serviceType"] == "ClusterIP"
    assert only(result, "network-mode").severity is Severity.WARNING
    assert found(service("network_mode: 'service:db'"), "network-mode")
    assert not found(service("network_mode: bridge"), "network-mode")


def test_aliases_get_services_of_their_own() -> None:
    result = imported("""
        services:
          db:
            image: postgres
            container_name: the_db
            hostname: unused
            networks: {back: {aliases: [database]}}
          web:
            image: nginx
            links: ["db:store", db]
            environment: {URL: "postgres://the_db:5432"}
        networks: {back: }
        """)
    names = [node.data["name"] for node in result.workflow.nodes if node.type == "service"]
    assert names == ["db", "database", "the-db", "store", "web"]
    assert data(result, "web-config")["data"]["URL"] == "postgres://the-db:5432"
    assert edges(result, "web", "db") == [{"condition": "started"}]


def test_a_stateful_set_keeps_its_headless_service_beside_the_published_one() -> None:
    text = "services: {db: {image: mysql, volumes: ['d:/d'], ports: ['3307:3306']}}\nvolumes: {d: }\n"
    result = imported(text)
    assert data(result, "db-service")["headless"] is True
    assert _ports(data(result, "db-published")) == [(3307, 3306, "TCP")]


def test_a_port_that_another_service_uses_is_open_inside_though_only_others_are_written() -> None:
    text = """
    services:
      kafka:
        image: acme/broker
        ports: ["29092:29092"]
        environment: {ADVERTISED: "IN://kafka:9092,OUT://localhost:29092"}
      registry: {image: a/b, environment: {STORE: "kafka:9093"}, command: ["kafka:7.4", "kafka:9-x"]}
    """
    result = imported(text)
    assert _ports(data(result, "kafka-service")) == [(n, n, "TCP") for n in (29092, 9092, 9093)]
    assert _ports(data(result, "kafka-published")) == [(29092, 29092, "TCP")]
    assert "registry" in found(result, "reached-port")[1].message


def test_a_known_port_is_open_inside_though_only_others_are_written() -> None:
    result = imported("services: {mq: {image: 'rabbitmq:3-management', ports: ['15672:15672']}}\n")
    assert _ports(data(result, "mq-service")) == [(15672, 15672, "TCP"), (5672, 5672, "TCP")]
    assert _ports(data(result, "mq-published")) == [(15672, 15672, "TCP")]


def test_a_password_that_is_a_number_is_not_taken_for_a_port() -> None:
    text = """
    services:
      db: {image: acme/db, ports: ["7000:7000"]}
      web: {image: nginx, environment: {A_URL: "db://db:4242@db:7001/x", B_AUTH_PASSWORD: "db:4243"}}
    """
    result = imported(text)
    assert [port[0] for port in _ports(data(result, "db-service"))] == [7000, 7001]
    assert "424" not in str(result)


def test_a_host_name_or_alias_that_changes_is_told_though_nobody_uses_it() -> None:
    result = service("hostname: git.example.com\nnetworks: {default: {aliases: [git_lab]}}")
    assert data(result, "web")["hostname"] == "git"
    assert "git.example.com" in only(result, "hostname").message
    assert "git-lab" in only(result, "renamed").message
    assert not found(service("hostname: git"), "hostname")


def test_a_second_headless_service_does_not_govern_a_stateful_set() -> None:
    result = imported("""
        services:
          box: {image: x, labels: {kompose.controller.type: statefulset}, networks: {n: {aliases: [other]}}}
        networks: {n: }
        """)
    assert data(result, "box-other-service")["headless"] is True
    assert edges(result, "box-service", "box") == [{}]
    assert not edges(result, "box-other-service", "box")
    assert not [finding for finding in validate(result.workflow) if finding.is_error]
    other = next(m for m in render(result.workflow) if m["metadata"]["name"] == "other")
    assert other["spec"]["selector"] == {"app": "box"}
