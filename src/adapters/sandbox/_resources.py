"""The resources that the sandbox serves: a declaration per kind, and the registry that finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import Factory, define, field, frozen

from adapters.sandbox._status import StatusError, unknown_path

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


#: Kinds that are another kind's objects under other field names.
_STORED_ELSEWHERE = {("events.k8s.io", "Event"): ("", "Event")}


@frozen(kw_only=True)
class Resource:
    """One served kind: where it is found, what it is called and which verbs and subresources it has.

    `generations` tells whether metadata.generation counts changes of the spec; `printed` are the printer columns that
    a custom resource's definition asks for.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    verbs: tuple[str, ...] = ALL_VERBS
    generations: bool = False
    singular: str = ""
    printed: tuple[Mapping[str, Any], ...] = ()

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> tuple[str, str]:
        """Group and kind: what objects are stored under, whichever version they were written in."""
        return _STORED_ELSEWHERE.get((self.group, self.kind), (self.group, self.kind))

    @property
    def singular_name(self) -> str:
        """The singular name of discovery: the kind in small letters unless told otherwise."""
        return self.singular or self.kind.lower()


def _declare(
    api_version: str, kind: str, plural: str, short: str = "", marks: str = "", subresources: str = ""
) -> Resource:
    group, _, version = api_version.rpartition("/")
    flags = marks.split()
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        namespaced="cluster" not in flags,
        short_names=tuple(short.split()),
        categories=("all",) if "all" in flags else ("api-extensions",) if "extensions" in flags else (),
        subresources=frozenset(subresources.split()),
        verbs=("create",) if "review" in flags else ALL_VERBS,
        generations="generation" in flags,
    )


