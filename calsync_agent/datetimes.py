"""Moments and durations as people read them. What is stored is UTC; shown is this host's time."""

from datetime import UTC, datetime, timedelta

from calsync_agent.i18n import _, current, ngettext

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def local(moment: datetime) -> datetime:
    """A stored moment (UTC without zone) on this host's clock."""
    return moment.replace(tzinfo=UTC).astimezone()


def clock_time(moment: datetime) -> str:
    """`10:15:03`."""
    return f"{local(moment):%H:%M:%S}"


def day(moment: datetime) -> str:
    """`23.11.2026` or `2026-11-23`."""
    return written(local(moment))


def written(when: datetime) -> str:
    """The day of a clock that is shown as it stands."""
    return f"{when:%d.%m.%Y}" if current() == "de" else f"{when:%Y-%m-%d}"


def day_and_time(moment: datetime) -> str:
    """`23.11.2026 10:15:03`, for what may be of any day."""
    return f"{day(moment)} {clock_time(moment)}"


def zone(moment: datetime) -> str:
    """Whose time is shown: `times in CET (UTC+01:00)`."""
    here = local(moment)
    offset = f"{here:%z}"
    return _("times in {zone} (UTC{offset})").format(
        zone=here.tzname(), offset=f"{offset[:3]}:{offset[3:5]}"
    )


def since(moment: datetime, now: datetime) -> str:
    """`10:15` of today, else with the day."""
    time = f"{local(moment):%H:%M}"
    return time if local(moment).date() == local(now).date() else f"{day(moment)} {time}"


def ago(moment: datetime, now: datetime) -> str:
    """How long before `now` it was: `3 seconds ago`."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < _MINUTE:
        return ngettext("{count} second ago", "{count} seconds ago", seconds).format(count=seconds)
    return _("{time} ago").format(time=duration(timedelta(seconds=seconds)))


def ago_briefly(moment: datetime, now: datetime) -> str:
    """How long before `now` it was, in its largest unit alone: `3 s ago`, `2 h ago`."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < _MINUTE:
        return _("{count} s ago").format(count=seconds)
    if seconds < _HOUR:
        return _("{count} min ago").format(count=seconds // _MINUTE)
    if seconds < _DAY:
        return _("{count} h ago").format(count=seconds // _HOUR)
    return _("{count} d ago").format(count=seconds // _DAY)


def duration(length: timedelta) -> str:
    """`12 min`, `3 h 5 min`, `2 d 4 h`; below a minute in seconds."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < _MINUTE:
        return _("{seconds} s").format(seconds=seconds)
    if seconds < _HOUR:
        return _("{minutes} min").format(minutes=seconds // _MINUTE)
    if seconds < _DAY:
        hours, rest = divmod(seconds, _HOUR)
        return _("{hours} h {minutes} min").format(hours=hours, minutes=rest // _MINUTE)
    days, rest = divmod(seconds, _DAY)
    return _("{days} d {hours} h").format(days=days, hours=rest // _HOUR)


def seconds(length: timedelta) -> str:
    """`0,4 s` or `0.4 s`: for what is quick."""
    text = f"{max(0.0, length.total_seconds()):.1f}"
    return _("{seconds} s").format(seconds=text.replace(".", ",") if current() == "de" else text)
