"""What two appointments differ in, and what to remember of one to tell later what has changed.

Two appointments are in step when they differ in no field (D1-D4).
"""

import base64
import hashlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import compress
from operator import add, itemgetter, ne
from typing import Final, NewType

from calsync_agent.appointment import zones
from calsync_agent.appointment.fields import ALL, FIELDS, Field
from calsync_agent.appointment.model import Appointment
from calsync_agent.i18n import marked

Fingerprint = NewType("Fingerprint", str)
"""The number of a scheme, and digests of what the fields held.

In scheme 2 each digest stands behind its field's letter. Scheme 1, of version 0.1.0, had fifteen
digests in a fixed order, and is read as it is. A field that a fingerprint does not tell of is not
known, since whoever made it did not know the field: it counts neither as changed nor as a conflict.
An optional one was empty.
"""

UNKNOWN: Final = Fingerprint("")
"""The fingerprint of what was never seen: everything has changed since."""

_SCHEME: Final = "2"
_DIGEST: Final = 8
_ENTRY: Final = 1 + _DIGEST
_SHORT: Final = 1000
"""Longer texts are not kept in memory for the sake of their digests."""
_LONG: Final = 20_000
"""Of appointments with longer texts a handful is kept in memory, of others those of a page."""
_UNSETTLED: Final = "-" * _DIGEST

_FIRST_SCHEME: Final = "1"
_FIRST_KEYS: Final = "sbltipwrceayogj"
"""The letters of the fields of 0.1.0 in their order, which is closed."""
_FIRST_LENGTH: Final = 1 + len(_FIRST_KEYS) * _DIGEST
_first_digests = itemgetter(*(slice(n, n + _DIGEST) for n in range(1, _FIRST_LENGTH, _DIGEST)))

_PRINTED: Final = tuple((one.key, one.form, one.optional) for one in FIELDS.values())
_COMPARED: Final = {field: one.form for field, one in FIELDS.items() if one.compared}
_BY_KEY: Final = {declared.key: field for field, declared in FIELDS.items()}
_KEYS: Final = "".join(_BY_KEY)
_OPTIONAL: Final = frozenset(one.key for one in FIELDS.values() if one.optional)
_ALWAYS_TOLD: Final = "".join(key for key in _KEYS if key not in _OPTIONAL)

LONGEST_PRINT: Final = len(_SCHEME) + len(FIELDS) * _ENTRY


def differing(one: Appointment, other: Appointment) -> frozenset[Field]:
    """The fields in which two appointments are not in step."""
    if one == other:
        return frozenset()
    return frozenset(compress(_COMPARED, map(ne, _forms(one), _forms(other))))


def _forms(appointment: Appointment) -> list[object]:
    return [form(appointment) for form in _COMPARED.values()]


def fingerprint(appointment: Appointment) -> Fingerprint:
    """What to remember of an appointment to tell later which fields have changed."""
    keep = len(appointment.body) <= _LONG
    return _fingerprint(appointment) if keep else _of_long_text(appointment)


def _made_anew(appointment: Appointment) -> Fingerprint:
    parts = [_SCHEME]
    for key, form, optional in _PRINTED:
        held = form(appointment)
        if optional and not held:
            continue
        if held is None or isinstance(held, bool | int):
            parts += (key, _digest_of_plain(held))
        else:
            text = repr(held)
            parts += (key, _digest_of_short(text) if len(text) <= _SHORT else _digest(text))
    return Fingerprint("".join(parts))


# The steps of one decision, and of what comes after it, ask for the same again.
_fingerprint = lru_cache(maxsize=256)(_made_anew)
_of_long_text = lru_cache(maxsize=4)(_made_anew)


def changed(before: Fingerprint, now: Fingerprint) -> frozenset[Field]:
    """The fields whose content differs between two fingerprints of the same side.

    Everything has changed against `UNKNOWN`, and against one that cannot be read; nothing has that
    one of them does not tell of.
    """
    return frozenset() if before == now else _changed(_current(before), _current(now))


