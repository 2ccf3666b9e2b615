"""Fingerprints as older versions of the agent left them in the tables."""

from collections.abc import Callable, Collection

import sqlalchemy as sa

from calsync_agent.appointment.content import Fingerprint
from calsync_agent.appointment.fields import FIELDS, Field
from calsync_agent.state import tables as state
from tests.support.rig import Rig

ORDER_OF_0_1_0 = "sbltipwrceayogj"


def _entries(now: Fingerprint) -> dict[str, str]:
    assert now[0] == "2"
    return {now[n]: now[n + 1 : n + 9] for n in range(1, len(now), 9)}


def as_0_1_0(now: Fingerprint) -> Fingerprint:
    """The same, in the scheme of 0.1.0: the digests of its fifteen fields in their order."""
    told = _entries(now)
    return Fingerprint("1" + "".join(told[key] for key in ORDER_OF_0_1_0)) if now else now


def without(now: Fingerprint, fields: Collection[Field]) -> Fingerprint:
    """The same, by a version that did not know these fields yet."""
    unknown = {FIELDS[field].key for field in fields}
    kept = (key + digest for key, digest in _entries(now).items() if key not in unknown)
    return Fingerprint("2" + "".join(kept))


def rewritten(rig: Rig, older: Callable[[Fingerprint], Fingerprint]) -> None:
    """All links as an older version left them."""
    with rig.people.writing() as connection:
        for row in connection.execute(sa.select(state.link)).mappings().all():
            names = ("consolidate_print", "exchange_print")
            values = {name: older(Fingerprint(row[name])) for name in names}
            mine = state.link.c.id == row["id"]
            connection.execute(sa.update(state.link).where(mine).values(values))
