"""How live Kubernetes objects are: pure verdicts with messages for people."""

from flowcore.health._assess import assess
from flowcore.health._status import Health, HealthStatus, worst

__all__ = ["Health", "HealthStatus", "assess", "worst"]
