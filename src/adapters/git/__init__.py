"""Git repositories somewhere else, read by the system's ``git`` without running anything they bring."""

from adapters.git._limits import GitLimits
from adapters.git._source import GitProcesses

__all__ = ["GitLimits", "GitProcesses"]
