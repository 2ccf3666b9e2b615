"""One call to Graph, and what is known of it afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias

from calsync_agent.domain.operation import Lost

Json: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """One call to Graph for one mailbox.

    `path` is relative to graph_url and percent-encoded (`/users/{mailbox}/events/{id}`), or a next
    or delta link as Graph gave it. `headers` holds what is special to this call (`If-Match`);
    `Prefer`, `Authorization` and `client-request-id` are the client's.
    """

    method: str
    path: str
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    html: bool = False  # bodies as HTML instead of plain text
    paged: bool = False  # ask for pages of the configured size
    after: bool = False  # in a batch: only once the one before it has been carried out


@dataclass(frozen=True, slots=True)
class Answer:
    """What Graph answered, whatever its status; header names are in lower case."""

    status: int
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""  # Graph's own, for logs and errors

    @property
    def ok(self) -> bool:
        """Whether the request was carried out."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def header(self, name: str) -> str | None:
        """A header's value; `name` in any case."""
        return self.headers.get(name.lower())

    @property
    def code(self) -> str:
        """Graph's word for what went wrong, or an empty string."""
        return next(self._codes(), "")

    def named(self, *codes: str) -> bool:
        """Whether one of `codes` is given as the reason, in any case and at any depth.

        The innermost code is the most precise one (GRAPH.md 9.4).
        """
        wanted = {code.lower() for code in codes}
        return any(code.lower() in wanted for code in self._codes())

    @property
    def error_message(self) -> str:
        """Graph's English sentence about the error, or an empty string; never to decide by."""
        text = self._error.get("message")
        return text if isinstance(text, str) else ""

    @property
    def _error(self) -> Json:
        error = self.body.get("error") if self.body else None
        return error if isinstance(error, dict) else {}

    def _codes(self) -> Iterator[str]:
        level: object = self._error
        while isinstance(level, dict):
            code = level.get("code")
            if isinstance(code, str):
                yield code
            level = level.get("innerError") or level.get("innererror")


Outcome: TypeAlias = Answer | Lost
