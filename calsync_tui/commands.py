"""The command palette: pages, themes, language, and whatever the page in sight can do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from calsync_agent.i18n import LANGUAGES, _, current
from calsync_tui import themes


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette."""

    title: str
    help: str
    run: Callable[[], Any]


def _nothing() -> None:
    """Choosing what is no command."""


class Commands(Provider):
    """All commands that make sense now."""

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for command in self._commands():
            yield DiscoveryHit(command.title, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        """What fits the letters typed."""
        matcher = self.matcher(query)
        fitting = [one for one in self._commands() if matcher.match(one.title) > 0]
        for command in fitting:
            shown = matcher.highlight(command.title)
            yield Hit(matcher.match(command.title), shown, command.run, help=command.help)
        if not fitting:  # Textual's own words for it are English
            yield Hit(1, _("No command fits"), _nothing)

    def _commands(self) -> Iterator[Command]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            said = active.binding
            if not (said.id and said.description and active.enabled) or said.action in seen:
                continue
            seen.add(said.action)
            if said.action != "command_palette":
                run = partial(self.app.run_action, said.action, active.node)
                yield Command(said.description, said.tooltip, run)
        for name, title in themes.NAMES.items():
            if name != self.app.theme:
                told = _("Theme: {name}").format(name=_(title))
                yield Command(told, _("Change the colours"), partial(self._theme, name))
        for language in LANGUAGES:
            if language != current():
                told = "Sprache: Deutsch" if language == "de" else "Language: English"
                run = partial(self.app.run_action, f"language('{language}')")
                yield Command(told, _("Change the language"), run)

    def _theme(self, name: str) -> None:
        self.app.theme = name
