"""`check`: each step is told, with where it is put right; nothing is changed."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.commands.conftest import Run
from tests.commands.telling import ENGLISH, FOREIGN, an_agent, rewrite, sqlite
from tests.service.test_refusals import CASES, do
from tests.support.service import watching
from tests.support.world import World

STEPS = (
    "settings database tables installation consolidate provider profiles sign_in credential"
    " mailbox users"
).split()


@pytest.fixture(autouse=True)
def _an_agent(request: pytest.FixtureRequest) -> None:
    """One lives, where there is a company."""
    if "world" in request.fixturenames:
        an_agent(request.getfixturevalue("world"))


def look(run: Run, world: World, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and what was found."""
    said = run("check", "--json", *words, "--config", world.folder / "agent.toml")
    failing = [step for step in json.loads(said.out)["steps"] if not step["ok"]]
    assert len(said.problems) == sum(len(step["message"].splitlines()) for step in failing)
    return said.status, json.loads(said.out)


def step(found: dict[str, Any], name: str) -> dict[str, Any]:
    """The step of that name."""
    (one,) = (each for each in found["steps"] if each["name"] == name)
    return dict(one)


@sqlite
def test_a_sound_company_passes_every_step_and_nothing_is_changed(run: Run, world: World) -> None:
    with watching() as statements:
        status, found = look(run, world)
    assert status == 0
    assert [each["name"] for each in found["steps"]] == STEPS
    assert all(each["ok"] for each in found["steps"])
    assert found["users"] == {"allowed": True, "found": []}
    assert found["consent_url"] == (
        f"{world.sandbox.authority}/{world.sandbox.tenant_id}"
        f"/adminconsent?client_id={world.sandbox.client_id}"
    )
    assert not [text for text in statements.writes if not text.startswith("PRAGMA")]


@sqlite
def test_as_text_each_step_is_a_line_in_the_language_asked_for(run: Run, world: World) -> None:
    path = world.folder / "agent.toml"
    english = run("check", "--config", path, "--lang", "en")
    german = run("check", "--config", path, "--lang", "de")
    assert (english.status, german.status) == (0, 0)
    assert [line[0] for line in english.out.splitlines()] == ["✓"] * len(STEPS)
    for line in german.out.splitlines():
        assert not ENGLISH.search(FOREIGN.sub("", line)), line


@sqlite
def test_settings_that_are_wrong_end_it_with_all_their_problems(run: Run, world: World) -> None:
    rewrite(world, r"\[exchange\]", '[exchange]\nproxi = "x"\nca_fil = "y"')
    status, found = look(run, world)
    assert status == 2
    (only,) = found["steps"]
    assert only["name"] == "settings"
    assert "proxi" in only["message"]
    assert "ca_fil" in only["message"]
    assert found["consent_url"] == ""


@sqlite
def test_a_database_that_is_not_there_ends_it(run: Run, world: World) -> None:
    rewrite(world, r'(?m)^url = ".*"', 'url = "sqlite:////no/such/folder/x.db"')
    status, found = look(run, world)
    assert status == 2
    assert [each["name"] for each in found["steps"]] == ["settings", "database"]
    assert "/no/such/folder" in step(found, "database")["message"].replace("\\", "/")


@sqlite
@pytest.mark.parametrize("name", CASES)
def test_b10_every_refusal_of_the_database_is_a_step_that_fails(
    run: Run, world: World, name: str
) -> None:
    do(world, CASES[name].spoil)
    status, found = look(run, world)
    assert status == 2
    failing = [each["message"] for each in found["steps"] if not each["ok"]]
    assert any(re.search(CASES[name].said, text) for text in failing), failing


@sqlite
def test_b10_without_a_licence_the_tenant_is_looked_at_nevertheless(run: Run, world: World) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.module).values(licensed=False))
    status, found = look(run, world)
    assert status == 2
    assert not step(found, "consolidate")["ok"]
    assert step(found, "mailbox")["ok"]


@sqlite
def test_a_refused_sign_in_names_microsofts_code_and_the_page(run: Run, world: World) -> None:
    world.tenant.settings.sign_in_refusal = 7000222
    status, found = look(run, world)
    assert status == 2
    refused = step(found, "sign_in")
    assert "AADSTS7000222" in refused["message"]
    assert refused["mend"].startswith("https://portal.azure.com/#view/")
    assert refused["mend"].endswith(f"/Credentials/appId/{world.sandbox.client_id}")
    assert found["steps"][-1] == refused


@sqlite
def test_an_authority_that_is_not_there_is_not_mended_in_the_portal(run: Run, world: World) -> None:
    rewrite(world, "authority = .*", 'authority = "https://127.0.0.1:1"')
    status, found = look(run, world)
    assert status == 1
    last = found["steps"][-1]
    assert (last["name"], last["ok"], "mend" in last) == ("sign_in", False, False)
    assert "check exchange.authority" in last["message"]


@sqlite
def test_graph_that_is_not_there_is_no_refusal(run: Run, world: World) -> None:
    rewrite(world, "graph_url = .*", 'graph_url = "https://127.0.0.1:1"')
    status, found = look(run, world)
    assert status == 1
    assert step(found, "sign_in")["ok"]
    assert "check exchange.graph_url" in step(found, "mailbox")["message"]


