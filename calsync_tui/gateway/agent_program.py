"""The headless program, asked for what needs Exchange: `calsync-agent check --json`.

It runs as a process of its own, so that the UI loads nothing of Exchange's side, and so that it can
be given up at any time.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from calsync_agent.config import writing
from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.errors import Trouble
from calsync_agent.i18n import current, message
from calsync_agent.visible import visible

PROGRAM: Final = (sys.executable, "-m", "calsync_agent")
SECONDS: Final = 90.0
_SHOWN: Final = 200


class ProgramTrouble(Trouble):
    """The program did not answer, or not as it should."""


@dataclass(frozen=True, slots=True)
class ReportedStep:
    """One thing that was looked at. `text` is translated; `mend` is a page on the web, or empty."""

    name: str
    ok: bool
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class FoundUser:
    """Somebody whom the tenant knows. `id` is the object id."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check has found. `users_allowed`: whether the app may look users up."""

    steps: tuple[ReportedStep, ...]
    consent_url: str
    users_allowed: bool
    found: tuple[FoundUser, ...]

    @property
    def failing(self) -> tuple[ReportedStep, ...]:
        """What has to be put right."""
        return tuple(step for step in self.steps if not step.ok)


async def sign_in(
    draft: SettingsDraft,
    beside: Path,
    tenant: str,
    *,
    program: Sequence[str] = PROGRAM,
    seconds: float = SECONDS,
) -> Checked:
    """Whether the app can sign in to a tenant with settings that are not saved yet.

    `beside`: where they will be, which is what they name files relative to. They are written into a
    folder that only this account can enter, and removed with it. Raises as `check` does, and
    ConfigurationRefused.
    """
    with tempfile.TemporaryDirectory(prefix="calsync-") as folder:
        config = Path(folder, "agent.toml")
        await asyncio.to_thread(writing.write, config, draft.placed(beside.parent))
        return await check(config, "--sign-in", tenant, program=program, seconds=seconds)


async def check(
    config: Path,
    *more: str,
    find_user: str | None = None,
    program: Sequence[str] = PROGRAM,
    seconds: float = SECONDS,
) -> Checked:
    """What `calsync-agent check` finds with these settings, in the language spoken now.

    `more`: options of the command. `find_user`: an e-mail address, a principal name or an object id
    to look up as well. Raises ProgramTrouble where the program takes too long or ends without an
    answer. Whoever cancels this ends the program.
    """
    words = [*program, "check", "--json", "--config", str(config), "--lang", current(), *more]
    if find_user is not None:
        words += ["--find-user", find_user]
    out, err = await ended(words, seconds)
    try:
        return _checked(json.loads(out))
    except (ValueError, KeyError, TypeError) as error:
        said = err.strip().splitlines()
        raise ProgramTrouble(
            message(
                "calsync-agent check gave no usable answer: {reason}",
                reason=(said[-1] if said else out.strip())[:_SHOWN] or "-",
            )
        ) from error


async def ended(words: Sequence[str], seconds: float) -> tuple[str, str]:
    """What a command writes to stdout and to stderr. Raises ProgramTrouble; cancelling ends it."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
    except OSError as error:
        raise ProgramTrouble(
            message("calsync-agent cannot be started: {reason}", reason=str(error))
        ) from error
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError as error:
        raise ProgramTrouble(
            message("calsync-agent did not answer within {seconds} s", seconds=round(seconds))
        ) from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return out.decode(errors="replace"), err.decode(errors="replace")


def _checked(read: Any) -> Checked:  # noqa: ANN401 - whatever JSON holds
    users: Mapping[str, Any] = read["users"]
    return Checked(
        steps=tuple(
            ReportedStep(
                str(one["name"]), bool(one["ok"]), str(one["message"]), str(one.get("mend", ""))
            )
            for one in read["steps"]
        ),
        consent_url=str(read["consent_url"]),
        users_allowed=bool(users["allowed"]),
        found=tuple(
            FoundUser(*(visible(str(one[part])) for part in ("id", "name", "address")))
            for one in users["found"]
        ),
    )
