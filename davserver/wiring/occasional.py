"""What pages and commands do and drives do not: each is loaded by whoever asks for it first, and
not by every worker before its first answer (60 modules, 3 MiB).
"""
# ruff: noqa: PLC0415

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from davserver.config import Settings
from davserver.gate.tools import Tools
from davserver.sealing.kek import KekProvider

if TYPE_CHECKING:
    from davserver.gate.affiliations.affiliations import Affiliations
    from davserver.gate.care.keeping import Keeping
    from davserver.gate.care.keys import Keys
    from davserver.gate.people.deeds import Deeds
    from davserver.gate.people.people import People
    from davserver.gate.people.teams import Teams
    from davserver.gate.policy.impact import Impact
    from davserver.gate.policy.oversight import Oversight
    from davserver.gate.recovery.nets import SafetyNets
    from davserver.gate.sharing.offers import Offers
    from davserver.gate.sharing.seeing import Seeing
    from davserver.gate.sharing.sharing import Sharing
    from davserver.wiring.explaining import Explaining
    from davserver.wiring.probing import Probing


@dataclass(frozen=True)
class Occasional:
    """Each made once. `watching` makes the one that needs more than the tools."""

    settings: Settings
    tools: Tools
    kek: KekProvider
    watching: "Callable[[], Oversight]"

    @cached_property
    def sharing(self) -> "Sharing":
        from davserver.gate.sharing.sharing import Sharing

        return Sharing(self.tools, self.settings.vaults.allowance)

    @cached_property
    def offers(self) -> "Offers":
        from davserver.gate.sharing.offers import Offers

        return Offers(self.tools, self.settings.vaults.allowance)

    @cached_property
    def seeing(self) -> "Seeing":
        from davserver.gate.sharing.seeing import Seeing

        return Seeing(self.tools)

    @cached_property
    def affiliations(self) -> "Affiliations":
        from davserver.gate.affiliations.affiliations import Affiliations

        return Affiliations(self.tools)

    @cached_property
    def people(self) -> "People":
        from authn.staff_names import StaffNames
        from davserver.gate.people.people import People

        settings = self.settings
        return People(self.tools, settings.vaults.quota, StaffNames(settings.directories))

    @cached_property
    def teams(self) -> "Teams":
        from davserver.gate.people.teams import Teams

        return Teams(self.tools)

    @cached_property
    def deeds(self) -> "Deeds":
        from davserver.gate.people.deeds import Deeds

        return Deeds(self.tools)

    @cached_property
    def keeping(self) -> "Keeping":
        from davserver.gate.care.keeping import Keeping

        return Keeping(self.tools)

    @cached_property
    def keys(self) -> "Keys":
        from davserver.gate.care.keys import Keys

        return Keys(self.tools, self.kek)

    @cached_property
    def nets(self) -> "SafetyNets":
        from davserver.gate.recovery.nets import SafetyNets

        return SafetyNets(self.tools)

    @cached_property
    def explaining(self) -> "Explaining":
        from davserver.wiring.explaining import Explaining

        return Explaining(self.tools)

    @cached_property
    def probing(self) -> "Probing":
        from davserver.wiring.probing import Probing

        return Probing(self.tools)

    @cached_property
    def impact(self) -> "Impact":
        from davserver.gate.policy.impact import Impact

        return Impact(self.tools)

    @cached_property
    def oversight(self) -> "Oversight":
        return self.watching()
