"""Why a database could not be opened, in one line that says what to do."""

import re
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent.database.address import place
from calsync_agent.database.failures import Facts, facts, is_contended
from calsync_agent.errors import DatabaseRefused, DatabaseTrouble, LoginRefused
from calsync_agent.i18n import Message, message

# PostgreSQL's server speaks the language it was installed in; these are its texts in English and
# German. SQL Server's are recognised by their numbers, which are the same in all languages.
_NOT_NOW: Final = re.compile(
    r"starting up|shutting down|in recovery mode|too many (clients|connections)|connection slots"
    r"|startet gerade|fährt.*herunter|zu viele Verbindungen|Verbindungen sind.*reserviert",
    re.IGNORECASE,
)
_LOGIN: Final = re.compile(
    r"authentication failed|no password supplied|role .* does not exist|not permitted to log in"
    r"|pg_hba\.conf|Authentifizierung.*fehlgeschlagen|Rolle .* existiert nicht",
    re.IGNORECASE,
)
_NOT_ADMITTED: Final = re.compile(r"pg_hba\.conf", re.IGNORECASE)
_NO_TLS: Final = re.compile(r"server does not support SSL", re.IGNORECASE)
_DATABASE: Final = re.compile(
    r"database .* does not exist|Datenbank .* existiert nicht", re.IGNORECASE
)
_HOST: Final = re.compile(r"could not translate host name|0x2AF9|0x2AFA|0x2AFC", re.IGNORECASE)
_NO_ANSWER: Final = re.compile(
    r"Connection refused|timeout expired|timed out|No such file or directory|No route to host"
    r"|unreachable|TCP Provider|Named Pipes Provider|Login timeout",
    re.IGNORECASE,
)
_CERTIFICATE: Final = re.compile(
    r"certificate verify failed|self.signed certificate|certificate chain was issued"
    r"|Zertifikatkette|unable to get local issuer",
    re.IGNORECASE,
)
_OLD_TLS: Final = re.compile(
    r"unsupported protocol|no protocols available|wrong version", re.IGNORECASE
)
_NO_DRIVER: Final = re.compile(r"Can't open lib|no default driver specified", re.IGNORECASE)

_UNKNOWN_DATABASE: Final = {4060, 911}
_LOGIN_FAILED: Final = {18456, 18452, 18470, 18486, 18487, 18488}


def refused(error: sa.exc.DBAPIError, url: sa.URL) -> DatabaseRefused | DatabaseTrouble:
    """What to raise when the first connection to `url` fails with `error`."""
    said = facts(error)
    if is_contended(error) or _NOT_NOW.search(str(error.orig)):
        return DatabaseTrouble(
            message(
                "The database at {where} takes no connection for now: {reason}",
                where=place(url),
                reason=said.text,
            )
        )
    if url.get_backend_name() == "sqlite":
        return DatabaseRefused(_file(said, url))
    text = str(error.orig)
    kind = LoginRefused if _is_login(said, text) else DatabaseRefused
    return kind(_server(said, text, url))


def _file(said: Facts, url: sa.URL) -> Message:
    file = url.database or ""
    match min(said.numbers, default=0):
        case 14 | 8 | 23:  # cannot open, read only, no authorization
            return message(
                "The SQLite file {file} cannot be opened for writing ({reason}); check the"
                " permissions of the file and its folder",
                file=file,
                reason=said.text,
            )
        case 26 | 11:  # not a database, corrupt
            return message(
                "The file {file} is no SQLite database, or a damaged one ({reason})",
                file=file,
                reason=said.text,
            )
        case _:
            return message(
                "The SQLite file {file} cannot be used: {reason}", file=file, reason=said.text
            )


def _is_unknown_database(said: Facts, text: str) -> bool:
    return bool(said.numbers & _UNKNOWN_DATABASE or _DATABASE.search(text))


def _is_login(said: Facts, text: str) -> bool:
    """Whether user or password are refused."""
    if _is_unknown_database(said, text):
        return False
    return bool(said.numbers & _LOGIN_FAILED or said.state == "28000" or _LOGIN.search(text))


def _server(said: Facts, text: str, url: sa.URL) -> Message:
    where, reason, host = place(url), said.text, url.host or "localhost"
    if _is_unknown_database(said, text):
        return message(
            "There is no database {database} on {host}, or {user} may not use it; check"
            " database.url",
            database=url.database or "",
            host=host,
            user=url.username or "the login",
        )
    if _NOT_ADMITTED.search(text):
        return message(
            "{where} admits the login {user} not from this machine, or not in this way; have its"
            " pg_hba.conf name this machine, the user and the database, and mind whether it asks"
            " for TLS: sslmode=require in database.url ({reason})",
            where=where,
            user=url.username or "",
            reason=reason,
        )
    if _NO_TLS.search(text):
        return message(
            "{where} offers no TLS, which database.url asks for (sslmode); switch it on in the"
            " server ({reason})",
            where=where,
            reason=reason,
        )
    if _is_login(said, text):
        return message(
            "{where} refuses the login {user}; check user, password and database.password_file"
            " ({reason})",
            where=where,
            user=url.username or "",
            reason=reason,
        )
    if _NO_DRIVER.search(text):
        return _driver(str(url.query.get("driver", "")), reason)
    if _CERTIFICATE.search(text) and url.get_backend_name() == "postgresql":
        return message(
            "The certificate of {where} is not trusted; name the file of its authority in"
            " database.url: sslrootcert=FILE ({reason})",
            where=where,
            reason=reason,
        )
    if _CERTIFICATE.search(text):
        return message(
            "The certificate of {where} is not trusted; install its authority on this machine, or"
            " add TrustServerCertificate=yes to database.url ({reason})",
            where=where,
            reason=reason,
        )
    if _OLD_TLS.search(text):
        return message(
            "{where} speaks only TLS versions that this machine refuses; update the server so that"
            " it speaks TLS 1.2 ({reason})",
            where=where,
            reason=reason,
        )
    if _HOST.search(text):
        return message(
            "The host {host} in database.url is unknown; check the name and the DNS servers"
            " ({reason})",
            host=host,
            reason=reason,
        )
    if _NO_ANSWER.search(text):
        return message(
            "No database answers at {where}; check host, port, firewall, and that the server runs"
            " ({reason})",
            where=where,
            reason=reason,
        )
    return message("{where} refuses the connection: {reason}", where=where, reason=reason)


def _driver(driver: str, reason: str) -> Message:
    if Path(driver).is_file():
        return message(
            "The ODBC driver {driver} cannot be loaded; see what it lacks: ldd {driver}"
            " (on Debian mostly libgssapi-krb5-2 and libssl3)",
            driver=driver,
        )
    return message(
        "The ODBC driver {driver} is not installed; leave driver= out of database.url to have one"
        " chosen, or install it ({reason})",
        driver=driver or "of the data source",
        reason=reason,
    )