@sqlite
@pytest.mark.parametrize(
    ("spoil", "said", "page"),
    [
        (lambda world: world.tenant.set_open("anna", open_=False), "does not let the app in", True),
        (lambda world: world.tenant.set_licensed("anna", licensed=False), "has no mailbox", False),
        (lambda world: world.tenant.remove("anna"), "no such user", False),
    ],
    ids=["closed", "without a licence", "gone"],
)
def test_one_closed_mailbox_is_told_and_the_others_are_looked_at(
    run: Run, world: World, spoil: Callable[[World], None], said: str, page: bool
) -> None:
    world.hire("BERND")
    spoil(world)
    status, found = look(run, world)
    assert status == 1
    anna, bernd = (each for each in found["steps"] if each["name"] == "mailbox")
    assert not anna["ok"]
    assert said in anna["message"]
    assert "profile 1 (" in anna["message"]
    assert anna.get("mend", "").endswith(f"/CallAnAPI/appId/{world.sandbox.client_id}") is page
    assert bernd["ok"]


@sqlite
def test_c5_only_profiles_that_would_be_synced_are_looked_at(run: Run, world: World) -> None:
    world.hire("BERND")
    world.hire("CLARA")
    with world.database.writing() as connection:
        bernd = tables.employee.c.code == "BERND"
        connection.execute(sa.update(tables.employee).where(bernd).values(active=False))
        clara = state.profile.c.employee_id == world.employees["CLARA"]
        connection.execute(sa.update(state.profile).where(clara).values(external_user_id=" "))
    status, found = look(run, world)
    assert status == 1
    texts = [each["message"] for each in found["steps"] if each["name"] == "mailbox"]
    assert ["profile 1" in texts[0], "names no mailbox" in texts[1]] == [True, True]
    assert len(texts) == 2


@sqlite
def test_an_app_without_the_permission_is_told_where_to_consent(run: Run, world: World) -> None:
    world.tenant.settings.roles = ("User.Read.All",)
    status, found = look(run, world)
    assert status == 1
    signed_in = step(found, "sign_in")
    assert signed_in["ok"]  # RBAC for Applications may let it in, which no token tells
    assert "Calendars.ReadWrite" in signed_in["message"]
    assert signed_in["mend"] == found["consent_url"]
    assert not step(found, "mailbox")["ok"]


@sqlite
def test_that_the_app_may_not_look_users_up_stops_nothing(run: Run, world: World) -> None:
    world.tenant.settings.roles = ("Calendars.ReadWrite",)
    status, found = look(run, world)
    assert status == 0
    assert found["users"] == {"allowed": False, "found": []}
    assert "User.Read.All" in step(found, "users")["message"]
    status, found = look(run, world, "--find-user", "anna@contoso.example")
    assert status == 1
    assert not step(found, "users")["ok"]


@sqlite
def test_a_user_is_found_by_address_principal_name_and_object_id(run: Run, world: World) -> None:
    person = world.tenant.add_mailbox("o'neil", "Shaun O'Neil")
    for wanted in (person.upn, person.upn.upper(), person.id):
        status, found = look(run, world, "--find-user", wanted)
        assert status == 0
        assert found["users"] == {
            "allowed": True,
            "found": [{"id": person.id, "name": "Shaun O'Neil", "address": person.upn}],
        }
    status, found = look(run, world, "--find-user", "nobody@contoso.example")
    assert status == 1
    assert found["users"] == {"allowed": True, "found": []}
    assert "nobody@contoso.example" in step(found, "users")["message"]


@sqlite
def test_h1_an_agent_that_does_not_live_and_a_held_profile_are_told(run: Run, world: World) -> None:
    with world.database.writing() as connection:
        long_ago = datetime(2026, 1, 1)
        connection.execute(sa.update(state.agent).values(seen_at=long_ago))
        held = {"profile_id": 1, "activity_id": uuid4(), "kind": "delete here", "subject": "x"}
        connection.execute(sa.insert(state.hold).values(since=long_ago, **held))
    said = run("check", "--json", "--config", world.folder / "agent.toml")
    warned = [each for each in json.loads(said.out)["steps"] if each.get("warning")]
    assert (said.status, [each["name"] for each in warned]) == (0, ["agents", "profiles"])
    assert "silent" in said.err
    assert "held" in said.err


@sqlite
@pytest.mark.parametrize("right", [True, False])
def test_a_sign_in_is_tried_for_a_tenant_that_is_not_set_yet(
    run: Run, world: World, right: bool
) -> None:
    with world.database.writing() as connection:
        connection.execute(sa.delete(state.profile))
        connection.execute(sa.delete(state.provider))
    tenant = world.sandbox.tenant_id if right else "nobody.example"
    status, found = look(run, world, "--sign-in", tenant)
    assert [each["name"] for each in found["steps"]] == ["settings", "sign_in"]
    assert step(found, "sign_in")["ok"] is right
    assert (status == 0) is right
