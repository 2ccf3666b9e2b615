"""What becomes of each column of each table. A column that is not here is not told."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class As(Enum):
    """How the values of a column are told; what does not fit is told as `TEXT`."""

    NUMBER = auto()
    """Whole numbers and flags as they are."""
    MOMENT = auto()
    WORD = auto()
    """One of the program's words."""
    ZONE = auto()
    RULE = auto()
    """A rule of recurrence."""
    VERSION = auto()
    META = auto()
    """A number or a moment, else a pseudonym."""
    ID = auto()
    """A uuid, as another one."""
    THING = auto()
    """An id at Exchange, or the name of a computer."""
    CODE = auto()
    ADDRESS = auto()
    TEXT = auto()
    MESSAGE = auto()
    """A stored message: its template, and pseudonyms of its fields."""
    VERSIONED = auto()
    """An appointment as JSON."""
    THERE = auto()
    """Only whether there is anything."""
    NOT = auto()
    """Not at all."""


N, M, W, ID, T = As.NUMBER, As.MOMENT, As.WORD, As.ID, As.TEXT

COLUMNS: Final[Mapping[str, Mapping[str, As]]] = {
    "system_info": {"id": N, "version": As.VERSION},
    "module": {"name": W, "licensed": N, "enabled": N},
    "employee": {
        "id": N,
        "code": As.CODE,
        "name": T,
        "email": As.ADDRESS,
        "active": N,
        "calendarsync_allowed": N,
    },
    "employee_email": {"id": N, "employee_id": N, "email": As.ADDRESS},
    "activity_type": {"id": N, "name": T, "calendar_sync": W, "inbound_default": N},
    "activity": {
        "id": ID,
        "type_id": N,
        "subject": T,
        "body": T,
        "location": T,
        "starts_at": M,
        "ends_at": M,
        "time_zone": As.ZONE,
        "all_day": N,
        "status": W,
        "importance": W,
        "private": N,
        "show_as": W,
        "reminder_minutes": N,
        "responsible_id": N,
        "organizer_name": T,
        "organizer_email": As.ADDRESS,
        "online_meeting_url": As.THERE,
        "recurrence": As.RULE,
        "note": As.THERE,
        "created_at": M,
        "modified_at": M,
        "deleted_at": M,
    },
    "activity_exception": {
        "id": ID,
        "activity_id": ID,
        "original_start": M,
        "cancelled": N,
        "subject": T,
        "body": T,
        "location": T,
        "starts_at": M,
        "ends_at": M,
    },
    "activity_participant": {
        "id": ID,
        "activity_id": ID,
        "employee_id": N,
        "email": As.ADDRESS,
        "name": T,
        "role": W,
        "response": W,
    },
    "calsync_feed": {"entry": As.NOT, "activity_id": ID},
    "calsync_gap": {"entry": As.THERE},
    "calsync_seen": {"part": N, "activity_id": ID, "digest": As.NOT},
    "calsync_provider": {
        "id": N,
        "kind": W,
        "tenant_id": As.ADDRESS,
        "inbound": N,
        "outbound": N,
        "priority": W,
        "interval_seconds": N,
    },
    "calsync_profile": {
        "id": N,
        "provider_id": N,
        "employee_id": N,
        "external_user_id": As.ADDRESS,
        "active": N,
        "inbound": N,
        "outbound": N,
        "past_months": N,
        "future_months": N,
    },
    "calsync_type": {"type_id": N, "category": T, "online_meeting": N},
    "calsync_log": {
        "id": N,
        "at": M,
        "level": W,
        "profile_id": N,
        "kind": W,
        "message": As.NOT,  # `content` says the same by its template
        "activity_id": ID,
        "event_id": As.THING,
        "content": As.MESSAGE,
    },
    "calsync_meta": {"name": W, "value": As.META},
    "calsync_revision": {"entry": As.NOT},
    "calsync_pending": {"profile_id": N, "activity_id": ID, "version": N},
    "calsync_link": {
        "id": ID,
        "profile_id": N,
        "activity_id": ID,
        "event_id": As.THING,
        "event_key": As.NOT,
        "ical_uid": As.THING,
        "role": W,
        # Of what digests are made can be tried out: `calendars.edited` tells what they tell.
        "consolidate_print": As.NOT,
        "exchange_print": As.NOT,
        "unfinished": N,
        "guests": As.THERE,
        "carried": As.THERE,
        "exchange_modified_at": M,
        "starts_at": M,
        "ends_at": M,
    },
    "calsync_profile_state": {
        "profile_id": N,
        "mailbox": As.ADDRESS,
        "delta_link": As.THERE,
        "window_start": M,
        "window_end": M,
        "listed_at": M,
        "compared_at": M,
    },
    "calsync_mailbox": {
        "profile_id": N,
        "spelling": As.ADDRESS,
        "user_id": As.ADDRESS,
        "calendar_id": As.THING,
        "address": As.ADDRESS,
        "held": N,
        "same_as": N,
    },
    "calsync_quarantine": {
        "id": N,
        "profile_id": N,
        "activity_id": ID,
        "event_id": As.THING,
        "name": As.NOT,
        "reason": As.MESSAGE,
        "attempts": N,
        "since": M,
        "next_at": M,
    },
    "calsync_history": {
        "id": N,
        "at": M,
        "profile_id": N,
        "side": W,
        "activity_id": ID,
        "event_id": As.THING,
        "subject": T,
        "rule": W,
        "content": As.VERSIONED,
        "replaced_by": As.VERSIONED,
        "responsible_id": N,
        "type_id": N,
    },
    "calsync_turn": {"id": N, "at": M, "activity_id": ID, "contents": As.NOT},
    "calsync_waiting": {
        "profile_id": N,
        "event_id": As.THING,
        "ical_uid": As.THING,
        "organizer_id": N,
        "since": M,
    },
    "calsync_meeting": {"ical_uid": As.THING, "activity_id": ID, "at": M},
    "calsync_problem": {
        "name": T,
        "kind": W,
        "weight": W,
        "profile": As.CODE,
        "text": As.MESSAGE,
        "mend": As.MESSAGE,
        "since": M,
        "stage": N,
        "begun_at": M,
        "gone_at": M,
        "told_at": M,
        "told_stage": N,
        "delivered": N,
    },
    "calsync_hold": {
        "profile_id": N,
        "activity_id": ID,
        "kind": W,
        "subject": T,
        "since": M,
        "verdict": W,
    },
    "calsync_deed": {
        "id": N,
        "at": M,
        "profile_id": N,
        "activity_id": ID,
        "kind": W,
        "inside": N,
        "outside": N,
        "unsure": N,
    },
    "calsync_agent": {
        "id": ID,
        "host": As.THING,
        "pid": N,
        "version": As.VERSION,
        "lock_file": As.NOT,
        "started_at": M,
        "seen_at": M,
        "settings_revision": N,
        "settings_taken_at": M,
        "round_at": M,
        "round_ms": N,
        "tells": N,
        "credential": W,
        "credential_expires_at": M,
        "credential_spare": N,
        "buried_at": M,
    },
    "calsync_proof": {"profile_id": N, "at": M, "equal_at": M, "differences": N},
    "calsync_lease": {"profile_id": N, "agent_id": ID},
    "calsync_fare": {
        "profile_id": N,
        "state": W,
        "since": M,
        "synced_at": M,
        "error": As.MESSAGE,
        "retry_at": M,
    },
    "calsync_rollout": {"profile_id": N, "begun_at": M},
}
