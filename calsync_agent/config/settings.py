"""What `agent.toml` may hold. The text under a key is its documentation, also in the sample file.

`AgentFile` is the file as written; `Settings` is complete, with the secrets from the files and the
environment that it names. Both are values: equal settings have equal effects.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from calsync_agent.config import checks
from calsync_agent.config.months import FUTURE_MONTHS, PAST_MONTHS

Day: TypeAlias = Annotated[dt.date | None, BeforeValidator(checks.day)]
NamedFile: TypeAlias = Annotated[Path | None, BeforeValidator(checks.given_path)]
WebAddress: TypeAlias = Annotated[SecretStr, AfterValidator(checks.web_address)]
MailAddress: TypeAlias = Annotated[str, AfterValidator(checks.mail_address)]


class Section(BaseModel):
    """What all sections share: exact types, no unknown keys, no change after reading."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # it may be a secret
    )


class Database(Section):
    """Consolidate's database, which holds the plugin's tables too."""

    url: Annotated[SecretStr, AfterValidator(checks.database_url)] = Field(
        examples=["postgresql+psycopg2://calsync@db.example/consolidate"]
    )
    """Where Consolidate's tables are: postgresql+psycopg2://user@server/database,
    mssql+pyodbc://user@server/database?driver=ODBC+Driver+18+for+SQL+Server, or sqlite:///file."""

    schema_name: str = Field(default="", alias="schema")
    """The schema that the tables are in. Empty: the login's default schema."""

    password_file: NamedFile = None
    """A file that holds the login's password and nothing else, so that this one holds no secret.
    Empty: the url has all that is needed."""

    feed: Literal["triggers", "scan"] = "triggers"
    """How changes in Consolidate are noticed. triggers: on Consolidate's tables, at once. scan: all
    appointments are compared with what was seen last, 20,000 within a minute, and nothing is put on
    Consolidate's tables; for where Consolidate writes with OUTPUT, or triggers are not wanted.
    After changing it: calsync-agent db install."""


class Exchange(Section):
    """How the agent signs in to Exchange 365 (Microsoft Graph)."""

    client_id: Annotated[str, AfterValidator(checks.one_word)] = Field(
        examples=["11111111-2222-3333-4444-555555555555"]
    )
    """The application (client) id of the app registered in Microsoft Entra ID."""

    client_secret_file: NamedFile = Field(default=None, examples=["secret.txt"])
    """A file that holds the app's client secret and nothing else (the secret's value, not its id).
    Exactly one of this key and the next two is to be given."""

    client_secret_env: Annotated[str, AfterValidator(checks.variable_name)] = ""
    """The environment variable that holds the client secret."""

    certificate_file: NamedFile = None
    """A PEM file with the app's certificate and its private key, without a pass phrase."""

    client_secret_next_file: NamedFile = None
    """A file with the app's next client secret, beside the present one. It is used as soon as
    Microsoft does not take the present one any more, without a cycle being missed."""

    client_secret_next_env: Annotated[str, AfterValidator(checks.variable_name)] = ""
    """The environment variable that holds the next client secret."""

    client_secret_expires: Day = None
    """The day on which the client secret ends, as in "2027-05-31"; of two, the later one's. It is
    said 30, 14 and 3 days before. Not needed where the app may read its own registration in
    Microsoft Entra ID (Application.Read.All)."""

    authority: Annotated[str, AfterValidator(checks.authority)] = (
        "https://login.microsoftonline.com"
    )
    """Where to sign in, without the tenant. Others than this only for national clouds."""

    graph_url: Annotated[str, AfterValidator(checks.https_url)] = "https://graph.microsoft.com/v1.0"
    """Where Microsoft Graph answers."""

    ca_file: NamedFile = None
    """A PEM file with certificate authorities to trust besides the usual ones: a private one, or
    that of a proxy that inspects TLS."""

    proxy: Annotated[SecretStr, AfterValidator(checks.proxy)] = SecretStr("")
    """The HTTP proxy, as in http://proxy.example:8080. Empty: as HTTPS_PROXY and NO_PROXY say."""


class Sync(Section):
    """What is synced, and when the agent stops to ask."""

    past_months: Annotated[int, Field(ge=PAST_MONTHS[0], le=PAST_MONTHS[-1])] = 3
    """How many months back appointments are synced: 0 to 120."""

    future_months: Annotated[int, Field(ge=FUTURE_MONTHS[0], le=FUTURE_MONTHS[-1])] = 24
    """How many months ahead events are taken over from Exchange: 1 to 60."""

    default_time_zone: Annotated[str, AfterValidator(checks.zone_name)] = "Europe/Vienna"
    """The time zone, by its IANA name, of what comes without one that can be resolved."""

    max_deletes: Annotated[int, Field(ge=0)] = 10
    """A profile is held, and an administrator asked, when on one side more than this number of
    appointments would be deleted within an hour and also more than the percentage below. All
    profiles together are held at ten times this number."""

    max_delete_percent: Annotated[int, Field(ge=0, le=100)] = 20
    """See max_deletes: 0 to 100 percent of the profile's appointments."""

    max_deletes_a_day: Annotated[int, Field(ge=0)] = 100
    """A profile is held as well when on one side more than this number of appointments would be
    deleted within 24 hours, whatever the percentage."""

    max_mails: Annotated[int, Field(ge=0)] = 50
    """A profile is held when it would make Exchange send more than this number of mails within an
    hour."""

    max_mails_a_day: Annotated[int, Field(ge=0)] = 200
    """A profile is held as well when it would make Exchange send more than this number of mails
    within 24 hours."""

    categories_mail: bool = True
    """Whether a change of an event's categories alone counts as mail to those who are invited.
    Microsoft does not say whether Exchange mails about it; false once you have seen that it does
    not."""

    verify_at: Annotated[dt.time | None, BeforeValidator(checks.time_of_day)] = dt.time(2, 30)
    """When both sides of some mailboxes are compared in full each night, as a sample, in the time
    zone above: a time, as in "02:30". Nothing is written. Empty: never."""


