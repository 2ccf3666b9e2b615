"""Holds `once` to one line for what stands in its way, in both languages."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent import __version__
from calsync_agent.database.clock import UtcNow
from calsync_agent.state import tables
from tests.commands.conftest import Run
from tests.support.world import World

# What cannot be German: what drivers, Microsoft and the system say, in parentheses.
FOREIGN = re.compile(r"\([^()]*(\([^()]*\)[^()]*)*\)")
ENGLISH = re.compile(r"\b(the|is|not|must|with|and|or|check|cannot|which|has|by)\b")

sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
postgresql = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


def tells(run: Run, world: World, status: int, said: str) -> str:
    """`once` says this in one line, and in German as well; returns the English line."""
    path = world.folder / "agent.toml"
    english = run("once", "--config", path, "--lang", "en")
    assert english.status == status, english
    (line,) = english.problems
    assert re.search(said, line), line
    assert "{" not in line
    german = run("once", "--config", path, "--lang", "de")
    assert german.status == status
    (translated,) = german.problems
    assert translated != line
    # Numbers and ids may differ, what is named may not.
    assert not ENGLISH.search(FOREIGN.sub("", translated)), translated
    if status == 1:
        assert line in english.out
    else:
        assert line.startswith("calsync-agent: ")
        assert english.out == ""
    return line


def rewrite(world: World, old: str, new: str) -> None:
    """Change agent.toml."""
    path = world.folder / "agent.toml"
    text = path.read_text()
    changed = re.sub(old, lambda _: new, text)
    assert changed != text
    path.write_text(changed)


def an_agent(world: World, *, silent: bool = False) -> None:
    """An agent that syncs all profiles, or was heard of last some minutes ago."""
    with world.database.writing() as connection:
        now = connection.execute(sa.select(UtcNow())).scalar_one()
        seen = now - timedelta(minutes=5) if silent else now
        number = uuid4()
        connection.execute(
            sa.insert(tables.agent).values(
                id=number,
                host="server",
                pid=7,
                version=__version__,
                lock_file="",
                started_at=seen,
                seen_at=seen,
                round_at=seen,
                settings_revision=1_000_000,
            )
        )
        profiles = connection.execute(sa.select(tables.profile.c.id)).scalars().all()
        connection.execute(
            sa.insert(tables.lease),
            [{"profile_id": one, "agent_id": number} for one in profiles],
        )
