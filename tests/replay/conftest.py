"""A company whose case is replayed elsewhere; commands run as in `tests/commands`."""

from tests.commands.conftest import _own_places, run, world

__all__ = ["_own_places", "run", "world"]
