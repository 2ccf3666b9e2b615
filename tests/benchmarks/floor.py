"""The floors: the same pages and rows, carried by nothing but httpx, json and SQLAlchemy Core."""

import json
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpx
import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.database.statements import chunks

Job = dict[str, Any]
Rows = list[dict[str, Any]]

PREFER = (
    'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text",'
    " odata.maxpagesize=100"
)


def client(job: Job) -> httpx.Client:
    """Signed in, and connected."""
    trust = ssl.create_default_context(cafile=job["ca_file"])
    made = httpx.Client(verify=trust, trust_env=False, timeout=60)
    reply = made.post(
        f"{job['authority']}/{job['tenant_id']}/oauth2/v2.0/token",
        data={
            "client_id": job["client_id"],
            "client_secret": job["client_secret"],
            "scope": "https://graph.microsoft.com/.default",
            "grant_type": "client_credentials",
        },
    )
    token = json.loads(reply.raise_for_status().content)["access_token"]
    made.headers = httpx.Headers({"Authorization": f"Bearer {token}", "Prefer": PREFER})
    return made


def rows(database: Database, *whose: sa.Table) -> list[tuple[sa.Table, Rows]]:
    """All rows of these tables."""
    with database.reading() as connection:
        return [
            (one, [dict(r) for r in connection.execute(sa.select(one)).mappings()]) for one in whose
        ]


def download(web: httpx.Client, link: str | None) -> int:
    """A feed from a link on, each page parsed; how many items that were."""
    count = 0
    while link is not None:
        page = json.loads(web.get(link).raise_for_status().content)
        count += len(page["value"])
        link = page.get("@odata.nextLink")
    return count


def insert(database: Database, given: Iterable[tuple[sa.Table, Rows]]) -> None:
    """The rows, a table at a time, in one transaction."""
    with database.writing() as connection:
        for table, those in given:
            if those:
                connection.execute(sa.insert(table), those)


def update(database: Database, table: sa.Table, column: str, those: Rows) -> None:
    """One column of these rows, in one transaction."""
    changed = sa.update(table).where(table.c.id == sa.bindparam("b_id"))
    changed = changed.values({column: sa.bindparam("b_value")})
    with database.writing() as connection:
        connection.execute(changed, [{"b_id": r["id"], "b_value": r[column]} for r in those])


def send(web: httpx.Client, url: str, calls: Sequence[dict[str, Any]]) -> int:
    """Calls, twenty to a batch, each answer parsed; how many were carried out."""
    count = 0
    for some in chunks(calls, 20):
        body = {"requests": [{"id": str(at), **call} for at, call in enumerate(some)]}
        reply = web.post(f"{url}/$batch", json=body).raise_for_status()
        count += sum(one["status"] < 300 for one in json.loads(reply.content)["responses"])
    return count
