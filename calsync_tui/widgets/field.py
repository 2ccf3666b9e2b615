"""A field of a form: its label, what is entered, and a line that helps or says what is wrong."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from calsync_tui import glyphs


class Field(Horizontal):
    """Texts come translated. What was changed and not saved has a star before its label."""

    DEFAULT_CSS = """
    Field {
        height: auto;

        .label {
            width: 30;
        }
        Vertical {
            height: auto;
        }
        .note {
            height: auto;
            color: $text-muted;
            display: none;
            &.-told { display: block; }
            &.-wrong { color: $text-error; text-style: bold; }
        }
        Horizontal {
            height: auto;
        }
        .unit {
            width: auto;
            padding-left: 1;
        }
        Input {
            height: 1;
            border: none;
            padding: 0 1;
            background: $panel;
            &:focus { border: none; background: $primary 25%; }
            &.-wrong { background: $error 25%; }
            &:ansi, &:ansi:focus {
                padding: 0;
                border-left: ascii $primary;
                border-right: ascii $primary;
            }
        }
    }
    """

    def __init__(
        self, label: str, control: Widget, *, name: str, hint: str = "", unit: str = ""
    ) -> None:
        super().__init__(name=name, id=f"field-{name}")
        self._label = label
        self._control = control
        self._hint = hint
        self._unit = unit

    def compose(self) -> ComposeResult:
        """Label left, the rest right."""
        yield Static(f"  {self._label}", classes="label", markup=False)
        with Vertical():
            with Horizontal():
                yield self._control
                if self._unit:
                    yield Static(self._unit, classes="unit", markup=False)
            yield Static("", classes="note", markup=False)

    def on_mount(self) -> None:
        """The hint."""
        self.tell()

    def tell(self, *, changed: bool = False, problem: str = "", hint: str | None = None) -> None:
        """Whether it is changed and unsaved, and what is wrong; else what helps."""
        if hint is not None:
            self._hint = hint
        star = "*" if changed else " "
        self.query_one(".label", Static).update(f"{star} {self._label}")
        note = self.query_one(".note", Static)
        told = f"{glyphs.shown().error} {problem}" if problem else self._hint
        note.update(told)
        note.set_class(bool(told), "-told")
        note.set_class(bool(problem), "-wrong")
        self._control.set_class(bool(problem), "-wrong")
