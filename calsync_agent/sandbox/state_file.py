"""A tenant in a file: everything that must outlive the program, as JSON.

The certificate authority is kept along, so that clients need not be told of a new one. The file
holds secrets of the sandbox; they open nothing else.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme
from pydantic import TypeAdapter, ValidationError

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message
from calsync_agent.sandbox.model.stored import Stored
from calsync_agent.sandbox.settings import Settings
from calsync_agent.sandbox.signin.registration import Registration
from calsync_agent.sandbox.tenant import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saved:
    stored: Stored
    registration: Registration
    settings: Settings
    ca_certificate: str
    ca_key: str


_ADAPTER: Final = TypeAdapter(_Saved)


class StateFile:
    """Keeps a tenant in a file. `tenant` and `ca` are what the file held, or new ones."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists():
            saved = _read(path)
            self.tenant = Tenant(saved.stored, saved.registration)
            self.tenant.world.settings = saved.settings
            self.ca = trustme.CA.from_pem(saved.ca_certificate.encode(), saved.ca_key.encode())
        else:
            self.tenant = Tenant()
            self.ca = trustme.CA()
        self._kept = -1

    def keep(self) -> None:
        """Write the tenant if it changed since, all or nothing."""
        with self.tenant.lock:
            changes = self.tenant.world.changes
            if changes == self._kept:
                return
            saved = _Saved(
                stored=self.tenant.world.stored,
                registration=self.tenant.registration,
                settings=self.tenant.settings,
                ca_certificate=self.ca.cert_pem.bytes().decode(),
                ca_key=self.ca.private_key_pem.bytes().decode(),
            )
            written = _ADAPTER.dump_json(saved)
        _replace(self.path, written)
        self._kept = changes


def _read(path: Path) -> _Saved:
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigurationRefused(
            message(
                "{path}: this is no state of a sandbox ({reason}); name another file, or remove it",
                path=str(path),
                reason=reason,
            )
        ) from error


def _replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file: readers see the old or the new one, whole."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as writable:
            writable.write(content)
            writable.flush()
            os.fsync(writable.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
