"""Which employee is bound to which mailbox, and how each profile fares."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Button, DataTable, Input, Static

from calsync_agent.appointment.model import ProfileId
from calsync_agent.health import profiles
from calsync_agent.health.overview import Pulse
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.gateway.door import Gateway
from calsync_tui.pages import profile_text
from calsync_tui.pages.page import LookSoon
from calsync_tui.pages.profile_search import ProfileSearch
from calsync_tui.screens.confirmation import STAY
from calsync_tui.widgets.profile_details import ProfileDetails
from calsync_tui.widgets.profile_table import ProfileTable
from calsync_tui.widgets.row_editor import RowDraft, RowEditor

_ACTIONS: Final = (
    "add",
    "pause",
    "decide",
    "delete_selected",
    "select_all",
    "ways",
    "find",
    "take_back",
)
COUNTS_EVERY: Final = timedelta(seconds=5)
"""Links are counted when something was logged, but not more often."""


class ProfilesPage(ProfileSearch):
    """The list, one row of which may be edited in its place."""

    NAME: ClassVar[str] = "profiles"
    TITLE: ClassVar[str] = marked("Profiles")
    KEYS: ClassVar[str] = "3,f7"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "a,insert",
            "add",
            marked("New"),
            id="profiles.add",
            tooltip=marked("Add a profile"),
        ),
        Binding(
            "p",
            "pause",
            marked("Pause"),
            id="profiles.pause",
            tooltip=marked("Pause the selected profiles, or resume them"),
        ),
        Binding(
            "h",
            "decide",
            marked("Held"),
            id="profiles.decide",
            tooltip=marked("See what waits for a decision, and decide"),
        ),
        Binding(
            "delete,d",
            "delete_selected",
            marked("Delete"),
            id="profiles.delete",
            tooltip=marked("Delete the selected profiles; asks first"),
        ),
        Binding(
            "ctrl+a",
            "select_all",
            marked("All"),
            id="profiles.all",
            show=False,
            tooltip=marked("Select all profiles, or none"),
        ),
        Binding(
            "r",
            "ways",
            marked("Direction"),
            id="profiles.ways",
            tooltip=marked("Direction and window of the selected profiles, and what they mean"),
        ),
        Binding(
            "slash",
            "find",
            marked("Search"),
            id="profiles.find",
            tooltip=marked("Show only whom these words fit: name, address, state, error"),
        ),
        Binding(
            "f",
            "only",
            marked("Filter"),
            id="profiles.only",
            tooltip=marked("Show all, who needs somebody, the active, or the paused"),
        ),
        Binding(
            "s",
            "order",
            marked("Order"),
            show=False,
            id="profiles.order",
            tooltip=marked("By name, who needs somebody first, or longest out of step first"),
        ),
        Binding(
            "escape",
            "take_back",
            marked("Take back"),
            id="profiles.take_back",
            show=False,
            tooltip=marked("Leave the row as it was, or select nothing"),
        ),
    ]

    DEFAULT_CSS = """
    ProfilesPage {
        #summary { height: auto; max-height: 2; text-style: bold; }
        #find { display: none; height: 1; background: $panel; &.-shown { display: block; } }
        #find:ansi { background: ansi_default; text-style: underline; }
        #area { height: 1fr; layers: base editor; }
        #below { height: 4; }
        ProfileDetails { width: 1fr; }
        #decide { display: none; margin-left: 2; &.-shown { display: block; } }
        #tools { height: 1; }
        Button { min-width: 0; }
        #tools Button { margin-right: 1; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._counted: tuple[int, datetime] | None = None
        self._cursor: ProfileId | None = None
        self._made_sense: list[bool | None] = []

    def compose(self) -> ComposeResult:
        """Summary, list, the row under the cursor in full, buttons."""
        yield Static("", id="summary", markup=False)
        find = Input(
            self.view.sought, placeholder=_("Name, address, state, error"), compact=True, id="find"
        )
        yield find.set_class(bool(self.view.sought), "-shown")
        with Container(id="area"):
            yield ProfileTable(self.marks)
            if self.draft is not None:
                yield RowEditor(self.draft)
        with Horizontal(id="below"):
            yield ProfileDetails()
            yield Button(_("Decide"), variant="warning", compact=True, id="decide")
        with Horizontal(id="tools"):
            yield Button(_("Add profile"), variant="primary", compact=True, id="add")
            yield Button(_("Edit"), compact=True, id="edit")
            yield Button(_("Pause"), compact=True, id="pause")
            yield Button(_("Delete selected profiles"), compact=True, id="delete")

    def on_mount(self) -> None:
        """Follow the row that is edited."""
        self.watch(self.table, "place", self._place_editor, init=False)

    async def translate(self) -> None:
        """Compose again; what is edited and selected stays."""
        self._cursor = self.table.current
        await super().translate()
        self.watch(self.table, "place", self._place_editor, init=False)
        self._show()

    def enter(self) -> None:
        """Where one goes on: the row that is edited, else the list."""
        if self.editor is not None:
            self.editor.enter()
        else:
            self.table.focus(scroll_visible=False)

    @property
    def table(self) -> ProfileTable:
        """The list."""
        return self.query_one(ProfileTable)

    @property
    def editor(self) -> RowEditor | None:
        """The row that is edited."""
        return next(iter(self.query(RowEditor)), None)

    @property
    def current(self) -> ProfileLine | None:
        """The profile under the cursor."""
        number = self.table.current
        return None if number is None else self.listing.by_id.get(number)

    @property
    def targets(self) -> list[ProfileLine]:
        """What is done to several is done to these: the marked ones, else that of the cursor.

        Those that the filter hides are among them: what is asked before names the number.
        """
        chosen = [line for line in self.listing.lines if line.row.id in self.marks]
        current = self.current
        return chosen or ([current] if current else [])

    # -- showing it ---------------------------------------------------------------------------

    async def refresh_data(self, pulse: Pulse) -> None:
        """Read the profiles, and count the links where something may have been linked."""
        self.listing = await self.gateway.read(lambda c: profiles.read(c, pulse.now))
        if self._must_count(pulse):
            self.linked = dict(await self.gateway.read(profiles.read_linked))
            self._counted = pulse.last_log_id, pulse.now
        self._show()

    def _must_count(self, pulse: Pulse) -> bool:
        if self._counted is None:
            return True
        upto, at = self._counted
        return pulse.last_log_id != upto and pulse.now - at >= COUNTS_EVERY

    def _show(self) -> None:
        if self.pulse is None:
            return
        self.marks.intersection_update(self.listing.by_id)
        self.table.show(self.view.shown(self.listing), self.linked, self.pulse.now)
        if self._cursor is not None:
            self.table.put_cursor(self._cursor)
            self._cursor = None
        if self.draft is not None and self.editor is not None:
            now = self.listing.by_id.get(self.draft.seen.id)
            if self.draft.compare(now.row if now else None):
                self.editor.tell()
            self.call_after_refresh(self._place_editor)
        self._show_around()

    @on(ProfileTable.MarksChanged)
    @on(DataTable.RowHighlighted)
    def _show_around(self) -> None:
        """Whatever depends on cursor and marks."""
        if self.pulse is None:
            return
        line, targets = self.current, self.targets
        told = profile_text.summary(self.listing, len(self.marks))
        if said := self.view.told(self.table.row_count, len(self.listing.lines)):
            told = f"{glyphs.shown().warning} {said}   {told}"
        summary = self.query_one("#summary", Static)
        if told != summary.content:
            summary.update(told)
        linked = None if line is None or self.linked is None else self.linked.get(line.row.id, 0)
        self.query_one(ProfileDetails).tell(line, linked, self.pulse.now)
        self.query_one("#decide").set_class(line is not None and line.held > 0, "-shown")
        resumes = bool(targets) and not any(one.row.active for one in targets)
        pause, label = self.query_one("#pause", Button), _("Resume") if resumes else _("Pause")
        if str(pause.label) != label:
            pause.label = label
            pause.refresh(layout=True)  # the label alone would be cut at the width of before
        for name in ("edit", "pause", "delete"):
            self.query_one(f"#{name}").disabled = not targets or self.draft is not None
        add = self.query_one("#add")
        add.disabled = self.listing.provider is None or self.draft is not None
        makes_sense = [self.check_action(action, ()) for action in _ACTIONS]
        if makes_sense != self._made_sense:  # the footer is built anew, which costs more than this
            self._made_sense = makes_sense
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key makes sense now."""
        if not self.is_attached or not self.query(ProfileTable):
            return False
        free, line = self.draft is None, self.current
        match action:
            case "add":
                return free and self.listing.provider is not None
            case "pause" | "delete_selected" | "ways":
                return free and bool(self.targets)
            case "decide":
                return free and line is not None and line.held > 0
            case "select_all":
                return free and bool(self.listing.lines)
            case "take_back":
                return not free or bool(self.marks) or self.view.hides
            case "find" | "only" | "order":
                return free and bool(self.listing.lines)
        return super().check_action(action, parameters)

    # -- editing a row ------------------------------------------------------------------------

    @on(ProfileTable.EditRequested)
    def _edit_requested(self, event: ProfileTable.EditRequested) -> None:
        self.act(lambda: self._begin(event.profile))

    async def _begin(self, number: ProfileId) -> None:
        line = self.listing.by_id.get(number)
        if self.draft is not None and self.draft.seen.id != number and not await self.may_leave():
            self.enter()
            return
        if self.draft is None and line is not None:
            row = line.row
            self.draft = RowDraft(row, line.employee, row.mailbox, row.active)
            await self.query_one("#area").mount(RowEditor(self.draft))
            self._place_editor()
            self._show_around()
        self.enter()

    def _place_editor(self, *_place: object) -> None:
        """Over its row; at the edge, where the row is out of sight."""
        editor = self.editor
        if editor is None:
            return
        line = self.table.line_of(editor.profile)
        lowest = self.table.size.height - max(editor.outer_size.height, 2)
        first = self.table.header_height
        y = first if line is None else max(first, min(line, lowest))
        editor.styles.offset = (0, y)

    def on_resize(self) -> None:
        """The row is elsewhere."""
        self.call_after_refresh(self._place_editor)

    @on(RowEditor.Asked)
    def _asked(self, event: RowEditor.Asked) -> None:
        match event.what:
            case "update":
                self.act(self.save_row)
            case "mine":
                self.act(self.keep_mine)
            case _:
                self.act(self.close_editor)

    async def close_editor(self) -> None:
        """Nothing is edited any more."""
        self.draft = None
        await self.query(RowEditor).remove()
        self._show()
        self.enter()

    async def may_leave(self) -> bool:
        """Asks where a row was changed and not saved."""
        draft = self.draft
        if draft is None:
            return True
        if draft.changed:
            question = profile_text.leave_question(draft.employee.title)
            answer = await self.app.push_screen_wait(question)
            if answer == STAY:
                return False
            if answer == "save":
                await self.save_row()
                return self.draft is None
        await self.close_editor()
        return True

    # -- what is asked for --------------------------------------------------------------------

    async def reload(self, cursor: ProfileId | None = None) -> None:
        """Show what was just written, the cursor on a profile."""
        if self.pulse is not None:
            self._cursor = cursor
            await self.refresh_data(self.pulse)
        self.post_message(LookSoon())

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        actions = {
            "add": self.action_add,
            "edit": self.table.action_edit,
            "pause": self.action_pause,
            "delete": self.action_delete_selected,
            "decide": self.action_decide,
        }
        if event.button.id in actions:
            actions[event.button.id]()

    def action_add(self) -> None:
        """Add a profile."""
        self.act(self.add_profile)

    def action_pause(self) -> None:
        """Pause or resume."""
        self.act(self.switch_active)

    def action_decide(self) -> None:
        """See what waits, and decide."""
        self.act(self.decide_held)

    def action_delete_selected(self) -> None:
        """Delete, after asking."""
        self.act(self.delete_profiles)

    def action_ways(self) -> None:
        """Direction and window."""
        self.act(self.set_ways)

    def action_select_all(self) -> None:
        """Mark all, or none."""
        self.table.mark_all()
