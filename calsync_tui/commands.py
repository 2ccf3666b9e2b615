"""What can be done now: the keys of the screen in sight, themes, language."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from textual.app import App
from textual.screen import Screen

from calsync_agent.i18n import LANGUAGES, _, current
from calsync_tui import themes

_NO_COMMANDS: Final = frozenset({"lines", "rows", "choice", "page", "search", "profiles.edit_too"})
"""Moving in lists is no command; pages and the search itself are found otherwise."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do, and its key, where it has one."""

    title: str
    help: str
    run: Callable[[], Any]
    key: str = ""


def commands(app: App[Any], screen: Screen[Any]) -> Iterator[Command]:
    """All that make sense now."""
    seen: set[str] = set()
    for active in screen.active_bindings.values():
        said = active.binding
        if not (said.id and said.description and active.enabled) or said.action in seen:
            continue
        seen.add(said.action)
        if said.action.endswith("command_palette") or said.action.startswith(("move", "mark_on")):
            continue
        if said.id not in _NO_COMMANDS and said.id.partition(".")[0] not in _NO_COMMANDS:
            run = partial(app.run_action, said.action, active.node)
            yield Command(said.description, said.tooltip, run, app.get_key_display(said))
    for name, title in themes.NAMES.items():
        if name != app.theme:
            told = _("Theme: {name}").format(name=_(title))
            yield Command(told, _("Change the colours"), partial(_theme, app, name))
    for language in LANGUAGES:
        if language != current():
            told = "Sprache: Deutsch" if language == "de" else "Language: English"
            run = partial(app.run_action, f"language('{language}')")
            yield Command(told, _("Change the language"), run)


def _theme(app: App[Any], name: str) -> None:
    app.theme = name
