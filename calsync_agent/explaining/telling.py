"""What `explain` tells: as lines for people, as JSON for programs (contract 1)."""

from collections.abc import Iterator

from calsync_agent.explaining import rulebook
from calsync_agent.explaining.case import Answer, Case
from calsync_agent.health.telling import moment
from calsync_agent.i18n import _, message


def as_json(case: Case, answer: Answer) -> dict[str, object]:
    """One object; times are UTC."""
    link, aside, held, profile = case.link, case.quarantined, case.held, case.profile
    return {
        "activity_id": None if case.activity_id is None else str(case.activity_id),
        "event_id": case.event_id,
        "profile_id": None if profile is None else profile.row.id,
        "profile": None if profile is None else profile.employee.code,
        "subject": None if case.subject is None else str(case.subject),
        "state": answer.state.value,
        "rule": rulebook.quote(answer.rules),
        "why": str(answer.why),
        "next": str(answer.next),
        "linked": None if link is None else link.role.value,
        "quarantined": None
        if aside is None
        else {
            "reason": str(aside.reason),
            "attempts": aside.attempts,
            "since": moment(aside.since),
        },
        "held": None
        if held is None
        else {
            "kind": held.kind.value,
            "since": moment(held.since),
            "verdict": held.verdict and held.verdict.value,
        },
        "waiting_since": None if case.waiting is None else moment(case.waiting.since),
        "noticed": case.touched,
        "versions": [
            {"id": one.id, "at": moment(one.at), "side": one.side.value, "rule": one.rule}
            for one in case.versions
        ],
        "log": [{"at": moment(one.at), "text": str(one.text)} for one in case.log],
    }


def lines(case: Case, answer: Answer) -> Iterator[str]:
    """What it is, then where it stands and why, then what else is known."""
    name = case.subject if case.subject is not None else message("without subject")
    yield f"{name} ({case.activity_id or case.event_id})"
    who = _("no profile") if case.profile is None else case.profile.employee.title
    yield f"  {who}: {_(answer.state.value)}"
    yield _told(_("why"), answer.why)
    yield _told(_("next"), answer.next)
    for code in answer.rules:
        yield _told(_("rule"), rulebook.quote([code]))
    if case.activity_id is not None and case.event_id is not None:
        yield _told(_("event"), case.event_id)
    for version in case.versions:
        rule = _(version.rule)
        yield _told(_("kept"), f"{version.id}, {version.at:%Y-%m-%d %H:%M}, {rule}")
    for line in case.log:
        yield _told(_("log"), f"{line.at:%Y-%m-%d %H:%M} {line.text}")


def _told(label: str, what: object) -> str:
    return f"  {label}: {what}"
