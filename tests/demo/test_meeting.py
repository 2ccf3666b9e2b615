"""The demo's meeting of three: its answers, and the outbox."""

import re
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.demo.meeting import SUBJECT
from calsync_agent.demo.stage import Stage, Synced, Watch
from calsync_agent.demo.story import CLARA
from calsync_agent.plan.job import Count
from tests.demo.conftest import Show, Shown

BY_THE_SYNC = "carried over from Consolidate"


def test_the_answers_are_the_same_on_both_sides(usual: Shown) -> None:
    assert "1 appointment in Consolidate, 3 events in Exchange" in usual.text
    assert re.search(r"^  Anna Berger +accepted +accepted$", usual.text, re.MULTILINE)
    assert re.search(r"^  Clara Novak +tentative +tentative$", usual.text, re.MULTILINE)


def test_the_outbox_tells_each_mail_and_its_cause(usual: Shown) -> None:
    mails = re.findall(r"(invitation|response) +from (\w+) to (\w+)  \((.*)\)", usual.text)
    assert mails == [
        ("invitation", "Bernd", "Anna", BY_THE_SYNC),
        ("invitation", "Bernd", "Clara", BY_THE_SYNC),
        ("response", "Anna", "Bernd", "done in Outlook"),
        ("response", "Clara", "Bernd", BY_THE_SYNC),
    ]
    assert "mails: 4; 3 of them because of the sync, as it had counted before" in usual.text


def lose_her_answer(stage: Stage, _synced: Synced) -> None:
    table = tables.activity_participant
    with stage.database.writing() as connection:
        connection.execute(sa.update(table).values(response="none"))


def lose_her_copy(stage: Stage, _synced: Synced) -> None:
    clara = stage.tenant.user(CLARA.mailbox)
    for event in clara.find(SUBJECT):
        clara.delete(event)


def count_wrongly(_stage: Stage, synced: Synced) -> None:
    for counts in synced.counts.values():
        counts[Count.MAILS_INSIDE] += 1


@pytest.mark.parametrize(
    ("nth", "sabotage", "said"),
    [
        (4, lose_her_answer, "Clara Novak    not answered"),
        (3, lose_her_copy, "2 events in Exchange"),
        (3, count_wrongly, "though it had counted 6"),
    ],
)
def test_it_does_not_end_well_when_the_meeting_is_not_as_it_must_be(
    nth: int,
    sabotage: Callable[[Stage, Synced], None],
    said: str,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sync: Callable[..., Awaitable[Synced]] = Stage.sync
    times = 0

    async def sabotaged(self: Stage, watch: Watch | None = None) -> Synced:
        nonlocal times
        times += 1
        synced = await sync(self, watch)
        if times == nth:
            sabotage(self, synced)
        return synced

    monkeypatch.setattr(Stage, "sync", sabotaged)
    shown = show()
    assert said in shown.text
    assert not shown.right
