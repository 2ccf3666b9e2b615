"""Whose mailbox each profile has, and which of several came first (I4).

What counts is whom Exchange resolves a profile's spelling to. Of two active profiles on one mailbox
the later is refused, whatever its number: first comes whoever has it, then whoever was in step with
it, then the lower number.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.appointment.owner import Owner, spelled
from calsync_agent.database.remade import Remade, Tuples, remade
from calsync_agent.domain.policy import Profile
from calsync_agent.state import meta
from calsync_agent.state.tables import mailbox, profile, profile_state

_COLUMNS: Final = tuple(column for column in mailbox.c if column.name != "profile_id")


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a profile's mailbox; `spelling` tells for which value of its row.

    `in_step_with`: the spelling of the mailbox with which it has had its first sync.
    """

    profile: ProfileId
    spelling: str = ""
    owner: Owner = field(default_factory=Owner)
    held: bool = False
    same_as: ProfileId | None = None
    in_step_with: str | None = None

    def resolves(self, one: Profile) -> bool:
        """Whether it is about the mailbox that the profile names now."""
        return bool(self.spelling) and spelled(self.spelling) == spelled(one.mailbox)


def read(connection: sa.Connection) -> dict[ProfileId, Claim]:
    """What is known of every profile's mailbox."""
    return read_anew(connection, None).value


def read_anew(
    connection: sa.Connection, before: Remade[dict[ProfileId, Claim]] | None
) -> Remade[dict[ProfileId, Claim]]:
    """The same; where nothing of it has changed, what it was `before`."""
    joined = profile.outerjoin(mailbox, mailbox.c.profile_id == profile.c.id).outerjoin(
        profile_state, profile_state.c.profile_id == profile.c.id
    )
    synced = sa.case((profile_state.c.compared_at.is_not(None), profile_state.c.mailbox))
    found = sa.select(profile.c.id, *_COLUMNS, synced).select_from(joined)
    return remade(list(map(tuple, connection.execute(found))), before, _claims)


def _claims(rows: Tuples) -> dict[ProfileId, Claim]:
    names = ["id", *(column.key for column in _COLUMNS), "in_step_with"]
    claims = (_claim(dict(zip(names, row, strict=True))) for row in rows)
    return {claim.profile: claim for claim in claims}


def clashes(
    syncing: Collection[Profile], claims: Mapping[ProfileId, Claim]
) -> dict[ProfileId, ProfileId]:
    """The profiles that are refused, each with the one that has its mailbox."""
    refused: dict[ProfileId, ProfileId] = {}
    # By what two profiles on one mailbox have in common, those that come first, in their order.
    first: dict[tuple[str, str], list[tuple[int, Profile]]] = {}
    for place, one in enumerate(sorted(syncing, key=lambda each: _order(each, claims))):
        if not one.mailbox:
            continue
        marks = _marks(one, claims.get(one.id))
        alike = {at: other for mark in marks for at, other in first.get(mark, ())}
        taken = (alike[at].id for at in sorted(alike) if _one_mailbox(one, alike[at], claims))
        owner = next(taken, None)
        if owner is not None:
            refused[one.id] = owner
            continue
        for mark in marks:
            first.setdefault(mark, []).append((place, one))
    return refused


def _marks(one: Profile, known: Claim | None) -> set[tuple[str, str]]:
    """Of which two profiles on one mailbox have at least one in common."""
    marks = {("named", spelled(one.mailbox)), ("is", str(one.id))}
    if known is None:
        return marks
    told = known.owner
    if told.user:
        marks.add(("user", told.user.casefold()))
    if told.telling:
        marks.add(("calendar", told.telling))
    if told.address:
        marks.add(("address", spelled(told.address)))
    if known.same_as is not None:
        marks.add(("is", str(known.same_as)))
    if known.spelling:
        marks.add(("spelt", spelled(known.spelling)))
    return marks


def as_told(
    syncing: Iterable[Profile], claims: Mapping[ProfileId, Claim], owners: Mapping[ProfileId, Owner]
) -> dict[ProfileId, Claim]:
    """The claims, had what Exchange has just told of mailboxes been stored."""
    now = dict(claims)
    for one in syncing:
        known = claims.get(one.id, Claim(one.id))
        if one.id in owners:
            kept = known if known.resolves(one) else replace(known, held=False, same_as=None)
            now[one.id] = replace(kept, spelling=one.mailbox, owner=owners[one.id])
    return now