def _core() -> list[Resource]:
    return [
        _declare(
            "v1", "Pod", "pods", "po", "all generation", "status log exec portforward eviction ephemeralcontainers"
        ),
        _declare("v1", "Service", "services", "svc", "all", "status"),
        _declare("v1", "ConfigMap", "configmaps", "cm"),
        _declare("v1", "Secret", "secrets"),
        _declare("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "", "status"),
        _declare("v1", "PersistentVolume", "persistentvolumes", "pv", "cluster", "status"),
        _declare("v1", "Namespace", "namespaces", "ns", "cluster", "status finalize"),
        _declare("v1", "Node", "nodes", "no", "cluster", "status"),
        _declare("v1", "Event", "events", "ev"),
        _declare("v1", "Endpoints", "endpoints", "ep"),
        _declare("v1", "ServiceAccount", "serviceaccounts", "sa", "", "token"),
        _declare("v1", "LimitRange", "limitranges", "limits"),
        _declare("v1", "ResourceQuota", "resourcequotas", "quota", "", "status"),
        _declare("v1", "ReplicationController", "replicationcontrollers", "rc", "all generation", "status scale"),
        _declare("v1", "PodTemplate", "podtemplates"),
    ]


def _workloads() -> list[Resource]:
    return [
        _declare("apps/v1", "Deployment", "deployments", "deploy", "all generation", "status scale"),
        _declare("apps/v1", "ReplicaSet", "replicasets", "rs", "all generation", "status scale"),
        _declare("apps/v1", "StatefulSet", "statefulsets", "sts", "all generation", "status scale"),
        _declare("apps/v1", "DaemonSet", "daemonsets", "ds", "all generation", "status"),
        _declare("apps/v1", "ControllerRevision", "controllerrevisions"),
        _declare("batch/v1", "Job", "jobs", "", "all generation", "status"),
        _declare("batch/v1", "CronJob", "cronjobs", "cj", "all generation", "status"),
        _declare("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "all", "status"),
        _declare("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", "generation", "status"),
    ]


def _networking() -> list[Resource]:
    return [
        _declare("networking.k8s.io/v1", "Ingress", "ingresses", "ing", "generation", "status"),
        _declare("networking.k8s.io/v1", "IngressClass", "ingressclasses", "", "cluster generation"),
        _declare("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "netpol", "generation"),
        _declare("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", "", "generation"),
    ]


def _cluster_services() -> list[Resource]:
    rbac = "rbac.authorization.k8s.io/v1"
    return [
        _declare("events.k8s.io/v1", "Event", "events", "ev"),
        _declare(rbac, "Role", "roles"),
        _declare(rbac, "RoleBinding", "rolebindings"),
        _declare(rbac, "ClusterRole", "clusterroles", "", "cluster"),
        _declare(rbac, "ClusterRoleBinding", "clusterrolebindings", "", "cluster"),
        _declare("storage.k8s.io/v1", "StorageClass", "storageclasses", "sc", "cluster"),
        _declare("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", "pc", "cluster generation"),
        _declare("coordination.k8s.io/v1", "Lease", "leases"),
        _declare(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            "crd crds",
            "cluster generation extensions",
            "status",
        ),
    ]


def _reviews() -> list[Resource]:
    authorization, authentication = "authorization.k8s.io/v1", "authentication.k8s.io/v1"
    return [
        _declare(authorization, "SelfSubjectAccessReview", "selfsubjectaccessreviews", "", "cluster review"),
        _declare(authorization, "SelfSubjectRulesReview", "selfsubjectrulesreviews", "", "cluster review"),
        _declare(authorization, "SubjectAccessReview", "subjectaccessreviews", "", "cluster review"),
        _declare(authorization, "LocalSubjectAccessReview", "localsubjectaccessreviews", "", "review"),
        _declare(authentication, "SelfSubjectReview", "selfsubjectreviews", "", "cluster review"),
        _declare(authentication, "TokenReview", "tokenreviews", "", "cluster review"),
    ]


def _metrics() -> list[Resource]:
    group, version, seen = "metrics.k8s.io", "v1beta1", ("get", "list")
    pods = Resource(group=group, version=version, kind="PodMetrics", plural="pods", verbs=seen)
    nodes = Resource(group=group, version=version, kind="NodeMetrics", plural="nodes", namespaced=False, verbs=seen)
    return [nodes, pods]


def builtin_resources() -> list[Resource]:
    """Every kind that is served before any CustomResourceDefinition is created, in discovery's order."""
    return [*_core(), *_workloads(), *_networking(), *_cluster_services(), *_reviews(), *_metrics()]


@define
class Registry:
    """The resources served now, found by kind or by path. Raises StatusError 404 for what is not served."""

    _by_kind: dict[tuple[str, str], Resource] = field(init=False, factory=dict)
    _by_path: dict[tuple[str, str, str], Resource] = field(init=False, factory=dict)
    _initial: list[Resource] = Factory(builtin_resources)

    def __attrs_post_init__(self) -> None:
        for resource in self._initial:
            self.add(resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_path.values())

    def add(self, resource: Resource) -> None:
        """Serve a resource, replacing one of the same kind and version."""
        self._by_kind[(resource.api_version, resource.kind)] = resource
        self._by_path[(resource.group, resource.version, resource.plural)] = resource

    def remove(self, resources: Iterable[Resource]) -> None:
        """Serve these resources no longer."""
        for resource in resources:
            self._by_kind.pop((resource.api_version, resource.kind), None)
            self._by_path.pop((resource.group, resource.version, resource.plural), None)

    def of_kind(self, api_version: str, kind: str) -> Resource:
        """The resource of an object's apiVersion and kind."""
        found = self._by_kind.get((api_version, kind))
        if found is None:
            raise StatusError(404, "NotFound", f'no matches for kind "{kind}" in version "{api_version}"')
        return found

    def at_path(self, group: str, version: str, plural: str) -> Resource:
        """The resource at `/apis/{group}/{version}/…/{plural}`."""
        found = self._by_path.get((group, version, plural))
        if found is None:
            raise unknown_path()
        return found
