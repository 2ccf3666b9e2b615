"""Signing with a key that comes from outside: it is named, never part of the project."""

import os
from pathlib import Path
from typing import Final

from making.steps import Failed, run

MINISIGN: Final = "CALSYNC_MINISIGN_KEY"
SSH: Final = "CALSYNC_SSH_KEY"
GPG: Final = "CALSYNC_GPG_KEY"
VARIABLES: Final = (MINISIGN, SSH, GPG)
"""They name a minisign key's file, an SSH key's file, or the fingerprint of a key that gpg has."""


def sign(file: Path) -> Path | None:
    """Sign a file with the key that is named; the signature, or None where none is named."""
    named = {name: value for name in VARIABLES if (value := os.environ.get(name, ""))}
    if len(named) > 1:
        raise Failed(f"one key signs; these variables name more: {', '.join(named)}")
    if MINISIGN in named:
        made = file.with_name(f"{file.name}.minisig")
        comment = f"calsync: {file.name}"
        run("minisign", "-S", "-W", "-s", named[MINISIGN], "-m", file, "-x", made, "-t", comment)
    elif SSH in named:
        made = file.with_name(f"{file.name}.sig")
        made.unlink(missing_ok=True)
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", named[SSH], file)
    elif GPG in named:
        made = file.with_name(f"{file.name}.asc")
        how = ("--batch", "--yes", "--armor", "--local-user", named[GPG])
        run("gpg", *how, "--output", made, "--detach-sign", file)
    else:
        return None
    return made
