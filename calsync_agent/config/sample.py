"""The sample file: every key with its documentation and its default, made from the model.

`python -m calsync_agent.config.sample` prints it; `packaging/agent.toml.sample` is the stored copy.
"""

import datetime as dt
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from calsync_agent.config.settings import AgentFile

_HEAD: Final = """\
# The settings of calsync. Copy this file to one of these places, or name it with --config FILE:
#   Linux     /etc/xdg/calsync/agent.toml            ~/.config/calsync/agent.toml
#   Windows   C:\\ProgramData\\calsync\\agent.toml      %LOCALAPPDATA%\\calsync\\agent.toml
# A running agent takes changes over within a second; a mistake is reported, and changes nothing.
# Paths are relative to this file. Write those with \\ in 'single quotes'.
# Tenant, directions, priority and interval are not set here but in the terminal UI.
"""


_WRITTEN: Final = """\
# The settings of calsync, first written by calsync-tui.
# A running agent takes changes over within a second; a mistake is reported, and changes nothing.
# Paths are relative to this file. Write those with \\ in 'single quotes'.
# Tenant, directions, priority and interval are not set here but in the terminal UI.
"""


def render(given: Mapping[str, Mapping[str, object]] | None = None) -> str:
    """The sample as text; it is a valid file as soon as the secret's file is there.

    With `given`: settings of one's own, by section and key; what is not given has its default.
    """
    return "".join(_lines(given))


def _lines(given: Mapping[str, Mapping[str, object]] | None) -> Iterator[str]:
    yield _HEAD if given is None else _WRITTEN
    for name, section in AgentFile.model_fields.items():
        model = section.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from _section(name, model, None if given is None else given.get(name, {}))


def _section(
    name: str, model: type[BaseModel], given: Mapping[str, object] | None
) -> Iterator[str]:
    yield f"\n# {model.__doc__}\n[{name}]\n"
    for key, field in model.model_fields.items():
        called, inner = field.alias or key, field.annotation
        own = None if given is None else given.get(called)
        if isinstance(inner, type) and issubclass(inner, BaseModel):  # the last ones
            there = own if isinstance(own, Mapping) else {}
            yield from _section(f"{name}.{key}", inner, None if given is None else there)
            continue
        yield "\n"
        yield from (f"# {line}\n" for line in (field.description or "").splitlines())
        value = _example(field) if given is None else field.default if own is None else own
        yield f"{called} = {_written(value)}\n"


def _example(field: FieldInfo) -> object:
    return field.examples[0] if field.examples else field.default


def _written(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, dt.time):
        value = f"{value:%H:%M}"
    if isinstance(value, Path | dt.date):
        value = str(value)
    # What JSON makes of a text or a number is TOML too, but for DEL, which only TOML escapes.
    text = json.dumps("" if value is None else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007F")


if __name__ == "__main__":
    sys.stdout.write(render())
