"""A resolver that answers by script."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from flowcore.errors import NotFoundError


@define
class ScriptedResolver:
    """A ``Resolver`` that knows a few names.

    Attributes:
        answers: by name, one after the other; the last is repeated.
        asked: names that were asked for.
    """

    answers: Mapping[str, list[tuple[str, ...]]] = field(factory=dict)
    asked: list[str] = field(factory=list)

    @classmethod
    def of(cls, **names: tuple[str, ...]) -> ScriptedResolver:
        """Return one whose answers do not change; ``__`` in a name is a dot."""
        return cls({name.replace("__", "."): [addresses] for name, addresses in names.items()})

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """See ``Resolver.resolve``."""
        self.asked.append(host)
        answers = self.answers.get(host)
        if not answers:
            raise NotFoundError(f"{host} has no address", code="network.unknown_host")
        return answers.pop(0) if len(answers) > 1 else answers[0]