def earlier(
    one: Profile, syncing: Iterable[Profile], claims: Mapping[ProfileId, Claim]
) -> list[Profile]:
    """The profiles that come before another, should they have the same mailbox."""
    mine = _order(one, claims)
    return [other for other in syncing if _order(other, claims) < mine]


def claim(
    connection: sa.Connection,
    one: Profile,
    found: Mapping[ProfileId, Owner],
    syncing: Collection[Profile],
) -> ProfileId | None:
    """Store what Exchange has told of mailboxes, and let a profile have its own.

    Returns the profile that has it instead. Whoever held it and is synced no longer loses it.
    """
    meta.take_turn(connection)
    now = {each.id: each for each in syncing}
    claims = read(connection)
    changed = {number for number in found if number in now} | {one.id}
    for number in sorted(changed):
        each, before = now.get(number, one), claims.get(number, Claim(number))
        same = before
        if not before.resolves(each):
            same = Claim(number, in_step_with=before.in_step_with)
            outdated = {who for who, other in claims.items() if other.same_as == number}
            claims |= {who: replace(claims[who], same_as=None) for who in outdated}
            changed |= outdated & now.keys()
        owner = found.get(number, same.owner)
        claims[number] = replace(same, spelling=each.mailbox, owner=owner)
    refused = clashes(now.values(), claims)
    for number in changed:
        claims[number] = replace(claims[number], held=number not in refused)
    mine = claims[one.id]
    for number, other in claims.items():
        lapsed = number not in now and other.held and mine.held
        if lapsed and _same(mine, other):
            claims[number] = replace(other, held=False)
            changed = changed | {number}
    for number in sorted(changed):
        _write(connection, claims[number])
    return refused.get(one.id)


def shared(
    connection: sa.Connection, one: ProfileId, other: ProfileId, syncing: Collection[Profile]
) -> None:
    """An event of one profile lies in the mailbox of another: from now on they count as one."""
    meta.take_turn(connection)
    claims, now = read(connection), {each.id: each for each in syncing}
    if one not in now or other not in now:
        return
    later = max(one, other, key=lambda number: _order(now[number], claims))
    known = claims.get(later, Claim(later))
    if not known.resolves(now[later]):
        known = Claim(later, now[later].mailbox)
    _write(connection, replace(known, held=False, same_as=one if later == other else other))


def _order(one: Profile, claims: Mapping[ProfileId, Claim]) -> tuple[int, int]:
    known = claims.get(one.id)
    if known is not None and known.held and known.resolves(one):
        return 0, one.id
    in_step = known is not None and spelled(known.in_step_with or "") == spelled(one.mailbox)
    return (1 if in_step else 2), one.id


def _one_mailbox(one: Profile, other: Profile, claims: Mapping[ProfileId, Claim]) -> bool:
    if spelled(one.mailbox) == spelled(other.mailbox):
        return True
    mine, theirs = claims.get(one.id), claims.get(other.id)
    if mine is None or theirs is None or not (mine.resolves(one) and theirs.resolves(other)):
        return False
    return _same(mine, theirs) or mine.same_as == other.id or theirs.same_as == one.id


def _same(mine: Claim, theirs: Claim) -> bool:
    told = mine.owner.same(theirs.owner)
    return spelled(mine.spelling) == spelled(theirs.spelling) if told is None else told


def _claim(row: Mapping[str, Any]) -> Claim:
    same_as = row["same_as"]
    return Claim(
        profile=ProfileId(row["id"]),
        spelling=row["spelling"] or "",
        owner=Owner(row["user_id"], row["calendar_id"], row["address"]),
        held=bool(row["held"]),
        same_as=None if same_as is None else ProfileId(same_as),
        in_step_with=row["in_step_with"],
    )


def _write(connection: sa.Connection, known: Claim) -> None:
    values = {
        "spelling": known.spelling,
        "user_id": known.owner.user,
        "calendar_id": known.owner.calendar,
        "address": known.owner.address,
        "held": known.held,
        "same_as": known.same_as,
    }
    mine = mailbox.c.profile_id == known.profile
    if connection.execute(sa.update(mailbox).where(mine).values(values)).rowcount == 0:
        connection.execute(sa.insert(mailbox).values(profile_id=known.profile, **values))
