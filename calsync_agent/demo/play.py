"""The play in its scenes: the office, a first sync, a busy day, a second sync, what is where.

In the end three of them meet.
"""

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from calsync_agent.appointment import codec
from calsync_agent.demo import telling
from calsync_agent.demo.comparison import Comparison, compare
from calsync_agent.demo.entries import (
    DemoEntry,
    Edit,
    Employee,
    Story,
    Where,
    after,
    concerned,
    conflicts,
)
from calsync_agent.demo.meeting import Meeting
from calsync_agent.demo.occurrences import occurrences
from calsync_agent.demo.office import Office
from calsync_agent.demo.screen import Screen, Style
from calsync_agent.demo.stage import SETTINGS_FILE, STATE_FILE, Stage, Synced, staged
from calsync_agent.demo.story import DOMAIN, EDITS, ENTRIES, STAFF, last_fridays, public_holidays
from calsync_agent.demo.table import STYLES, Mark, Table, mark_of, marks
from calsync_agent.demo.telling import Progress
from calsync_agent.domain.version import Side
from calsync_agent.i18n import _, message
from calsync_agent.state import tables as state

Value = TypeVar("Value")


async def play(screen: Screen, folder: Path, today: date, *, keep: bool) -> bool:
    """Play it all in an empty folder, as if it happened in the week of `today`.

    Returns whether in the end both sides hold just what people have made of it.
    """
    monday = today - timedelta(today.weekday())
    holidays = [public_holidays(monday, year) for year in (today.year, today.year + 1)]
    with staged(folder, DOMAIN, keep=keep) as stage:
        office = Office(stage.database, stage.tenant, monday)
        entries = (*ENTRIES, *last_fridays(monday), *holidays[0], *holidays[1])
        scenes = Scenes(screen, stage, office, entries)
        scenes.opening()
        right = await scenes.first_sync()
        edits = EDITS if right else ()
        if right:
            scenes.busy_days(edits)
            right = await scenes.second_sync()
        right = scenes.what_is_where(edits) and right
        if right:
            right = await Meeting(screen, stage, office).play()
        if keep:
            scenes.going_on()
    return right


