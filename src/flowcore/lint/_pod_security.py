"""The Pod Security Standards: which controls each level applies, in their version for Kubernetes 1.37."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from flowcore.errors import InvalidInputError
from flowcore.lint import _baseline as baseline
from flowcore.lint import _restricted as restricted
from flowcore.lint._pods import Pod
from flowcore.lint._rule import Hit, Rule


class Level(StrEnum):
    """How much is asked of pods: nothing, no known way to the node, or good practice too."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


RULES: Final[tuple[Rule, ...]] = (
    baseline.HOST_NAMESPACES,
    baseline.PRIVILEGED,
    baseline.CAPABILITIES,
    baseline.HOST_PATH,
    baseline.HOST_PORTS,
    baseline.APPARMOR,
    baseline.SELINUX,
    baseline.PROC_MOUNT,
    baseline.SECCOMP,
    baseline.SYSCTLS,
    baseline.HOST_PROCESS,
    baseline.HOST_PROBES,
    restricted.VOLUME_TYPES,
    restricted.ESCALATION,
    restricted.NON_ROOT,
    restricted.USER_ZERO,
)
_BOTH: Final = (
    baseline.host_namespaces,
    baseline.privileged,
    baseline.host_ports,
    baseline.apparmor,
    baseline.selinux,
    baseline.sysctls,
    baseline.host_process,
    baseline.host_probes,
)
#: Where restricted has a stricter version of a control, only that one is applied, also where it lets Windows pass.
_CONTROLS: Final[Mapping[Level, tuple[Callable[[Pod], Iterator[Hit]], ...]]] = {
    Level.PRIVILEGED: (),
    Level.BASELINE: (
        *_BOTH,
        baseline.added_capabilities,
        baseline.host_paths,
        baseline.proc_mount,
        baseline.seccomp,
    ),
    Level.RESTRICTED: (
        *_BOTH,
        restricted.volume_types,
        restricted.escalation,
        restricted.non_root,
        restricted.user_zero,
        restricted.seccomp_given,
        restricted.capabilities_dropped,
        baseline.masked_proc,
    ),
}


def judge(pod: Pod, level: Level) -> Iterator[Hit]:
    """Iterate over everything in a pod that a level forbids; nothing when the admission controller would let it in."""
    for control in _CONTROLS[level]:
        yield from control(pod)


def level_of(word: Level | str) -> Level:
    """Return the Pod Security level that a word means.

    Raises:
        InvalidInputError: there is no such level.
    """
    try:
        return Level(word)
    except ValueError:
        known = ", ".join(Level)
        raise InvalidInputError.of(
            f"there is no Pod Security level {word!r}; there are {known}", rule="level-unknown"
        ) from None
