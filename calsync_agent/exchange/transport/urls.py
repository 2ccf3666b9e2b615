"""Where a request goes: always to graph_url's own host, whatever a link says."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from calsync_agent.errors import ForeignLink
from calsync_agent.i18n import message

_HTTPS_PORT: Final = 443


@dataclass(frozen=True, slots=True)
class Root:
    """graph_url taken apart: everything that is sent goes to `origin`, and to nothing else."""

    host: str  # for messages
    origin: str  # https://host[:port], in lower case
    prefix: str  # the version root's path, such as /v1.0
    origins: tuple[str, ...]  # how links may write the origin

    @staticmethod
    def of(graph_url: str) -> "Root":
        """The root that `graph_url` names; it has been checked (`GraphSettings`)."""
        parts = urlsplit(graph_url)
        host = parts.netloc.lower().removesuffix(f":{_HTTPS_PORT}")
        origin = f"https://{host}"
        usual = parts.port in {None, _HTTPS_PORT}
        origins = (origin, f"{origin}:{_HTTPS_PORT}") if usual else (origin,)
        return Root(parts.hostname or host, origin, parts.path.rstrip("/"), origins)

    def target(self, path: str) -> str:
        """The path and query to ask for at `origin`, for a relative path or a link of Graph's.

        Raises ForeignLink for a link that leads elsewhere. Only a literal match of the origin
        counts, so that no two readings of an odd address can differ.
        """
        target = self.prefix + path if path.startswith("/") else self._own(path)
        if not target.isascii() or not target.isprintable() or " " in target:
            raise ForeignLink(
                message(
                    "a link of {host} is not percent-encoded; it is not followed", host=self.host
                )
            )
        return target

    def relative(self, target: str) -> str | None:
        """`target` as a batch wants it, relative to the version root; None if it lies outside."""
        if not target.startswith(self.prefix + "/"):
            return None
        return target[len(self.prefix) :]

    def _own(self, link: str) -> str:
        for origin in self.origins:
            if link[: len(origin)].lower() == origin and link[len(origin) :].startswith("/"):
                return link[len(origin) :]
        raise ForeignLink(
            message(
                "{host} gave a link to another address ({link}); it is not followed, because the "
                "access token would go there",
                host=self.host,
                link=link.partition("?")[0][:200],
            )
        )
