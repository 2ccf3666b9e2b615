"""Direction and window of profiles (A7): what is entered, what it would mean, then saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Label, Static

from calsync_agent.config.months import FUTURE_MONTHS, PAST_MONTHS
from calsync_agent.errors import CalsyncError
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.i18n import Message, _, marked, message, ngettext
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.foresight import Foreseen, foresee
from calsync_tui.gateway.profile_changes import Ways
from calsync_tui.screens.translated import TranslatedModal
from calsync_tui.widgets.choice import Choice
from calsync_tui.widgets.entry import Note, Tone

_DIRECTIONS: Final = {
    "": marked("as the provider"),
    "both": marked("both ways"),
    "outbound": marked("to Exchange"),
    "inbound": marked("to Consolidate"),
}
_FLAGS: Final = {
    "": (None, None),
    "both": (True, True),
    "outbound": (False, True),
    "inbound": (True, False),
}
"""Inbound and outbound of each."""

MOST: Final = 20
"""Profiles that are asked what it would mean; further ones would take minutes."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """For what it was found out, and what it would mean."""

    ways: Ways
    foreseen: Foreseen | None


class ProfileWays(TranslatedModal[Ways | None]):
    """Returns what is to be saved for all of `lines`, or None.

    Saving is offered once it was shown what it would mean, or why that cannot be told.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", marked("Back"), id="ways.back", tooltip=marked("Change nothing")),
        Binding(
            "ctrl+s,f3",
            "go_on",
            marked("What it would mean"),
            id="ways.on",
            tooltip=marked("Ask the agent's program what it would mean; then save"),
        ),
    ]

    DEFAULT_CSS = """
    ProfileWays {
        align: center middle;

        & > Vertical {
            width: 84;
            max-width: 96%;
            height: auto;
            max-height: 100%;
            padding: 0 2;
            border: round $primary;
            border-title-style: bold;
            background: $surface;
        }
        Vertical Horizontal { height: auto; }
        Label { width: 24; }
        Input { width: 12; background: $panel; }
        .unit { margin-left: 1; width: 1fr; color: $text-muted; }
        VerticalScroll { height: auto; max-height: 8; margin-top: 1; }
        #buttons { margin-top: 1; align-horizontal: right; }
        #buttons Button { margin-left: 2; min-width: 0; }
    }
    """

    def __init__(self, gateway: Gateway, lines: Sequence[ProfileLine]) -> None:
        super().__init__()
        self._gateway = gateway
        self._lines = tuple(lines)
        self._asked: _Asked | None = None
        given = {Ways.of(line.row) for line in lines}
        self._ways = given.pop() if len(given) == 1 else Ways()

    def compose(self) -> ComposeResult:
        """Direction, window, what it would mean."""
        count = len(self._lines)
        title = ngettext("Direction and window of {name}", "Direction and window of {count}", count)
        flags = (self._ways.inbound, self._ways.outbound)
        direction = next((name for name, both in _FLAGS.items() if both == flags), "?")
        with Vertical() as box:
            box.border_title = title.format(
                name=self._lines[0].employee.title,
                count=ngettext("{count} profile", "{count} profiles", count).format(count=count),
            )
            with Horizontal():
                yield Label(_("Direction"))
                yield Choice(_DIRECTIONS, value=direction, name="direction")
            for name, label, unit, value in (
                ("past", _("Months back"), _("empty: as in the settings"), self._ways.past),
                ("future", _("Months ahead"), _("empty: as in the settings"), self._ways.future),
            ):
                with Horizontal():
                    yield Label(label)
                    yield Input("" if value is None else str(value), compact=True, id=name)
                    yield Static(unit, classes="unit", markup=False)
            with VerticalScroll(can_focus=False):
                yield Note(id="told", markup=False)
            with Horizontal(id="buttons"):
                yield Button(_("What it would mean"), variant="primary", compact=True, id="on")
                yield Button(_("Back"), compact=True, id="back")

    def on_mount(self) -> None:
        """Say what a narrower window does."""
        self._tell()

    @on(Choice.Changed)
    @on(Input.Changed)
    def _changed(self) -> None:
        self._tell()

    def _entered(self) -> Ways | Message:
        """What stands there, or what is wrong with it."""
        months: list[int | None] = []
        for name, right in (("past", PAST_MONTHS), ("future", FUTURE_MONTHS)):
            typed = self.query_one(f"#{name}", Input).value.strip()
            if typed and not (typed.isascii() and typed.isdecimal() and int(typed) in right):
                return message(
                    "months are a whole number from {first} to {last}",
                    first=right[0],
                    last=right[-1],
                )
            months.append(int(typed) if typed else None)
        chosen = self.query_one(Choice).value
        if chosen not in _FLAGS:
            return Ways(self._ways.inbound, self._ways.outbound, *months)
        return Ways(*_FLAGS[chosen], *months)

    def _tell(self) -> None:
        entered, note, button = self._entered(), self.query_one("#told", Note), self._button
        button.disabled = isinstance(entered, Message)
        button.label = _("What it would mean")
        if isinstance(entered, Message):
            note.say(Tone.ERROR, str(entered))
        elif self._asked is None or self._asked.ways != entered:
            hint = _(
                "A narrower window deletes nothing; a wider one takes over as a first sync does."
                " Who wins in a conflict stays the provider's."
            )
            note.say(Tone.HINT, hint)
        else:
            button.label = _("Save")

    @property
    def _button(self) -> Button:
        return self.query_one("#on", Button)

    @on(Button.Pressed, "#on")
    @on(Input.Submitted)
    def _pressed(self) -> None:
        self.action_go_on()

    @on(Button.Pressed, "#back")
    def action_back(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def action_go_on(self) -> None:
        """Show what it would mean; once that was seen, save it."""
        entered = self._entered()
        if isinstance(entered, Message):
            return
        if self._asked is not None and self._asked.ways == entered:
            self.dismiss(entered)
        else:
            self.ask(entered)

    @work(exclusive=True, group="ways")
    async def ask(self, entered: Ways) -> None:
        """Ask the agent's program, one profile after the other."""
        note = self.query_one("#told", Note)
        syncing = [line for line in self._lines if line.syncing][:MOST]
        total = Foreseen()
        try:
            for number, line in enumerate(syncing):
                if len(syncing) > 1:
                    far = _("It is looked at: {number} of {all} …")
                    note.say(Tone.BUSY, far.format(number=number + 1, all=len(syncing)))
                else:
                    note.say(Tone.BUSY, _("It is looked at …"))
                total += await foresee(self._gateway, line.row.id, entered)
        except CalsyncError as error:
            told, tone = _("What it would mean cannot be told: {reason}"), Tone.WARNING
            text = told.format(reason=error)
        else:
            text, tone = _meaning(total, len(syncing), len(self._lines)), Tone.WELL
        if self.is_attached and self._entered() == entered:
            self._asked = _Asked(entered, total)
            note.say(tone, text)
            self._button.label = _("Save")
            self._button.refresh(layout=True)


def _meaning(total: Foreseen, asked: int, of: int) -> str:
    if not asked:
        return _("None of them is synced now, so nothing happens before they are.")
    lines = []
    if asked < of:
        lines.append(_("Looked at: {number} of {all}.").format(number=asked, all=of))
    for count, text in (
        (total.to_exchange, _("created in Exchange: {count}")),
        (total.to_consolidate, _("created in Consolidate: {count}")),
        (total.changes, _("changed: {count}")),
        (total.deletions, _("deleted: {count}")),
    ):
        if count:
            lines.append(text.format(count=count))
    if not total.anything:
        lines.append(_("Nothing is created, changed or deleted because of it."))
    mails = _("mails: {inside} inside, {outside} outside")
    lines.append(mails.format(inside=total.inside, outside=total.outside))
    lines += [_("would be held: {reason}").format(reason=reason) for reason in total.held]
    return "\n".join(lines)
