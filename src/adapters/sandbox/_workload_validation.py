"""What is refused in deployments, stateful sets, daemon sets, replica sets, jobs, cron jobs and autoscalers."""

from __future__ import annotations

from typing import Any

from adapters.sandbox._cron import schedule_problem
from adapters.sandbox._pod_validation import check_pod_spec
from adapters.sandbox._problems import Problems
from adapters.sandbox._status import Object

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_UPDATE_STRATEGIES = ("OnDelete", "RollingUpdate")
_CRON_NAME_LIMIT = 52


def check_selector(selector: Any, path: str, problems: Problems) -> None:
    """Check a label selector."""
    if not isinstance(selector, dict):
        return
    problems.labels(f"{path}.matchLabels", selector.get("matchLabels", {}))
    for index, rule in enumerate(selector.get("matchExpressions", ())):
        place = f"{path}.matchExpressions[{index}]"
        operator, values = rule.get("operator"), rule.get("values")
        if operator not in _OPERATORS:
            problems.invalid(f"{place}.operator", operator, "not a valid selector operator")
        elif operator in ("In", "NotIn") and not values:
            problems.required(f"{place}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator not in ("In", "NotIn") and values:
            problems.forbidden(f"{place}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")


def selector_matches(selector: Object, labels: Object) -> bool:
    """Whether a label selector chooses these labels."""
    if any(labels.get(name) != value for name, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_rule_matches(rule, labels) for rule in selector.get("matchExpressions", ()))


def _rule_matches(rule: Object, labels: Object) -> bool:
    operator, name, values = rule.get("operator"), str(rule.get("key")), rule.get("values", [])
    present = name in labels
    answers = {
        "In": present and labels.get(name) in values,
        "NotIn": not present or labels.get(name) not in values,
        "Exists": present,
        "DoesNotExist": not present,
    }
    return answers.get(str(operator), False)


def check_template(template: Object, path: str, problems: Problems, *claims: str) -> None:
    """Check a pod template."""
    metadata = template.get("metadata", {})
    problems.labels(f"{path}.metadata.labels", metadata.get("labels", {}))
    for name in metadata.get("annotations", {}):
        problems.qualified_name(f"{path}.metadata.annotations", name.lower())
    check_pod_spec(template.get("spec", {}), f"{path}.spec", problems, frozenset(claims))


def _check_selected_template(spec: Object, problems: Problems, *claims: str) -> None:
    selector, template = spec.get("selector"), spec.get("template")
    check_selector(selector, "spec.selector", problems)
    if isinstance(selector, dict) and not selector:
        problems.invalid("spec.selector", selector, "empty selector is invalid for deployment")
    if not isinstance(template, dict):
        return
    labels = template.get("metadata", {}).get("labels", {})
    if isinstance(selector, dict) and selector and not selector_matches(selector, labels):
        text = "`selector` does not match template `labels`"
        problems.invalid("spec.template.metadata.labels", labels or None, text)
    check_template(template, "spec.template", problems, *claims)
    policy = template.get("spec", {}).get("restartPolicy")
    if policy in ("Never", "OnFailure"):
        problems.unsupported("spec.template.spec.restartPolicy", policy, ("Always",))


def _check_counts(spec: Object, problems: Problems, *names: str) -> None:
    for name in names:
        problems.at_least(f"spec.{name}", spec.get(name), 0)


def check_deployment(spec: Object, problems: Problems) -> None:
    """Check a Deployment's spec."""
    _check_counts(spec, problems, "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    _check_selected_template(spec, problems)
    strategy = spec.get("strategy", {})
    kind = strategy.get("type")
    if kind == "Recreate" and "rollingUpdate" in strategy:
        text = "may not be specified when strategy `type` is 'Recreate'"
        problems.forbidden("spec.strategy.rollingUpdate", text)
    elif kind == "RollingUpdate":
        _check_rolling(strategy.get("rollingUpdate", {}), "spec.strategy.rollingUpdate", problems)
    problems.one_of("spec.strategy.type", kind, ("Recreate", "RollingUpdate"))
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds", 0)
    if isinstance(deadline, int) and deadline <= ready:
        problems.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _check_rolling(rolling: Object, path: str, problems: Problems) -> None:
    for name in ("maxUnavailable", "maxSurge"):
        value = rolling.get(name)
        if isinstance(value, str) and not (value.endswith("%") and value[:-1].isdigit()):
            text = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
            problems.invalid(f"{path}.{name}", value, text + "regex used for validation is '[0-9]+%')")
        problems.at_least(f"{path}.{name}", value, 0)
    if all(rolling.get(name) in (0, "0%") for name in ("maxUnavailable", "maxSurge")):
        unavailable = rolling.get("maxUnavailable")
        problems.invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")


def check_stateful_set(spec: Object, problems: Problems) -> None:
    """Check a StatefulSet's spec."""
    _check_counts(spec, problems, "replicas", "minReadySeconds", "revisionHistoryLimit")
    problems.one_of("spec.podManagementPolicy", spec.get("podManagementPolicy"), ("OrderedReady", "Parallel"))
    problems.one_of("spec.updateStrategy.type", spec.get("updateStrategy", {}).get("type"), _UPDATE_STRATEGIES)
    claims = [claim.get("metadata", {}).get("name", "") for claim in spec.get("volumeClaimTemplates", ())]
    for index, name in enumerate(claims):
        if not name:
            problems.required(f"spec.volumeClaimTemplates[{index}].metadata.name")
    _check_selected_template(spec, problems, *claims)


def check_daemon_set(spec: Object, problems: Problems) -> None:
    """Check a DaemonSet's spec."""
    _check_counts(spec, problems, "minReadySeconds", "revisionHistoryLimit")
    problems.one_of("spec.updateStrategy.type", spec.get("updateStrategy", {}).get("type"), _UPDATE_STRATEGIES)
    _check_selected_template(spec, problems)


def check_replica_set(spec: Object, problems: Problems) -> None:
    """Check a ReplicaSet's spec."""
    _check_counts(spec, problems, "replicas", "minReadySeconds")
    _check_selected_template(spec, problems)


def check_job(spec: Object, problems: Problems, path: str = "spec") -> None:
    """Check a Job's spec, its own or a CronJob's template of it."""
    numbers = ("parallelism", "completions", "backoffLimit", "ttlSecondsAfterFinished", "activeDeadlineSeconds")
    for name in numbers:
        problems.at_least(f"{path}.{name}", spec.get(name), 0)
    problems.one_of(f"{path}.completionMode", spec.get("completionMode"), ("Indexed", "NonIndexed"))
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        text = f"when completion mode is {spec['completionMode']}"
        problems.required(f"{path}.completions", text)
    template = spec.get("template")
    if not isinstance(template, dict):
        return
    check_template(template, f"{path}.template", problems)
    policy = template.get("spec", {}).get("restartPolicy")
    if policy == "Always":
        problems.required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def check_cron_job(obj: Object, spec: Object, problems: Problems) -> None:
    """Check a CronJob."""
    name = obj["metadata"].get("name", "")
    if len(name) > _CRON_NAME_LIMIT:
        problems.invalid("metadata.name", name, f"must be no more than {_CRON_NAME_LIMIT} characters")
    schedule = spec.get("schedule")
    if isinstance(schedule, str):
        problem = "TZ or CRON_TZ are not allowed" if "TZ" in schedule else schedule_problem(schedule)
        if problem:
            problems.invalid("spec.schedule", schedule, problem)
    problems.one_of("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), ("Allow", "Forbid", "Replace"))
    _check_counts(spec, problems, "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    template = spec.get("jobTemplate")
    if isinstance(template, dict):
        check_job(template.get("spec", {}), problems, "spec.jobTemplate.spec")


def check_autoscaler(spec: Object, problems: Problems) -> None:
    """Check a HorizontalPodAutoscaler's spec."""
    lowest, highest = spec.get("minReplicas"), spec.get("maxReplicas")
    problems.at_least("spec.minReplicas", lowest, 1)
    if isinstance(highest, int):
        if highest < 1:
            problems.invalid("spec.maxReplicas", highest, "must be greater than 0")
        elif isinstance(lowest, int) and highest < lowest:
            problems.invalid("spec.maxReplicas", highest, "must be greater than or equal to `minReplicas`")
    for index, metric in enumerate(spec.get("metrics", ())):
        kinds = ("ContainerResource", "External", "Object", "Pods", "Resource")
        problems.one_of(f"spec.metrics[{index}].type", metric.get("type"), kinds)


def check_disruption_budget(spec: Object, problems: Problems) -> None:
    """Check a PodDisruptionBudget's spec."""
    check_selector(spec.get("selector"), "spec.selector", problems)
    if "minAvailable" in spec and "maxUnavailable" in spec:
        problems.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
