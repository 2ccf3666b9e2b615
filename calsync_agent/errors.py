"""Every error that calsync raises on purpose.

    CalsyncError              one line: what, where, what to do
    ├── Refusal               the program cannot go on as it was asked to       exit status 2
    │   ├── ConfigurationRefused   agent.toml: file, key, what would be right
    │   ├── DatabaseRefused        url, driver, login, tables missing or newer than the program
    │   │   ├── LoginRefused       user or password are wrong
    │   │   ├── NotInstalled       the plugin's tables or triggers are missing or older
    │   │   ├── NotPermitted       the login has too few rights
    │   │   └── Undecided          restored from a backup, or a copy: an admin has to say (B12)
    │   ├── NotReady               Consolidate's version, licence, module, provider, tenant (B10)
    │   ├── SignInRefused          tenant, client id, secret, certificate, consent
    │   └── Unknown                something named on the command line is not there
    └── Trouble               passes by itself; tried again later               exit status 1
        ├── DatabaseTrouble        connection lost, deadlock, lock time-out
        └── MailboxTrouble         one mailbox: throttled, unreachable, or closed to the app

An item that cannot be synced is no error but a value (`Unsyncable` with its reason): it is
quarantined (B8) and everything else goes on.
"""

from typing import ClassVar

from calsync_agent.i18n import Message


class CalsyncError(Exception):
    """What went wrong, where, and what mends it, in one sentence."""

    exit_status: ClassVar[int] = 1

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """The sentence in the language spoken now."""
        return str(self.message)


class Refusal(CalsyncError):
    """The program cannot go on as it was asked to, until somebody mends what is named."""

    exit_status = 2


class ConfigurationRefused(Refusal):
    """A settings file or a settings row is wrong."""


class DatabaseRefused(Refusal):
    """The database cannot be used as it is."""


class LoginRefused(DatabaseRefused):
    """The login is refused; to repeat that with the same password may lock it."""


class NotInstalled(DatabaseRefused):
    """What the plugin needs in the database is missing or older; `db install` mends that."""


class NotPermitted(DatabaseRefused):
    """The login may not do what has to be done."""


class Undecided(DatabaseRefused):
    """The database was restored or copied; nothing is written until an admin says which (B12)."""


class NotReady(Refusal):
    """Consolidate is not ready to be synced (B10, G5)."""


class SignInRefused(Refusal):
    """Microsoft Entra ID refuses to sign the app in."""


class Unknown(Refusal):
    """Something was named that is not there."""


class Trouble(CalsyncError):
    """Something outside fails for now; the same attempt may succeed later."""


class DatabaseTrouble(Trouble):
    """The database does not answer, or chose this transaction as a victim."""


class MailboxTrouble(Trouble):
    """One mailbox cannot be read or written now.

    `retry_after` is the number of seconds that Exchange asked to wait, or None.
    """

    def __init__(self, message: Message, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
