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
    ended = await _ended(words, seconds, "check")
    try:
        return _checked(json.loads(ended.out))
    except (ValueError, KeyError, TypeError) as error:
        raise ended.unusable("check") from error


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended: its exit status, and what it said."""

    status: int
    out: str
    err: str

    def unusable(self, command: str) -> ProgramTrouble:
        """That this is no answer, with what the program said last."""
        said = self.err.strip().splitlines()
        return ProgramTrouble(
            message(
                "calsync-agent {command} gave no usable answer: {reason}",
                command=command,
                reason=(said[-1] if said else self.out.strip())[:_SHOWN] or "-",
            )
        )


async def told(
    config: Path,
    *words: str,
    program: Sequence[str] = PROGRAM,
    seconds: float = SECONDS,
) -> Ended:
    """What a command of calsync-agent says, in the language spoken now; raises as `check` does."""
    all_words = [*program, *words, "--config", str(config), "--lang", current()]
    return await _ended(all_words, seconds, words[0])


async def ask(
    config: Path,
    *words: str,
    program: Sequence[str] = PROGRAM,
    seconds: float = SECONDS,
) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What a command answers with `--json`, whatever its exit status; raises as `check` does."""
    ended = await told(config, *words, "--json", program=program, seconds=seconds)
    try:
        return json.loads(ended.out)
    except ValueError as error:
        raise ended.unusable(words[0]) from error


async def _ended(words: Sequence[str], seconds: float, command: str) -> Ended:
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
            message(
                "calsync-agent {command} did not answer within {seconds} s",
                command=command,
                seconds=round(seconds),
            )
        ) from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    status = process.returncode or 0
    return Ended(status, out.decode(errors="replace"), err.decode(errors="replace"))


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
