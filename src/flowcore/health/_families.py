"""What is known of families of custom resources: whose controllers always report, and how they word it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flowcore.health._reading import Tree, group_of, named, part, text
from flowcore.health._status import Health, HealthStatus, healthy, progressing, unknown
from flowcore.health._words import meaning

#: API groups (and all below them) whose controllers write a status for every object.
_REPORTING = named(
    """
    3scale.net acid.zalan.do altinity.com ansible.com argoproj.io astra.netapp.io atlasgo.io aws.upbound.io
    azure.upbound.io banzaicloud.io bitnami.com camel.apache.org cert-manager.io certmanager.k8s.io cluster.x-k8s.io
    cnpg.io cnrm.cloud.google.com confluent.io coralogix.com crossplane.io datadoghq.com external-secrets.io
    flagger.app flink.apache.org fluxcd.io gardener.cloud gateway.networking.k8s.io gcp.upbound.io gitlab.io
    humio.com iammanager.keikoproj.io infinispan.org install.istio.io k8s.elastic.co k8s.keycloak.org
    k8s.mariadb.com karmada.io karpenter.k8s.aws karpenter.sh keda.sh keptn.sh kiali.io knative.dev kruise.io
    kserve.io kubernetes-client.io kubevirt.io kyverno.io mariadb.mmontes.io microgateway.airlock.com minio.min.io
    mongodb.com nmstate.io numaproj.io onepassword.com open-cluster-management.io opentelemetry.io openshift.io
    operators.coreos.com percona.com proclaim.dogmatiq.io projectcontour.io pulumi.com rabbitmq.com rook.io
    services.cloud.sap.com services.k8s.aws snapshot.storage.k8s.io solo.io solr.apache.org sparkoperator.k8s.io
    spinkube.dev strimzi.io tekton.dev trident.netapp.io velero.io victoriametrics.com zookeeper.pravega.io
    """
)
#: Kinds of those groups that hold settings and get no status.
_SILENT = named(
    """
    ClusterProviderConfig Composition CompositeResourceDefinition ClusterWorkflowTemplate CronWorkflow
    MetricTemplate ProviderConfig ProviderConfigUsage TriggerAuthentication ClusterTriggerAuthentication
    WorkflowTemplate AppProject AnalysisTemplate ClusterAnalysisTemplate Task Pipeline StepAction AlertProvider
    """
)
#: API groups whose objects cannot be judged before they report.
_UNJUDGED = ("k8s.elastic.co", "rabbitmq.com", "game.kruise.io")
_CLUSTERS = frozenset({"RabbitmqCluster"})


#: API groups whose controllers say "not ready" only when something went wrong.
_STRICT = named(
    """
    cert-manager.io certmanager.k8s.io capabilities.3scale.net cnrm.cloud.google.com external-secrets.io fluxcd.io
    keda.sh onepassword.com promoter.argoproj.io pulumi.com rabbitmq.com serving.knative.dev
    """
)


def _is_of(group: str, families: Iterable[str]) -> bool:
    return any(group == family or group.endswith(f".{family}") for family in families)


def is_strict(obj: Tree) -> bool:
    """Whether the object's controller says "not ready" only when something went wrong."""
    return _is_of(group_of(obj), _STRICT) and text(obj, "kind") not in _CLUSTERS


def silent(obj: Tree) -> Health:
    """Judge an object whose status says nothing."""
    group, kind = group_of(obj), text(obj, "kind")
    if _is_of(group, _UNJUDGED) and kind not in _CLUSTERS and not part(obj, "status"):
        return unknown("Its controller has not reported yet")
    if _is_of(group, _REPORTING) and not (kind in _SILENT and group != "numaflow.numaproj.io"):
        return progressing("Waiting for its controller to report")
    return healthy()


#: Words and numbers that some families use with a meaning of their own.
_OWN_WORDS: Mapping[str, Mapping[str, HealthStatus]] = {
    "solo.io": {
        "0": HealthStatus.SUSPENDED,
        "pending": HealthStatus.SUSPENDED,
        "1": HealthStatus.HEALTHY,
        "2": HealthStatus.DEGRADED,
        "3": HealthStatus.DEGRADED,
    },
}
#: Labels by which some controllers tell how an object is.
_TELLING_LABELS = named("shoot.gardener.cloud/status numaplane.numaproj.io/progressive-result-state")


def family_words(obj: Tree, value: object) -> HealthStatus | None:
    """Return what a word or number means in the object's family, None when it means what it means everywhere."""
    group = group_of(obj)
    own = next((found for family, found in _OWN_WORDS.items() if _is_of(group, (family,))), {})
    return own.get(str(value).lower()) if isinstance(value, str | int) else None


def from_labels(obj: Tree) -> Iterator[Health]:
    """Yield what labels say that controllers write."""
    for key, value in part(obj, "metadata", "labels").items():
        found = meaning(str(value)) if key in _TELLING_LABELS else None
        if found:
            yield Health(found, f"{key} is {value}")
