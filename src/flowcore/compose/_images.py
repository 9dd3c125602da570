"""What is known of widely used images: which keep state, and which port they listen on."""

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