@dataclass(frozen=True, slots=True)
class Scenes:
    """Plays a scene and tells about it; a sync returns whether the agent says that all is well."""

    screen: Screen
    stage: Stage
    office: Office
    entries: Sequence[DemoEntry]

    def opening(self) -> None:
        """The office, and how many appointments each program has before the first sync."""
        office = self.office
        office.found()
        for employee in STAFF:
            office.hire(employee)
        for entry in self.entries:
            office.enter(entry)
        self.screen.line((_("calsync demo: an office in Graz"), Style.BOLD))
        self.screen.line(
            _("Consolidate is a SQLite file, Exchange 365 is simulated on this computer.")
        )
        self.screen.line()
        self.screen.line(" " * 17, (f"{'Consolidate':>11}{'Exchange':>12}", Style.DIM))
        for employee in STAFF:
            mine = [entry.where for entry in self.entries if entry.owner == employee]
            here = len(mine) - mine.count(Where.OUTLOOK)
            there = len(mine) - mine.count(Where.CONSOLIDATE)
            self.screen.line(telling.begun(employee.name, self.screen), f"{here:>11}{there:>12}")

    async def first_sync(self) -> bool:
        """Both sides meet: what was entered twice is recognised, the rest is copied."""
        self._head(_("First sync"))
        story = after(self.entries, ())
        owners = [entry.owner for entry in self.entries]
        progress = Progress(self.screen, {one: owners.count(one) for one in STAFF})
        synced = await self.stage.sync(lambda done: progress.show(self._of_employees(done)))
        progress.end(self._of_employees(synced.linked), self._of_employees(synced.counts))
        right = self._went_well(synced) and all(one.right for one in self._compared(story))
        if right:
            self._recognised()
        return right

    def busy_days(self, edits: Sequence[Edit]) -> None:
        """People change things on both sides, each announced."""
        self._head(_("People go on working"))
        for edit in edits:
            entry = concerned(edit, self.entries)
            self.office.carry_out(edit, entry)
            mark = mark_of(edit, edits)
            text = telling.announcement(edit, entry, self.office)
            self.screen.line("  ", (mark, STYLES[mark]), f" {text}")

    async def second_sync(self) -> bool:
        """What was changed is carried over."""
        self._head(_("Second sync"))
        synced = await self.stage.sync()
        work = telling.work(self._of_employees(synced.counts), self.screen)
        for employee, what in work.items():
            self.screen.line(telling.begun(employee.name, self.screen), what)
        return self._went_well(synced)

    def what_is_where(self, edits: Sequence[Edit]) -> bool:
        """Both sides side by side; returns whether they hold what they must."""
        self._head(_("What is where"))
        story = after(self.entries, edits)
        compared = self._compared(story)
        table = Table(self.screen, marks(edits, self.entries))
        table.legend()
        for comparison in compared:
            table.show(comparison)
        days = self._day_by_day(table)
        kept = [self._conflict(subject, edits) for subject in sorted(conflicts(edits))]
        return self._verdict(compared) and all(kept) and days

    def going_on(self) -> None:
        """What can be done with the folder that was kept."""
        folder = self.stage.folder.resolve()
        port = str(self.stage.sandbox.port)
        sandbox = ["sandbox", "--state", str(folder / STATE_FILE), "--port", port]
        once = ["once", "--config", str(folder / SETTINGS_FILE)]
        self.screen.line()
        self.screen.line(_("To go on, keep the first of these running, and the second syncs:"))
        for words in (sandbox, once):
            # A command is to be copied: it is never cut.
            self.screen.uncut(f"  {_command_line(['calsync-agent', *words])}")

    def _day_by_day(self, table: Table) -> bool:
        """Shows the occurrences of each series; returns whether they are as they must be."""
        self.screen.line((_("Series, day by day"), Style.BOLD))
        self.screen.line()
        found = [(entry, occurrences(self.office, entry)) for entry in self.entries if entry.series]
        for entry, days in found:
            table.show_series(entry, days)
        return all(pair.as_told for _entry, days in found for pair in days)

    def _head(self, text: str) -> None:
        self.screen.line()
        self.screen.line((text, Style.BOLD))

    def _went_well(self, synced: Synced) -> bool:
        """Shows what did not go well, in the agent's own words; returns whether all did."""
        troubles = [outcome.line for outcome in synced.outcomes if not outcome.in_step]
        for line in troubles:
            self.screen.uncut(f"  {line}")
        return not troubles

    def _of_employees(self, by_number: Mapping[int, Value]) -> dict[Employee, Value]:
        numbers = self.office.employees
        return {one: by_number[numbers[one]] for one in STAFF if numbers[one] in by_number}

    def _recognised(self) -> None:
        """Shows an example from each calendar of what was found to be the same (B4)."""
        self.screen.line("  ", (_("Recognised as the same although spelt otherwise:"), Style.DIM))
        for employee in STAFF:
            mine = (entry for entry in self.entries if entry.owner == employee)
            twice = next(entry for entry in mine if entry.where is Where.BOTH)
            self.screen.line(f"    {twice.subject} = {twice.also}")

    def _compared(self, story: Story) -> list[Comparison]:
        return [compare(self.office, employee, story) for employee in STAFF]

    def _conflict(self, subject: str, edits: Sequence[Edit]) -> bool:
        """Shows the version that lost a conflict; returns whether it was kept (B6)."""
        edit = next(e for e in edits if e.subject == subject and e.where is Where.OUTLOOK)
        entry = concerned(edit, self.entries)
        lost = after(self.entries, [edit])[entry]
        if lost is None:
            raise LookupError("the story has a conflict of which nothing is left to be shown")
        kept = lost.when.start(self.office.monday) in self._kept_starts(entry)
        title = message("Conflict: {subject} was changed on both sides.", subject=subject)
        self.screen.line((Mark.CONFLICT, STYLES[Mark.CONFLICT]), f" {title}")
        when = telling.moment(lost.when, self.office)
        text = (
            message("Consolidate has priority; Outlook's version is kept: {when}", when=when)
            if kept
            else message("Outlook's version is lost: {when}", when=when)
        )
        self.screen.line("  ", (str(text), Style.PLAIN if kept else Style.RED))
        self.screen.line()
        return kept

    def _kept_starts(self, entry: DemoEntry) -> set[datetime]:
        """When the versions began that the sync has kept of an event."""
        kept = sa.and_(
            state.history.c.activity_id == self.office.activity_id(entry),
            state.history.c.side == Side.EXCHANGE.value,
        )
        with self.office.database.reading() as connection:
            found = connection.execute(sa.select(state.history.c.content).where(kept)).scalars()
            return {codec.from_json(version).start for version in found}

    def _verdict(self, compared: Sequence[Comparison]) -> bool:
        for comparison in compared:
            name = telling.begun(comparison.employee.name, self.screen)
            self._in_step(name, comparison.in_step, comparison.everything)
        total = sum(comparison.in_step for comparison in compared)
        everything = sum(comparison.everything for comparison in compared)
        self._in_step(telling.begun(_("Total"), self.screen), total, everything)
        if astray := sum(comparison.astray for comparison in compared):
            text = message("not as people have entered it: {count}", count=astray)
            self.screen.line("  ", (str(text), Style.RED))
        mails = message("mails sent: {count}", count=len(self.stage.tenant.outbox))
        self.screen.line(f"  {mails}")
        return all(comparison.right for comparison in compared)

    def _in_step(self, who: str, same: int, everything: int) -> None:
        text = message("in step: {same} of {all}", same=same, all=everything)
        style = Style.GREEN if same == everything else Style.RED
        self.screen.line(who, (str(text), style))


def _command_line(words: Sequence[str]) -> str:
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
