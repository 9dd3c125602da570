"""Kind files that do not come with flowcore: what later kinds and users will need of the format."""

from __future__ import annotations

TICKER = """
name: ticker
label: Ticker
resource: {apiVersion: batch/v1, kind: CronJob}
apply_rank: 320
roles: {$include: _pod.yaml#roles}
receives: {$include: _pod.yaml#receives}
parameters:
  - {$include: _pod.yaml#name}
  - {name: schedule, required: true}
  - {name: suspend, type: boolean}
  - {name: successfulJobsHistoryLimit, type: integer, minimum: 0}
  - {$include: _job.yaml#parameters}
  - {name: restartPolicy, options: [Never, OnFailure], default: OnFailure}
  - {$include: _pod.yaml#parameters}
  - {$include: _object.yaml#parameters}
exports: {$include: _pod.yaml#exports}
links: {$include: _pod.yaml#links}
checks: {$include: _pod.yaml#checks}
template:
  apiVersion: batch/v1
  kind: CronJob
  metadata: {$include: _object.yaml#metadata}
  spec:
    schedule: ${schedule}
    suspend?: ${suspend}
    successfulJobsHistoryLimit?: ${successfulJobsHistoryLimit}
    jobTemplate: {spec: {$include: _job.yaml#spec}}
"""
SCALER = """
name: scaler
label: Autoscaler
resource: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler}
apply_rank: 290
receives: [targets]
parameters:
  - {name: name, required: true}
  - {name: minReplicas, type: integer, minimum: 0}
  - {name: maxReplicas, type: integer, minimum: 1, required: true}
  - {$include: _object.yaml#parameters}
links:
  - to: workload
    meaning: scales
    first: target
    gives:
      source:
        targets: [{apiVersion: "${target.apiVersion}", kind: "${target.kind}", name: "${target.name}"}]
      target:
        scaled: [true]
template:
  apiVersion: autoscaling/v2
  kind: HorizontalPodAutoscaler
  metadata: {$include: _object.yaml#metadata}
  spec:
    scaleTargetRef: ${links.targets[0]}
    minReplicas?: ${minReplicas}
    maxReplicas: ${maxReplicas}
"""
FENCE = """
name: fence
label: Fence
resource: {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy}
apply_rank: 30
receives: [subjects, peers]
handles:
  - {side: source, id: header}
  - {side: source, each: rules}
parameters:
  - {name: name, required: true}
  - name: rules
    type: list
    items: {type: object, fields: [{name: id}]}
  - {$include: _object.yaml#parameters}
links:
  - to: workload
    handle: header
    meaning: protects
    gives:
      source:
        subjects: ["${target.name}"]
  - to: workload
    meaning: lets in
    gives:
      source:
        peers: [{rule: "${edge.sourceHandle}", app: "${target.name}"}]
template:
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {$include: _object.yaml#metadata}
  spec:
    podSelector:
      matchLabels?: {app?: "${links.subjects[0]}"}
    policyTypes: [Ingress]
    ingress?:
      - $for: rule
        in: rules
        do:
          from:
            - $for: peer
              in: links.peers
              if: peer.rule == rule.id
              do: {podSelector: {matchLabels: {app: "${peer.app}"}}}
"""
CLUSTER_WIDE = """
name: tenant
label: Tenant
resource: {apiVersion: example.com/v1, kind: Tenant, namespaced: false}
parameters: [{name: name, required: true}, {name: quota, type: number}]
template:
  apiVersion: example.com/v1
  kind: Tenant
  metadata: {name: "${name}"}
  spec?: {quota?: "${quota}"}
"""
