"""Looking for profiles: words, filters and orders of the list."""

from abc import abstractmethod
from dataclasses import replace

from textual import events, on
from textual.widgets import Input

from calsync_agent.appointment.model import ProfileId
from calsync_tui.gateway.door import Gateway
from calsync_tui.pages.profile_actions import ProfileActions
from calsync_tui.pages.profile_view import View
from calsync_tui.widgets.profile_table import ProfileTable


class ProfileSearch(ProfileActions):
    """The part of the page of profiles that decides which of them are shown, and in which order."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.view = View()
        self.marks: set[ProfileId] = set()

    @property
    @abstractmethod
    def table(self) -> ProfileTable:
        """The list."""

    @abstractmethod
    def _show(self) -> None:
        """Show what the view shows."""

    def action_take_back(self) -> None:
        """End editing, or take the marks away."""
        if self.draft is not None:
            self.act(self.close_editor)
        elif self.marks and not self.finding:
            self.table.mark_none()
        else:
            self.find_again(View(order=self.view.order))
            self.query_one("#find", Input).value = ""
            self.enter()

    @property
    def finding(self) -> bool:
        """Whether somebody is typing what is looked for."""
        return self.query_one("#find").has_focus

    def action_find(self) -> None:
        """Type what is looked for; the list follows."""
        find = self.query_one("#find", Input)
        find.add_class("-shown")
        find.focus()

    def action_only(self) -> None:
        """The next filter."""
        self.find_again(self.view.next_only())

    def action_order(self) -> None:
        """The next order."""
        self.find_again(self.view.next_order())

    @on(Input.Changed, "#find")
    def _sought(self, event: Input.Changed) -> None:
        event.stop()
        self.find_again(replace(self.view, sought=event.value))

    @on(Input.Submitted, "#find")
    def _sought_enough(self, event: Input.Submitted) -> None:
        event.stop()
        self.enter()

    def on_key(self, event: events.Key) -> None:
        """From the words one goes down into what they found."""
        if event.key == "down" and self.finding:
            event.stop()
            self.enter()

    def find_again(self, view: View) -> None:
        """Show what this view shows."""
        if view == self.view:
            return
        self.view = view
        self.query_one("#find").set_class(bool(view.sought) or self.finding, "-shown")
        self._show()
