"""The page Profile: adding one, by typing, and by having Exchange look the mailbox up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from textual import events
from textual.widgets import Input, OptionList, Static

from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.state.tables import profile
from calsync_tui.gateway import agent_program
from calsync_tui.gateway.agent_program import Checked, FoundUser, ProgramTrouble, ReportedStep
from calsync_tui.gateway.finding import Findings, ProgramFinder
from calsync_tui.pages.profiles import ProfilesPage
from calsync_tui.screens.add_profile import AddProfile
from tests.support import crowd
from tests.support.crowd import guid
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import PEOPLE, Opened

pytestmark = pytest.mark.anyio

ANNA = FoundUser(guid(7), "Anna Berger", "anna@example.com")


@dataclass
class Fake:
    """Finds whom it was told to; waits until it may answer."""

    findings: Findings
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def find(self, address: str) -> Findings:
        self.asked.append(address)
        await self.may_answer.wait()
        return self.findings


@pytest.fixture
def office(people: Database) -> Database:
    """E001 and E002 have profiles; ANNA, BERT and CLARA have none; DORA and EMIL may not."""
    with people.writing() as connection:
        crowd.crowd(connection, 2)
        for number, values in ((90, {"active": False}), (91, {"calendarsync_allowed": False})):
            crowd.hire(connection, number, **values)
    return people


def rows(database: Database) -> list[tuple[str, str, bool]]:
    """Code, mailbox, active, of all but the first two."""
    found = (
        sa.select(employee.c.code, profile.c.external_user_id, profile.c.active)
        .join_from(profile, employee, employee.c.id == profile.c.employee_id)
        .order_by(profile.c.id)
    )
    with database.reading() as connection:
        return [(code, mailbox, active) for code, mailbox, active in connection.execute(found)][2:]


def dialog(terminal: Terminal) -> AddProfile:
    assert isinstance(terminal.app.screen, AddProfile)
    return terminal.app.screen


def told(terminal: Terminal, at: str) -> str:
    """What is said below a field."""
    return str(dialog(terminal).query_one(f"#{at}-told", Static).content)


def entered(terminal: Terminal, at: str) -> str:
    return dialog(terminal).query_one(f"#{at}", Input).value


def listed(terminal: Terminal) -> int:
    return dialog(terminal).query_one(OptionList).option_count


async def paste(terminal: Terminal, text: str) -> None:
    terminal.app.post_message(events.Paste(text))
    await terminal.pilot.pause()


async def begin(terminal: Terminal, finder: Fake | None = None) -> None:
    """Open the dialog."""
    page = terminal.page
    assert isinstance(page, ProfilesPage)
    page.finder = finder
    await terminal.press("a")
    await terminal.until(lambda: isinstance(terminal.app.screen, AddProfile))
    await terminal.until(lambda: listed(terminal) > 0)


async def added(terminal: Terminal) -> None:
    await terminal.until(lambda: terminal.app.screen is terminal.window)
    await terminal.shows("Profil hinzugefügt")


async def test_a_profile_is_added_by_keys_alone(opened: Opened, office: Database) -> None:
    async with opened(page="profiles") as terminal:
        await begin(terminal)
        assert listed(terminal) == len(PEOPLE), "who may, and has none"
        await paste(terminal, "er")
        await terminal.until(lambda: listed(terminal) == 1)
        await terminal.press("enter")
        await terminal.until(lambda: entered(terminal, "employee") == "BERT Bert")
        await paste(terminal, guid(7).upper())
        await terminal.press("enter")
        await added(terminal)
        assert rows(office) == [("BERT", guid(7), True)]
        await terminal.shows("BERT Bert · bert@example.com", "erster Abgleich")


async def test_a_profile_is_added_by_mouse_alone(opened: Opened, office: Database) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.click("Profil hinzufügen")
        await terminal.shows("clara@example.com")
        page = terminal.page
        assert isinstance(page, ProfilesPage)
        await terminal.click("clara@example.com")
        await terminal.until(lambda: entered(terminal, "employee") == "CLARA Clara")
        await paste(terminal, "clara@example.com")
        await terminal.click("[x] Aktiv")
        await terminal.pilot.click("#add")
        await added(terminal)
        assert rows(office) == [("CLARA", "clara@example.com", False)]


async def test_arrows_move_in_the_list_while_one_types_and_escape_adds_nothing(
    opened: Opened, office: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await begin(terminal)
        await terminal.press("down", "down", "down", "up", "enter")
        await terminal.until(lambda: entered(terminal, "employee") == "BERT Bert")
        await terminal.press("escape")
        await terminal.until(lambda: terminal.app.screen is terminal.window)
        assert rows(office) == []


WRONG = [
    ("", guid(7), "employee", "einen Benutzer wählen"),
    ("anna", "", "mailbox", "die Objekt-ID (eine GUID) oder"),
    ("anna", "0000-0000", "mailbox", "eine GUID hat 32 Ziffern"),
    ("anna", "anna@", "mailbox", "nach dem @ fehlt eine Domäne"),
    ("anna", f"{{{guid(2).upper()}}}", "mailbox", "das Profil von E002 (Person 002)"),
]


async def test_wrong_input_is_said_at_the_field_and_nothing_is_saved_or_lost(
    opened: Opened, office: Database
) -> None:
    async with opened(page="profiles") as terminal:
        for who, mailbox, at, said in WRONG:
            await begin(terminal)
            if who:
                await paste(terminal, who)
                await terminal.press("enter")
            else:
                await terminal.press("tab", "tab")
            await terminal.press("end", "ctrl+u")  # what was offered
            await paste(terminal, mailbox)
            await terminal.press("enter")
            await terminal.until(lambda at=at, said=said: said in told(terminal, at))
            assert "■" in told(terminal, at)
            assert entered(terminal, "mailbox") == mailbox
            assert terminal.app.focused is dialog(terminal).query_one(f"#{at}")
            assert rows(office) == []
            await terminal.press("escape")


async def test_whom_nobody_may_add_is_said_to_fit_nobody(opened: Opened, office: Database) -> None:
    async with opened(page="profiles") as terminal:
        await begin(terminal)
        for taken in ("E001", "E090", "E091"):
            await paste(terminal, taken)
            await terminal.until(lambda: "Niemand, der darf" in told(terminal, "employee"))
            await terminal.press("ctrl+u")
        assert rows(office) == []


async def test_what_somebody_else_adds_meanwhile_is_said_at_the_field(
    opened: Opened, office: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await begin(terminal)
        await paste(terminal, "anna")
        await terminal.press("enter")
        await paste(terminal, guid(7))
        with office.writing() as connection:
            crowd.enrol(connection, crowd.hire(connection, 50), guid(7))
        await terminal.press("enter")
        await terminal.until(lambda: "das Profil von E050" in told(terminal, "mailbox"))
        await terminal.press("ctrl+u")
        await paste(terminal, guid(8))
        with office.writing() as connection:
            anna = sa.select(employee.c.id).where(employee.c.code == "ANNA")
            crowd.enrol(connection, connection.execute(anna).scalar_one(), guid(9))
        await terminal.press("enter")
        await terminal.until(lambda: "hat inzwischen ein Profil" in told(terminal, "employee"))
        assert entered(terminal, "mailbox") == guid(8)
        assert [code for code, *_ in rows(office)] == ["E050", "ANNA"]


async def test_the_mailbox_is_looked_up_from_the_address_and_offered(
    opened: Opened, office: Database
) -> None:
    finder = Fake(Findings((ANNA,)))
    async with opened(page="profiles") as terminal:
        await begin(terminal, finder)
        await paste(terminal, "anna")
        await terminal.press("enter")
        await terminal.until(lambda: "wird in Exchange gesucht" in told(terminal, "mailbox"))
        assert finder.asked == ["anna@example.com"]
        finder.may_answer.set()
        await terminal.until(lambda: entered(terminal, "mailbox") == guid(7))
        await terminal.shows("In Exchange gefunden: Anna Berger")
        assert rows(office) == [], "offered, not saved"
        await terminal.press("enter")
        await added(terminal)
        assert rows(office) == [("ANNA", guid(7), True)]


async def test_what_is_found_never_replaces_what_was_typed_meanwhile(
    opened: Opened, office: Database
) -> None:
    finder = Fake(Findings((ANNA,)))
    async with opened(page="profiles") as terminal:
        await begin(terminal, finder)
        await paste(terminal, "anna")
        await terminal.press("enter")
        await terminal.until(lambda: finder.asked)
        await paste(terminal, guid(8))
        finder.may_answer.set()
        await terminal.pilot.pause()
        assert entered(terminal, "mailbox") == guid(8)
        assert rows(office) == []


FOUND = [
    (Findings(), "Exchange kennt niemanden mit anna@example.com"),
    (Findings(problem=message("no right to read")), "no right to read"),
    (
        Findings((FoundUser(guid(7), "A", "a"), FoundUser(guid(8), "B", "b"))),
        "2 Benutzer des Mandanten haben anna@example.com",
    ),
    (Findings((FoundUser(guid(1), "A", "a"),)), "das Profil von E001"),
]


@pytest.mark.usefixtures("office")
async def test_a_mailbox_that_is_not_found_is_entered_by_hand(opened: Opened) -> None:
    finder = Fake(Findings())
    finder.may_answer.set()
    async with opened(page="profiles") as terminal:
        await begin(terminal, finder)
        await paste(terminal, "anna")
        await terminal.press("enter")
        button = dialog(terminal).query_one("#find")
        for findings, said in FOUND:
            finder.findings = findings
            # Textual takes a second press within a moment for the same one.
            await terminal.until(lambda: not button.has_class("-active"))
            await terminal.click("Nachschlagen")
            await terminal.until(lambda said=said: said in told(terminal, "mailbox"))
        assert set(finder.asked) == {"anna@example.com"}


def checked(found: tuple[FoundUser, ...], *failing: str, allowed: bool = True) -> Checked:
    """What the headless program answers."""
    steps = tuple(ReportedStep(name, ok=False, text=f"{name} is wrong") for name in failing)
    return Checked(steps, "", allowed, found)


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        (checked((ANNA,), "mailbox"), Findings((ANNA,))),
        (checked((), "users"), Findings()),
        (
            checked((), "mailbox", "users", "sign_in", allowed=False),
            Findings(problem=message("{text}", text="sign_in is wrong")),
        ),
        (
            checked((), allowed=False),
            Findings(problem=message("the app may not look users up in Exchange")),
        ),
        (ProgramTrouble(message("too slow")), Findings(problem=message("too slow"))),
    ],
    ids=["found", "nobody", "not signed in", "no right", "no answer"],
)
async def test_the_headless_program_finds_users_or_says_what_keeps_it_from_that(
    monkeypatch: pytest.MonkeyPatch, answer: Checked | ProgramTrouble, findings: Findings
) -> None:
    async def check(config: Path, *, find_user: str) -> Checked:
        assert (config, find_user) == (Path("agent.toml"), "anna@example.com")
        if isinstance(answer, ProgramTrouble):
            raise answer
        return answer

    monkeypatch.setattr(agent_program, "check", check)
    assert await ProgramFinder(Path("agent.toml")).find("anna@example.com") == findings


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("look", FEW)
async def test_profiles_added(
    opened: Opened, look: Look, matches: Callable[[Terminal], None]
) -> None:
    async with opened(look=look, page="profiles") as terminal:
        await begin(terminal, Fake(Findings()))
        await paste(terminal, "anna")
        await terminal.press("enter")
        await paste(terminal, "anna@example")
        matches(terminal)
