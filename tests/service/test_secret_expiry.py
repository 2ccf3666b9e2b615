"""The app's secret ends: said before, by Graph or by the day entered; the next one follows (H3)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.health import situation
from calsync_agent.health.problems import Kind, Problem, problems
from calsync_agent.sandbox.signin.registration import Registration
from calsync_agent.service import heartbeat
from tests.support.service import serving, until
from tests.support.world import SOON, World

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT", timedelta(seconds=0.3))


ASKED = "GET /applications"
NEXT = "Nxt-secret-that-follows"


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def registration(world: World) -> Registration:
    return world.tenant.registration


def present(world: World) -> str:
    return world.sandbox.client_secret


def settings(world: World, more: str = "") -> Settings:
    """The world's settings, with more in the section exchange."""
    path: Path = world.settings().path
    text = path.read_text().replace("[exchange]\n", f"[exchange]\n{more}\n")
    path.write_text(text)
    return reading.read(path)


def with_next(world: World) -> Settings:
    """The next secret beside the present one, and registered."""
    (world.folder / "next.txt").write_text(NEXT)
    world.tenant.add_secret(NEXT, in_days(300))
    return settings(world, 'client_secret_next_file = "next.txt"')


def told(world: World) -> list[Problem]:
    with world.database.reading() as connection:
        listed = problems(situation.whole(connection))
    return [one for one in listed if one.kind is Kind.CREDENTIAL_EXPIRES]


def may_read_itself(world: World) -> None:
    world.tenant.settings.roles = (*world.tenant.settings.roles, "Application.Read.All")


async def test_h3_graph_tells_when_the_secret_ends_where_the_app_may_read_itself(
    world: World,
) -> None:
    may_read_itself(world)
    registration(world).secrets[present(world)] = in_days(10.5)
    world.tenant.add_secret("another secret", in_days(1))
    world.hire("MM")
    async with serving(world, settings(world, 'client_secret_expires = "2099-01-01"')):
        await until(lambda: told(world))
        [problem] = told(world)
    assert "client secret" in str(problem.text)
    assert "10 days" in str(problem.text)
    assert world.tenant.counters.kinds[ASKED] == 1


@pytest.mark.parametrize("written", ['"{}"', "{}"])
async def test_h3_where_it_may_not_the_day_entered_counts_and_nothing_is_asked(
    world: World, written: str
) -> None:
    registration(world).secrets[present(world)] = in_days(300)
    world.hire("MM")
    day = in_days(2.5).date().isoformat()
    more = f"client_secret_expires = {written.format(day)}"
    async with serving(world, settings(world, more)) as service:
        await until(lambda: told(world) and service.in_step("MM"))
        assert day in str(told(world)[0].text)
    assert world.tenant.counters.kinds[ASKED] == 0


async def test_h3_a_registration_that_is_refused_after_all_harms_nothing(world: World) -> None:
    may_read_itself(world)
    world.hire("MM")
    async with serving(world, settings(world, "client_secret_expires = 2099-01-01")) as service:
        await until(lambda: world.tenant.counters.kinds[ASKED])
        world.tenant.settings.roles = ("Calendars.ReadWrite",)
        await until(lambda: service.in_step("MM"))
        assert not service.lines("error")
        assert told(world) == []


@pytest.mark.parametrize("gone", ["has expired", "is removed", "is mistyped"])
async def test_h3_the_next_secret_is_taken_without_a_missed_cycle(world: World, gone: str) -> None:
    world.provider(interval_seconds=1)
    world.hire("MM")
    given = with_next(world)
    if gone == "is mistyped":
        registration(world).secrets = {f"{present(world)}?": None, NEXT: in_days(300)}
    async with serving(world, given) as service:
        await until(lambda: service.in_step("MM"))
        assert gone == "is mistyped" or told(world) == []
        if gone == "has expired":
            registration(world).secrets[present(world)] = in_days(-1)
        elif gone == "is removed":
            del registration(world).secrets[given.credential.value.get_secret_value()]  # type: ignore[union-attr]
        world.tenant.revoke_tokens()
        world.enter("MM", "Termin", SOON)
        await until(lambda: subjects(world) == ["Termin"])
        await until(lambda: told(world))
        assert not service.lines("error")
        standing = service.standing("MM")
        assert standing is not None
        assert standing.failures == 0
        [problem] = told(world)
        assert "the next one" in str(problem.text)


def subjects(world: World) -> list[str]:
    person = world.tenant.user("mm@contoso.example")
    return [event["subject"] for event in person.events()]


async def test_h3_the_next_secret_in_its_place_ends_the_problem(world: World) -> None:
    world.hire("MM")
    given = with_next(world)
    registration(world).secrets[present(world)] = in_days(-1)
    async with serving(world, given) as service:
        await until(lambda: told(world))
        (world.folder / "secret.txt").write_text(NEXT)
        await until(lambda: told(world) == [])
        assert not service.lines("error")


async def test_h3_of_two_secrets_the_later_end_counts(world: World) -> None:
    may_read_itself(world)
    registration(world).secrets[present(world)] = in_days(10)
    world.hire("MM")
    async with serving(world, with_next(world)) as service:
        await until(lambda: world.tenant.counters.kinds[ASKED] and service.in_step("MM"))
        assert told(world) == []


async def test_h3_without_a_next_secret_an_expired_one_is_told_as_it_was(world: World) -> None:
    registration(world).secrets[present(world)] = in_days(-1)
    world.hire("MM")
    async with serving(world, settings(world)) as service:
        await until(lambda: service.lines("has expired"))
        await until(lambda: failing(world))
        assert "has expired" in str(failing(world)[0].mend)


def failing(world: World) -> list[Problem]:
    with world.database.reading() as connection:
        listed = problems(situation.whole(connection))
    return [one for one in listed if one.kind is Kind.PROFILE_FAILING]
