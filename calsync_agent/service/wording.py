"""How problems read as a message."""

from collections.abc import Iterable, Sequence
from typing import Final

from calsync_agent.alerts.notice import Notice, State
from calsync_agent.i18n import _, counted, message
from calsync_agent.state.alerts import Entry

_LISTED: Final = 10
_REMEDIES: Final = 3


def notice(alike: Sequence[Entry], state: State) -> Notice:
    """One message for problems of one kind that begin or end together."""
    cases = [entry.case for entry in alike]
    first = cases[0]
    told = str(first.text)
    if len(cases) > 1:
        told = str(
            counted(
                "{count} problem: {first}",
                "{count} problems of one kind, among them: {first}",
                len(cases),
                first=told,
            )
        )
    title = told if state == "begun" else str(message("Over: {problem}", problem=told))
    profiles = {case.profile for case in cases}
    moments = [entry.case.since or entry.begun_at for entry in alike]
    return Notice(
        title=title,
        text="\n".join([title, *_further(alike, state)]),
        kind=first.kind,
        state=state,
        since=min(moments),
        profile=(profiles.pop() or None) if len(profiles) == 1 else None,
    )


def _further(alike: Sequence[Entry], state: State) -> Iterable[str]:
    cases = [entry.case for entry in alike]
    if len(cases) > 1:
        yield from (f"- {case.text}" for case in cases[:_LISTED])
        if len(cases) > _LISTED:
            yield _("… and {count} more").format(count=len(cases) - _LISTED)
    if state == "begun":
        remedies = dict.fromkeys(str(case.mend) for case in cases)
        yield from list(remedies)[:_REMEDIES]
