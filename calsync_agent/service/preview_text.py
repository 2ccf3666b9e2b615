"""A preview as text."""

from collections.abc import Iterator

from calsync_agent.i18n import Value, _, message
from calsync_agent.sync.preview import Preview, PreviewLine


def lines(preview: Preview) -> Iterator[str]:
    """What the next sync of a profile would do, section by section."""
    whose: dict[str, Value] = {"profile": preview.profile, "mailbox": preview.mailbox}
    if preview.first_sync:
        yield str(message("profile {profile} ({mailbox}): first sync", **whose))
    else:
        yield str(message("profile {profile} ({mailbox}): ordinary sync", **whose))
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
        held = message("would be held: {reason}", reason=reason)
        yield f"  {held}"
    if preview.waiting:
        yield f"  {preview.waiting}"
    elif not any(listed for _name, listed in sections):
        nothing = _("in step, nothing to do")
        yield f"  {nothing}"


def _line(line: PreviewLine) -> str:
    start = line.start.replace("T", " ")[:16]
    # A row that cannot be read has no name but its number.
    parts = [start, line.subject or str(line.activity)]
    if line.by:
        by = _(line.by)
        parts.append(f"({by})")
    side = line.side.capitalize()  # both are names, the same in every language
    if line.fields:
        fields = ", ".join(map(_, line.fields))
        parts.append(f"→ {side}: {fields}")
    elif side:
        parts.append(f"({side})")
    if line.reason is not None:
        parts.append(str(line.reason))
    return "  ".join(part for part in parts if part)
