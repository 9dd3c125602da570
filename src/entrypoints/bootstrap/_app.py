"""What is put together: everything that can be asked for."""

from __future__ import annotations

from attrs import field, frozen

from entrypoints.bootstrap._accounts import Accounts
from entrypoints.bootstrap._auditing import Administration, Auditing
from entrypoints.bootstrap._clusters import Clusters
from entrypoints.bootstrap._drawings import Versions, Workflows
from entrypoints.bootstrap._identity import SignInWithProviders
from entrypoints.bootstrap._importing import Imports
from entrypoints.bootstrap._runs import Runs
from entrypoints.bootstrap._sharing import Together
from entrypoints.settings import Settings
from flowcore.kinds import Catalogue
from flowcore.ports.events import EventFeed
from flowcore.ports.storage import Store
from flowcore.ports.system import Clock
from flowcore.usecases.drawings.plugins import Plugins


@frozen(kw_only=True)
class App:
    """Everything that can be asked for, and the parts that live as long as the service."""

    settings: Settings
    catalogue: Catalogue
    clock: Clock
    store: Store
    feed: EventFeed
    sandbox_kubeconfig: str = field(repr=False)
    accounts: Accounts
    oauth: SignInWithProviders
    together: Together
    clusters: Clusters
    workflows: Workflows
    versions: Versions
    runs: Runs
    imports: Imports
    plugins: Plugins
    audit: Auditing
    administration: Administration
