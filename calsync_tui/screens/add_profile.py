"""A new profile: whose, and which mailbox."""

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from calsync_agent.collation import finds, words
from calsync_agent.errors import CalsyncError
from calsync_agent.health import profiles
from calsync_agent.health.profiles import Employee, Row, same
from calsync_agent.i18n import Message, _, marked, message
from calsync_tui import glyphs, mailboxes
from calsync_tui.gateway import profile_changes
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.finding import Finder, Findings
from calsync_tui.gateway.profile_changes import Clash, Field
from calsync_tui.screens.translated import TranslatedModal
from calsync_tui.widgets.profile_cells import PROVIDER
from calsync_tui.widgets.toggle import Toggle

MOST: Final = 200
"""Employees listed at once; whoever looks for others types more letters."""


class AddProfile(TranslatedModal[Row | None]):
    """Returns the new row, or None where nothing was added.

    `taken` tells whose mailboxes are bound already, by `profiles.same`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "back",
            marked("Back"),
            id="add.back",
            tooltip=marked("Add nothing"),
        ),
    ]

    DEFAULT_CSS = """
    AddProfile {
        align: center middle;

        & > Vertical {
            width: 96%;
            max-width: 110;
            height: auto;
            max-height: 100%;
            padding: 0 2;
            border: round $primary;
            border-title-style: bold;
            background: $surface;
        }
        Horizontal { height: auto; }
        Label { width: 22; }
        Input { width: 1fr; background: $panel; }
        OptionList {
            height: 7;
            margin: 0 0 0 22;
            border: none;
            background: $panel;
            scrollbar-size-vertical: 1;
        }
        .told { height: auto; min-height: 1; max-height: 3; margin-left: 22; color: $text-error; }
        .hint { color: $text-muted; }
        #find { margin-left: 1; min-width: 0; }
        #active { margin-left: 22; }
        #buttons { margin-top: 1; align-horizontal: right; }
        #buttons Button { margin-left: 2; min-width: 0; }
    }
    """

    def __init__(
        self,
        gateway: Gateway,
        taken: Mapping[str, Employee],
        finder: Finder | None,
        typed: str = "",
    ) -> None:
        super().__init__()
        self._typed_before = typed
        self._gateway = gateway
        self._taken = taken
        self._finder = finder
        self._candidates: tuple[Employee, ...] | None = None
        self._chosen: Employee | None = None
        self._offered = ""
        self._saving = False

    def compose(self) -> ComposeResult:
        """Whose, which mailbox, active."""
        with Vertical() as box:
            box.border_title = _("Add a profile")
            with Horizontal():
                yield Label(_("Provider"))
                yield Static(PROVIDER)
            with Horizontal():
                yield Label(_("Consolidate user"))
                yield Input(
                    self._typed_before,
                    placeholder=_("Type code, name or address"),
                    compact=True,
                    id="employee",
                )
            yield OptionList(id="candidates", markup=False, compact=True)
            yield Static("", id="employee-told", classes="told", markup=False)
            with Horizontal():
                yield Label(_("External user ID"))
                yield Input(max_length=mailboxes.LONGEST, compact=True, id="mailbox")
                if self._finder is not None:
                    yield Button(_("Look up"), compact=True, id="find")
            yield Static("", id="mailbox-told", classes="told", markup=False)
            yield Toggle(marked("Active"), value=True, name="active")
            with Horizontal(id="buttons"):
                yield Button(_("Add profile"), variant="primary", compact=True, id="add")
                yield Button(_("Back"), compact=True, id="back")

    async def on_mount(self) -> None:
        """Ask who may have a profile."""
        self.query_one("#employee").focus()
        self._say("mailbox", None)
        self.run_worker(self._read(), group="add.read")

    async def _read(self) -> None:
        try:
            self._candidates = await self._gateway.read(profiles.read_candidates)
        except CalsyncError as error:
            self._say("employee", error.message)
            return
        self._list()

    # -- whose --------------------------------------------------------------------------------

    @on(Input.Changed, "#employee")
    def _typed(self, event: Input.Changed) -> None:
        if self._chosen is not None and event.value != self._chosen.title:
            self._chosen = None
        if self._chosen is None:
            self._list()

    def _list(self) -> None:
        if self._candidates is None:
            return
        typed = words(self.query_one("#employee", Input).value)
        fitting = [one for one in self._candidates if finds(typed, f"{one.title} {one.address}")]
        listed = self.query_one(OptionList)
        listed.set_options(Option(_option(one), id=str(one.id)) for one in fitting[:MOST])
        listed.highlighted = 0 if fitting else None
        self._say("employee", self._about(len(fitting)), wrong=not fitting)

    def _about(self, fitting: int) -> Message | None:
        if not self._candidates:
            return message("Every employee who is permitted has a profile already.")
        if not fitting:
            return message("Nobody who is permitted and has no profile fits this.")
        if fitting > MOST:
            return message("{count} more: type further letters", count=fitting - MOST)
        return None

    def on_key(self, event: events.Key) -> None:
        """From the field, the keys move in the list beneath."""
        moves = {"down": 1, "up": -1, "pagedown": 7, "pageup": -7}
        if event.key in moves and self.focused is self.query_one("#employee"):
            listed = self.query_one(OptionList)
            last = listed.option_count - 1
            if last >= 0:
                listed.highlighted = max(0, min(last, (listed.highlighted or 0) + moves[event.key]))
            event.stop()
            event.prevent_default()

    @on(Input.Submitted, "#employee")
    def _entered(self) -> None:
        listed = self.query_one(OptionList)
        if listed.highlighted is not None:
            self._choose(listed.get_option_at_index(listed.highlighted))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(event.option)

    def _choose(self, option: Option) -> None:
        chosen = next(one for one in self._candidates or () if str(one.id) == option.id)
        self._chosen = chosen
        self.query_one("#employee", Input).value = chosen.title
        self._say("employee", None)
        mailbox = self.query_one("#mailbox", Input)
        offered = mailbox.value in {"", self._offered}
        if offered:
            # Most are known by it; what Exchange tells takes its place.
            self._offered = mailbox.value = chosen.address
            mailbox.cursor_position = len(mailbox.value)
        mailbox.focus()
        if self._finder is not None and chosen.address and offered:
            self._look_up(chosen)

    # -- which mailbox ------------------------------------------------------------------------

    @on(Input.Changed, "#mailbox")
    def _mailbox_typed(self, event: Input.Changed) -> None:
        if event.value != self._offered:
            wrong = self._wrong(event.value) if event.value else None
            self._say("mailbox", wrong)

    def _wrong(self, mailbox: str) -> Message | None:
        wrong = mailboxes.problem(mailbox)
        owner = self._taken.get(same(mailboxes.tidied(mailbox)))
        return wrong or (profile_changes.taken(owner.code, owner.name) if owner else None)

    @on(Button.Pressed, "#find")
    def _find(self) -> None:
        if self._chosen is None:
            self._say("employee", message("choose an employee"))
            self.query_one("#employee").focus()
        elif not self._chosen.address:
            self._say("mailbox", message("Consolidate knows no address of this employee"))
        else:
            self._look_up(self._chosen)

    def _look_up(self, chosen: Employee) -> None:
        told = message("Looking for {address} in Exchange …", address=chosen.address)
        self._say("mailbox", told, wrong=False)
        self.run_worker(self._looking_up(chosen), group="add.find", exclusive=True)

    async def _looking_up(self, chosen: Employee) -> None:
        """Offer what was found, unless somebody has entered something meanwhile."""
        if self._finder is None:
            return
        found = await self._finder.find(chosen.address)
        mailbox = self.query_one("#mailbox", Input)
        if self._chosen is not chosen or mailbox.value not in {"", self._offered}:
            return
        if len(found.users) != 1:
            self._say("mailbox", _nobody(found, chosen), wrong=False)
            return
        (user,) = found.users
        self._offered = mailbox.value = user.id
        mailbox.cursor_position = len(mailbox.value)
        wrong = self._wrong(user.id)
        told = message("Found in Exchange: {name}, {address}", name=user.name, address=user.address)
        self._say("mailbox", wrong or told, wrong=wrong is not None)

    # -- adding it ----------------------------------------------------------------------------

    @on(Input.Submitted, "#mailbox")
    @on(Button.Pressed, "#add")
    def _add(self) -> None:
        entered = self.query_one("#mailbox", Input).value
        wrong = self._wrong(entered)
        if wrong is not None:
            self._say("mailbox", wrong)
            self.query_one("#mailbox").focus()
        if self._chosen is None:
            self._say("employee", message("choose an employee"))
            self.query_one("#employee").focus()
        elif wrong is None and not self._saving:
            self._saving = True
            self.run_worker(self._adding(self._chosen, entered), group="add.save")

    async def _adding(self, chosen: Employee, entered: str) -> None:
        mailbox, active = mailboxes.tidied(entered), self.query_one(Toggle).value
        try:
            row = await self._gateway.write(
                lambda c: profile_changes.add(c, chosen.id, mailbox, active=active)
            )
        except Clash as clash:
            field = "employee" if clash.field is Field.EMPLOYEE else "mailbox"
            self._say(field, clash.message)
            self.query_one(f"#{field}").focus()
        except CalsyncError as error:
            self._say("mailbox", error.message)
        else:
            self.dismiss(row)
        finally:
            self._saving = False

    @on(Button.Pressed, "#back")
    def action_back(self) -> None:
        """Add nothing."""
        self.dismiss(None)

    def _say(self, field: str, told: Message | None, *, wrong: bool = True) -> None:
        """Below a field: what is wrong there, or what helps."""
        line = self.query_one(f"#{field}-told", Static)
        line.set_class(told is None or not wrong, "hint")
        if told is None:
            text = _("Object id (GUID) or user principal name") if field == "mailbox" else ""
        else:
            text = f"{glyphs.shown().error} {told}" if wrong else str(told)
        line.update(Text(text))


def _option(one: Employee) -> Text:
    return Text.assemble(one.title, "  ", (one.address, "dim"), no_wrap=True, overflow="ellipsis")


def _nobody(found: Findings, chosen: Employee) -> Message:
    if found.problem is not None:
        return found.problem
    if found.users:
        return message(
            "{count} users of the tenant have {address}; enter the one meant",
            count=len(found.users),
            address=chosen.address,
        )
    return message("Exchange knows nobody by {address}", address=chosen.address)
