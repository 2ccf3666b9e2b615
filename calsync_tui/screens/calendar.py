"""Both calendars of one profile beside each other: a week or a month, in one picture or as a list.

Read when it is opened, when other days are shown, and with F3; never by itself.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import ClassVar

from rich.console import Group
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher, Static

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.errors import CalsyncError
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.gateway import calendars
from calsync_tui.gateway.calendars import Calendars, Pair
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.log import Whose
from calsync_tui.screens import calendar_text as text
from calsync_tui.screens.story import StoryScreen
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.themes import role
from calsync_tui.widgets import agenda
from calsync_tui.widgets.agenda import Agenda
from calsync_tui.widgets.calendar_grid import WEEK, CalendarGrid
from calsync_tui.widgets.footer import FittingFooter
from calsync_tui.widgets.pane import Pane
from calsync_tui.widgets.row_list import RowList

_NARROW, _LOW = 70, 18
"""Below so many columns or lines the list is the only view."""
_MIDDLE, _HIGH = 22, 36
_KEYS = (
    ("w", "span(7)", marked("Week"), "week", True, marked("Show a week")),
    ("m", "span(31)", marked("Month"), "month", True, marked("Show a month")),
    ("v", "view", marked("List"), "view", True, marked("As a list, side by side, or as a picture")),
    ("u", "only", marked("Differences"), "only", True, marked("Show only what differs, or all")),
    ("n", "next(1)", marked("Next"), "next", True, marked("To the next difference")),
    ("N", "next(-1)", marked("Previous"), "previous", False, marked("To the difference before")),
    ("t", "today", marked("Today"), "today", True, marked("Show today")),
    ("pageup", "turn(-1)", marked("Back in time"), "earlier", False, marked("The days before")),
    ("pagedown", "turn(1)", marked("On in time"), "later", False, marked("The days after")),
    ("up", "step(-1)", marked("Up"), "up", False, marked("To the appointment before")),
    ("down", "step(1)", marked("Down"), "down", False, marked("To the next appointment")),
    ("left", "day(-1)", marked("Left"), "left", False, marked("To an earlier day")),
    ("right", "day(1)", marked("Right"), "right", False, marked("To a later day")),
    ("home", "end_of(-1)", marked("First"), "first", False, marked("To the first appointment")),
    ("end", "end_of(1)", marked("Last"), "last", False, marked("To the last appointment")),
    ("enter", "story", marked("Story"), "story", True, marked("What happened to it")),
    ("f3", "read", marked("Read"), "read", True, marked("Read both calendars again")),
    ("escape,q", "app.pop_screen", marked("Back"), "back", True, marked("Back to the profile")),
)


class CalendarScreen(TranslatedScreen[None]):
    """Opened from a profile's page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            key, action, said, id=f"calendar.{name}", show=shown, tooltip=tooltip, priority=True
        )
        for key, action, said, name, shown, tooltip in _KEYS
    ]
    DEFAULT_CSS = """
    CalendarScreen {
        overflow: hidden;
        #calendar-title { height: 1; padding: 0 1; background: $panel; }
        #views { height: 1fr; }
        #trouble { height: auto; display: none; color: $bad; padding: 0 1; }
        #trouble.-told { display: block; }
        #pair { height: 6; }
        #pair-next { color: $muted; }
    }
    """

    def __init__(
        self, gateway: Gateway, line: ProfileLine, whose: Mapping[ProfileId, Whose], today: date
    ) -> None:
        super().__init__()
        self.gateway = gateway
        self.today = today
        self.first = today - timedelta(days=today.weekday())
        self.days = WEEK
        self.found: Calendars | None = None
        self.chosen: Pair | None = None
        self._line = line
        self._whose = whose
        self._only = False
        self._list = False
        self._read_at = ""
        self._reading = False

    @property
    def pairs(self) -> list[Pair]:
        """What is shown: all, or what differs."""
        pairs = self.found.pairs if self.found else ()
        return [one for one in pairs if one.differs or not self._only]

    def compose(self) -> ComposeResult:
        """Title, the picture or the list, the chosen appointment."""
        yield Static("", id="calendar-title")
        yield Static("", id="trouble", markup=False)
        with ContentSwitcher(id="views", initial="agenda" if self._is_list else "grid"):
            yield CalendarGrid(id="grid")
            yield Agenda(id="agenda")
        with Pane(id="pair") as pane:
            pane.border_subtitle = _("Enter: story")
            yield Static("", id="pair-text")
            yield Static("", id="pair-next", markup=False)
        yield FittingFooter(compact=True)

    def on_mount(self) -> None:
        """Read at once."""
        self.action_read()

    async def translate(self) -> None:
        """Compose again."""
        await super().translate()
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """In little room the list is the only view."""
        del event
        self.call_after_refresh(self._show)

    @property
    def _is_list(self) -> bool:
        return self._list or self.size.width < _NARROW or self.size.height < _LOW

    @work(group="calendar", exclusive=True)
    async def action_read(self) -> None:
        """Read both sides of the days in sight."""
        self._reading = True
        self._show()
        first, days = self.first, self.days
        try:
            found = await calendars.read(self.gateway, self._line.row.id, first, days)
            now = (await self.gateway.look()).now
            self._read_at = f"{datetimes.local(now):%H:%M}"
        except CalsyncError as error:
            found = Calendars(first, days, (), str(error))
        self._reading = False
        self._take(found)

    def _take(self, found: Calendars) -> None:
        """Show what was read; the first difference is chosen, else the first appointment."""
        self.found = found
        pairs = self.pairs
        if self.chosen not in pairs:
            differing = (pair for pair in pairs if pair.differs)
            self.chosen = next(differing, pairs[0] if pairs else None)
        self._show()

    def _show(self) -> None:
        if not self.is_attached or not self.query("#calendar-title"):
            return
        pairs = self.pairs
        self._show_title()
        trouble = self.found.trouble if self.found else ""
        told = self.query_one("#trouble", Static)
        told.update(f"{glyphs.shown().error} {trouble}" if trouble else "")
        told.set_class(bool(trouble), "-told")
        self.query_one(ContentSwitcher).current = "agenda" if self._is_list else "grid"
        number = pairs.index(self.chosen) if self.chosen in pairs else None
        grid = self.query_one(CalendarGrid)
        grid.show(pairs, self.first, self.days, self.today, number)
        rows = self.query_one(Agenda)
        rows.show(agenda.rows(pairs), self._nothing())
        if self.chosen is not None:
            rows.put_cursor(rows.key((self.first, self.chosen)))
        view = rows if self._is_list else grid
        if not view.has_focus:
            view.focus(scroll_visible=False)
        self._show_pair()

    def _show_title(self) -> None:
        width = self.size.width - 2
        ways = [self._titles(""), self._titles("", brief=True)]
        if self._read_at:
            ways.insert(0, self._titles(self._read_at))
            ways.insert(1, self._titles(self._read_at, brief=True))
        fitting = (way for way in ways if sum(part.cell_len for part in way) < width)
        left, right = next(fitting, ways[-1])
        gap = max(width - left.cell_len - right.cell_len, 1)
        told = Text.assemble(left, " " * gap, right, no_wrap=True, overflow="crop")
        self.query_one("#calendar-title", Static).update(told)

    def _titles(self, read_at: str, *, brief: bool = False) -> tuple[Text, Text]:
        """What stands left and right in the first line."""
        brief_week = brief and not read_at
        left = text.title(self._line.name, self.first, self.days, read_at, brief=brief_week)
        if self._reading:
            reading = _("reading")
            return left, Text(f"{glyphs.shown().waiting} {reading}", role("differs"))
        right = text.counts(self.found.pairs if self.found else (), brief=brief)
        if self._only:
            right = Text("  ").join([Text(_("only differences"), role("differs", "bold")), right])
        return left, right

    def _nothing(self) -> str:
        if self._reading:
            return _("Both calendars are being read …")
        return _("No differences in these days.") if self._only else _("No appointments.")

    def _show_pair(self) -> None:
        pane, pair = self.query_one("#pair", Pane), self.chosen
        body, following = self.query_one("#pair-text", Static), self.query_one("#pair-next", Static)
        if pair is None:
            pane.border_title = ""
            body.update(Text(self._nothing(), role("muted")))
            following.update("")
            return
        pane.name_it(Text(pair.shown.subject))
        whole = self.size.height >= _HIGH
        if self.size.height < _MIDDLE:
            body.update(Group(Text(text.next_step(pair))))
            following.update("")
        else:
            body.update(text.details(pair, self.size.width, whole=whole))
            following.update(text.next_step(pair))

    # -- what is asked for --------------------------------------------------------------------

    def action_span(self, days: int) -> None:
        """A week, or the weeks of a month."""
        day = self.chosen.shown.start.date() if self.chosen else self.first
        if self.first <= self.today < self.first + timedelta(days=self.days) and not self.chosen:
            day = self.today
        self._go(day, days)

    def action_turn(self, way: int) -> None:
        """The week or the month before, or after."""
        if self.days == WEEK:
            self._go(self.first + way * timedelta(days=WEEK), WEEK)
        else:
            middle = self.first + timedelta(days=self.days // 2)
            month = middle.year * 12 + middle.month - 1 + way
            self._go(date(month // 12, month % 12 + 1, 1), self.days)

    def action_today(self) -> None:
        """The days with today in them."""
        self._go(self.today, self.days)

    def _go(self, day: date, days: int) -> None:
        if days > WEEK:
            begin = day.replace(day=1)
            after = (begin + timedelta(days=31)).replace(day=1)
            first = begin - timedelta(days=begin.weekday())
            days = -(-(after - first).days // WEEK) * WEEK
        else:
            first = day - timedelta(days=day.weekday())
        if (first, days) != (self.first, self.days):
            self.first, self.days, self.found, self.chosen = first, days, None, None
            self.action_read()

    def action_view(self) -> None:
        """As a list, or as a picture."""
        self._list = not self._list
        self._show()

    def action_only(self) -> None:
        """Only what differs, or all."""
        self._only = not self._only
        if self.found is not None:
            self._take(self.found)

    def action_next(self, way: int) -> None:
        """To the next difference; after the last one comes the first."""
        pairs = self.pairs
        at = pairs.index(self.chosen) if self.chosen in pairs else -1
        around = range(1, len(pairs) + 1)
        order = [pairs[(at + way * step) % len(pairs)] for step in around]
        found = next((pair for pair in order if pair.differs), None)
        if found is None:
            self.notify(_("No differences in these days."), markup=False)
        else:
            self._choose(found)

    def action_step(self, by: int) -> None:
        """To the appointment before, or after."""
        pairs = self.pairs
        if pairs:
            at = pairs.index(self.chosen) if self.chosen in pairs else 0
            self._choose(pairs[max(0, min(at + by, len(pairs) - 1))])

    def action_day(self, way: int) -> None:
        """To the appointment of another day that is nearest in its hour."""
        if self.chosen is None:
            return
        here = self.chosen.shown.start
        days = {one.shown.start.date() for one in self.pairs}
        there = [day for day in days if (day - here.date()).days * way > 0]
        if there:
            day = min(there, key=lambda day: abs(day - here.date()))
            there_on_day = (one for one in self.pairs if one.shown.start.date() == day)
            self._choose(min(there_on_day, key=lambda one: _apart(one.shown.start, here)))

    def action_end_of(self, way: int) -> None:
        """To the first appointment, or to the last."""
        pairs = self.pairs
        if pairs:
            self._choose(pairs[0 if way < 0 else -1])

    def action_story(self) -> None:
        """What happened to the chosen one."""
        pair = self.chosen
        if pair is None:
            return
        if pair.activity is None:
            self.notify(text.next_step(pair), markup=False)
        else:
            line = pair.line(self._line.row.id)
            self.app.push_screen(StoryScreen(self.gateway, line, self._whose))

    @on(CalendarGrid.Chosen)
    def _clicked(self, clicked: CalendarGrid.Chosen) -> None:
        pairs = self.pairs
        if clicked.number < len(pairs):
            self._choose(pairs[clicked.number])
            if clicked.open:
                self.action_story()

    @on(RowList.Moved)
    def _moved(self) -> None:
        row = self.query_one(Agenda).current
        if self._is_list and row is not None and row[1] is not None and row[1] != self.chosen:
            self._choose(row[1])

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_story()

    def _choose(self, pair: Pair) -> None:
        self.chosen = pair
        self._show()


def _apart(one: datetime, other: datetime) -> timedelta:
    """How far the hours of two moments are apart, whatever their days."""
    return abs(one - datetime.combine(one.date(), other.time()))
