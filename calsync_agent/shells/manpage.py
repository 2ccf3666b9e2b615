"""A man page of a program, made from its parser: macros of man(7), which groff and mandoc read."""

from calsync_agent.i18n import _
from calsync_agent.shells.grammar import Argument, Command


def page(program: str, version: str, whole: Command) -> str:
    """The page for section 1, in the language spoken now."""
    lines = [
        f'.TH {program.upper()} 1 "" "calsync {version}" "calsync"',
        _heading(_("name")),
        f"{_text(program)} \\- {_text(whole.help)}",
        _heading(_("synopsis")),
        _text(_synopsis(whole)),
        _heading(_("options")),
    ]
    common = {option.names for option in whole.options}
    for option in whole.options:
        lines += _argument(option)
    commands = [one for one in whole.walk() if one.words]
    if commands:
        lines.append(_heading(_("commands")))
    for command in commands:
        lines += [f".SS {_text(' '.join(command.words))}", _text(command.help), ".PP"]
        lines.append(_text(_synopsis(command)))
        for argument in (*command.operands, *command.options):
            if argument.names not in common:
                lines += _argument(argument)
        lines += [".PP", _text(command.epilog)]
    lines += [_heading(_("exit status")), _text(whole.epilog)]
    return "\n".join(lines) + "\n"


def _synopsis(command: Command) -> str:
    _word, _colon, usage = command.usage.partition(": ")
    return usage


def _argument(argument: Argument) -> list[str]:
    names = ", ".join(argument.names)
    shown = f"{names} {argument.value}".strip()
    return [".TP", f"\\fB{_text(shown)}\\fR", _text(argument.help)]


def _heading(text: str) -> str:
    return f".SH {_text(text.upper())}"


def _text(text: str) -> str:
    """Text that roff takes for nothing but text."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
