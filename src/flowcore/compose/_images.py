"""What is known of widely used images: which keep state, where they listen, and how they want their volumes."""

from __future__ import annotations

import re

#: Ports by image, looked up by the last part of its name.
_PORTS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("postgres", "postgresql", "postgis", "timescaledb", "timescaledb-ha", "pgvector"), (5432,)),
    **dict.fromkeys(("mysql", "mariadb", "percona", "mysql-server", "mariadb-galera"), (3306,)),
    **dict.fromkeys(("mongo", "mongodb", "mongodb-community-server", "percona-server-mongodb"), (27017,)),
    **dict.fromkeys(
        ("redis", "valkey", "keydb", "redis-stack", "redis-stack-server", "redismod", "dragonfly"), (6379,)
    ),
    **dict.fromkeys(("memcached",), (11211,)),
    **dict.fromkeys(("rabbitmq",), (5672,)),
    **dict.fromkeys(("elasticsearch", "opensearch"), (9200,)),
    **dict.fromkeys(("cassandra", "scylla"), (9042,)),
    **dict.fromkeys(("kafka", "cp-kafka"), (9092,)),
    **dict.fromkeys(("zookeeper", "cp-zookeeper"), (2181,)),
    **dict.fromkeys(("clickhouse-server", "clickhouse"), (8123, 9000)),
    **dict.fromkeys(("mssql", "azure-sql-edge"), (1433,)),
    **dict.fromkeys(("influxdb",), (8086,)),
    **dict.fromkeys(("neo4j",), (7474, 7687)),
    **dict.fromkeys(("couchdb",), (5984,)),
    **dict.fromkeys(("etcd",), (2379,)),
    **dict.fromkeys(("minio",), (9000,)),
    **dict.fromkeys(("nats",), (4222,)),
    **dict.fromkeys(("cockroach",), (26257,)),
    **dict.fromkeys(("rethinkdb",), (28015,)),
    **dict.fromkeys(("arangodb",), (8529,)),
    **dict.fromkeys(("qdrant",), (6333,)),
    **dict.fromkeys(("meilisearch",), (7700,)),
    **dict.fromkeys(("typesense",), (8108,)),
    **dict.fromkeys(("victoria-metrics",), (8428,)),
    **dict.fromkeys(("surrealdb",), (8000,)),
}
#: Images that keep state beside those with a known port.
_STATEFUL = frozenset({"oracle-xe", "oracle-free", "db2", "firebird", "consul", "vault", "weaviate", "milvus", "solr"})
#: Images with a known port that keep none, or none worth an identity.
_STATELESS = frozenset({"memcached"})
#: Whole names whose last part says too little.
_FULL_NAMES = {"mssql/server": "mssql"}
#: Images that refuse to start, or lose their way, in a folder with a ``lost+found`` in it, which new disks have.
_WANT_EMPTY = frozenset(
    {
        "postgres", "postgresql", "postgis", "timescaledb", "timescaledb-ha", "pgvector", "mysql", "mariadb", "percona",
        "mysql-server", "mariadb-galera", "kafka", "cp-kafka",
    }
)  # fmt: skip
#: Groups of images that never are root, so that they cannot write to a new disk, which is root's.
_GROUPS: dict[str, int] = {
    **dict.fromkeys(("elasticsearch", "opensearch", "kibana", "opensearch-dashboards", "logstash"), 1000),
    **dict.fromkeys(("kafka", "cp-kafka", "cp-zookeeper", "jenkins", "sonarqube", "node-red", "n8n", "keycloak"), 1000),
    **dict.fromkeys(("grafana", "grafana-oss", "grafana-enterprise"), 472),
    **dict.fromkeys(("prometheus", "alertmanager"), 65534),
    **dict.fromkeys(("loki", "tempo", "mimir", "mssql"), 10001),
    **dict.fromkeys(("pgadmin4",), 5050),
    **dict.fromkeys(("nexus3",), 200),
    **dict.fromkeys(("solr",), 8983),
}
#: The folder of a claim that stands for an empty volume.
SUB_PATH = "data"
_BITNAMI = ("bitnami/", "bitnamilegacy/", "bitnamisecure/")
_DIGEST_OR_TAG = re.compile(r"(@sha256:.*|:[^/:]*)\Z")


def base_name(image: str) -> str:
    """Return the last part of an image's name: ``postgres`` of ``docker.io/library/postgres:16@sha256:…``."""
    name = _DIGEST_OR_TAG.sub("", image.lower())
    name = _DIGEST_OR_TAG.sub("", name)
    for full, short in _FULL_NAMES.items():
        if name.endswith(full):
            return short
    return name.rsplit("/", 1)[-1]


def known_ports(image: str) -> tuple[int, ...]:
    """Return the TCP ports that a well-known image listens on; empty when it is not known."""
    return _PORTS.get(base_name(image), ())


def is_stateful(image: str) -> bool:
    """Whether an image is a database, broker or the like, told by its own name, not by a part of it."""
    name = base_name(image)
    return (name in _PORTS or name in _STATEFUL) and name not in _STATELESS


def wants_empty_volume(image: str) -> bool:
    """Whether an image wants its data folder empty at the first start, which the root of a new disk is not."""
    return base_name(image) in _WANT_EMPTY


def volume_group(image: str) -> int | None:
    """Return the group that must own the volumes of an image that is known never to be root; None for others."""
    if any(f"/{owner}" in f"/{image.lower()}" for owner in _BITNAMI):
        return 1001
    return _GROUPS.get(base_name(image))