def _changed(old: Fingerprint, new: Fingerprint) -> frozenset[Field]:
    if old == new != UNKNOWN:
        return frozenset()
    if UNKNOWN in {old, new}:
        return ALL
    told, there = {*new[1::_ENTRY], *_OPTIONAL}, set(_entries(new))
    gone = [entry[0] for entry in _entries(old) if entry not in there]
    come = _OPTIONAL.intersection(new[1::_ENTRY]).difference(old[1::_ENTRY])
    return frozenset([_BY_KEY[key] for key in (*gone, *come) if key in told])


def same(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two fingerprints tell the same of the same fields, in whichever scheme."""
    return one == other or _current(one) == _current(other) != UNKNOWN


def mixed(base: Fingerprint, taken: Fingerprint, fields: Collection[Field]) -> Fingerprint:
    """`base`, with the digests of `fields` taken from another fingerprint of the same side.

    Of those, what `taken` does not tell of counts as changed (`unsettled`); and so do all others
    where `base` is `UNKNOWN`.
    """
    if not fields:
        return base
    old, new = _current(base), _by_key(_current(taken))
    if not old:
        return unsettled(taken, ALL - set(fields))
    keys = [FIELDS[field].key for field in fields]
    made = _by_key(old) | {key: new.get(key, key + _UNSETTLED) for key in keys}
    for key in _OPTIONAL.intersection(keys).difference(new) if new else ():
        del made[key]
    return _made(made)


def unsettled(base: Fingerprint, fields: Collection[Field]) -> Fingerprint:
    """`base`, in which `fields` count as changed whatever they hold from now on."""
    old, keys = _current(base), [FIELDS[field].key for field in fields]
    return _made(_by_key(old) | {key: key + _UNSETTLED for key in keys}) if old else UNKNOWN


def unsettled_in(base: Fingerprint) -> frozenset[Field]:
    """The fields that `unsettled` has marked."""
    if _UNSETTLED not in base:
        return frozenset()
    marks = [entry[0] for entry in _entries(_current(base)) if entry[1:] == _UNSETTLED]
    return frozenset([_BY_KEY[key] for key in marks])


def untold_in(base: Fingerprint) -> frozenset[Field]:
    """The fields that a fingerprint does not tell of, because an older version made it."""
    known = _current(base)
    told = {*known[1::_ENTRY], *_OPTIONAL}
    return ALL - {_BY_KEY[key] for key in told} if known else frozenset()


def time_changes(before: Appointment, now: Appointment) -> list[str]:
    """Which of start, end, zone and all-day differ, in the words of rule D."""
    parts = (
        (marked("start"), before.start != now.start),
        (marked("end"), before.end != now.end),
        (marked("time zone"), zones.identity(before.zone) != zones.identity(now.zone)),
        (marked("all-day"), before.all_day != now.all_day),
    )
    return [name for name, differs in parts if differs]


@lru_cache(maxsize=4096)
def _digest_of_short(text: str) -> str:
    return _digest(text)


@lru_cache(maxsize=1024, typed=True)  # typed: True and 1 count as equal
def _digest_of_plain(held: object) -> str:
    return _digest(repr(held))


def _digest(text: str) -> str:
    """48 bits: it is only ever compared with one other digest."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return base64.b64encode(digest).decode("ascii")


def _current(fingerprint: Fingerprint) -> Fingerprint:
    """A fingerprint in this version's scheme; `UNKNOWN` where it cannot be read.

    What it tells of fields that are not known here, as a newer version does, is passed over.
    """
    scheme, end = fingerprint[:1], len(fingerprint)
    if scheme == _FIRST_SCHEME and end == _FIRST_LENGTH:
        entries = map(add, _FIRST_KEYS, _first_digests(fingerprint))
        fingerprint = Fingerprint(_SCHEME + "".join(entries))
    elif scheme != _SCHEME or end % _ENTRY != 1:
        return UNKNOWN
    if fingerprint[1::_ENTRY] in (_ALWAYS_TOLD, _KEYS):
        return fingerprint
    return _made(_by_key(fingerprint))


def _entries(current: Fingerprint) -> list[str]:
    return [current[n : n + _ENTRY] for n in range(1, len(current), _ENTRY)]


def _by_key(current: Fingerprint) -> dict[str, str]:
    return {entry[0]: entry for entry in _entries(current)}


def _made(entries: Mapping[str, str]) -> Fingerprint:
    return Fingerprint(_SCHEME + "".join([entries[key] for key in _KEYS if key in entries]))
