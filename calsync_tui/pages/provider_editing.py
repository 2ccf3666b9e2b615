"""What is typed over what is stored, while others may change that too. Values, no screen."""

from dataclasses import dataclass, field, replace
from typing import Any

from calsync_agent.health.provider import ProviderDraft, Row, draft_of
from calsync_tui.gateway import provider


@dataclass(frozen=True, slots=True)
class Editing:
    """`base`: the row as it was last seen. `contested`: fields changed here and there meanwhile.

    `moved`: fields that somebody else has changed since the admin's own last word.
    """

    base: Row | None = None
    draft: ProviderDraft = field(default_factory=ProviderDraft)
    contested: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()

    @property
    def stored(self) -> ProviderDraft:
        """The fields as the row has them."""
        return draft_of(self.base)

    @property
    def changed(self) -> frozenset[str]:
        """The fields that are not as stored."""
        return provider.changed_fields(self.draft, self.stored)

    def followed(self, row: Row | None) -> "Editing":
        """The row has been found like this: what is untouched here follows."""
        if row == self.base:
            return self
        theirs = draft_of(row)
        moved = provider.changed_fields(theirs, self.stored)
        draft = provider.rebased(self.draft, self.stored, theirs)
        contested = (self.contested | moved & self.changed) & provider.changed_fields(draft, theirs)
        return Editing(row, draft, contested, self.moved | moved)

    def edited(self, name: str, value: str | bool) -> "Editing":  # noqa: FBT001 - a field's value
        """One field has been edited."""
        typed: dict[str, Any] = {name: value}
        edited = replace(self, draft=replace(self.draft, **typed))
        return replace(edited, contested=self.contested & edited.changed)

    def decided(self, *, theirs: bool) -> "Editing":
        """The admin has said whose version of the contested fields it is to be."""
        draft = self.draft
        if theirs:
            taken: dict[str, Any] = {name: getattr(self.stored, name) for name in self.contested}
            draft = replace(draft, **taken)
        return replace(self, draft=draft, contested=frozenset())

    def discarded(self) -> "Editing":
        """All is taken back."""
        return Editing(self.base, self.stored)

    def saved(self, row: Row, draft: ProviderDraft) -> "Editing":
        """`draft` has become `row`; what was typed since then stays."""
        kept = provider.rebased(self.draft, draft, draft_of(row))
        return Editing(row, kept)
