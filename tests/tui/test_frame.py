"""The frame: one window, its pages, its keys, its languages."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
import sqlalchemy as sa

from calsync_agent import i18n, manual
from calsync_agent.database.engine import Database
from calsync_agent.i18n import Bracketed, message
from calsync_agent.state.profile_status import Condition
from calsync_agent.state.tables import agent
from calsync_tui import themes
from tests.support.cable import WHY, cut
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened, a_provider, an_agent
from tests.tui.office import a_hold, a_profile, fares_so

pytestmark = pytest.mark.anyio

CHAPTER: Final = """# A chapter

Words, **strong** ones, and a `command`:

- first
- second

```sh
calsync-agent check
```

## A part of it

> A rule.
"""

PAGES: Final = {
    "status": "Status",
    "provider": "Anbieter",
    "profiles": "Profile",
    "log": "Protokoll",
    "history": "Verlauf",
}
DATA: Final = re.compile(
    r"/srv/consolidate\.db|SQLite|calsync(-agent)?|run|Exchange365|consolidate-server|0\.1\.0"
    r"|synchronization"  # the end of a label that has no room for its brackets
    r"|https?://\S+|contoso\.com|Deutsch|Sprache|English|Language|[-\w]{20,}|\b(F\d|Esc|Tab)\b"
)


def outside_brackets(text: str) -> str:
    """What did not go through the catalogue; texts may hold other texts."""
    while (rest := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = rest
    return text


async def test_the_top_tells_how_everything_stands(opened: Opened, people: Database) -> None:
    an_agent(people)
    async with opened(size=(140, 40)) as terminal:
        assert terminal.lines()[0].endswith("● Agent läuft")
        a_provider(people)
        a_hold(people, a_profile(people, "ANNA"), 3)
        number = a_profile(people, "BERT")
        fares_so(people, number, Condition.FAILING, error=message("unknown"))
        with people.writing() as connection:
            connection.execute(sa.update(agent).values(settings_revision=-1))
        await terminal.look()
        told = "■ 1 gestört · ▲ 1 angehalten · ◊ Einstellungen noch nicht übernommen"
        assert told in terminal.lines()[0]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("plain", [False, True])
async def test_in_sixty_columns_no_page_is_cut_and_the_sign_is_there(
    opened: Opened, language: i18n.Language, plain: bool
) -> None:
    i18n.use(language)
    async with opened(size=(60, 15), plain=plain, every=None) as terminal:
        top = terminal.lines()[0]
        last = "5 Verlauf" if language == "de" else "5 History"
        assert "[1 Status]" in top
        assert last in top
        assert top.endswith(" #" if plain else " ■") or "no agent" in top


async def test_help_tells_database_agent_and_settings(opened: Opened, people: Database) -> None:
    an_agent(people)
    an_agent(people, number=2)
    async with opened(size=(120, 40)) as terminal:
        await terminal.press("f1")
        await terminal.shows(
            "Datenbank: /srv/consolidate.db (SQLite)",
            "● Agent läuft seit 08:30 auf consolidate-server, Version 0.1.0 und 1",
            "Einstellungen: Revision 0 übernommen",
        )


async def test_without_an_agent_the_top_says_so_and_help_tells_how_to_start_one(
    opened: Opened, people: Database
) -> None:
    async with opened(size=(120, 40)) as terminal:
        assert terminal.lines()[0].endswith("■ kein Agent läuft")
        an_agent(people, silent=timedelta(minutes=5))
        await terminal.look()
        assert terminal.lines()[0].endswith("■ Agent schweigt seit 08:55")
        await terminal.press("f1")
        await terminal.shows("○ Der Agent schweigt seit 08:55. Starten mit: calsync-agent run")


async def test_each_page_is_reached_by_its_f_key(opened: Opened) -> None:
    async with opened() as terminal:
        for number, (page, title) in reversed(list(enumerate(PAGES.items(), 1))):
            await terminal.press(f"f{number + 4}")
            await terminal.shows(f"[{number} {title}]")
            assert terminal.page.NAME == page


async def test_each_page_is_reached_by_mouse(opened: Opened) -> None:
    async with opened() as terminal:
        for number, (page, title) in reversed(list(enumerate(PAGES.items(), 1))):
            await terminal.click(f"{number} {title}")
            await terminal.shows(f"[{number} {title}]")
            assert terminal.page.NAME == page


async def test_each_page_is_reached_by_its_digit_where_no_text_is_typed(opened: Opened) -> None:
    async with opened() as terminal:
        for number, title in reversed(list(enumerate(PAGES.values(), 1))):
            await terminal.press(str(number))
            await terminal.shows(f"[{number} {title}]")
            await terminal.press("f5")
            await terminal.shows("[1 Status]")


async def test_the_palette_finds_pages_actions_colours_and_languages(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened() as terminal:
        for typed, then in {
            "verlauf": "[5 Verlauf]",
            "anbieter": "[2 Anbieter]",
            "prüfen": "Verbindung prüfen",
        }.items():
            await terminal.press("ctrl+p")
            await terminal.shows("Termin, Person, Einstellung")
            await terminal.type(typed)
            await terminal.shows(typed.title())
            await terminal.press("enter")
            await terminal.shows(then)
        await terminal.press("escape", "ctrl+p")
        await terminal.type("hell")
        await terminal.shows("Farben: hell")
        await terminal.press("enter")
        await terminal.until(lambda: terminal.app.theme == themes.LIGHT.name)
        await terminal.press("ctrl+p")
        await terminal.type("english")
        await terminal.shows("Language: English")
        await terminal.press("enter")
        await terminal.shows("[2 Provider]", "Inbound synchronization")
        await terminal.press("ctrl+p")
        await terminal.type("xyzzy")
        await terminal.shows("Nothing fits?")


async def test_the_language_is_switched_while_it_runs(opened: Opened) -> None:
    async with opened() as terminal:
        await terminal.press("ctrl+l")
        await terminal.shows("2 Provider", "no agent is running", "F1 Help")
        await terminal.press("ctrl+l")
        await terminal.shows("2 Anbieter", "kein Agent läuft", "F1 Hilfe")


async def test_each_theme_is_reached_by_its_key(opened: Opened) -> None:
    async with opened() as terminal:
        seen = []
        for _ in themes.NAMES:
            await terminal.press("ctrl+t")
            seen.append(terminal.app.theme)
        assert sorted(seen) == sorted(themes.NAMES)


@pytest.mark.parametrize("page", ["status", "provider"])
async def test_everything_that_is_shown_goes_through_the_catalogue(
    opened: Opened, people: Database, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The manual is written in each language by itself.
    monkeypatch.setattr(manual, "chapter", lambda _name, _language: "")
    a_provider(people)
    an_agent(people)
    with i18n.speaking(Bracketed()):
        async with opened(size=(300, 60), page=page) as terminal:
            for keys in ((), ("f1",), ("escape", "ctrl+p")):
                await terminal.press(*keys)
                await terminal.settled()
                rest = outside_brackets(terminal.text())
                assert not re.findall(r"[A-Za-zÄÖÜäöüß]{3,}", DATA.sub(" ", rest)), terminal.text()


async def test_a_lost_database_is_told_and_comes_back_by_itself(
    opened: Opened, people: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_agent(people)
    async with opened(every=0.05) as terminal:
        with cut(monkeypatch):
            await terminal.shows(f"■ {WHY}", "Gezeigt wird der Stand von 09:00:00")
            assert "Agent läuft" in terminal.text()
            await terminal.press("f8")
            await terminal.shows("[4 Protokoll]")
        await terminal.until(lambda: WHY not in terminal.text())


async def test_ctrl_q_leaves_and_ctrl_c_says_so(opened: Opened) -> None:
    async with opened() as terminal:
        await terminal.press("ctrl+c")
        await terminal.shows("Strg+Q beendet das Programm")
        await terminal.press("ctrl+q")
        await terminal.until(lambda: not terminal.app.is_running)


async def test_a_plain_terminal_gets_ascii_its_own_colours_and_nothing_moves(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened(plain=True) as terminal:
        assert terminal.app.native_ansi_color
        assert terminal.app.animation_level == "none"
        for page in ("status", "provider"):
            await terminal.go(page)
            for keys in ((), ("f1",), ("escape", "ctrl+p")):
                await terminal.press(*keys)
                await terminal.settled()
                strange = {sign for sign in terminal.text() if ord(sign) > 0xFF}
                assert strange <= {"…"}, terminal.text()
            await terminal.press("escape")


@pytest.mark.parametrize("look", ALL)
async def test_help(
    opened: Opened,
    people: Database,
    look: Look,
    matches: Callable[[Terminal], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What the manual says may change; how it looks is held here.
    monkeypatch.setattr(manual, "chapter", lambda _name, _language: CHAPTER)
    an_agent(people)
    async with opened(look=look, page="provider") as terminal:
        await terminal.press("f1")
        await terminal.settled()
        matches(terminal)
