"""What an online meeting puts into a text stays whole, and everybody's own words travel (D7)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.domain.activity import Stamp
from calsync_agent.plan.job import Count
from calsync_agent.restoring import restore
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.invitations import LINE, PASTED, PASTED_HTML, TEAMS
from tests.support.rig import SOON, Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

HOUR: Final = timedelta(hours=1)
NUMBER: Final = UUID(int=1)
WEEKLY: Final = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "numberOfOccurrences": 6},
}


def settled(rig: Rig) -> None:
    """Agents run until nothing is left to do; one more run writes nothing on either side (A5)."""
    asyncio.run(rig.until_quiet())
    before = rig.world.rows(tables.activity), rig.tenant.counters.writes
    asyncio.run(rig.until_quiet())
    assert (rig.world.rows(tables.activity), rig.tenant.counters.writes) == before


def html(content: str) -> dict[str, str]:
    return {"contentType": "html", "content": content}


def plain(content: str) -> dict[str, str]:
    return {"contentType": "text", "content": content}


def words(text: str | None) -> list[str]:
    """The lines that hold something, blanks folded."""
    return [" ".join(line.split()) for line in (text or "").splitlines() if line.strip()]


def row(rig: Rig) -> dict[str, Any]:
    (found,) = rig.world.activities()
    return found


def shown(person: Person, event_id: str) -> list[str]:
    """The lines of an event's text."""
    return words(person.item(event_id).content.body.text)


def quarantined(rig: Rig) -> list[str]:
    return [str(each["reason"]) for each in rig.world.rows(state.quarantine)]


# -- no online meeting: nothing is ever cut --------------------------------------------------------


@pytest.mark.parametrize("invitation", PASTED.values(), ids=PASTED)
def test_d7_an_invitation_pasted_in_outlook_is_carried_whole_and_edited_whole(
    rig: Rig, invitation: str
) -> None:
    anna = rig.world.hire("ANNA")
    text = f"Bitte alle kommen\n{invitation}\nMeine Notizen danach"
    event = anna.create("Treffen", SOON, SOON + HOUR, body=plain(text))
    settled(rig)
    assert words(row(rig)["body"]) == words(text)
    longer = str(row(rig)["body"]).replace("kommen", "pünktlich kommen")
    rig.world.edit(row(rig)["id"], body=longer)
    settled(rig)
    assert shown(anna, event) == words(longer)
    assert words(row(rig)["body"]) == words(longer)


@pytest.mark.parametrize("invitation", PASTED.values(), ids=PASTED)
def test_d7_an_invitation_pasted_in_consolidate_is_carried_whole_and_edited_whole(
    rig: Rig, invitation: str
) -> None:
    anna = rig.world.hire("ANNA")
    text = f"Bitte alle kommen\n{invitation}\nMeine Notizen danach"
    rig.world.enter("ANNA", "Treffen", SOON, id=NUMBER, body=text)
    settled(rig)
    (event,) = anna.events()
    assert shown(anna, event["id"]) == words(text)
    longer = text.replace("kommen", "pünktlich kommen")
    anna.change(event["id"], body=plain(longer))
    settled(rig)
    assert words(row(rig)["body"]) == words(longer)


