"""`calsync-agent preview`: what the next sync would do, told or as a report; nothing is written."""

import argparse
import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from calsync_agent import bootstrap
from calsync_agent.commands import preview_verb
from calsync_agent.commands.output_file import refuse_to_overwrite, write_private
from calsync_agent.config import reading
from calsync_agent.console import say, say_json
from calsync_agent.i18n import message
from calsync_agent.service import preview_report
from calsync_agent.service.preview_text import lines
from calsync_agent.sync.preview import Preview


def preview(options: argparse.Namespace) -> int:
    """Show it, or write it as a page or a table that only this account may read."""
    for path in (options.html, options.csv):
        if path is not None:
            refuse_to_overwrite(path)
    settings = reading.read(reading.find(options.config))
    given = ((name, getattr(options, name)) for name in preview_verb.NAMES)
    terms: dict[str, Any] = {name: term.stands for name, term in given if term is not None}
    found = asyncio.run(
        bootstrap.previews(settings, options.profile, lambda profile: replace(profile, **terms))
    )
    if options.html is not None:
        page = preview_report.page(found, datetime.now().astimezone())
        _write(options, options.html, page.encode())
    if options.csv is not None:
        # As spreadsheets know UTF-8.
        _write(options, options.csv, preview_report.table(found).encode("utf-8-sig"))
    if options.json:
        say_json([one.as_json() for one in found])
    elif options.html is None and options.csv is None:
        _say(found)
    return 0


def _write(options: argparse.Namespace, path: Path, content: bytes) -> None:
    refuse_to_overwrite(path)
    write_private(path, content)
    if not options.json:
        say(message("{path} is written; it holds subjects and addresses", path=str(path)))


def _say(found: list[Preview]) -> None:
    for one in found:
        for line in lines(one):
            say(line)
