"""API versions that Kubernetes no longer serves, or will not for long: 1.16 to 1.37."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from flowcore.errors import Severity
from flowcore.lint._bundle import Bundle, Subject
from flowcore.lint._rule import Hit, Rule

REMOVED: Final = Rule(
    id="api-removed",
    severity=Severity.ERROR,
    meaning="an API version is no longer served by Kubernetes 1.37",
    why="the API server refuses it",
    fix="use the version that took its place, and check the fields that changed",
)
DEPRECATED: Final = Rule(
    id="api-deprecated",
    severity=Severity.WARNING,
    meaning="an API version is deprecated or will be removed",
    why="an upgrade of the cluster will refuse it",
    fix="use the version that takes its place",
)
RULES: Final = (REMOVED, DEPRECATED)


@frozen
class _End:
    """The end of an API version: the release that serves it no more (empty when none yet), and what is used now."""

    removed: str
    instead: str


#: ``release, apiVersion, kinds, successor``; no release where it is only deprecated. From the deprecation guide of
#: Kubernetes and, from 1.25 on, from what its published OpenAPI documents have and no longer have.
_TABLE: Final = """
1.16 extensions/v1beta1 Deployment,DaemonSet,ReplicaSet apps/v1
1.16 extensions/v1beta1 NetworkPolicy networking.k8s.io/v1
1.16 extensions/v1beta1 PodSecurityPolicy pod-security.kubernetes.io
1.16 apps/v1beta1 Deployment,StatefulSet,ReplicaSet apps/v1
1.16 apps/v1beta2 Deployment,StatefulSet,DaemonSet,ReplicaSet apps/v1
1.21 batch/v2alpha1 CronJob batch/v1
1.22 extensions/v1beta1 Ingress networking.k8s.io/v1
1.22 networking.k8s.io/v1beta1 Ingress,IngressClass networking.k8s.io/v1
1.22 admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration admissionregistration.k8s.io/v1
1.22 admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration admissionregistration.k8s.io/v1
1.22 apiextensions.k8s.io/v1beta1 CustomResourceDefinition apiextensions.k8s.io/v1
1.22 apiregistration.k8s.io/v1beta1 APIService apiregistration.k8s.io/v1
1.22 authentication.k8s.io/v1beta1 TokenReview authentication.k8s.io/v1
1.22 authorization.k8s.io/v1beta1 SubjectAccessReview,LocalSubjectAccessReview authorization.k8s.io/v1
1.22 authorization.k8s.io/v1beta1 SelfSubjectAccessReview,SelfSubjectRulesReview authorization.k8s.io/v1
1.22 certificates.k8s.io/v1beta1 CertificateSigningRequest certificates.k8s.io/v1
1.22 coordination.k8s.io/v1beta1 Lease coordination.k8s.io/v1
1.22 rbac.authorization.k8s.io/v1beta1 ClusterRole,ClusterRoleBinding,Role,RoleBinding rbac.authorization.k8s.io/v1
1.22 rbac.authorization.k8s.io/v1alpha1 ClusterRole,ClusterRoleBinding,Role,RoleBinding rbac.authorization.k8s.io/v1
1.22 scheduling.k8s.io/v1beta1 PriorityClass scheduling.k8s.io/v1
1.22 storage.k8s.io/v1beta1 CSIDriver,CSINode,StorageClass,VolumeAttachment storage.k8s.io/v1
1.25 batch/v1beta1 CronJob batch/v1
1.25 discovery.k8s.io/v1beta1 EndpointSlice discovery.k8s.io/v1
1.25 events.k8s.io/v1beta1 Event events.k8s.io/v1
1.25 autoscaling/v2beta1 HorizontalPodAutoscaler autoscaling/v2
1.25 policy/v1beta1 PodDisruptionBudget policy/v1
1.25 policy/v1beta1 PodSecurityPolicy pod-security.kubernetes.io
1.25 node.k8s.io/v1beta1 RuntimeClass node.k8s.io/v1
1.26 autoscaling/v2beta2 HorizontalPodAutoscaler autoscaling/v2
1.26 flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema,PriorityLevelConfiguration flowcontrol.apiserver.k8s.io/v1
1.27 storage.k8s.io/v1beta1 CSIStorageCapacity storage.k8s.io/v1
1.29 flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema,PriorityLevelConfiguration flowcontrol.apiserver.k8s.io/v1
1.32 flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema,PriorityLevelConfiguration flowcontrol.apiserver.k8s.io/v1
1.33 authentication.k8s.io/v1beta1 SelfSubjectReview authentication.k8s.io/v1
1.34 admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy admissionregistration.k8s.io/v1
1.34 admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicyBinding admissionregistration.k8s.io/v1
1.37 networking.k8s.io/v1beta1 IPAddress,ServiceCIDR networking.k8s.io/v1
1.37 storage.k8s.io/v1beta1 VolumeAttributesClass storage.k8s.io/v1
- v1 Endpoints discovery.k8s.io/v1:EndpointSlice
- v1 ComponentStatus -
- admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy admissionregistration.k8s.io/v1
- admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicyBinding admissionregistration.k8s.io/v1
- certificates.k8s.io/v1beta1 ClusterTrustBundle,PodCertificateRequest certificates.k8s.io/v1
- resource.k8s.io/v1beta1 DeviceClass,ResourceClaim,ResourceClaimTemplate,ResourceSlice resource.k8s.io/v1
- resource.k8s.io/v1beta2 DeviceClass,ResourceClaim,ResourceClaimTemplate,ResourceSlice resource.k8s.io/v1
- storagemigration.k8s.io/v1beta1 StorageVersionMigration storagemigration.k8s.io/v1
"""


def _read(table: str) -> Mapping[tuple[str, str], _End]:
    rows = [line.split() for line in table.strip().splitlines()]
    return {
        (version, kind): _End(release.strip("-"), instead.strip("-"))
        for release, version, kinds, instead in rows
        for kind in kinds.split(",")
    }


ENDS: Final = _read(_TABLE)


def versions(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """An object is of an API version that is served, and will be."""
    version, kind = str(subject.obj.get("apiVersion", "")), str(subject.obj.get("kind", ""))
    end = ENDS.get((version, kind))
    if end is None:
        return
    advice = f"; use {end.instead}" if end.instead else ""
    if end.removed:
        yield Hit(REMOVED, f"{version} {kind} was removed in Kubernetes {end.removed}{advice}", ("apiVersion",))
    else:
        yield Hit(DEPRECATED, f"{version} {kind} is deprecated{advice}", ("apiVersion",))
