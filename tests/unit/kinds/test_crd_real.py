"""Kinds of real definitions' shapes, written by us after their public documentation; the sandbox takes the objects."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from adapters.sandbox import create_sandbox
from flowcore.errors import InvalidInputError
from flowcore.health import HealthStatus, assess
from flowcore.kinds import Catalogue, Kind, core_catalogue, kind_file, kind_from_crd
from flowcore.lint import validate
from flowcore.manifests import from_yaml, to_yaml
from flowcore.model import Manifest, Node
from flowcore.planning import plan
from tests.drawings import drawing

FOLDER = Path(__file__).resolve().parents[2] / "crds"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))

#: A plausible spec for a node of each kind.
SPECS: dict[str, dict[str, Any]] = {
    "certificate": {
        "secretName": "web-tls",
        "dnsNames": ["shop.example.com"],
        "issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["server auth"],
        "secretTemplate": {"labels": {"team": "shop"}},
    },
    "issuer": {
        "acme": {
            "email": "ops@example.com",
            "server": "https://acme.example.com/directory",
            "privateKeySecretRef": {"name": "account"},
            "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}],
        }
    },
    "clusterissuer": {"selfSigned": {}},
    "cluster": {
        "instances": 3,
        "storage": {"size": "10Gi", "storageClass": "fast"},
        "bootstrap": {"initdb": {"database": "shop", "owner": "shop", "secret": {"name": "db"}}},
        "postgresql": {"parameters": {"max_connections": "200"}},
        "resources": {"limits": {"cpu": 2, "memory": "1Gi"}, "requests": {"cpu": "500m"}},
        "managed": {"roles": [{"name": "report", "login": True, "validUntil": "2030-01-01T00:00:00Z"}]},
    },
    "servicemonitor": {
        "selector": {"matchLabels": {"app": "web"}},
        "endpoints": [{"port": "metrics", "interval": "30s"}, {"targetPort": 9090, "params": {"match[]": ["up"]}}],
    },
    "prometheusrule": {
        "groups": [
            {
                "name": "web",
                "rules": [
                    {"alert": "Down", "expr": "up == 0", "for": "5m", "labels": {"severity": "page"}},
                    {"record": "one", "expr": 1},
                ],
            }
        ]
    },
    "application": {
        "project": "default",
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
        "source": {
            "repoURL": "https://example.com/shop.git",
            "path": "deploy",
            "helm": {"valuesObject": {"replicas": 0, "on": True}},
        },
        "syncPolicy": {"automated": {"prune": True}, "retry": {"limit": 3, "backoff": {"duration": "5s"}}},
    },
    "scaledobject": {
        "scaleTargetRef": {"name": "web"},
        "minReplicaCount": 0,
        "maxReplicaCount": 10,
        "triggers": [{"type": "cron", "metadata": {"timezone": "Etc/UTC", "desiredReplicas": "2"}}],
    },
    "httproute": {
        "parentRefs": [{"name": "public"}],
        "hostnames": ["shop.example.com"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/api"}, "method": "GET"}],
                "backendRefs": [{"name": "web", "port": 80, "weight": 0}],
                "timeouts": {"request": "10s"},
            }
        ],
    },
    "gateway": {
        "gatewayClassName": "envoy",
        "listeners": [
            {
                "name": "https",
                "port": 443,
                "protocol": "HTTPS",
                "tls": {"certificateRefs": [{"name": "web-tls"}]},
            }
        ],
    },
    "kafka": {
        "kafka": {
            "version": "3.9.0",
            "replicas": 3,
            "listeners": [{"name": "plain", "port": 9092, "type": "internal", "tls": False}],
            "config": {"default.replication.factor": 3, "auto.create.topics.enable": False},
            "storage": {"type": "jbod", "volumes": [{"id": 0, "type": "persistent-claim", "size": "100Gi"}]},
        },
        "entityOperator": {"topicOperator": {}},
    },
    "externalsecret": {
        "refreshInterval": "1h",
        "secretStoreRef": {"name": "vault", "kind": "SecretStore"},
        "target": {"name": "db", "creationPolicy": "Owner"},
        "data": [{"secretKey": "password", "remoteRef": {"key": "shop/db", "property": "password"}}],
    },
    "schedule": {
        "schedule": "0 2 * * *",
        "template": {"includedNamespaces": ["shop"], "ttl": "720h0m0s", "snapshotVolumes": None},
    },
    "virtualservice": {
        "hosts": ["web"],
        "http": [
            {
                "match": [{"uri": {"prefix": "/"}}],
                "route": [{"destination": {"host": "web", "port": {"number": 80}}, "weight": 100}],
                "retries": {"attempts": 3},
            }
        ],
    },
    "rollout": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
        },
        "strategy": {"canary": {"maxSurge": "25%", "maxUnavailable": 0, "steps": [{"setWeight": 20}, {"pause": {}}]}},
    },
}


def definition(name: str) -> dict[str, Any]:
    (found,) = from_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def catalogue_of(*kinds: Kind) -> Catalogue:
    return core_catalogue().extended(*kinds)


def rendered(kind: Kind, **data: Any) -> Manifest:
    node = Node(id="one", type=kind.name, data={"name": "one", **data})
    (step,) = plan(drawing(node), catalogue_of(kind), namespace="default").steps
    return step.manifest


@define
class Api:
    """The sandbox's API, called in process."""

    app: Any

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Create an object, with fields that the schema does not know refused."""
        return asyncio.run(self._send(path, json.dumps(body).encode()))

    async def _send(self, path: str, body: bytes) -> tuple[int, Any]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", b"Bearer t"), (b"content-type", b"application/json"), (b"user-agent", b"t")]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
        await self.app({**scope, "query_string": b"fieldValidation=Strict"}, receive, send)
        return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.fixture
def api() -> Api:
    return Api(create_sandbox(token="t").app)


def path_of(crd: dict[str, Any], manifest: Manifest) -> str:
    where = "/namespaces/default" if crd["spec"]["scope"] == "Namespaced" else ""
    return f"/apis/{manifest['apiVersion']}{where}/{crd['spec']['names']['plural']}"


def test_there_are_at_least_twelve_definitions_each_with_a_node() -> None:
    assert len(NAMES) >= 12
    assert set(NAMES) == set(SPECS)


@pytest.mark.parametrize("name", NAMES)
def test_a_node_renders_an_object_that_its_definition_takes(name: str, api: Api) -> None:
    crd = definition(name)
    kind = kind_from_crd(crd)
    manifest = rendered(kind, spec=SPECS[name])
    assert manifest["spec"] == SPECS[name]
    assert ("namespace" in manifest["metadata"]) == (crd["spec"]["scope"] == "Namespaced")
    assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "flowcore"
    status, reply = api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    assert status == 201, reply
    status, reply = api.post(path_of(crd, manifest), manifest)
    assert status == 201, reply
    stored = reply["spec"]
    assert {key: stored[key] for key in SPECS[name]}.keys() == SPECS[name].keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_node_has_no_findings_and_a_written_kind_file_reads_back_the_same(name: str) -> None:
    crd = definition(name)
    kind = kind_from_crd(crd)
    catalogue = core_catalogue().parsed({f"{name}.yaml": to_yaml(kind_file(crd))})
    node = Node(id="one", type=kind.name, data={"name": "one", "spec": SPECS[name]})
    assert validate(drawing(node), catalogue) == []
    assert catalogue.kind(kind.name).describe() == kind.describe()
    assert catalogue.kind(kind.name).json_schema() == kind.json_schema()


@pytest.mark.parametrize("name", NAMES)
def test_what_the_definition_refuses_is_found_before_a_cluster_sees_it(name: str, api: Api) -> None:
    crd = definition(name)
    kind = kind_from_crd(crd)
    with pytest.raises(InvalidInputError) as caught:
        rendered(kind, spec="nothing of the kind")
    assert [finding.place.path for finding in caught.value.findings] == ["data.spec"]


@pytest.mark.parametrize("name", NAMES)
def test_health_comes_from_conditions(name: str) -> None:
    kind = kind_from_crd(definition(name))
    manifest = rendered(kind, spec=SPECS[name])
    ready = {"type": "Ready", "status": "True", "reason": "Done"}
    broken = {"type": "Ready", "status": "False", "reason": "Failed", "message": "no way"}
    if name in ("application", "rollout", "schedule"):
        return  # these tell how they are in words of their own, which flowcore.health knows
    assert assess({**manifest, "status": {"conditions": [ready]}}).status is HealthStatus.HEALTHY
    assert assess({**manifest, "status": {"conditions": [broken]}}).status is HealthStatus.DEGRADED


def test_the_newest_stable_version_that_is_served_is_used() -> None:
    versions = {name: kind_from_crd(definition(name)).api_version for name in NAMES}
    assert versions["httproute"] == "gateway.networking.k8s.io/v1"
    assert versions["virtualservice"] == "networking.istio.io/v1"
    assert versions["externalsecret"] == "external-secrets.io/v1"
    assert versions["scaledobject"] == "keda.sh/v1alpha1"
    older = kind_from_crd(definition("virtualservice"), version="v1beta1")
    assert older.api_version == "networking.istio.io/v1beta1"
    with pytest.raises(InvalidInputError, match="v1beta1 is not served"):
        kind_from_crd(definition("externalsecret"), version="v1beta1")


def test_databases_are_known_to_hold_data() -> None:
    holding = {name for name in NAMES if kind_from_crd(definition(name)).holds_data}
    assert holding == {"cluster", "kafka"}
