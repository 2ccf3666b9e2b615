"""What the page of profiles does to them: asks where something goes, writes, tells."""

from typing import TYPE_CHECKING

from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, message
from calsync_tui import mailboxes
from calsync_tui.gateway import held, profile_changes
from calsync_tui.gateway.held import Regrown
from calsync_tui.gateway.profile_changes import Clash, Overtaken
from calsync_tui.gateway.profiles import Line
from calsync_tui.pages import profile_text
from calsync_tui.screens.add_profile import AddProfile
from calsync_tui.screens.confirmation import STAY
from calsync_tui.screens.held_profile import HeldProfile
from calsync_tui.widgets.row_editor import Draft

if TYPE_CHECKING:
    from calsync_tui.pages.profiles import ProfilesPage


class Deeds:
    """Each is one worker's work; what fails with a CalsyncError is told by the page."""

    def __init__(self, page: "ProfilesPage") -> None:
        self._page = page

    async def add(self) -> None:
        """A new profile."""
        page = self._page
        row = await page.app.push_screen_wait(AddProfile(page.gateway, page.taken, page.finder))
        if row is not None:
            await page.reload(row.id)
            name = page.listing.by_id[row.id].employee.title if row.id in page.listing.by_id else ""
            self._tell(_("Profile added: {name}").format(name=name))

    async def save(self) -> None:
        """Save the row that is edited, unless it is as it was."""
        draft = self._page.draft
        if draft is None:
            return
        if draft.changed:
            await self._write(draft, anew=False)
        else:
            await self._page.close_editor()

    async def keep_mine(self) -> None:
        """Save the row over what somebody else made of it, which was seen."""
        draft = self._page.draft
        if draft is not None and draft.overtaken:
            if draft.theirs is not None:
                draft.seen = draft.theirs
            await self._write(draft, anew=draft.theirs is None)

    async def _write(self, draft: Draft, *, anew: bool) -> None:
        mailbox = draft.mailbox
        if mailbox != draft.seen.mailbox:
            mailbox = mailboxes.tidied(mailbox)
        seen, active = draft.seen, draft.active
        page = self._page
        try:
            if anew:
                row = await page.gateway.write(
                    lambda c: profile_changes.add(c, seen.employee, mailbox, active=active)
                )
            else:
                row = await page.gateway.write(
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
            await page.close_editor()
            await page.reload(row.id)

    def _stay(self) -> None:
        editor = self._page.editor
        if editor is not None:
            editor.tell()
            editor.enter()

    async def switch(self) -> None:
        """Pause what is active; where nothing is, resume."""
        page = self._page
        rows = [line.row for line in page.targets]
        active = not any(row.active for row in rows)
        try:
            count = await page.gateway.write(
                lambda c: profile_changes.set_active(c, rows, active=active)
            )
        except Overtaken as overtaken:
            await self._look_again(overtaken)
        else:
            await page.reload()
            self._tell(profile_text.switched(count, active=active))

    async def delete(self) -> None:
        """Delete, after asking with the number and what it means."""
        page = self._page
        lines = page.targets
        rows = [line.row for line in lines]
        question = profile_text.delete_question(lines, page.linked)
        if await page.app.push_screen_wait(question) == STAY:
            return
        try:
            count = await page.gateway.write(lambda c: profile_changes.remove(c, rows))
        except Overtaken as overtaken:
            await self._look_again(overtaken)
        else:
            await page.reload()
            self._tell(profile_text.deleted(count))

    async def decide(self) -> None:
        """Show what waits, until it is decided about as it was seen."""
        line = self._page.current
        note: str | None = ""
        while line is not None and note is not None:
            note = await self._decide(line, note)

    async def _decide(self, line: Line, note: str) -> str | None:
        """Ask once; returns why it has to be asked again, or None."""
        page, profile = self._page, line.row.id
        waiting = await page.gateway.read(lambda c: held.read(c, profile))
        if not waiting.items:
            self._tell(_("Nothing waits for a decision any more."))
            return None
        decided = await page.app.push_screen_wait(HeldProfile(line.employee.title, waiting, note))
        if decided is None:
            return None
        verdict, seen, only = decided.verdict, waiting.activities, decided.only
        try:
            count = await page.gateway.write(lambda c: held.answer(c, profile, verdict, seen, only))
        except Regrown as regrown:
            return str(regrown)
        await page.reload()
        self._tell(profile_text.answered(count, verdict))
        return "" if only and only != seen else None

    async def _look_again(self, overtaken: Overtaken) -> None:
        await self._page.reload()
        told = profile_text.overtaken(len(overtaken.now))
        self._page.notify(told, severity="warning", markup=False)

    def _tell(self, text: str) -> None:
        self._page.notify(text, markup=False)
