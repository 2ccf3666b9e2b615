"""People who meet: invitations, answers, and changes of who is responsible, on either side."""

from typing import Any, ClassVar, Final

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import rule

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.model.responses import Answer
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.machine.company import PICK
from tests.support.machine.singles import HOUR, Singles
from tests.support.machine.staff import OUTSIDE, WITHOUT_PROFILE, give_profiles
from tests.support.rig import SOON

SOME: Final = st.sets(st.integers(0, 2))
"""Which of the three colleagues."""


class Meetings(Singles):
    """Meetings of three with profiles, one without, and one from outside, beside singles."""

    codes: ClassVar[tuple[str, ...]] = ("ANNA", "BERND", "CLARA")
    at_work = "ANNA"

    @property
    def owner(self) -> str:
        return self.at_work

    @rule(who=st.integers(0, 2))
    def turn(self, who: int) -> None:
        """From now on it is this one who edits, and for whom appointments are entered."""
        self.at_work = self.codes[who]

    # -- in Consolidate -----------------------------------------------------------------------

    @rule(slot=st.integers(0, 40), invited=SOME, boss=st.booleans())
    def enter_meeting(self, slot: int, invited: set[int], *, boss: bool) -> None:
        """Somebody enters a meeting; the one without profile may be responsible (F1, F2)."""
        start, number = SOON + slot * HOUR, self.new_number()
        code = WITHOUT_PROFILE if boss else self.owner
        word, body = self.ledger.word(), self.ledger.word()
        self.rig.world.enter(code, word, start, start + HOUR, body=body, id=number)
        colleagues = [self.codes[who] for who in invited if self.codes[who] != code]
        if colleagues:
            self.rig.world.invite(number, *colleagues)

    @rule(pick=PICK, who=st.integers(0, 2))
    def invite(self, pick: int, who: int) -> None:
        """Somebody adds a participant, or takes one out."""
        row = self._own_meeting(pick)
        if row is None or row["responsible_id"] == self._employee(who):
            return
        if self._participant(row, who) is None:
            self.rig.world.invite(row["id"], self.codes[who])
        else:
            self._drop_participant(row, who)

    @rule(pick=PICK, who=st.integers(0, 2))
    def change_responsible(self, pick: int, who: int) -> None:
        """Somebody else becomes responsible (G10)."""
        row = self._own_meeting(pick)
        if row is not None and row["responsible_id"] in self._employees():
            self._drop_participant(row, who)
            self.rig.world.edit(row["id"], responsible_id=self._employee(who))

    @rule(pick=PICK, who=st.integers(0, 2), answer=st.sampled_from(("accepted", "tentative")))
    def answer(self, pick: int, who: int, answer: str) -> None:
        """An answer is entered; whoever has declined stays with it (G13)."""
        row = self.pick_row(pick)
        found = None if row is None else self._participant(row, who)
        if row is not None and found is not None and found["response"] != "declined":
            self.rig.world.respond(row["id"], self.codes[who], answer)

    # -- in Outlook ---------------------------------------------------------------------------

    @rule(slot=st.integers(0, 40), invited=SOME, by=st.integers(0, 2), guest=st.booleans())
    def create_meeting(self, slot: int, invited: set[int], by: int, *, guest: bool) -> None:
        """Somebody invites: one of us, the one without profile, or somebody from outside (F4)."""
        organizer = (self.outlook, self.rig.tenant.user(WITHOUT_PROFILE.lower()), self._outsider)[
            by
        ]
        people = [self._person(who) for who in invited]
        attendees = [person.upn for person in people if person.upn != organizer.upn]
        if by and not attendees:
            return  # nobody of us would know
        attendees += ["gast@anderswo.example"] if guest else []
        start = SOON + slot * HOUR
        self.rig.wait(seconds=1)
        words = self.ledger.word(), self.ledger.word()
        organizer.create(words[0], start, start + HOUR, body=words[1], attendees=attendees)

    @rule(pick=PICK, who=st.integers(0, 2), answer=st.sampled_from(("accepted", "declined")))
    def respond(self, pick: int, who: int, answer: Answer) -> None:
        """Somebody answers an invitation (F6); what is declined unseen nobody could tell us."""
        copy = self._copy(pick, who)
        if copy is not None and (answer != "declined" or self._is_known(copy)):
            self.rig.wait(seconds=1)
            self._person(who).respond(copy["id"], answer)

    @rule(pick=PICK, who=st.integers(0, 2))
    def remove_copy(self, pick: int, who: int) -> None:
        """Somebody deletes a copy that the sync has seen, which is declining (F6)."""
        copy = self._copy(pick, who)
        if copy is not None and self._is_known(copy):
            self.rig.wait(seconds=1)
            self._person(who).delete(copy["id"])

    @rule(pick=PICK, invited=SOME)
    def invite_others(self, pick: int, invited: set[int]) -> None:
        """The organizer invites others than before."""
        event = self.pick_event(pick)
        if event is not None:
            self.rig.wait(seconds=1)
            people = [self._person(who).upn for who in invited]
            mine = self.outlook.upn
            self.outlook.change(event["id"], attendees=[upn for upn in people if upn != mine])

    # -- profiles -----------------------------------------------------------------------------

    @rule(who=st.integers(0, 2))
    def profile_taken(self, who: int) -> None:
        """Somebody loses the profile; `profile_given` brings it back."""
        with self.rig.people.writing() as connection:
            mine = state.profile.c.employee_id == self._employee(who)
            connection.execute(sa.delete(state.profile).where(mine))

    @rule()
    def profiles_given(self) -> None:
        """Everybody gets a profile who has none."""
        give_profiles(self.rig)

    # -- inside -------------------------------------------------------------------------------

    @property
    def _outsider(self) -> Person:
        return self.rig.tenant.outsider(OUTSIDE, "Chefin")

    def _person(self, who: int) -> Person:
        return self.rig.tenant.user(self.codes[who].lower())

    def _employee(self, who: int) -> int:
        return self.rig.world.employees[self.codes[who]]

    def _employees(self) -> set[int]:
        return {self._employee(who) for who in range(len(self.codes))}

    def _own_meeting(self, pick: int) -> dict[str, Any] | None:
        """An appointment that was entered in Consolidate, so that it is ours to lead."""
        row = self.pick_row(pick)
        return row if row is not None and row["id"].int <= self.entered else None

    def _participant(self, row: dict[str, Any], who: int) -> dict[str, Any] | None:
        rows = self.rig.world.rows(tables.activity_participant)
        employee = self._employee(who)
        mine = (r for r in rows if r["activity_id"] == row["id"] and r["employee_id"] == employee)
        return next(mine, None)

    def _drop_participant(self, row: dict[str, Any], who: int) -> None:
        table = tables.activity_participant
        mine = table.c.activity_id == row["id"], table.c.employee_id == self._employee(who)
        with self.rig.people.writing() as connection:
            connection.execute(sa.delete(table).where(*mine))

    def _is_known(self, copy: dict[str, Any]) -> bool:
        return copy["id"] in {row["event_id"] for row in self.rig.world.rows(state.link)}

    def _copy(self, pick: int, who: int) -> dict[str, Any] | None:
        found = [
            event
            for event in self._person(who).events()
            if not event["isOrganizer"] and not event["isCancelled"]
        ]
        return found[pick % len(found)] if found else None
