"""What the page of settings shows: groups of keys of `agent.toml`, in the words of people."""

from dataclasses import dataclass
from typing import Final

from calsync_agent.i18n import marked


@dataclass(frozen=True, slots=True)
class SettingsField:
    """One key. `label` and `hint` are marked; `choices` are the values that it may have."""

    key: str
    label: str
    hint: str = ""
    secret: bool = False
    choices: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its id as a widget."""
        return self.key.replace(".", "-")


GROUPS: Final = (
    (
        marked("App"),
        (
            SettingsField(
                "exchange.client_id",
                marked("Client id"),
                marked("In the Azure portal: Application (client) ID."),
            ),
            SettingsField(
                "exchange.client_secret_file",
                marked("New client secret"),
                marked("Empty: the one that is there. It goes into the file that is named for it."),
                secret=True,
            ),
            SettingsField(
                "exchange.certificate_file",
                marked("or certificate"),
                marked("PEM: certificate and key, without pass phrase."),
            ),
            SettingsField(
                "exchange.ca_file",
                marked("CA file"),
                marked("PEM: authorities to trust besides the usual ones."),
            ),
            SettingsField(
                "exchange.proxy", marked("Proxy"), marked("Empty: as HTTPS_PROXY and NO_PROXY say.")
            ),
        ),
    ),
    (
        marked("Database"),
        (
            SettingsField("database.url", marked("Address (URL)")),
            SettingsField(
                "database.password_file",
                marked("New password"),
                marked("Empty: the one that is there. It goes into the file that is named for it."),
                secret=True,
            ),
            SettingsField(
                "database.schema", marked("Schema"), marked("Empty: the login's default schema.")
            ),
        ),
    ),
    (
        marked("Limits"),
        (
            SettingsField(
                "sync.past_months",
                marked("Months back"),
                marked("How far back appointments are synced: 0 to 120."),
            ),
            SettingsField(
                "sync.future_months",
                marked("Months ahead"),
                marked("How far ahead events are taken over from Exchange: 1 to 60."),
            ),
            SettingsField(
                "sync.max_deletes",
                marked("Deletions in an hour"),
                marked(
                    "A profile is held when it would delete more, and more than the percentage."
                ),
            ),
            SettingsField("sync.max_delete_percent", marked("and percent")),
            SettingsField(
                "sync.max_deletes_a_day",
                marked("Deletions in a day"),
                marked("A profile is held when it would delete more, whatever the percentage."),
            ),
            SettingsField(
                "sync.max_mails",
                marked("Mails in an hour"),
                marked("A profile is held when it would make Exchange send more."),
            ),
            SettingsField("sync.max_mails_a_day", marked("Mails in a day")),
        ),
    ),
    (
        marked("Alerts"),
        (
            SettingsField(
                "alerts.mail",
                marked("Mail to"),
                marked("Addresses, with commas between them; they need the mail server below."),
            ),
            SettingsField("alerts.smtp.host", marked("Mail server"), marked("Its name.")),
            SettingsField(
                "alerts.smtp.tls",
                marked("Encryption"),
                choices=("starttls", "tls", "none"),
            ),
            SettingsField(
                "alerts.smtp.port",
                marked("Port"),
                marked("0: 587 with starttls, 465 with tls, 25 with none."),
            ),
            SettingsField("alerts.smtp.sender", marked("Sender")),
            SettingsField(
                "alerts.smtp.user", marked("Login"), marked("Where the server asks for one.")
            ),
            SettingsField("alerts.smtp.password_file", marked("New password"), secret=True),
            SettingsField(
                "alerts.webhooks",
                marked("Webhooks"),
                marked("Addresses that get a POST, with commas between them; Teams and Slack do."),
            ),
            SettingsField(
                "alerts.command",
                marked("Program"),
                marked("Gets the same as JSON on its standard input."),
            ),
            SettingsField(
                "alerts.heartbeat_url",
                marked("Sign of life"),
                marked("An address that is called as long as all is well, so that silence tells."),
            ),
            SettingsField("alerts.heartbeat_seconds", marked("every … seconds")),
        ),
    ),
    (
        marked("Log and metrics"),
        (
            SettingsField(
                "log.level",
                marked("How much is logged"),
                choices=("debug", "info", "warning", "error"),
            ),
            SettingsField(
                "log.keep_days", marked("Days kept"), marked("Of the live log: 1 to 3650.")
            ),
            SettingsField(
                "metrics.listen",
                marked("Metrics at"),
                marked("Address and port, as in 127.0.0.1:9464; empty: nowhere."),
            ),
        ),
    ),
)

FIELDS: Final = tuple(each for _title, group in GROUPS for each in group)
