"""What the page of profiles does to them: asks where something goes, writes, tells."""

from abc import abstractmethod

from calsync_agent.appointment.model import ProfileId
from calsync_agent.errors import CalsyncError
from calsync_agent.health.profiles import Employee, Listing, ProfileLine, same
from calsync_agent.i18n import _, message
from calsync_tui import mailboxes
from calsync_tui.gateway import held, profile_changes
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.finding import Finder, ProgramFinder
from calsync_tui.gateway.held import Regrown
from calsync_tui.gateway.profile_changes import Clash, Overtaken
from calsync_tui.pages import profile_text
from calsync_tui.pages.page import Page
from calsync_tui.screens.add_profile import AddProfile
from calsync_tui.screens.confirmation import STAY
from calsync_tui.screens.held_profile import HeldProfile
from calsync_tui.screens.profile_ways import ProfileWays
from calsync_tui.widgets.row_editor import RowDraft, RowEditor


class ProfileActions(Page):
    """Each is one worker's work; what fails with a CalsyncError is told by the page.

    The page that shows the profiles derives from it and says what is meant.
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.listing = Listing()
        self.draft: RowDraft | None = None
        self.linked: dict[ProfileId, int] | None = None
        settings = gateway.settings
        self.finder: Finder | None = ProgramFinder(settings.path) if settings else None

    @property
    @abstractmethod
    def editor(self) -> RowEditor | None:
        """The row that is edited."""

    @property
    @abstractmethod
    def current(self) -> ProfileLine | None:
        """The profile under the cursor."""

    @property
    @abstractmethod
    def targets(self) -> list[ProfileLine]:
        """What is done to several is done to these: the marked ones, else that of the cursor."""

    @abstractmethod
    async def close_editor(self) -> None:
        """Nothing is edited any more."""

    @abstractmethod
    async def reload(self, cursor: ProfileId | None = None) -> None:
        """Show what was just written, the cursor on a profile."""

    @property
    def taken(self) -> dict[str, Employee]:
        """Whose each mailbox is."""
        return {same(line.row.mailbox): line.employee for line in self.listing.lines}

    async def add_profile(self, typed: str = "") -> None:
        """A new profile; of whom, may be typed before."""
        dialog = AddProfile(self.gateway, self.taken, self.finder, typed)
        row = await self.app.push_screen_wait(dialog)
        if row is not None:
            await self.reload(row.id)
            name = self.listing.by_id[row.id].employee.title if row.id in self.listing.by_id else ""
            self._tell(_("Profile added: {name}").format(name=name))

    async def save_row(self) -> None:
        """Save the row that is edited, unless it is as it was."""
        draft = self.draft
        if draft is None:
            return
        if draft.changed:
            await self._write(draft, anew=False)
        else:
            await self.close_editor()

    async def keep_mine(self) -> None:
        """Save the row over what somebody else made of it, which was seen."""
        draft = self.draft
        if draft is not None and draft.overtaken:
            if draft.theirs is not None:
                draft.seen = draft.theirs
            await self._write(draft, anew=draft.theirs is None)

    async def _write(self, draft: RowDraft, *, anew: bool) -> None:
        mailbox = draft.mailbox
        if mailbox != draft.seen.mailbox:
            mailbox = mailboxes.tidied(mailbox)
        seen, active = draft.seen, draft.active
        try:
            if anew:
                row = await self.gateway.write(
                    lambda c: profile_changes.add(c, seen.employee, mailbox, active=active)
                )
            else:
                row = await self.gateway.write(
                    lambda c: profile_changes.change(c, seen, mailbox, active=active)
                )
        except Clash as clash:
            draft.refused = clash.message
            self._stay()
        except Overtaken as overtaken:
            draft.compare(overtaken.now[seen.id])
            self._stay()
        except CalsyncError as error:
            draft.refused = message("Not saved: {reason}", reason=error.message)
            self._stay()
        else:
            await self.close_editor()
            await self.reload(row.id)

    def _stay(self) -> None:
        editor = self.editor
        if editor is not None:
            editor.tell()
            editor.enter()

    async def switch_active(self) -> None:
        """Pause what is active; where nothing is, resume. Asks where there are several."""
        rows = [line.row for line in self.targets]
        active = not any(row.active for row in rows)
        if len(rows) > 1:
            question = profile_text.switch_question(self.targets, active=active)
            if await self.app.push_screen_wait(question) == STAY:
                return
        try:
            count = await self.gateway.write(
                lambda c: profile_changes.set_active(c, rows, active=active)
            )
        except Overtaken as overtaken:
            await self._look_again(overtaken)
        else:
            await self.reload()
            self._tell(profile_text.switched(count, active=active))

    async def set_ways(self) -> None:
        """Direction and window, after showing what they would mean."""
        lines = self.targets
        rows = [line.row for line in lines]
        ways = await self.app.push_screen_wait(ProfileWays(self.gateway, lines))
        if ways is None:
            return
        try:
            count = await self.gateway.write(lambda c: profile_changes.set_ways(c, rows, ways))
        except Overtaken as overtaken:
            await self._look_again(overtaken)
        else:
            await self.reload()
            self._tell(profile_text.changed(count))

    async def delete_profiles(self) -> None:
        """Delete, after asking with the number and what it means."""
        lines = self.targets
        rows = [line.row for line in lines]
        question = profile_text.delete_question(lines, self.linked)
        if await self.app.push_screen_wait(question) == STAY:
            return
        try:
            count = await self.gateway.write(lambda c: profile_changes.remove(c, rows))
        except Overtaken as overtaken:
            await self._look_again(overtaken)
        else:
            await self.reload()
            self._tell(profile_text.deleted(count))

    async def decide_held(self) -> None:
        """Show what waits, until it is decided about as it was seen."""
        line = self.current
        note: str | None = ""
        while line is not None and note is not None:
            note = await self._decide(line, note)

    async def _decide(self, line: ProfileLine, note: str) -> str | None:
        """Ask once; returns why it has to be asked again, or None."""
        profile = line.row.id
        waiting = await self.gateway.read(lambda c: held.read(c, profile))
        if not waiting.items:
            self._tell(_("Nothing waits for a decision any more."))
            return None
        decided = await self.app.push_screen_wait(HeldProfile(line.employee.title, waiting, note))
        if decided is None:
            return None
        verdict, seen, only = decided.verdict, waiting.activities, decided.only
        try:
            count = await self.gateway.write(lambda c: held.answer(c, profile, verdict, seen, only))
        except Regrown as regrown:
            return str(regrown)
        await self.reload()
        self._tell(profile_text.answered(count, verdict))
        return "" if only and only != seen else None

    async def _look_again(self, overtaken: Overtaken) -> None:
        await self.reload()
        told = profile_text.overtaken(len(overtaken.now))
        self.notify(told, severity="warning", markup=False)

    def _tell(self, text: str) -> None:
        self.notify(text, markup=False)
