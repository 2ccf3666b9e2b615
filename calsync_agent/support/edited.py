"""Which fields of linked appointments have changed since both sides were last in step.

Digests of texts are not told, because others could be tried until one fits; what they tell is.
"""

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent import bindings
from calsync_agent.appointment.content import Fingerprint, changed, fingerprint
from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ActivityId, EmployeeId
from calsync_agent.bundle import Rows
from calsync_agent.consolidate.reading import read_staff, see_activities
from calsync_agent.database.statements import chunks
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.link import Role
from calsync_agent.plan.office import Office
from calsync_agent.plan.projection import in_own_words, view
from calsync_agent.state.tables import link, profile
from calsync_agent.support.telling import Telling

MOST: Final = 20_000
_AT_ONCE: Final = 500


def told(connection: sa.Connection, telling: Telling) -> Rows:
    """The links whose appointment differs from what was last agreed; `fields` empty: unreadable."""
    office = Office(read_staff(connection).people, {}, bindings.read(connection))
    profiles = connection.execute(sa.select(profile.c.id, profile.c.employee_id))
    whose = {row.id: EmployeeId(row.employee_id) for row in profiles}
    columns = (link.c.profile_id, link.c.activity_id, link.c.role, link.c.consolidate_print)
    found = connection.execute(sa.select(*columns).limit(MOST + 1)).all()

    def lines() -> Iterator[list[Any]]:
        for some in chunks(found[:MOST], _AT_ONCE):
            held = see_activities(connection, {ActivityId(row.activity_id) for row in some})
            for row in some:
                activity = held.activities.get(ActivityId(row.activity_id))
                number = telling.pseudonyms.number(row.activity_id)
                if not isinstance(activity, Activity):
                    if activity is not None:
                        yield [row.profile_id, number, []]
                    continue
                if row.role not in set(Role):
                    continue
                mine = office.types.known(activity).appointment
                mine = in_own_words(mine, mine.join_url)
                seen = view(mine, Role(row.role), whose[row.profile_id], office)
                fields = changed(Fingerprint(row.consolidate_print), fingerprint(seen))
                if fields:
                    yield [row.profile_id, number, [f.value for f in Field if f in fields]]

    return Rows(("profile_id", "activity_id", "fields"), list(lines()), cut=len(found) > MOST)
