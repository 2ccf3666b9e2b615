"""A plain client of the sandbox: httpx over real HTTPS, no code of the agent's."""

import copy
import ssl
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

from calsync_agent.sandbox.server import SandboxServer

ZONE = "W. Europe Standard Time"
WINDOW = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
Event: TypeAlias = dict[str, Any]

SCOPE = "https://graph.microsoft.com/.default"


class Client:
    """Calls Graph as the app, below one user's path unless the path begins with `/users`."""

    def __init__(self, server: SandboxServer, user: str = "anna.berger") -> None:
        self.server = server
        self.tenant = server.tenant
        self.person = server.tenant.user(user)
        trust = ssl.create_default_context(cafile=server.ca_file)
        self.http = httpx.Client(verify=trust, trust_env=False, timeout=20)
        self.prefer = 'IdType="ImmutableId"'
        self.sign_in()

    def of(self, user: str) -> "Client":
        """The same app and connection, for another user's mailbox."""
        other = copy.copy(self)
        other.person = self.tenant.user(user)
        return other

    def sign_in(self) -> None:
        token = self.token(
            client_id=self.server.client_id, client_secret=self.server.client_secret
        ).json()
        self.http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def token(self, tenant: str | None = None, **form: str) -> httpx.Response:
        url = f"{self.server.authority}/{tenant or self.server.tenant_id}/oauth2/v2.0/token"
        given = {"grant_type": "client_credentials", "scope": SCOPE, **form}
        return self.http.post(url, data={name: value for name, value in given.items() if value})

    def call(self, method: str, path: str, json: object = None, **headers: str) -> httpx.Response:
        if not path.startswith("https://"):
            below = path if path.startswith(("/users", "/$batch", "/me")) else self.path(path)
            path = self.server.graph_url + below
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, path, json=json, headers={"Prefer": self.prefer, **named})

    def path(self, below: str) -> str:
        return f"/users/{quote(self.person.upn)}{below}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.call("GET", path, **headers)

    def event(self, event_id: str, query: str = "", **headers: str) -> Event:
        response = self.get(f"/events/{quote(event_id, safe='')}{query}", **headers)
        assert response.status_code == 200, response.text
        shown: Event = response.json()
        return shown

    def create(self, subject: str | None = "Besprechung", **properties: object) -> Event:
        response = self.post_event(subject, **properties)
        assert response.status_code == 201, response.text
        shown: Event = response.json()
        return shown

    def post_event(
        self, subject: str | None = "Besprechung", **properties: object
    ) -> httpx.Response:
        return self.call("POST", "/events", {"subject": subject, **hour(), **properties})

    def patch(self, event_id: str, properties: object, **headers: str) -> httpx.Response:
        return self.call("PATCH", f"/events/{quote(event_id, safe='')}", properties, **headers)

    def delete(self, event_id: str, **headers: str) -> httpx.Response:
        return self.call("DELETE", f"/events/{quote(event_id, safe='')}", **headers)

    def act(self, event_id: str, action: str, **body: object) -> httpx.Response:
        return self.call("POST", f"/events/{quote(event_id, safe='')}/{action}", body)

    def batch(self, *requests: dict[str, Any]) -> dict[str, Any]:
        response = self.call("POST", "/$batch", {"requests": list(requests)})
        assert response.status_code == 200, response.text
        return {each["id"]: each for each in response.json()["responses"]}

    def round(self, link: str | None = None, size: int = 50) -> "Round":
        """A whole round of delta, from the beginning or from a delta link."""
        following = link or f"/calendarView/delta?{WINDOW}"
        found = Round()
        while True:
            response = self.get(following, Prefer=f"{self.prefer}, odata.maxpagesize={size}")
            assert response.status_code == 200, response.text
            page = response.json()
            found.pages.append(page["value"])
            if "@odata.deltaLink" in page:
                assert "@odata.nextLink" not in page
                found.link = page["@odata.deltaLink"]
                return found
            following = page["@odata.nextLink"]


class Round:
    """What a round of delta brought."""

    def __init__(self) -> None:
        self.pages: list[list[Any]] = []
        self.link = ""

    @property
    def items(self) -> list[Any]:
        return [item for page in self.pages for item in page]

    @property
    def gone(self) -> list[str]:
        return [item["id"] for item in self.items if "@removed" in item]

    @property
    def kinds(self) -> list[str]:
        return [item.get("type", "gone") for item in self.items]


def moment(local: str, zone: str = ZONE) -> dict[str, str]:
    return {"dateTime": local, "timeZone": zone}


def hour(day: str = "2026-03-02", at: int = 9, zone: str = ZONE) -> dict[str, Any]:
    """Start and end of an hour."""
    return {
        "start": moment(f"{day}T{at:02}:00:00", zone),
        "end": moment(f"{day}T{at + 1:02}:00:00", zone),
    }


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and code of Graph's error."""
    return response.status_code, response.json()["error"]["code"]
