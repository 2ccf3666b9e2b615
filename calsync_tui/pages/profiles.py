"""Which employee is bound to which mailbox, and how each fares."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.events import Resize
from textual.widgets import Button, Static

from calsync_agent.appointment.model import ProfileId
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui import mailboxes
from calsync_tui.gateway import profile_changes, profiles
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.finding import Finder
from calsync_tui.gateway.overview import Pulse
from calsync_tui.gateway.profile_changes import Clash, Overtaken
from calsync_tui.gateway.profiles import Line, Listing, Row, same
from calsync_tui.pages.page import Page
from calsync_tui.pages.profile_actions import ProfileActions
from calsync_tui.screens.confirmation import STAY, Choice, Confirmation
from calsync_tui.widgets.profile_details import ProfileDetails
from calsync_tui.widgets.profile_table import ProfileTable
from calsync_tui.widgets.row_editor import Draft, RowEditor
