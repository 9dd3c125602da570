"""Teams and sharing: from the store to what can be asked for."""

from __future__ import annotations

from attrs import frozen

from entrypoints.bootstrap._ports import Ports
from flowcore.ports.storage import TEAMS, USERS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.keeping import ProvideCluster
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.leasing import Leases
from flowcore.usecases.sharing.grants import GiveAway, Sharing
from flowcore.usecases.sharing.teams import DisbandTeam, Teams, equip_nobody


@frozen(kw_only=True)
class Together:
    """The use cases of people who work together."""

    teams: Teams
    disband: DisbandTeam
    sharing: Sharing
    give_away: GiveAway


def wire_together(
    ports: Ports, authorizer: Authorizer, leases: Leases, targets: ClusterQueries, provide: ProvideCluster | None
) -> Together:
    """Put the use cases together; *provide* gives new teams the cluster that every user is given."""
    store, clock, ids = ports.store, ports.clock, ports.ids
    users, kept = store.repository(USERS), store.repository(TEAMS)
    teams = Teams(
        authorizer=authorizer,
        teams=kept,
        memberships=authorizer.memberships,
        users=users,
        clock=clock,
        ids=ids,
        leases=leases,
        equip=provide.give if provide is not None else equip_nobody,
    )
    disband = DisbandTeam(teams=teams) if provide is None else DisbandTeam(teams=teams, is_gift=provide.is_gift)
    sharing = Sharing(authorizer=authorizer, grants=authorizer.grants, users=users, teams=kept, clock=clock, ids=ids)
    return Together(teams=teams, disband=disband, sharing=sharing, give_away=GiveAway(sharing=sharing, targets=targets))
