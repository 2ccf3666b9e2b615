"""A preview as text."""

from collections.abc import Iterator

from calsync_agent.i18n import _, message
from calsync_agent.sync.preview import Line, Preview


def lines(preview: Preview) -> Iterator[str]:
    """What the next sync of a profile would do, section by section."""
    title = message(
        "profile {profile} ({mailbox})", profile=preview.profile, mailbox=preview.mailbox
    )
    yield f"{title}: {_('first sync') if preview.first_sync else _('ordinary sync')}"
    sections = (
        (_("matched"), preview.matched),
        (_("ambiguous"), preview.ambiguous),
        (_("only in Consolidate, to be created in Exchange"), preview.only_consolidate),
        (_("only in Exchange, to be created in Consolidate"), preview.only_exchange),
        (_("changes"), preview.changes),
        (_("deletions"), preview.deletions),
        (_("refused"), preview.refusals),
    )
    for name, listed in sections:
        if listed:
            yield f"  {name}: {len(listed)}"
            yield from (f"    {_line(line)}" for line in listed)
    mails = message(
        "mails: {inside} inside, {outside} outside",
        inside=preview.mails.inside,
        outside=preview.mails.outside,
    )
    yield f"  {mails}"
    for reason in preview.held:
        yield f"  {message('would be held: {reason}', reason=reason)}"
    if not any(listed for _name, listed in sections):
        yield f"  {_('in step, nothing to do')}"


def _line(line: Line) -> str:
    start = line.start.replace("T", " ")[:16]
    parts = [start, line.subject]
    if line.by:
        parts.append(f"({_(line.by)})")
    if line.fields:
        parts.append(f"→ {_(line.side)}: {', '.join(_(name) for name in line.fields)}")
    elif line.side:
        parts.append(f"({_(line.side)})")
    if line.reason is not None:
        parts.append(str(line.reason))
    return "  ".join(part for part in parts if part)
