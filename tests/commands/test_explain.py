"""H4: `explain` answers for any appointment or event, also one that was never synced."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables as consolidate
from calsync_agent.database.clock import UtcNow
from calsync_agent.i18n import message
from calsync_agent.installation import uninstall
from calsync_agent.state import tables
from calsync_agent.state.quarantine import NEVER
from tests.commands.conftest import Run, Said
from tests.commands.telling import rewrite, sqlite
from tests.commands.test_status import an_agent
from tests.support.world import SOON, World

KEYS = {"activity_id", "event_id", "profile_id", "state", "rule", "why", "next"}


def asked(run: Run, world: World, what: object) -> tuple[Said, list[dict[str, Any]]]:
    said = run("explain", what, "--json", "--config", world.folder / "agent.toml")
    assert said.out, said.err
    found = json.loads(said.out)
    assert all(one.keys() >= KEYS for one in found)
    assert said.status == (0 if found else 1)
    return said, found


def answer(run: Run, world: World, what: object) -> dict[str, Any]:
    _, found = asked(run, world, what)
    (one,) = found
    assert one["why"]
    assert one["next"]
    return one


def synced(run: Run, world: World) -> None:
    # `once` would wait for what an agent that lives has leased.
    with world.database.writing() as connection:
        connection.execute(sa.delete(tables.agent))
    run("once", "--config", world.folder / "agent.toml")
    an_agent(world)


def write(world: World, table: sa.Table, **values: object) -> None:
    with world.database.writing() as connection:
        now = connection.execute(sa.select(UtcNow())).scalar_one()
        connection.execute(
            sa.insert(table).values({n: now if v == "now" else v for n, v in values.items()})
        )


def put(world: World, table: sa.Table, **values: object) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.update(table).values(values))


def _type_none(world: World, _number: UUID) -> None:
    put(world, consolidate.activity_type, calendar_sync="none")


def _old(world: World, number: UUID) -> None:
    old = SOON - timedelta(days=400)
    world.edit(number, starts_at=old, ends_at=old + timedelta(hours=1))


def _deleted(world: World, number: UUID) -> None:
    world.remove(number)


def _nobodys(world: World, number: UUID) -> None:
    world.hire("OTTO", profile=False)
    world.edit(number, responsible_id=world.employees["OTTO"])


def _inactive(world: World, _number: UUID) -> None:
    put(world, tables.profile, active=False)


def _not_permitted(world: World, _number: UUID) -> None:
    put(world, consolidate.employee, calendarsync_allowed=False)


def _nameless(world: World, _number: UUID) -> None:
    put(world, tables.profile, external_user_id=" ")


def _outbound_off(world: World, _number: UUID) -> None:
    put(world, tables.provider, outbound=False)


def _no_tenant(world: World, _number: UUID) -> None:
    put(world, tables.provider, tenant_id="")


def _unlicensed(world: World, _number: UUID) -> None:
    put(world, consolidate.module, licensed=False)


def _from_outside(world: World, number: UUID) -> None:
    world.edit(number, organizer_email="guest@elsewhere.example", organizer_name="Guest")


def _broken(world: World, number: UUID) -> None:
    world.edit(number, time_zone="Nowhere/Land")


def _held(world: World, number: UUID) -> None:
    waits = {"profile_id": 1, "activity_id": number, "kind": "mail", "subject": "x"}
    write(world, tables.hold, since="now", **waits)


def _refused(world: World, number: UUID) -> None:
    reason = message("Exchange does not want it").to_json()
    item = {"profile_id": 1, "activity_id": number, "reason": reason}
    write(world, tables.quarantine, since="now", next_at=NEVER, **item)


def _never_looked_at(_world: World, _number: UUID) -> None:
    """Nobody has changed anything: it is just new."""


@pytest.mark.parametrize(
    ("plight", "state", "rule", "why"),
    [
        (_never_looked_at, "to be sent", "B4", "first sync"),
        (_type_none, "not sent", "C4", "type"),
        (_old, "not sent", "C1", "window"),
        (_deleted, "deleted", "A3", "deleted"),
        (_nobodys, "not sent", "F1", "profile"),
        (_inactive, "not synced", "C5", "inactive"),
        (_not_permitted, "not synced", "C5", "permitted"),
        (_nameless, "not synced", "B8", "mailbox"),
        (_outbound_off, "waiting", "A2", "outbound"),
        (_no_tenant, "not synced", "B10", "tenant"),
        (_unlicensed, "not synced", "B10", "licensed"),
        (_from_outside, "not sent", "F4", "outside"),
        (_broken, "quarantined", "B8", "Nowhere/Land"),
        (_held, "held", "F8", "mail"),
        (_refused, "quarantined", "B8", "does not want it"),
    ],
)
def test_h4_why_an_appointment_that_was_never_synced_is_not_in_exchange(
    run: Run,
    world: World,
    plight: Callable[[World, UUID], None],
    state: str,
    rule: str,
    why: str,
) -> None:
    number = world.enter("ANNA", "Besprechung", SOON)
    an_agent(world)
    plight(world, number)
    found = answer(run, world, number)
    assert (found["state"], found["activity_id"]) == (state, str(number)), found
    assert found["rule"].startswith(rule + " ")
    assert why in found["why"]
    assert answer(run, world, "besprechung") == found
    shown = run("explain", number, "--lang", "de", "--config", world.folder / "agent.toml")
    labels = {line.split(":")[0].strip() for line in shown.out.splitlines() if ": " in line}
    assert labels & {"warum", "weiter", "Regel", "why", "next", "rule"} == {
        "warum",
        "weiter",
        "Regel",
    }
    assert shown.status == 0
    assert f"({number})" in shown.out


def test_h4_what_is_linked_is_answered_for_by_either_id(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Besprechung", SOON)
    synced(run, world)
    found = answer(run, world, number)
    assert (found["state"], found["profile_id"], found["linked"]) == ("in step", 1, "organizer")
    assert answer(run, world, found["event_id"]) == found
    world.edit(number, subject="Andere Besprechung")
    found = answer(run, world, number)
    assert (found["state"], found["noticed"]) == ("to be sent", True)
    world.remove(number)
    assert answer(run, world, number)["state"] == "to be removed"


def test_h4_each_profile_concerned_has_an_answer_of_its_own(run: Run, world: World) -> None:
    world.hire("BERND")
    world.hire("CLARA", profile=False)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    an_agent(world)
    _, found = asked(run, world, number)
    assert [(one["profile_id"], one["rule"][:2]) for one in found] == [(1, "B4"), (2, "F1")]
    synced(run, world)
    _, found = asked(run, world, number)
    assert [(one["state"], one["linked"]) for one in found] == [
        ("in step", "organizer"),
        ("in step", "copy"),
    ]


def test_h4_a_private_subject_is_never_shown(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Zahnarzt", SOON, private=True)
    for _ in range(2):
        for what in (number, "zahnarzt"):
            said, found = asked(run, world, what)
            assert len(found) == 1
            shown = run("explain", what, "--config", world.folder / "agent.toml")
            assert "Zahnarzt" not in said.out + shown.out
        synced(run, world)
    world.remove(number, row=True)
    synced(run, world)
    said, found = asked(run, world, number)
    assert (found[0]["state"], found[0]["versions"] != []) == ("deleted", True)
    assert "Zahnarzt" not in said.out


def test_h4_a_private_type_says_so(run: Run, world: World) -> None:
    put(world, consolidate.activity_type, calendar_sync="private")
    number = world.enter("ANNA", "Besprechung", SOON)
    synced(run, world)
    found = answer(run, world, number)
    assert (found["state"], found["rule"][:2]) == ("in step", "C4")


def test_h4_an_event_that_cannot_be_synced_is_answered_for(run: Run, world: World) -> None:
    reason = message("its rule is unknown").to_json()
    name = message("{name}", name="Seltsamer Termin").to_json()
    item = {"profile_id": 1, "event_id": "AAMk=", "reason": reason, "name": name}
    write(world, tables.quarantine, since="now", next_at="now", **item)
    an_agent(world)
    for what in ("AAMk=", "seltsamer"):
        found = answer(run, world, what)
        assert (found["event_id"], found["activity_id"]) == ("AAMk=", None)
        assert (found["state"], found["subject"]) == ("quarantined", "Seltsamer Termin")
        assert "its rule is unknown" in found["why"]


@sqlite
def test_h4_an_id_that_begins_like_an_option_is_an_id(run: Run, world: World) -> None:
    event = "-AAMk" + "x_-" * 30 + "="
    item = {"profile_id": 1, "event_id": event, "reason": message("odd").to_json()}
    write(world, tables.quarantine, since="now", next_at="now", **item)
    assert answer(run, world, event)["event_id"] == event


def test_h4_a_copy_that_waits_for_its_organizer_is_answered_for(run: Run, world: World) -> None:
    copy = {"profile_id": 1, "event_id": "AAMkCopy=", "ical_uid": "uid", "organizer_id": 7}
    write(world, tables.waiting, since="now", **copy)
    an_agent(world)
    found = answer(run, world, "AAMkCopy=")
    assert (found["state"], found["rule"][:2]) == ("waiting", "F4")


@pytest.mark.parametrize("what", [uuid4(), "AAMkUnknown=", "Niemals eingetragen", "", "%", "Ärger"])
def test_h4_what_nobody_knows_is_said_to_be_unknown(run: Run, world: World, what: object) -> None:
    world.enter("ANNA", "Besprechung", SOON)
    said, found = asked(run, world, what)
    assert (said.status, found) == (1, [])
    (line,) = said.problems
    assert "nothing is known" in line


@pytest.mark.parametrize("asked_for", ["ärzte", "ÄRZTE", "Ärzte treffen", "TREFFEN ärzte"])
def test_h4_words_are_found_in_any_order_and_case(run: Run, world: World, asked_for: str) -> None:
    number = world.enter("ANNA", "Ärzte treffen sich", SOON)
    assert answer(run, world, asked_for)["activity_id"] == str(number)


@sqlite
def test_h4_nothing_happens_while_no_agent_runs(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Besprechung", SOON)
    assert "until an agent runs" in answer(run, world, number)["next"]
    an_agent(world)
    assert "until an agent runs" not in answer(run, world, number)["next"]


@sqlite
def test_h4_it_asks_the_database_alone(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Besprechung", SOON)
    rewrite(world, "(?m)^(client_secret_file|ca_file|graph_url) = .*$", "")
    before = world.tenant.counters.http
    assert answer(run, world, number)["activity_id"] == str(number)
    assert world.tenant.counters.http == before


def test_h4_a_row_that_somebody_is_at_work_on_is_not_waited_for(run: Run, world: World) -> None:
    if world.database.engine.dialect.name == "sqlite":
        pytest.skip("nobody is kept out of a row that is being read there")
    number = world.enter("ANNA", "Besprechung", SOON)
    an_agent(world)
    with world.database.writing() as connection:
        mine = consolidate.activity.c.id == number
        connection.execute(sa.update(consolidate.activity).where(mine).values(subject="Anders"))
        assert answer(run, world, number)["subject"] == "Besprechung"


def test_h4_where_nothing_is_installed_that_is_said(run: Run, world: World) -> None:
    uninstall(world.database)
    said = run("explain", "Besprechung", "--config", world.folder / "agent.toml")
    assert said.status == 2
    assert "calsync-agent db install" in said.err