class Log(Section):
    """What the agent writes about its work."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is written: debug, info, warning or error."""

    format: Literal["text", "json"] = "text"
    """text for people, json for programs (one object per line)."""

    file: NamedFile = None
    """The log file; older parts get .1, .2, … appended. Empty: calsync-agent.log in the platform's
    log folder."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """After how many days rows of the table calsync_log are removed: 1 to 3650."""


class Smtp(Section):
    """The server that mails about problems go to. Needed where [alerts] names mail."""

    host: Annotated[str, AfterValidator(checks.host)] = ""
    """Its name, as in mail.example.com."""

    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Its port: 1 to 65535. 0: 587 with starttls, 465 with tls, 25 with none."""

    user: str = ""
    """The login, where the server asks for one."""

    password_file: NamedFile = None
    """A file that holds the login's password and nothing else."""

    sender: Annotated[str, AfterValidator(checks.mail_address_or_none)] = ""
    """The address that the mails come from."""

    tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: starttls, tls from the beginning, or none."""


class Alerts(Section):
    """Who is told when a problem begins and when it has ended. To try: check --alert."""

    mail: Annotated[tuple[MailAddress, ...], BeforeValidator(checks.several)] = ()
    """Addresses that get a mail, as in ["it@example.com"]. They need [alerts.smtp]."""

    webhooks: Annotated[tuple[WebAddress, ...], BeforeValidator(checks.several)] = ()
    """Addresses that get a POST of JSON: title, text, kind, state (begun or ended), since, profile.
    Teams and Slack take its text."""

    command: Annotated[str, AfterValidator(checks.command)] = ""
    """A program that gets the same JSON on its standard input; it may take ten seconds."""

    heartbeat_url: WebAddress = SecretStr("")
    """An address that is called (GET) as long as all is well, so that silence tells."""

    heartbeat_seconds: Annotated[int, Field(ge=1, le=86400)] = 300
    """How often it is called: every 1 to 86400 seconds."""

    smtp: Smtp = Smtp()

    @property
    def wanted(self) -> bool:
        """Whether anybody is to be told anything."""
        return bool(self.mail or self.webhooks or self.command or self.heartbeat_url)


class Metrics(Section):
    """What other programs may ask the agent: /metrics (Prometheus), /live and /ready."""

    listen: Annotated[str, AfterValidator(checks.listening)] = ""
    """Address and port to answer at, as in 127.0.0.1:9464. Empty: nowhere. There is no sign-in, so
    it should be an address that only the monitoring reaches."""


class AgentFile(Section):
    """`agent.toml` as written, its paths made absolute."""

    database: Database
    exchange: Exchange
    sync: Sync = Sync()
    log: Log = Log()
    alerts: Alerts = Alerts()
    metrics: Metrics = Metrics()


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """The app signs in with a secret."""

    value: SecretStr


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The app signs in with a certificate and its RSA key (PKCS#8, no pass phrase), both as PEM."""

    private_key: SecretStr
    certificate: str


Credential: TypeAlias = ClientSecret | ClientCertificate


class Settings(AgentFile):
    """`agent.toml`, complete: the password is in the url, the credential has been read."""

    path: Path
    """The file that was read, absolute."""

    credential: Credential
    """What the app signs in with."""

    credential_next: ClientSecret | None = None
    """What it signs in with when that is refused."""

    smtp_password: SecretStr | None = None
    """The password for the mail server."""

    secret_inside: bool = False
    """Whether the file itself holds a password, in the address of the database or of the proxy."""

    contents: str = ""
    """A digest of the files that the settings name, so that a rotated one makes other settings."""

    def secrets(self) -> tuple[SecretStr, ...]:
        """All that must never be written anywhere."""
        key = self.credential
        login = key.value if isinstance(key, ClientSecret) else key.private_key
        passwords = (
            sa.make_url(self.database.url.get_secret_value()).password,
            urlsplit(self.exchange.proxy.get_secret_value()).password,
        )
        # Whoever has one of these addresses may post there.
        spare = self.credential_next.value if self.credential_next else None
        given = spare, self.smtp_password, self.alerts.heartbeat_url, *self.alerts.webhooks
        return (
            login,
            *(SecretStr(password) for password in passwords if password),
            *(secret for secret in given if secret),
        )
