"""The first step: which database, tested while one types."""

from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from calsync_agent.i18n import _, marked
from calsync_tui.gateway.setup import Look, State
from calsync_tui.screens.setup_step import Setup, SetupStep
from calsync_tui.widgets.entry import LabelledInput, Tone

PAUSE: Final = 0.6
"""Seconds without typing until the database is tried."""

_EXAMPLES: Final = (
    "postgresql+psycopg2://calsync@db.example/consolidate",
    "mssql+pyodbc://calsync@db.example/consolidate",
    "sqlite:////srv/consolidate.db",
)


class DatabaseStep(SetupStep):
    """Address, password, schema."""

    TITLE: ClassVar[str] = marked("Database")
    FIELDS: ClassVar[tuple[str, ...]] = ("url", "password", "schema")

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        """Three fields, and examples."""
        draft = self.setup.draft
        yield Static(
            _("Where is Consolidate's database? It is tried while you type; nothing is written."),
            classes="said",
            markup=False,
        )
        yield LabelledInput("url", _("Address (URL)"), draft.url, placeholder=_EXAMPLES[0])
        yield LabelledInput(
            "password",
            _("Password"),
            draft.password,
            password=True,
            hint=_("Goes into a file of its own; tried when you leave it."),
        )
        yield LabelledInput(
            "schema", _("Schema"), draft.schema, hint=_("Empty: the login's default schema.")
        )
        lines = [_("Examples:"), *(f"  {example}" for example in _EXAMPLES)]
        yield Static("\n".join(lines), markup=False)

    def on_mount(self) -> None:
        """Say again what is known, or find it out where settings are gone through again."""
        if self.setup.known is not None:
            self._touched.update(self.FIELDS)
            self._tell(self.setup.known)
        elif self.setup.draft.url and not self.problems():
            self.look()

    async def may_go_on(self) -> bool:
        """Whether there is a database to go on with; tries it where that has not been done."""
        self._later()
        if not await super().may_go_on():
            return False
        if self.setup.known is None or self.waits_for(self.setup.known):
            await self.look().wait()
        known = self.setup.known
        return known is not None and not self._stops(known)

    def waits_for(self, found: Look) -> bool:
        """Somebody may start it, or put it right."""
        return found.state not in {State.READY, State.BARE, State.OLDER}

    async def found_again(self) -> None:
        """Say so at the field that it is about."""
        self.show_problems()

    def _stops(self, found: Look) -> bool:
        """Whether there is nothing to go on with."""
        trial = found.state is State.STRANGE and found.dialect == "sqlite"
        return not trial and found.state in {State.UNUSABLE, State.STRANGE}

    def show_problems(self) -> None:
        """What is wrong with the fields; where nothing is, what the database is like."""
        super().show_problems()
        if self.setup.known is not None and not self.problems():
            self._tell(self.setup.known)

    def typed(self, field: str) -> None:
        """Try the database in a moment; half a password is never tried, lest it lock the login."""
        self._later()
        if not self.problems() and field != "password" and not self.setup.draft.apart()[1]:
            self._soon = self.set_timer(PAUSE, self._try)

    def left(self) -> None:
        """Try the database, if that has not been done."""
        if self.setup.known is None and not self.problems():
            self._later()
            self._try()

    def _later(self) -> None:
        if self._soon is not None:
            self._soon.stop()
            self._soon = None

    def _try(self) -> None:
        self.look()

    @work(group="look", exclusive=True)
    async def look(self) -> None:
        """See what the database is like."""
        self._touched.update(self.FIELDS)
        self.show_problems()
        self.say("url", Tone.BUSY, _("It is tried …"))
        await self.setup.find_out()
        if self.setup.known is not None:  # nothing was typed meanwhile
            self._tell(self.setup.known)

    def _tell(self, found: Look) -> None:
        said = {
            State.READY: (Tone.WELL, _("Consolidate and calsync's tables are there.")),
            State.BARE: (Tone.WELL, _("Consolidate is there; calsync's tables come next.")),
            State.OLDER: (
                Tone.WELL,
                _("Consolidate is there; calsync's tables are brought up to date next."),
            ),
            State.READ_ONLY: (Tone.WARNING, str(found.reason)),
            State.UNREADY: (Tone.WARNING, str(found.reason)),
            State.STRANGE: (Tone.ERROR, str(found.reason)),
            State.UNUSABLE: (Tone.ERROR, str(found.reason)),
        }
        tone, text = said[found.state]
        if found.state is State.STRANGE and found.dialect == "sqlite":
            tone = Tone.WARNING
            text = _("{reason}. You may have one made to try calsync out.").format(
                reason=text.rstrip(".")
            )
        if found.field != "url":
            self.say("url", Tone.HINT, "")
        self.say(found.field, tone, text)
