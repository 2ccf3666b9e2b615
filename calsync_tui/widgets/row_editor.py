"""One row of the list of profiles while it is edited: blue, in its place, with a sign."""

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message as Posted
from textual.widgets import Button, Input, Static

from calsync_agent.appointment.model import ProfileId
from calsync_agent.health.profiles import Employee, Row, same
from calsync_agent.i18n import Message, _, marked, message
from calsync_tui import glyphs, mailboxes
from calsync_tui.widgets.toggle import Toggle


@dataclass(slots=True)
class RowDraft:
    """What is being entered for a profile.

    `seen` is the row that it began from. `overtaken`: somebody else changed the row meanwhile, and
    `theirs` is how it stands now (None: it is gone). `refused` is why it could not be saved.
    """

    seen: Row
    employee: Employee
    mailbox: str
    active: bool
    overtaken: bool = False
    theirs: Row | None = None
    refused: Message | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was entered that is not saved."""
        return (self.mailbox, self.active) != (self.seen.mailbox, self.seen.active)

    @property
    def problem(self) -> Message | None:
        """What is wrong with what was entered."""
        if self.mailbox == self.seen.mailbox:  # a script may have entered what we would not take
            return None
        return mailboxes.problem(self.mailbox)

    def compare(self, now: Row | None) -> bool:
        """The row stands so now; returns whether that is news."""
        news = now != (self.theirs if self.overtaken else self.seen)
        self.overtaken = now != self.seen
        self.theirs = now
        return news


class RowEditor(Vertical):
    """Edits a draft, which its owner keeps. Tells what is asked for; saves nothing itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "ask('cancel')",
            marked("Take back"),
            id="editor.cancel",
            tooltip=marked("Leave the row as it was"),
        ),
        Binding(
            "enter",
            "ask('update')",
            marked("Update"),
            id="editor.update",
            tooltip=marked("Save the row"),
        ),
    ]

    DEFAULT_CSS = """
    RowEditor {
        position: absolute;
        layer: editor;
        width: 100%;
        height: auto;
        background: #1d4f91;
        color: #ffffff;

        Horizontal { height: 1; width: 100%; }
        #name { width: 19; margin-right: 1; height: 1; text-style: bold; }
        Input {
            width: 1fr;
            margin-right: 1;
            background: #ffffff;
            color: #10243e;
            &:focus { background-tint: #ffffff 0%; }
            & > .input--cursor { background: #10243e; color: #ffffff; }
            & > .input--selection { background: #9cc3f5; color: #10243e; }
        }
        Toggle { margin-right: 1; &:focus { background: #9cc3f5; color: #10243e; } }
        Button {
            min-width: 0;
            margin-right: 1;
            background: #dbe7f6;
            color: #10243e;
            &:focus { text-style: bold reverse; }
        }
        #beneath { height: auto; }
        #told { width: 1fr; height: auto; max-height: 3; padding: 0 1; }
        #choices { display: none; padding-left: 1; }
        &.-overtaken #choices { display: block; }

        &:ansi {
            background: ansi_blue;
            color: ansi_bright_white;
            Input {
                background: ansi_bright_white;
                color: ansi_black;
                & > .input--cursor { background: ansi_black; color: ansi_bright_white; }
            }
            Button { background: ansi_white; color: ansi_black; }
        }
    }
    """

    @dataclass
    class Asked(Posted):
        """What is to be done: `update`, `cancel`, `mine`, `theirs`."""

        what: str

    def __init__(self, draft: RowDraft) -> None:
        super().__init__(id="editor")
        self.draft = draft

    @property
    def profile(self) -> ProfileId:
        """Whose row it is."""
        return self.draft.seen.id

    def compose(self) -> ComposeResult:
        """Fields, buttons, and below them what is to be said."""
        draft = self.draft
        sign = glyphs.shown().current
        with Horizontal():
            yield Static(Text(f" {sign} {draft.employee.title}", no_wrap=True), id="name")
            yield Input(
                draft.mailbox,
                max_length=mailboxes.LONGEST,
                compact=True,
                select_on_focus=False,
                id="mailbox",
            )
            yield Toggle(marked("Active"), value=draft.active, name="active")
            yield Button(_("Update"), compact=True, name="update")
        with Horizontal(id="beneath"):
            yield Static("", id="told", markup=False)
            yield Button(_("Take back"), compact=True, name="cancel")
        with Horizontal(id="choices"):
            mine = _("Add it anew") if draft.theirs is None else _("Keep mine")
            theirs = _("Let it go") if draft.theirs is None else _("Take theirs")
            yield Button(mine, compact=True, name="mine", id="mine")
            yield Button(theirs, compact=True, name="theirs", id="theirs")

    def on_mount(self) -> None:
        """Say what there is to say."""
        self.tell()

    def enter(self) -> None:
        """Put the cursor where something is to be entered."""
        self.query_one("#mailbox").focus(scroll_visible=False)

    def tell(self) -> None:
        """Say below the field what is wrong, what somebody else did, or what saving will do."""
        draft = self.draft
        self.set_class(draft.overtaken, "-overtaken")
        if draft.overtaken:
            gone = draft.theirs is None
            mine = _("Add it anew") if gone else _("Keep mine")
            self.query_one("#mine", Button).label = mine
            theirs = _("Let it go") if gone else _("Take theirs")
            self.query_one("#theirs", Button).label = theirs
        self.query_one("#told", Static).update(Text(self._told()))

    def _told(self) -> str:
        draft, signs = self.draft, glyphs.shown()
        if draft.overtaken:
            return f"{signs.warning} {_overtaken(draft.theirs)}"
        wrong = draft.refused or draft.problem
        if wrong is not None:
            return f"{signs.error} {wrong}"
        if same(draft.mailbox) != same(draft.seen.mailbox):
            return _(
                "Another mailbox: links are forgotten, both calendars are compared anew."
                " No appointment is deleted."
            )
        return _("Enter saves, Escape takes back.")

    @on(Input.Changed, "#mailbox")
    def _mailbox(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.draft.mailbox:
            self.draft.mailbox, self.draft.refused = event.value, None
            self.tell()

    @on(Toggle.Changed)
    def _active(self, event: Toggle.Changed) -> None:
        event.stop()
        self.draft.active, self.draft.refused = event.value, None
        self.tell()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_ask("update")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_ask(event.button.name or "")

    def action_ask(self, what: str) -> None:
        """Ask the owner; not to save what cannot be, or what somebody else decided over."""
        if what == "update" and self.draft.overtaken:
            self.query_one("#theirs").focus(scroll_visible=False)
        elif what in {"update", "mine"} and self.draft.problem is not None:
            self.enter()
        else:
            self.post_message(self.Asked(what))


def _overtaken(theirs: Row | None) -> Message:
    if theirs is None:
        return message("Somebody else has deleted this profile meanwhile. Which is to hold?")
    return message(
        "Somebody else has saved meanwhile: {mailbox}, active: {active}. Which is to hold?",
        mailbox=theirs.mailbox,
        active=message(marked("yes")) if theirs.active else message(marked("no")),
    )
