"""A file that a command is asked to write: for this account alone, whole or not at all."""

from pathlib import Path

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message
from calsync_agent.platform import is_there, replace_file


def refuse_to_overwrite(path: Path) -> None:
    """Raise ConfigurationRefused where something stands there already."""
    if is_there(path):
        raise ConfigurationRefused(
            message("{path}: exists already; name another file", path=str(path))
        )


def write_private(path: Path, content: bytes) -> None:
    """Write it, readable by this account only. Raises ConfigurationRefused."""
    try:
        replace_file(path, content, 0o600)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise ConfigurationRefused(
            message(
                "{path} cannot be written: {reason}; name a file where this account may write",
                path=str(path),
                reason=reason,
            )
        ) from None
