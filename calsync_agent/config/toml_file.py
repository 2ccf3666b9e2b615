"""Reads a settings file as TOML, whatever it is: never at a cost beyond its size (B8)."""

import tomllib
from pathlib import Path
from typing import Any, Final

from calsync_agent.config import credentials
from calsync_agent.config.checks import Wrong
from calsync_agent.config.wording import toml_problem
from calsync_agent.i18n import message

LARGEST: Final = 100_000
"""Bytes of a settings file; the sample with all its explanations has a tenth of that."""

_MOST_PARTS: Final = 100


def parsed(path: Path) -> dict[str, Any]:
    """What the file holds. Raises Wrong."""
    source = credentials.text(path, LARGEST)
    deep = Wrong(
        message(
            "{path}: is nested too deeply; it takes [sections] with keys under them", path=str(path)
        )
    )
    # For a key of n parts `tomllib` takes n² steps.
    if any(_parts(line) > _MOST_PARTS for line in source.splitlines()):
        raise deep
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise Wrong(toml_problem(path, str(error), source)) from None
    except RecursionError:
        raise deep from None
    except ValueError:  # Python reads no whole number of thousands of digits
        raise Wrong(
            message("{path}: there is a number of too many digits", path=str(path))
        ) from None


def _parts(line: str) -> int:
    """How many parts a key in this line may have; one may stand in an inline table as well."""
    key = line if line.lstrip().startswith("[") or "{" in line else line.partition("=")[0]
    return 0 if line.lstrip().startswith("#") else key.count(".")
