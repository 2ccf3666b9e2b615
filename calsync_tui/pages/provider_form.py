"""The fields of the provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from calsync_agent.health.provider import ProviderDraft
from calsync_agent.i18n import _, marked
from calsync_tui.pages.provider_editing import Editing
from calsync_tui.pages.provider_text import PRIORITIES, hints, label
from calsync_tui.widgets.choice import Choice
from calsync_tui.widgets.field import Field
from calsync_tui.widgets.toggle import Toggle

KIND: Final = "Exchange365"
_TEXTS: Final = ("tenant_id", "interval")


class ProviderForm(Vertical):
    """Shows a draft, and says what is edited."""

    DEFAULT_CSS = """
    ProviderForm {
        height: auto;
        #tenant_id { width: 1fr; max-width: 70; }
        #interval { width: 12; }
    }
    """

    @dataclass
    class Edited(Message):
        """One field has another value."""

        field: str
        value: str | bool

    def __init__(self, draft: ProviderDraft) -> None:
        super().__init__()
        self._begin = draft

    def compose(self) -> ComposeResult:
        """A line for each field."""
        draft = self._begin
        yield Field(_("Provider"), Static(KIND), name="kind")
        yield Field(
            label("tenant_id"),
            Input(draft.tenant_id, id="tenant_id", max_length=200, select_on_focus=False),
            name="tenant_id",
        )
        inbound = Toggle(
            marked("from Exchange to Consolidate"), value=draft.inbound, name="inbound"
        )
        yield Field(label("inbound"), inbound, name="inbound")
        outbound = Toggle(
            marked("from Consolidate to Exchange"), value=draft.outbound, name="outbound"
        )
        yield Field(label("outbound"), outbound, name="outbound")
        yield Field(
            label("priority"),
            Choice(PRIORITIES, value=draft.priority, name="priority"),
            name="priority",
        )
        yield Field(
            label("interval"),
            Input(draft.interval, id="interval", max_length=9, select_on_focus=False),
            name="interval",
            unit=_("seconds"),
        )

    def fill(self, draft: ProviderDraft) -> None:
        """Show another draft. Where a field already shows it, its cursor stays."""
        for name in _TEXTS:
            field = self.query_one(f"#{name}", Input)
            if field.value != getattr(draft, name):
                field.value = getattr(draft, name)
        self.query_one("#inbound", Toggle).value = draft.inbound
        self.query_one("#outbound", Toggle).value = draft.outbound
        self.query_one("#priority", Choice).value = draft.priority

    def tell(self, editing: Editing, problems: Mapping[str, str]) -> None:
        """What helps and what is wrong, at each field."""
        for name, hint in hints(editing).items():
            self.query_one(f"#field-{name}", Field).tell(
                changed=name in editing.changed, problem=problems.get(name, ""), hint=hint
            )

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(event.input.id or "", event.value))

    @on(Toggle.Changed)
    def _switched(self, event: Toggle.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(event.toggle.name or "", event.value))

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(event.choice.name or "", event.value))
