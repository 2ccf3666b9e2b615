"""What a held profile waits to do, and an admin's answer (B7, F8)."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.collation import natural
from calsync_agent.domain.hold import Held, HoldKind, Verdict
from calsync_agent.errors import Refusal
from calsync_agent.i18n import Message, counted, message
from calsync_agent.state import acts, holds
from calsync_agent.state.tables import link


class Regrown(Refusal):
    """What waits is no longer what the admin saw; nothing was answered."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything of one profile that nobody has answered yet, of so many links."""

    profile: ProfileId
    items: tuple[Held, ...] = ()
    links: int = 0

    @property
    def activities(self) -> frozenset[ActivityId]:
        """The appointments that it is about."""
        return frozenset(one.activity for one in self.items)

    @property
    def reasons(self) -> list[Message]:
        """Why it waits, a sentence for each kind."""
        count = Counter(one.kind for one in self.items)
        return [_reason(kind, count[kind], self.links) for kind in HoldKind if count[kind]]


def read(connection: sa.Connection, profile: ProfileId) -> Waiting:
    """What waits: by what is to be done, then as people sort what it is about."""
    items = [one for one in holds.read(connection, profile) if one.verdict is None]
    links = sa.select(sa.func.count()).where(link.c.profile_id == profile)
    items.sort(key=lambda one: (list(HoldKind).index(one.kind), natural(one.subject), one.since))
    return Waiting(profile, tuple(items), connection.execute(links).scalar_one())


def answer(
    connection: sa.Connection,
    profile: ProfileId,
    verdict: Verdict,
    seen: Collection[ActivityId],
    only: Collection[ActivityId] = (),
) -> int:
    """Say what is to become of all that was seen to wait, or `only` of some; returns how much.

    Raises Regrown where something else waits by now: nobody confirms what they have not seen.
    """
    waits = read(connection, profile).activities
    if not (waits.issuperset(only) if only else waits == frozenset(seen)):
        raise Regrown(message("what waits has changed meanwhile; look again"))
    return acts.answer(connection, profile, verdict, only or seen)


def _reason(kind: HoldKind, count: int, links: int) -> Message:
    match kind:
        case HoldKind.DELETE_IN_CONSOLIDATE:
            return counted(
                "{count} of {links} linked appointments would be deleted in Consolidate, because"
                " its event is gone from Exchange.",
                "{count} of {links} linked appointments would be deleted in Consolidate at once,"
                " because their events are gone from Exchange.",
                count,
                links=links,
            )
        case HoldKind.DELETE_IN_EXCHANGE:
            return counted(
                "{count} of {links} linked events would be deleted in Exchange, because its"
                " appointment is gone from Consolidate.",
                "{count} of {links} linked events would be deleted in Exchange at once, because"
                " their appointments are gone from Consolidate.",
                count,
                links=links,
            )
        case HoldKind.MAIL:
            return counted(
                "{count} change would make Exchange mail more people at once than is allowed.",
                "{count} changes would make Exchange mail more people at once than is allowed.",
                count,
            )
