"""The sample file: every key with its documentation and its default, made from the model.

`python -m calsync_agent.config.sample` prints it; `packaging/agent.toml.sample` is the stored copy.
"""

import json
import sys
from collections.abc import Iterator
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


def render() -> str:
    """The sample as text; it is a valid file as soon as the secret's file is there."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for name, section in AgentFile.model_fields.items():
        model = section.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield f"\n# {model.__doc__}\n[{name}]\n"
            for key, field in model.model_fields.items():
                yield "\n"
                yield from (f"# {line}\n" for line in (field.description or "").splitlines())
                yield f"{field.alias or key} = {_value(field)}\n"


def _value(field: FieldInfo) -> str:
    value = field.examples[0] if field.examples else field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path):
        value = str(value)
    # What JSON makes of a text or a number is TOML too.
    return json.dumps("" if value is None else value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(render())
