"""The adverse mode: every trouble does what it says, by its seed, and comes to an end."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from calsync_agent.sandbox.adverse.registry import BY_NAME, TROUBLES
from calsync_agent.sandbox.adverse.trouble import Content, Feed, Habit, Wire
from calsync_agent.sandbox.state_file import StateFile
from calsync_agent.sandbox.tenant import Tenant
from tests.sandbox.client import WINDOW, Client, Round, refusal

WIRES = [trouble for trouble in TROUBLES if isinstance(trouble, Wire) and not trouble.timed]
CONTENTS = [trouble for trouble in TROUBLES if isinstance(trouble, Content)]


@pytest.fixture
def tenant(tenant: Tenant) -> Tenant:
    """On a day in the midst of the window."""
    tenant.clock.stop(datetime(2026, 3, 2, 8, tzinfo=UTC))
    return tenant


def names(troubles: list[Any]) -> list[str]:
    return [trouble.name for trouble in troubles]


def adverse(graph: Client, *kinds: str, rate: float | None = 1, seed: int = 1) -> None:
    graph.tenant.be_adverse(seed, kinds, rate=rate)


def came(graph: Client) -> dict[str, int]:
    found: Any = graph.tenant.adversity.as_json()["came"]
    return dict(found)


class Day:
    """What a client does in a day: Anna's calendar is read, Bernd's written."""

    def __init__(self, graph: Client) -> None:
        self.link = graph.round().link
        self.read, self.write = graph, graph.of("bernd.huber")
        self.id = self.write.create("Termin")["id"]

    def answers(self) -> list[Any]:
        """All answers, as far as they tell anything."""
        return [
            _told(ask)
            for ask in 12
            * [
                lambda: self.read.get(self.link),
                lambda: self.read.get("/events"),
                lambda: self.write.post_event("Termin"),
                lambda: self.write.patch(self.id, {"importance": "high"}),
            ]
        ]


def _told(ask: Callable[[], httpx.Response]) -> object:
    try:
        answer = ask()
    except (httpx.TransportError, httpx.DecodingError) as error:
        return type(error).__name__
    return answer.status_code, answer.headers.get("retry-after")


def test_every_trouble_has_a_name_of_its_own_and_a_fact() -> None:
    assert len(BY_NAME) == len(TROUBLES)
    assert all(trouble.fact and trouble.most for trouble in TROUBLES)


def test_the_same_seed_brings_the_same_troubles_and_another_brings_others() -> None:
    def seen(seed: int) -> list[tuple[str | None, str]]:
        tenant = Tenant().with_default_people()
        tenant.be_adverse(seed)
        return [
            (item.content.subject, item.uid)
            for person in tenant.people()
            for item in person.mailbox.items.values()
        ]

    assert seen(7) == seen(7) != seen(8)


@pytest.mark.parametrize("name", names(WIRES))
def test_a_trouble_on_the_wire_comes_and_ends(graph: Client, name: str) -> None:
    day = Day(graph)
    adverse(graph, name, rate=0.5)
    first = day.answers()
    assert 1 <= came(graph)[name] <= BY_NAME[name].most * 2
    assert first[-4:] == [(200, None), (200, None), (201, None), (200, None)]
    adverse(graph, name, rate=0.5)
    assert day.answers() == first
    graph.tenant.be_well()
    assert {answer[0] for answer in day.answers()} == {200, 201}


@pytest.mark.parametrize("name", names(CONTENTS))
def test_odd_events_stand_in_every_mailbox_and_are_shown(graph: Client, name: str) -> None:
    adverse(graph, name)
    assert came(graph) == {name: 3}
    graph.tenant.be_well()
    shown = graph.round().items
    assert shown
    for item in shown:
        if item["type"] != "occurrence":
            graph.event(item["id"])


WEEKLY = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"}
FOUR = {"type": "numbered", "numberOfOccurrences": 4, "startDate": "2026-03-02"}
MANY = {"pattern": WEEKLY, "range": FOUR}


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items if item]


SHOWN: dict[str, Callable[[Round, list[str]], bool]] = {
    "null item": lambda told, _: None in told.items,
    "hollow item": lambda told, _: any(item["type"] is None for item in whole(told)),
    "unknown tombstone": lambda told, known: bool(set(told.gone) - set(known)),
    "tombstone before": lambda told, known: bool(set(told.gone) & set(known)),
    "tombstone after": lambda told, known: bool(set(told.gone) & set(known)),
    "item twice": lambda told, _: len(ids(told.items)) > len(set(ids(told.items))),
    "stale before fresh": lambda told, _: of_single(told) == ["alt", "neu"],
    "fresh before stale": lambda told, _: of_single(told) == ["neu", "alt"],
    "replay": lambda told, _: "unberührt" in subjects(told),
    "no order": lambda told, _: bool(told.items),
    "occurrences without master": lambda told, _: "seriesMaster" not in told.kinds,
    "occurrence of no series": lambda told, _: any(
        item["type"] == "occurrence" and item["seriesMasterId"] is None for item in whole(told)
    ),
    "occurrence full of nulls": lambda told, _: any(
        item["type"] == "occurrence" and "subject" in item for item in whole(told)
    ),
    "link to itself": lambda told, _: told.pages[0] == [],
    "page again": lambda told, _: told.pages[0] == told.pages[1] != [],
    "not yet": lambda told, _: told.items == [],
}


def whole(told: Round) -> list[Any]:
    return [item for item in told.items if item and "@removed" not in item]


def of_single(told: Round) -> list[str]:
    return [subject for subject in subjects(told) if subject in {"alt", "neu"}]


def subjects(told: Round) -> list[str]:
    return [item["subject"] for item in whole(told) if item.get("subject")]


@pytest.mark.parametrize("name", [each.name for each in TROUBLES if isinstance(each, Feed)])
def test_a_trouble_of_the_feed_shows_itself_and_ends(graph: Client, name: str) -> None:
    graph.create("unberührt")
    single, series = graph.create("alt"), graph.create("Serie", recurrence=MANY)
    graph.tenant.be_adverse(1, [name], rate=0)
    link = graph.round().link  # from here on it is known how things were shown
    graph.tenant.adversity.rate = 1
    graph.tenant.clock.advance(1)
    graph.patch(series["id"], {"importance": "high"})
    graph.patch(single["id"], {"subject": "neu"})
    known = ids(graph.get("/events").json()["value"])
    occurrences = graph.get(f"/events/{series['id']}/instances?{WINDOW}").json()["value"]
    told = graph.round(link)
    assert SHOWN[name](told, known + ids(occurrences))
    for _ in range(BY_NAME[name].most):
        link = graph.round(link).link
    graph.tenant.be_well()
    assert "neu" in subjects(graph.round(told.link)) + subjects(told)
    assert graph.round(link).items == []


@pytest.mark.parametrize("name", [each.name for each in TROUBLES if isinstance(each, Habit)])
def test_a_habit_lasts_as_long_as_the_mode(graph: Client, name: str) -> None:
    before = graph.tenant.settings.model_dump()
    adverse(graph, name)
    assert graph.tenant.settings.model_dump() != before
    graph.tenant.be_well()
    assert graph.tenant.settings.model_dump() == before


def test_b3_all_ids_change_when_the_mailbox_moves_and_one_when_an_event_is_brought_back(
    graph: Client,
) -> None:
    made = [graph.create(word)["id"] for word in ("eins", "zwei")]
    link = graph.round().link
    adverse(graph, "brought back")
    gone = graph.round(link).gone
    assert len(gone) == 1
    assert gone[0] in made
    adverse(graph, "mailbox moved")
    assert refusal(graph.get(link))[0] == 410
    assert not set(ids(graph.round().items)) & set(made)
    assert sorted(subjects(graph.round())) == ["eins", "zwei"]


def test_what_somebody_writes_is_not_odd_any_more(graph: Client) -> None:
    adverse(graph, "no words")
    (shown,) = graph.get("/events").json()["value"]
    assert [shown["subject"], shown["location"]] == [None, None]
    patched = graph.patch(shown["id"], {"subject": "Wort"}).json()
    assert [patched["subject"], patched["location"]] == ["Wort", None]


def test_the_mode_is_switched_over_http(graph: Client) -> None:
    def control(method: str, path: str, json: object = None) -> httpx.Response:
        return graph.http.request(method, f"{graph.server.control_url}/{path}", json=json)

    sent = {"seed": 7, "kinds": ["null item"], "rate": 0.5}
    on = control("POST", "adverse", sent).json()
    assert {name: on[name] for name in sent} == sent
    assert control("PATCH", "settings", {"adverse": None}).status_code == 200
    assert control("GET", "adverse").json()["seed"] is None
    control("PATCH", "settings", {"adverse": sent})
    shown = control("GET", "adverse").json()
    assert shown["seed"] == 7
    assert {each["name"] for each in shown["troubles"]} == set(BY_NAME)
    assert control("DELETE", "adverse").json()["kinds"] == []
    for wrong in ({"seed": 7, "kinds": ["bad weather"]}, {"kinds": []}, {"seed": 1, "rate": 2}):
        assert control("POST", "adverse", wrong).status_code == 400


def test_odd_events_outlive_the_program_in_the_state_file(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state.json")
    state.tenant.with_default_people().be_adverse(1, names(CONTENTS), rate=1)
    state.keep()
    again = StateFile(state.path).tenant
    assert again.world.stored.mailboxes == state.tenant.world.stored.mailboxes
