"""With which settings the program begins."""

from pathlib import Path

from calsync_agent.config import reading, writing
from calsync_agent.errors import ConfigurationRefused
from calsync_tui.gateway.door import Gateway, open_gateway


class Start:
    """The settings that were named, or those that are found.

    `config` is what was named on the command line. `strictly`: whether the database must be such
    that it can be synced, not only looked at.
    """

    def __init__(self, config: Path | None) -> None:
        self.config = config
        self.strictly = True

    def existing(self) -> Path | None:
        """The settings file, whatever it holds; None where there is none."""
        try:
            path = reading.find(self.config).absolute()
        except ConfigurationRefused:
            return None
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            pass  # there, but not for us: reading it says why
        return path

    def place(self) -> Path:
        """Where new settings belong."""
        return self.existing() or writing.place(self.config)

    def open(self) -> Gateway:
        """The door to the database. Blocks; raises CalsyncError as `open_gateway` does."""
        return open_gateway(self.config, strictly=self.strictly)
