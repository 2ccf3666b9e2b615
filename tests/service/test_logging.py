"""Part 8: what the log and `calsync_log` say of a day's work, and what they never say."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from calsync_agent.config import reading
from calsync_agent.i18n import Message
from calsync_agent.sandbox.faults import Rule
from calsync_agent.state import tables as state
from tests.support.service import json_lines, serving, until
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
SECRET = "Kündigungsgespräch Meier"
BODY = "Vertraulicher Anhang 4711"


async def a_day(world: World) -> None:
    """Everything that gets a line: created, changed, deleted, skipped, conflict, error, reload."""
    anna = world.hire("ANNA")
    private = world.enter("ANNA", SECRET, SOON, private=True, body=BODY)
    number = world.enter("ANNA", "Angebot", SOON)
    anna.create("aus Outlook", SOON, SOON + HOUR)
    anna.create(SECRET, SOON, SOON + 2 * HOUR, sensitivity="private")
    world.enter("ANNA", "Mars", SOON, time_zone="Mars/Olympus")
    world.enter("ANNA", f"{SECRET} 2", SOON, private=True, time_zone="Mars/Olympus", body=BODY)
    path = world.settings().path
    path.write_text(path.read_text() + "level = 'debug'\nformat = 'json'\n")
    async with serving(world, reading.read(path)) as service:
        await until(lambda: len(anna.events()) == len(world.activities()) - 2 == 4)
        await until(lambda: service.in_step("ANNA"))
        world.edit(number, location="Süd")
        world.edit(private, location="Nord", body=f"{BODY} neu")
        event = anna.find("aus Outlook")[0]
        anna.change(event, subject="aus Outlook, geändert")
        await until(lambda: len(changed(world)) >= 3 and service.in_step("ANNA"))
        world.provider(outbound=False, inbound=False)
        await until(lambda: service.lines("settings taken over, revision"))
        world.edit(number, subject="Angebot hier")
        anna.change(anna.find("Angebot")[0], subject="Angebot dort")
        world.edit(private, subject=f"{SECRET} hier")
        anna.change(anna.find(SECRET)[0], subject=f"{SECRET} dort", body=html(BODY))
        world.provider(outbound=True, inbound=True)
        await until(lambda: "conflict" in kinds(world) and service.in_step("ANNA"))
        world.remove(number)
        world.remove(private)
        anna.delete(event)
        await until(lambda: len(anna.events()) == 1 and "deleted" in kinds(world))
        world.tenant.fault(Rule(action="status", status=403, code="ErrorAccessDenied", times=3))
        await until(lambda: "error" in kinds(world))
        await until(lambda: service.lines("the sync works again"))


def html(text: str) -> dict[str, str]:
    return {"contentType": "text", "content": text}


def changed(world: World) -> list[str]:
    return [row["message"] for row in world.rows(state.log) if row["kind"] == "changed"]


def kinds(world: World) -> set[str]:
    return {row["kind"] for row in world.rows(state.log)}


async def test_an_admin_finds_a_row_for_everything_that_happened(world: World) -> None:
    await a_day(world)
    rows = world.rows(state.log)
    wanted = {"created", "changed", "deleted", "skipped", "conflict", "error", "reload", "sync"}
    assert kinds(world) >= wanted
    assert {row["level"] for row in rows} <= {"debug", "info", "warning", "error"}
    for row in rows:
        assert str(Message.from_json(row["content"])) == row["message"]
        if row["kind"] in {"created", "changed", "deleted", "conflict"}:
            assert row["profile_id"] == 1
            assert row["activity_id"]
    assert any(row["event_id"] for row in rows if row["kind"] == "created")


async def test_neither_log_names_a_private_subject_a_body_or_a_secret_even_at_debug(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    await a_day(world)
    stored = " ".join(f"{row['message']} {row['content']}" for row in world.rows(state.log))
    text = (world.folder / "agent.log").read_text(encoding="utf-8")
    shown = capfd.readouterr().err
    for place in (stored, text, shown):
        assert "Meier" not in place
        assert BODY not in place
        assert world.sandbox.client_secret not in place
        assert not re.search(r"eyJ|Bearer (?!\*)|client_secret=(?!\*)|\$deltatoken=\w", place)
    assert "private appointment" in stored
    assert "Angebot" in stored


async def test_every_line_of_a_cycle_names_profile_and_cycle_and_json_is_valid(
    world: World,
) -> None:
    await a_day(world)
    lines = json_lines(world.folder / "agent.log")
    assert {"at", "level", "profile", "cycle", "logger", "message"} <= lines[0].keys()
    of_mailbox = [line for line in lines if "/users/" in line["message"]]
    done = [line for line in lines if "counts" in line]
    assert done
    assert of_mailbox
    for line in (*done, *of_mailbox):
        assert line["profile"] == "ANNA", line
        assert line["cycle"] >= 1
    numbers = [line["cycle"] for line in done]
    assert numbers == sorted(numbers)


async def test_every_graph_error_has_its_request_id(world: World) -> None:
    await a_day(world)
    troubled = [
        line
        for line in json_lines(world.folder / "agent.log")
        if line["level"] in {"warning", "error"} and "calsync_agent" in line["logger"]
        if "not synced: " not in line["message"]
    ]
    assert troubled
    for line in troubled:
        assert re.search(r"request-id [0-9a-f]{8}-", line["message"]), line


async def test_old_lines_are_pruned_and_new_ones_stay(world: World) -> None:
    world.hire("ANNA")
    now = datetime.now(UTC).replace(tzinfo=None)
    with world.database.writing() as connection:
        for days in (29, 31):
            connection.execute(
                sa.insert(state.log).values(
                    at=now - timedelta(days=days), level="info", kind="sync", message=f"{days}"
                )
            )
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        await until(lambda: "31" not in told(world))
    assert "29" in told(world)


def told(world: World) -> set[str]:
    return {row["message"] for row in world.rows(state.log)}
