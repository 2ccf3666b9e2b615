"""A labelled field to type into, with a line below it for what is to be said about it."""

from enum import StrEnum

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from calsync_tui import glyphs


class Tone(StrEnum):
    """How something is meant."""

    HINT = "hint"
    BUSY = "busy"
    WELL = "well"
    WARNING = "warning"
    ERROR = "error"


def toned(tone: Tone, text: str) -> Text:
    """The text with the sign of its tone before it."""
    shown = glyphs.shown()
    sign = {
        Tone.BUSY: shown.waiting,
        Tone.WELL: shown.well,
        Tone.WARNING: shown.warning,
        Tone.ERROR: shown.error,
    }.get(tone, "")
    said = f"{sign} {text}" if sign and text else text
    return Text(glyphs.to_ascii(said) if glyphs.is_plain() else said)


class Note(Static):
    """What is to be said; its tone shows by a sign and by colour."""

    DEFAULT_CSS = """
    Note {
        height: auto;
        min-height: 1;
        color: $text-muted;
        &.-well { color: $text-success; }
        &.-warning { color: $text-warning; }
        &.-error { color: $text-error; }
        &:ansi {
            color: ansi_default;
            &.-well { color: ansi_green; }
            &.-warning { color: ansi_yellow; }
            &.-error { color: ansi_bright_red; }
        }
    }
    """

    def say(self, tone: Tone, text: str) -> None:
        """Say this from now on."""
        for one in Tone:
            self.set_class(one is tone, f"-{one.value}")
        self.update(toned(tone, text))


class LabelledInput(Vertical):
    """The label, the input, whose id is the entry's name, and the note."""

    DEFAULT_CSS = """
    LabelledInput {
        height: auto;
        Horizontal { height: 1; }
        Label { width: 20; }
        Input {
            width: 1fr;
            background: $panel;
            padding: 0 1;
            &:focus { background: $primary 25%; }
            &:ansi { background: ansi_default; text-style: underline; }
            &:ansi:focus { text-style: bold underline; }
        }
        Note { margin-left: 20; }
    }
    """

    def __init__(
        self,
        name: str,
        label: str,
        value: str,
        *,
        hint: str = "",
        placeholder: str = "",
        password: bool = False,
    ) -> None:
        super().__init__(classes="field", name=name)
        self._label = label
        self._value = value
        self._hint = hint
        self._placeholder = placeholder
        self._password = password

    def compose(self) -> ComposeResult:
        """One line to type into, one to read."""
        with Horizontal():
            yield Label(self._label, markup=False)
            yield Input(
                self._value,
                id=self.name,
                placeholder=self._placeholder,
                password=self._password,
                compact=True,
            )
        yield Note(toned(Tone.HINT, self._hint), markup=False)

    def say(self, tone: Tone, text: str) -> None:
        """Say something about what was typed; the hint where there is nothing to say."""
        if not text:
            tone, text = Tone.HINT, self._hint
        for note in self.query(Note):  # gone where the step is being left just now
            note.say(tone, text)
