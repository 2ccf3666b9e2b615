"""python-O365: lists, reads delta, creates, patches and deletes. Run by `test_clients`.

Arguments: tenant, client id, client secret, principal name of a user. Prints JSON.
"""

import datetime as dt
import json
import sys

from O365 import Account
from O365.utils.token import MemoryTokenBackend


def main(tenant: str, client: str, secret: str, name: str) -> dict[str, object]:
    told: dict[str, object] = {}
    account = Account(
        (client, secret),
        auth_flow_type="credentials",
        tenant_id=tenant,
        main_resource=name,
        token_backend=MemoryTokenBackend(),
    )
    told["signed in"] = account.authenticate()
    calendar = account.schedule().get_default_calendar()
    event = calendar.new_event("Besprechung")
    event.start = dt.datetime(2026, 3, 2, 9, 0)
    event.end = dt.datetime(2026, 3, 2, 10, 0)
    event.location = "Saal"
    event.body = "Grüße"
    event.attendees.add(("Gast", "gast@kunde.example"))
    told["created"] = event.save()
    again = calendar.get_event(event.object_id)
    told["read"] = [again.subject, again.location["displayName"], again.is_all_day]
    again.subject = "Neu"
    told["patched"] = again.save()
    weekly = calendar.new_event("Serie")
    weekly.start = dt.datetime(2026, 3, 2, 11, 0)
    weekly.end = dt.datetime(2026, 3, 2, 12, 0)
    weekly.recurrence.set_weekly(
        1, days_of_week=["monday"], first_day_of_week="monday",
        start=dt.date(2026, 3, 2), end=dt.date(2026, 3, 16),
    )  # fmt: skip
    told["series"] = weekly.save()
    told["listed"] = sorted(found.subject for found in calendar.get_events(include_recurring=False))
    told["view"] = sorted(
        found.subject
        for found in calendar.get_events(
            include_recurring=True,
            start_recurring=dt.datetime(2026, 3, 1),
            end_recurring=dt.datetime(2026, 4, 1),
        )
    )
    query = calendar.new_query().equals("subject", "Neu")
    found = calendar.get_events(query=query, include_recurring=False)
    told["found"] = [each.subject for each in found]
    told["first"], link = delta(account, name)
    told["deleted"] = again.delete()
    told["gone"], _ = delta(account, name, link)
    return told


def delta(account: Account, name: str, link: str | None = None) -> tuple[list[str], str]:
    """A round, by the client's own connection: it has no call of its own for that."""
    window = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
    url = f"{account.protocol.service_url}users/{name}/calendarView/delta?{window}"
    following: str | None = link or url
    seen = []
    while following:
        page = account.con.get(following).json()
        seen += ["gone" if "@removed" in item else item["type"] for item in page["value"]]
        following, link = page.get("@odata.nextLink"), page.get("@odata.deltaLink")
    assert link is not None
    return sorted(seen), link


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