def test_d7_an_invitation_pasted_as_html_keeps_its_link_and_the_notes(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    anna.create("Treffen", SOON, SOON + HOUR, body=html(PASTED_HTML))
    settled(rig)
    kept = words(row(rig)["body"])
    assert (kept[0], kept[-1]) == ("Agenda", "Meine Notizen")
    assert any(TEAMS in line for line in kept)


def test_d7_history_holds_a_pasted_invitation_whole_and_restores_it(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    text = f"Worte\n{PASTED['teams']}\nMeine Notizen danach"
    event = anna.create("Treffen", SOON, SOON + HOUR, body=plain(text))
    settled(rig)
    rig.world.edit(row(rig)["id"], body="nur noch das")
    settled(rig)
    assert shown(anna, event) == ["nur noch das"]
    (version,) = rig.world.rows(state.history)
    with rig.people.writing() as connection:
        restore(connection, version["id"], Stamp(rig.now, rig.now))
    settled(rig)
    assert shown(anna, event) == words(text)
    assert words(row(rig)["body"]) == words(text)


# -- an online meeting: what is generated stays, what people wrote travels ------------------------


def online(person: Person, above: str, below: str = "", **more: Any) -> str:
    """An online meeting with people's own HTML above and below what Teams adds."""
    event = person.create(
        "Treffen", SOON, SOON + HOUR, body=html(above), isOnlineMeeting=True, **more
    )
    if below:
        document = person.item(event).content.body.html
        person.change(event, body=html(document.replace("</body>", f"{below}</body>")))
    return event


def is_whole(person: Person, event_id: str) -> bool:
    """Whether the event is an online meeting still, with its link in the text."""
    shown_now = person.event(event_id)
    link = shown_now["onlineMeeting"] and shown_now["onlineMeeting"]["joinUrl"]
    return bool(shown_now["isOnlineMeeting"] and link in shown_now["body"]["content"])


@pytest.mark.parametrize("below", ["", "<p>Danach</p>", f"<p>Danach</p><p>{LINE}</p><p>Ende</p>"])
@pytest.mark.parametrize("above", ["", "<p>Agenda</p>", f"<p>Eins</p><p>{'_' * 30}</p><p>Zwei</p>"])
def test_d7_words_above_and_below_the_block_come_in_and_go_back(
    rig: Rig, above: str, below: str
) -> None:
    anna = rig.world.hire("ANNA")
    event = online(anna, above, below)
    before = shown(anna, event)
    settled(rig)
    own = words(row(rig)["body"])
    begin = before.index(LINE)
    end = len(before) - 1 - len(below.split("</p>")[:-1])
    assert own == before[:begin] + before[end + 1 :]
    changed = "\n".join(["Neu", *own])
    rig.world.edit(row(rig)["id"], body=changed)
    settled(rig)
    after = shown(anna, event)
    assert is_whole(anna, event)
    assert after == ["Neu", *before]
    assert words(row(rig)["body"]) == words(changed)
    assert not quarantined(rig)


@pytest.mark.parametrize(
    "change",
    [
        lambda _text: "",
        lambda text: text.replace("Danach", "Hinterher"),
        lambda text: text.replace("Agenda", "Tagesordnung").replace("Danach", "Hinterher"),
        lambda text: f"{text}\nganz am Ende",
        lambda text: f"{'_' * 80}\n{text}",
        lambda _text: "etwas <ganz> anderes & mehr 🎉",
    ],
    ids=["removed", "below", "both", "added", "rule", "other"],
)
def test_d7_whatever_is_changed_around_the_block_arrives_and_the_block_stays(
    rig: Rig, change: Callable[[str], str]
) -> None:
    anna = rig.world.hire("ANNA")
    event = online(anna, "<p>Agenda</p>", "<p>Danach</p>")
    settled(rig)
    wanted = change(row(rig)["body"])
    rig.world.edit(row(rig)["id"], body=wanted)
    settled(rig)
    assert is_whole(anna, event)
    assert words(row(rig)["body"]) == words(wanted)
    assert not quarantined(rig)
    assert [line for line in words(wanted) if line not in shown(anna, event)] == []


def test_d7_a_block_copied_into_consolidate_changes_nothing_until_words_change(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    event = online(anna, "<p>Agenda</p>")
    settled(rig)
    copied = "\n".join(shown(anna, event))
    writes = rig.tenant.counters.writes
    rig.world.edit(row(rig)["id"], body=copied)
    settled(rig)
    assert rig.tenant.counters.writes == writes
    rig.world.edit(row(rig)["id"], body=copied.replace("Agenda", "Tagesordnung"))
    settled(rig)
    assert is_whole(anna, event)
    assert shown(anna, event) == words(copied.replace("Agenda", "Tagesordnung"))


@pytest.mark.parametrize("shape", ["classes", "link", "nothing"])
@pytest.mark.parametrize("edit", ["word", "all"])
def test_d7_where_the_block_is_not_between_rules_it_stays_or_the_item_says_so(
    rig: Rig, shape: str, edit: str
) -> None:
    anna = rig.world.hire("ANNA")
    rig.tenant.settings.join_block = shape
    below = "" if shape == "nothing" else "<p>Danach</p>"
    event = online(anna, "<p>Agenda</p>", below)
    settled(rig)
    before = anna.item(event).content.body
    assert words(row(rig)["body"]) == words(before.text)  # not certain: whole
    text = str(row(rig)["body"]).replace("Agenda", "Tagesordnung") if edit == "word" else "Neues"
    rig.world.edit(row(rig)["id"], body=text, subject="Neuer Betreff")
    settled(rig)
    now = anna.event(event)
    assert (now["isOnlineMeeting"], now["subject"]) == (True, "Neuer Betreff")
    assert words(row(rig)["body"]) == words(text)
    if shape == "classes" and edit == "word":
        assert is_whole(anna, event)
        assert shown(anna, event) == words(text)
        assert not quarantined(rig)
        return
    assert anna.item(event).content.body == before
    (reason,) = quarantined(rig)
    assert "online meeting" in reason
    anna.change(event, location={"displayName": "Saal"})
    settled(rig)
    assert (row(rig)["location"], row(rig)["subject"]) == ("Saal", "Neuer Betreff")
    assert anna.item(event).content.body == before
    rig.world.edit(row(rig)["id"], body=before.text)
    settled(rig)
    assert not quarantined(rig)


def test_f8_the_same_online_meeting_on_both_sides_is_linked_and_nobody_is_mailed(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    event = online(anna, "<p>Agenda</p>", "<p>Danach</p>", attendees=["kunde@kunde.example"])
    content = anna.item(event).content
    held = {"body": content.body.text, "reminder_minutes": 15}
    rig.world.enter("ANNA", "Treffen", SOON, id=NUMBER, **held)
    rig.tenant.clear_outbox()
    rig.tenant.reset_counters()
    settled(rig)
    assert rig.tenant.counters.writes == 0
    assert not rig.tenant.outbox
    assert [each["id"] for each in rig.world.activities()] == [NUMBER]
    assert words(row(rig)["body"]) == words(content.body.text)
    assert anna.item(event).content.body == content.body


def test_d7_a_meeting_that_is_online_no_more_is_cut_no_more(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    event = online(anna, "<p>Agenda</p>", "<p>Danach</p>")
    settled(rig)
    item = anna.item(event)
    item.content = replace(item.content, online=None)
    anna.change(event, importance="high")
    settled(rig)
    assert words(row(rig)["body"]) == shown(anna, event)
    assert row(rig)["online_meeting_url"] is None
    rig.world.edit(row(rig)["id"], body="nur Worte")
    settled(rig)
    assert shown(anna, event) == ["nur Worte"]


def test_d7_the_days_of_an_online_series_keep_their_block_too(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    series = online(anna, "<p>Agenda</p>", recurrence=WEEKLY)
    day = anna.occurrence(series, (SOON + timedelta(weeks=1)).date())
    block = anna.item(series).content.body.html
    anna.change(day, body=html(block.replace("Agenda", "Feier").replace("</body>", "Ende</body>")))
    settled(rig)
    assert words(row(rig)["body"]) == ["Agenda"]
    (exception,) = rig.world.rows(tables.activity_exception)
    assert words(exception["body"]) == ["Feier", "Ende"]
    with rig.people.writing() as connection:
        new = sa.update(tables.activity_exception).values(body="Großes Fest\nEnde")
        connection.execute(new)
        touched = sa.update(tables.activity).values(modified_at=rig.now)
        connection.execute(touched)
    settled(rig)
    assert is_whole(anna, day)
    after = words(anna.event(day)["body"]["content"])
    assert any("Großes Fest" in line for line in after)
    rig.world.edit(row(rig)["id"], body="Tagesordnung")
    settled(rig)
    assert is_whole(anna, series)
    assert is_whole(anna, day)
    assert not quarantined(rig)


def test_d7_words_come_to_an_online_meeting_that_had_none(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    event = anna.create("Treffen", SOON, SOON + HOUR, isOnlineMeeting=True)
    settled(rig)
    assert not row(rig)["body"]
    rig.world.edit(row(rig)["id"], body="Agenda")
    settled(rig)
    assert is_whole(anna, event)
    assert shown(anna, event)[0] == "Agenda"
    assert row(rig)["body"] == "Agenda"


def test_b6_a_kept_text_of_an_online_meeting_is_restored_around_its_block(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    event = online(anna, "<p>Agenda</p>", "<p>Danach</p>")
    settled(rig)
    before = shown(anna, event)
    rig.world.edit(row(rig)["id"], body="Neues")
    settled(rig)
    (version,) = rig.world.rows(state.history)
    with rig.people.writing() as connection:
        restore(connection, version["id"], Stamp(rig.now, rig.now))
    settled(rig)
    assert is_whole(anna, event)
    assert words(row(rig)["body"]) == ["Agenda", "Danach"]
    assert sorted(shown(anna, event)) == sorted(before)


@pytest.mark.parametrize("subject", ["Treffen", "Neuer Betreff"])
def test_f8_a_text_that_is_left_alone_counts_no_mail(rig: Rig, subject: str) -> None:
    anna = rig.world.hire("ANNA")
    rig.tenant.settings.join_block = "link"
    online(anna, "<p>Agenda</p>", attendees=["kunde@kunde.example"])
    settled(rig)
    rig.tenant.clear_outbox()
    rig.world.edit(row(rig)["id"], body="Neues", subject=subject, reminder_minutes=5)
    counted = asyncio.run(mails_of_a_life(rig))
    assert counted == len(rig.tenant.outbox) == (subject != "Treffen")
    assert quarantined(rig)


async def mails_of_a_life(rig: Rig) -> int:
    """The mails that an agent has counted until nothing was left to do."""
    agent = rig.agent()
    for _ in range(6):
        await agent.round()
        rig.wait(seconds=5)
    told = [one.counts for one in agent.rounds.standings.values()]
    await agent.stop()
    return sum(each[Count.MAILS_INSIDE] + each[Count.MAILS_OUTSIDE] for each in told)
