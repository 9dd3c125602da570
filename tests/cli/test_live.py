"""The live view of a deployment."""

from __future__ import annotations

import io

from rich.console import Console

from entrypoints.cli._live import DeploymentView, Row
from flowcore.model import NodePhase, NodeState


def _drawn(view: DeploymentView) -> list[str]:
    paper = Console(file=io.StringIO(), width=80, color_system=None)
    with paper.capture() as caught:
        paper.print(view.render())
    return [line.rstrip() for line in caught.get().splitlines()]


def test_a_terminal_that_is_too_low_shows_what_is_not_healthy_yet_and_the_progress() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=12, color_system=None)
    waves = [[Row(f"n{wave}{number}", "Deployment", f"w{wave}-{number}") for number in range(5)] for wave in range(4)]
    view = DeploymentView("Deploying shop", waves, console)
    done = {row.node_id: NodeState(phase=NodePhase.HEALTHY, health="Healthy") for wave in waves[:3] for row in wave}
    with view:
        view.show({**done, "n11": NodeState(phase=NodePhase.APPLIED, health="Degraded", message="it fails")})
        lines = _drawn(view)
        assert len(lines) <= 12
        assert [line.split()[:3] for line in lines if "w1-1" in line] == [["2", "Deployment", "w1-1"]]
        assert all(any(f"w3-{number}" in line for line in lines) for number in range(5))
        assert "and 14 more" in lines
        assert "14/20" in lines[-1]
    assert all(any(row.name in line for line in _drawn(view)) for wave in waves for row in wave)
