"""Rendering: a plan of 1,000 nodes, and one template against json-e's, in one run."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import jsone

from flowcore.kinds import core_catalogue
from flowcore.manifests import Template, read_trees
from flowcore.model import Edge, Node, Workflow
from flowcore.planning import plan

#: The same deployment in both languages: placeholders, texts, optional keys, loops, a merge.
OURS = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: {$merge: "${labels}", app: "${name}"}
  annotations?: ${annotations}
spec:
  replicas?: ${replicas}
  selector: {matchLabels: {app: "${name}"}}
  template:
    metadata: {labels: {app: "${name}"}}
    spec:
      serviceAccountName?: ${serviceAccountName}
      nodeSelector?: ${nodeSelector}
      containers:
        - name: ${name}
          image: ${image}:${tag}
          command?: ${command}
          resources?: ${resources}
          ports:
            - {$for: port, in: ports, do: {containerPort: "${port}", protocol: TCP}}
          env:
            - {$for: item, in: env, do: {name: "${item.name}", value: "${item.text}"}}
          volumeMounts:
            - {$for: mount, in: mounts, do: {name: "${mount.name}-volume", mountPath: "${mount.path}"}}
"""
THEIRS = """
apiVersion: apps/v1
kind: Deployment
metadata:
  $merge:
    - name: {$eval: name}
      labels: {$merge: [{$eval: labels}, {app: {$eval: name}}]}
    - {$if: "annotations != null", then: {annotations: {$eval: annotations}}, else: {}}
spec:
  $merge:
    - {$if: "replicas != null", then: {replicas: {$eval: replicas}}, else: {}}
    - selector: {matchLabels: {app: {$eval: name}}}
      template:
        metadata: {labels: {app: {$eval: name}}}
        spec:
          $merge:
            - {$if: "serviceAccountName != null", then: {serviceAccountName: {$eval: serviceAccountName}}, else: {}}
            - {$if: "nodeSelector != null", then: {nodeSelector: {$eval: nodeSelector}}, else: {}}
            - containers:
                - $merge:
                    - {name: {$eval: name}, image: "${image}:${tag}"}
                    - {$if: "command != null", then: {command: {$eval: command}}, else: {}}
                    - {$if: "resources != null", then: {resources: {$eval: resources}}, else: {}}
                    - ports:
                        $map: {$eval: ports}
                        each(port): {containerPort: {$eval: port}, protocol: TCP}
                      env:
                        $map: {$eval: env}
                        each(item): {name: {$eval: item.name}, value: {$eval: item.text}}
                      volumeMounts:
                        $map: {$eval: mounts}
                        each(mount): {name: "${mount.name}-volume", mountPath: {$eval: mount.path}}
"""
VALUES: dict[str, Any] = {
    "name": "web",
    "labels": {"tier": "front", "version": "1.0"},
    "replicas": 3,
    "image": "ghcr.io/shop/web",
    "tag": "1.2.3",
    "command": ["/bin/serve", "--port", "8080"],
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "ports": [8080, 9090],
    "env": [{"name": "A", "text": "1"}, {"name": "B", "text": "yes"}, {"name": "C", "text": "three"}],
    "mounts": [{"name": "config", "path": "/etc/config"}, {"name": "data", "path": "/data"}],
}
#: json-e knows no absent values, so what is not given is null there.
THEIR_VALUES = {**dict.fromkeys(("annotations", "serviceAccountName", "nodeSelector")), **VALUES}


def _per_call(work: Callable[[], object], calls: int, rounds: int = 5) -> float:
    """Return the median seconds of a call over several rounds."""
    found = []
    for _ in range(rounds):
        gc.collect()
        start = perf_counter()
        for _ in range(calls):
            work()
        found.append((perf_counter() - start) / calls)
    return median(found)


def thousand_nodes() -> Workflow:
    """Return 200 applications of five nodes each, with their links."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    for number in range(200):
        ids = {kind: f"{kind}-{number}" for kind in ("configmap", "secret", "service", "deployment", "ingress")}
        data: dict[str, dict[str, Any]] = {
            "configmap": {"data": {"LEVEL": "info", "MODE": "fast"}},
            "secret": {"keys": [{"id": "1", "name": "PASSWORD"}]},
            "service": {"port": 80},
            "deployment": {
                "image": "ghcr.io/shop/web:1.2.3",
                "port": 8080,
                "replicas": 2,
                "env": {"A": "1", "B": "two", "C": "yes"},
                "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
                "livenessProbe": {"httpGet": {"path": "/", "port": 8080}},
            },
            "ingress": {"host": "shop.example.com", "paths": [{"id": "root", "path": "/"}]},
        }
        nodes += [Node(id=id_, type=kind, data={"name": id_, **data[kind]}) for kind, id_ in ids.items()]
        web = ids["deployment"]
        edges += [
            Edge(id=f"{web}-1", source=ids["configmap"], target=web),
            Edge(id=f"{web}-2", source=ids["secret"], target=web, data={"as": "envFrom"}),
            Edge(id=f"{web}-3", source=ids["service"], target=web),
            Edge(id=f"{web}-4", source=ids["ingress"], target=ids["service"], source_handle="root"),
        ]
    return Workflow(name="thousand", nodes=tuple(nodes), edges=tuple(edges))


def run() -> list[str]:
    """Measure, and return the lines to print."""
    ours = Template.compile(read_trees(OURS)[0])
    theirs = read_trees(THEIRS)[0]
    assert ours.render(VALUES) == jsone.render(theirs, THEIR_VALUES), "the two templates must be equal"
    our_time = _per_call(lambda: ours.render(VALUES), 2000)
    their_time = _per_call(lambda: jsone.render(theirs, THEIR_VALUES), 100)
    workflow, catalogue = thousand_nodes(), core_catalogue()
    plan_time = _per_call(lambda: plan(workflow, catalogue), 3)
    return [
        f"render one deployment   flowcore {our_time * 1e6:8.1f} µs   json-e {their_time * 1e6:8.1f} µs"
        f"   {their_time / our_time:6.1f} times faster (target 20)",
        f"plan of {len(workflow.nodes)} nodes      flowcore {plan_time * 1e3:8.1f} ms   (target 100 ms)",
    ]


def main() -> None:
    """Print the measurements."""
    print("\n".join(run()))


if __name__ == "__main__":
    main()
