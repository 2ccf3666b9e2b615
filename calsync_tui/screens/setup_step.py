"""What the steps of the setup have in common, and what was entered in them so far."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from textual import on, work
from textual.containers import VerticalScroll
from textual.events import DescendantBlur
from textual.message import Message
from textual.widgets import Input

from calsync_agent.config import drafting
from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.errors import CalsyncError
from calsync_tui.gateway import agent_program
from calsync_tui.gateway.setup import Look, look
from calsync_tui.widgets.entry import LabelledInput, Tone

AGAIN: Final = 5.0
"""Seconds until a database is looked at again that somebody else may be putting right."""


@dataclass(slots=True)
class Setup:
    """What was entered; it outlives the steps that are shown, so that nothing typed is lost.

    `look` is what the database was found to be like, and `looked_at` the draft that was then.
    `tenant` stands in the database, not in the settings; it is entered here to try the sign-in.
    `trial` is what came of that last. `program` starts calsync-agent.
    """

    draft: SettingsDraft
    path: str
    tenant: str = ""
    trial: "Trial | None" = None
    program: Sequence[str] = agent_program.PROGRAM
    look: Look | None = None
    looked_at: SettingsDraft | None = None
    changed: bool = False

    @property
    def file(self) -> Path:
        """Where the settings will be written."""
        return Path(self.path.strip()).expanduser().absolute()

    @property
    def known(self) -> Look | None:
        """What is known of the database that is entered now."""
        before, now = self.looked_at, self.draft
        if before is None or (before.apart(), before.schema) != (now.apart(), now.schema):
            return None
        return self.look

    async def find_out(self) -> None:
        """See what the database is like, unless something else is typed meanwhile."""
        draft = self.draft
        found = await asyncio.to_thread(look, draft)
        self.look, self.looked_at = found, draft
        self.tenant = self.tenant or found.tenant

    @property
    def tried(self) -> "Trial | None":
        """What came of signing in with what is entered now; None where that was not tried."""
        made = self.trial
        now = (self.draft.stripped(), self.tenant.strip())
        return made if made is not None and (made.draft, made.tenant) == now else None

    async def sign_in(self) -> "Trial":
        """Try to sign in with what is entered now."""
        draft, tenant = self.draft.stripped(), self.tenant.strip()
        try:
            found = await agent_program.sign_in(draft, self.file, tenant, program=self.program)
        except CalsyncError as error:
            self.trial = Trial(draft, tenant, str(error))
        else:
            failing = "\n".join(step.text for step in found.failing)
            self.trial = Trial(draft, tenant, failing)
        return self.trial

    def value(self, field: str) -> str:
        """What stands in a field."""
        return self.tenant if field == "tenant" else str(getattr(self.draft, field))

    def enter(self, field: str, value: str) -> None:
        """Something was typed."""
        if field == "tenant":
            self.tenant = value
        else:
            self.draft = replace(self.draft, **{field: value})
        self.changed = True


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of signing in with a draft: `failed` says why it did not work, or is empty."""

    draft: SettingsDraft
    tenant: str
    failed: str


class SetupStep(VerticalScroll, can_focus=False):
    """One step; made anew each time that it is shown."""

    TITLE: ClassVar[str]
    FIELDS: ClassVar[tuple[str, ...]] = ()
    """The fields of the draft that are entered here."""

    DEFAULT_CSS = """
    SetupStep {
        height: 1fr;
        .said { height: auto; margin-bottom: 1; }
        .field { margin-bottom: 0; }
    }
    """

    class Entered(Message):
        """Enter was pressed in the last field: go on."""

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        self.setup = setup
        self._touched: set[str] = set()

    def on_mount(self) -> None:
        """Notice what others put right meanwhile."""
        self.set_interval(AGAIN, self._by_itself)

    def waits_for(self, found: Look) -> bool:
        """Whether it would be news here if the database were not any more as it was found."""
        del found
        return False

    async def found_again(self) -> None:
        """Say what the database is like now: something else than before."""

    @work(group="look", exclusive=True)
    async def second_look(self, before: Look) -> None:
        """See, without a word, whether the database is still like that."""
        await self.setup.find_out()
        if self.is_attached and self.setup.known not in (None, before):
            await self.found_again()

    def _by_itself(self) -> None:
        known = self.setup.known
        # A login that was refused is not tried again by itself, lest that lock it.
        if known is None or not self.waits_for(known) or known.field == "password":
            return
        busy = any(worker.node is self for worker in self.app.workers)
        if not busy and self.screen.is_current:
            self.second_look(known)

    async def may_go_on(self) -> bool:
        """Whether what stands here is right; says at each field what is not."""
        self._touched.update(self.FIELDS)
        self.show_problems()
        wrong = self.problems()
        first = next((name for name in self.FIELDS if name in wrong), None)
        if first is not None:
            self.field(first).query_one(Input).focus()
        return first is None

    def problems(self) -> Mapping[str, str]:
        """What is wrong with each field of this step."""
        found = drafting.problems(self.setup.draft, self.setup.file)
        return {name: str(text) for name, text in found.items() if name in self.FIELDS}

    def warnings(self) -> Mapping[str, str]:
        """What should be mended, but may stay."""
        found = drafting.warnings(self.setup.draft, self.setup.file)
        return {name: str(text) for name, text in found.items() if name in self.FIELDS}

    def field(self, name: str) -> LabelledInput:
        """The field of that name. Raises LookupError where the step has been left."""
        found = (field for field in self.query(LabelledInput) if field.name == name)
        if (field := next(found, None)) is None:
            raise LookupError(name)
        return field

    def say(self, name: str, tone: Tone, text: str) -> None:
        """Say something at a field, unless the step has been left meanwhile."""
        with suppress(LookupError):
            self.field(name).say(tone, text)

    def show_problems(self) -> None:
        """Say at each field that was touched what is wrong with it."""
        wrong, doubtful = self.problems(), self.warnings()
        for name in self._touched & set(self.FIELDS):
            if name in wrong:
                self.say(name, Tone.ERROR, wrong[name])
            else:
                self.say(name, Tone.WARNING, doubtful.get(name, ""))

    def enter(self) -> None:
        """Put the focus where one begins."""
        for widget in self._in_reach():
            widget.focus()
            return

    @on(Input.Changed)
    def _typed(self, changed: Input.Changed) -> None:
        name, value = changed.input.id or "", changed.value
        changed.stop()
        if name in self.FIELDS and self.setup.value(name) != value:
            self.setup.enter(name, value)
            self._touched.add(name)
            self.show_problems()
            self.typed(name)

    def typed(self, field: str) -> None:
        """A field holds something else now."""

    @on(Input.Submitted)
    def _submitted(self, submitted: Input.Submitted) -> None:
        submitted.stop()
        fields = list(self._in_reach())
        if submitted.input in fields[:-1]:
            fields[fields.index(submitted.input) + 1].focus()
        else:
            self.post_message(self.Entered())

    @on(DescendantBlur)
    def _left(self, blur: DescendantBlur) -> None:
        name = blur.widget.id or ""
        if name in self.FIELDS and self.setup.value(name):
            self._touched.add(name)
            self.show_problems()
            self.left()

    def left(self) -> None:
        """Somebody has finished with a field."""

    def _in_reach(self) -> Iterable[Input]:
        return (widget for widget in self.query(Input) if widget.focusable)
