"""From what an admin enters to `agent.toml` and the files with secrets that it names.

Draft ──write──▶ database-password.txt, client-secret.txt, agent.toml: for their owner alone,
and for the group that shares the folder, which is the service's
"""

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from calsync_agent.config import credentials, sample, toml_file
from calsync_agent.config.checks import Wrong
from calsync_agent.config.drafting import KEYS, PASSWORD_FILE, SECRET_FILE, SettingsDraft, sections
from calsync_agent.config.reading import FILE_NAME, VARIABLE
from calsync_agent.config.settings import Alerts, Log, Metrics, Section, Sync
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message
from calsync_agent.platform import (
    config_folders,
    is_file,
    is_folder,
    is_there,
    private_mode,
    read_file,
    replace_file,
)

_GROUP: Final = 0o040
_KEPT: Final = (("sync", Sync), ("log", Log), ("alerts", Alerts), ("metrics", Metrics))


def place(explicit: Path | None) -> Path:
    """Where new settings belong: where they will be looked for, and can be written.

    As `reading.find` looks: the file given, `$CALSYNC_CONFIG`'s, the site's, or the user's.
    """
    if explicit is not None:
        return explicit.absolute()
    if named := os.environ.get(VARIABLE, ""):
        return Path(named).absolute()
    site, user = config_folders()
    return (site if unwritable(site / FILE_NAME) is None else user) / FILE_NAME


def unwritable(path: Path) -> Message | None:
    """Why a file could not be written there, as far as that can be told without trying."""
    if is_folder(path):
        return message("{path} is a folder; name a file in it", path=str(path))
    folder = path.absolute().parent
    while not is_there(folder) and folder != folder.parent:
        folder = folder.parent
    if not is_folder(folder):
        return message("{path} is no folder", path=str(folder))
    # On Windows this does not look at access control lists; there, writing tells.
    if not os.access(folder, os.W_OK | os.X_OK):
        return message("this account may not write in {path}; name another file", path=str(folder))
    return None


def draft_from(path: Path) -> SettingsDraft:
    """What the settings at `path` say, as far as they can be read; secrets included."""
    raw = _raw(path)
    given = {field: raw.get(section, {}).get(key) for section, key, field in _places()}
    password, secret = (
        _secret(path, raw.get(section, {}).get(key))
        for section, key in (("database", "password_file"), ("exchange", "client_secret_file"))
    )
    texts = {f: str(value) for f, value in given.items() if isinstance(value, str | dt.date)}
    return replace(SettingsDraft(), **{**texts, "password": password, "client_secret": secret})


def text(draft: SettingsDraft, before: Path | None = None) -> str:
    """`agent.toml`; it holds no secret but a proxy's login.

    What it does not come to speak of is taken over from the settings at `before`, as far as it is
    right there.
    """
    kept = {} if before is None else _sound(_raw(before))
    return sample.render(kept | sections(draft.stripped()))


def files(path: Path, draft: SettingsDraft) -> list[Path]:
    """What `write` will write, in that order."""
    return list(_contents(path, draft.stripped()))


def older(path: Path) -> Path:
    """Where the settings file that was there before is kept."""
    return path.with_name(f"{path.name}.old")


def write(path: Path, draft: SettingsDraft) -> list[Path]:
    """Write the settings, and before them the files with secrets that they name; all written.

    Each is written whole or not at all, and for its owner alone; where a group shares the folder,
    it may read them: the service that uses them is another account than who writes. Sections that a
    draft does not speak of stay as they are in an older file, of which a copy is kept. Raises
    ConfigurationRefused with what stood in the way.
    """
    draft = draft.stripped()
    contents = _contents(path, draft)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = private_mode(path.parent, _GROUP)
        if is_file(path):
            replace_file(older(path), read_file(path, toml_file.LARGEST), mode)
        for file, content in contents.items():
            replace_file(file, content.encode(), mode)
    except OSError as error:
        raise ConfigurationRefused(
            message(
                "{path} cannot be written: {reason}",
                path=str(error.filename or path),
                reason=error.strerror or str(error),
            )
        ) from error
    return list(contents)


def _contents(path: Path, draft: SettingsDraft) -> dict[Path, str]:
    _, password = draft.apart()
    secrets = {
        path.parent / PASSWORD_FILE: password,
        path.parent / SECRET_FILE: "" if draft.certificate_file else draft.client_secret,
    }
    contents = {file: f"{secret}\n" for file, secret in secrets.items() if secret}
    contents[path] = text(draft, path)
    return contents


def _places() -> Iterator[tuple[str, str, str]]:
    """Section and key of what stands in the file as it was entered, and the draft's field."""
    for key, field in KEYS.items():
        if field not in {"password", "client_secret"}:
            section, _, name = key.partition(".")
            yield section, name, field


def _raw(path: Path) -> dict[str, dict[str, Any]]:
    """The sections of a file; none where it cannot be read."""
    try:
        found = toml_file.parsed(path)
    except Wrong:
        return {}
    return {name: keys for name, keys in found.items() if isinstance(keys, dict)}


def _secret(path: Path, named: object) -> str:
    if not isinstance(named, str) or not named:
        return ""
    try:
        return credentials.secret(path.parent / named).get_secret_value()
    except Wrong:
        return ""


def _sound(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The sections that a draft does not speak of, without what is wrong in them."""
    return {
        name: {key: value for key, value in raw[name].items() if _is_sound(model, key, value)}
        for name, model in _KEPT
        if name in raw
    }


def _is_sound(model: type[Section], key: str, value: object) -> bool:
    try:
        model.model_validate({key: value})
    except ValidationError:
        return False
    return True
