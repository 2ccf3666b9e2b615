"""The one search: appointments, people, settings, pages, commands, in this order (Ctrl+P)."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, ClassVar, Final

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from calsync_agent import datetimes
from calsync_agent.collation import asked, finds_in, spellings, words
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, marked
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.gateway import looking_for
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked
from calsync_tui.gateway.looking_for import Everybody, FoundAppointment
from calsync_tui.screens.settings_fields import GROUPS
from calsync_tui.screens.translated import TranslatedModal
from calsync_tui.themes import role
from calsync_tui.widgets import columns
from calsync_tui.widgets.columns import Column

AT_MOST: Final = 5
"""How many of a group are shown until it is expanded."""
PAUSE: Final = 0.15
"""Seconds after the last letter until the database is asked."""
_LETTERS: Final = 2
_COLUMNS: Final = (
    Column("name", "", 24, stretches=True),
    Column("about", "", 22, 34, rank=1),
    Column("verb", "", 11),
)


@dataclass(frozen=True)
class Hit:
    """One line: its name, what tells it apart, what Enter does, and doing it.

    `found`: what of it is looked through beside the name.
    """

    name: str
    about: str
    verb: str
    run: Callable[[], Any] = field(compare=False)
    found: str = ""

    def fits(self, looked_for: Sequence[Sequence[str]]) -> bool:
        """Whether it shows all the words (`collation.asked`)."""
        return finds_in(looked_for, self._spelt)

    @cached_property
    def _spelt(self) -> tuple[str, ...]:
        return spellings(f"{self.name} {self.found}")


@dataclass(frozen=True, slots=True)
class Doors:
    """What opens what was found."""

    explain: Callable[[Asked], Any]
    profile: Callable[[int], Any]
    add: Callable[[str], Any]
    setting: Callable[[str], Any]


class SearchScreen(TranslatedModal[Callable[[], Any] | None]):
    """Returns what is to be done. `fixed`: pages and commands, by the name of their group.

    Without a gateway nothing but these is found.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", marked("Back"), id="search.back", tooltip=marked("Back")),
    ]
    DEFAULT_CSS = """
    SearchScreen {
        align: center top;
        background: $background;

        & > Vertical {
            width: 96;
            max-width: 100%;
            height: 32;
            max-height: 90%;
            margin-top: 1;
            padding: 0 1;
            border: solid $focus;
            border-title-style: bold;
            background: $surface;
        }
        Input {
            padding: 0 1;
            background: $panel;
            &:ansi { background: ansi_default; text-style: underline; }
        }
        OptionList {
            height: 1fr;
            padding: 0;
            border: none;
            background: $surface;
            scrollbar-size-vertical: 1;
            &:ansi { background: ansi_default; }
            & > .option-list--option-disabled { color: $muted; text-style: bold; }
            & > .option-list--option-highlighted {
                color: $foreground;
                background: $bar;
                text-style: bold;
            }
            &:ansi > .option-list--option-highlighted {
                color: ansi_default;
                background: ansi_default;
                text-style: reverse;
            }
        }
    }
    SearchScreen.-low > Vertical { margin-top: 0; max-height: 100%; }
    """

    def __init__(
        self, gateway: Gateway | None, doors: Doors | None, fixed: Mapping[str, Sequence[Hit]]
    ) -> None:
        super().__init__()
        self._gateway = gateway
        self._doors = doors
        self._fixed = fixed
        self._people: list[Hit] | None = None
        self._appointments: tuple[str, Sequence[FoundAppointment]] = ("", ())
        self._expanded: set[str] = set()
        self._shown: list[Hit | str | None] = []
        self._typed = ""
        self._moved = False
        """Whether somebody has chosen a line, which is kept when others come."""

    def compose(self) -> ComposeResult:
        """What is looked for, and what was found."""
        with Vertical() as box:
            box.border_title = _("Search")
            box.border_subtitle = _("Tab: next group, Enter: do it, Esc")
            hint = _("Appointment, person, setting, page, command …")
            yield Input(placeholder=hint, compact=True, id="search-words")
            found = OptionList(id="search-found", markup=False, compact=True)
            found.can_focus = False
            yield found

    def on_mount(self) -> None:
        """Commands stand there at once."""
        self.query_one("#search-words").focus()
        self._list()

    def on_resize(self, event: events.Resize) -> None:
        """Other room, other lines."""
        del event
        self.call_after_refresh(self._list)

    @on(Input.Changed, "#search-words")
    def _changed(self, changed: Input.Changed) -> None:
        self._typed = changed.value.strip()
        self._moved = False
        self._expanded.clear()
        self._list()
        self.look_for(self._typed)

    @work(group="search", exclusive=True)
    async def look_for(self, typed: str) -> None:
        """Ask the database, once nothing more is typed; an answer that comes late is dropped."""
        gateway = self._gateway
        doors = self._doors
        if gateway is None or doors is None or len(typed) < _LETTERS:
            return
        await asyncio.sleep(PAUSE)
        try:
            if self._people is None:
                pulse = await gateway.look()
                known = await gateway.read(lambda c: looking_for.everybody(c, pulse.now))
                self._people = list(self._everybody(known, doors))
            found = await gateway.read(lambda c: looking_for.appointments(c, typed))
        except CalsyncError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        if typed == self._typed:
            self._appointments = (typed, found)
            self._list()

    # -- what is listed -----------------------------------------------------------------------

    def _groups(self) -> Iterator[tuple[str, Sequence[Hit]]]:
        typed = self._typed
        looked_for = asked(words(typed))
        doors = self._doors
        if typed and doors is not None:
            yield _("Appointments"), list(self._found_appointments(doors))
            people = self._people or ()
            yield _("People"), [one for one in people if one.fits(looked_for)]
            yield _("Settings"), [one for one in _settings(doors) if one.fits(looked_for)]
        for name, hits in self._fixed.items():
            yield name, [one for one in hits if one.fits(looked_for)]
        if len(typed) >= _LETTERS and doors is not None:
            why = _("Why is “{what}” not there?").format(what=typed)
            yield (
                _("Nothing fits?"),
                [Hit(why, "", _("Explain"), partial(doors.explain, Asked(typed)))],
            )

    def _found_appointments(self, doors: Doors) -> Iterator[Hit]:
        typed, found = self._appointments
        for one in found if typed == self._typed else ():
            when = _("only in Exchange")
            if one.starts_at is not None:
                when = f"{datetimes.written(one.starts_at)} {one.starts_at:%H:%M}"
            about = f" {glyphs.shown().separator} ".join(filter(None, (one.code, when)))
            name = one.subject or _("without subject")
            run = partial(doors.explain, Asked(name, one.number))
            yield Hit(name, about, _("Explain"), run)

    def _everybody(self, known: Everybody, doors: Doors) -> Iterator[Hit]:
        for line in known.listing.lines:
            who, mailbox = line.employee, visible(line.row.mailbox)
            run = partial(doors.profile, line.row.id)
            yield Hit(who.title, mailbox, _("Open"), run, f"{who.address} {mailbox}")
        for other in known.others:
            run = partial(doors.add, other.title)
            yield Hit(other.title, _("no profile yet"), _("Add"), run, other.address)

    def _list(self) -> None:
        if not self.query("#search-found"):
            return  # it is being closed
        listed = self.query_one("#search-found", OptionList)
        room = listed.size.width or 60
        chosen = self._shown[listed.highlighted or 0] if self._moved and self._shown else None
        options: list[Option] = []
        self._shown = []

        def add(line: Text, what: Hit | str | None) -> None:
            options.append(Option(line, disabled=what is None))
            self._shown.append(what)

        for title, hits in self._groups():
            if not hits:
                continue
            add(Text(title), None)
            whole = title in self._expanded or not self._typed
            most = len(hits) if whole else AT_MOST
            for hit in hits[:most]:
                add(_line(hit, room), hit)
            if len(hits) > most:
                more = _("… {count} more").format(count=len(hits) - most)
                told = glyphs.to_ascii(more) if glyphs.is_plain() else more
                add(Text(f"  {told}", role("muted")), title)
        if not options:
            add(Text(_("Nothing found")), None)
        listed.set_options(options)
        firsts = (n for n, one in enumerate(self._shown) if one is not None)
        kept = (n for n, one in enumerate(self._shown) if one is not None and one == chosen)
        listed.highlighted = next(kept, next(firsts, None))

    # -- keys ---------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """From the words, the keys move in the list beneath."""
        listed = self.query_one("#search-found", OptionList)
        moves: dict[str, Callable[[], None]] = {
            "down": listed.action_cursor_down,
            "up": listed.action_cursor_up,
            "pagedown": listed.action_page_down,
            "pageup": listed.action_page_up,
            "tab": partial(self._to_group, 1),
            "shift+tab": partial(self._to_group, -1),
        }
        if event.key in moves:
            self._moved = True
            moves[event.key]()
            event.stop()
            event.prevent_default()

    def _to_group(self, by: int) -> None:
        """To the first line of the next group, or of the one before."""
        listed = self.query_one("#search-found", OptionList)
        firsts = [n + 1 for n, one in enumerate(self._shown) if one is None]
        firsts = [n for n in firsts if n < len(self._shown)]
        here = listed.highlighted or 0
        if by > 0:
            ahead = [n for n in firsts if n > here]
        else:
            ahead = [n for n in reversed(firsts) if n < here]
        if ahead:
            listed.highlighted = ahead[0]

    @on(Input.Submitted, "#search-words")
    def _entered(self) -> None:
        at = self.query_one("#search-found", OptionList).highlighted
        if at is not None:
            self._do(at)

    @on(OptionList.OptionSelected, "#search-found")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._do(event.option_index)

    def _do(self, at: int) -> None:
        chosen = self._shown[at]
        if isinstance(chosen, Hit):
            self.dismiss(chosen.run)
        elif chosen is not None:
            self._expanded.add(chosen)
            self._list()
            self.query_one("#search-found", OptionList).highlighted = at

    def action_back(self) -> None:
        """Do nothing."""
        self.dismiss(None)


def _settings(doors: Doors) -> Iterator[Hit]:
    for title, group in GROUPS:
        for one in group:
            run = partial(doors.setting, one.key)
            named = f"{_(title)}: {_(one.label)}"
            yield Hit(named, one.key, _("Change"), run, one.key.rpartition(".")[2])


def _line(hit: Hit, room: int) -> Text:
    cells = {
        "name": Text(hit.name),
        "about": Text(hit.about, role("muted")),
        "verb": Text(hit.verb, role("muted")),
    }
    wanted = _COLUMNS if hit.about else [one for one in _COLUMNS if one.name != "about"]
    placed = columns.placed(wanted, room - 3)
    line = columns.line([one.cell(cells[one.column.name]) for one in placed])
    return Text.assemble("  ", line)
