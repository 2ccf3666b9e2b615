"""Every error that calsync raises on purpose.

    CalsyncError              one line: what, where, what to do
    ├── Refusal               the program cannot go on as it was asked to       exit status 2
    │   ├── ConfigurationRefused   agent.toml: file, key, what would be right
    │   ├── DatabaseRefused        url, driver, login, tables missing or newer than the program
    │   │   ├── LoginRefused       user or password are wrong
    │   │   ├── NotInstalled       the plugin's tables or triggers are missing or older
    │   │   │   └── Outdated       the plugin's tables are of an older version
    │   │   ├── NotPermitted       the login has too few rights
    │   │   └── Undecided          restored from a backup, or a copy: an admin has to say (B12)
    │   ├── NotReady               Consolidate's version, licence, module, provider, tenant (B10)
    │   ├── SignInRefused          tenant, client id, secret, certificate, consent
    │   └── Unknown                something named on the command line is not there
    └── Trouble               passes by itself; tried again later               exit status 1
        ├── DatabaseTrouble        connection lost, deadlock, lock time-out
        └── MailboxTrouble         one mailbox cannot be read or written now
            ├── MailboxUnavailable     throttled, slow, or failing
            ├── Unreachable            the provider as a whole: no mailbox of it can be asked
            ├── MailboxClosed          closed to the app, or not there
            │   └── TokenRefused       it does not take the app's token, which others may
            ├── FeedTrouble            what has changed in it cannot be told; it may be written to
            └── ForeignLink            a place in its feed that leads to another host

An item that cannot be synced is no error but a value (`Unsyncable` with its reason): it is
quarantined (B8) and everything else goes on.
"""

from collections.abc import Collection, Sequence
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


class Outdated(NotInstalled):
    """The plugin's tables are of an older version; `db upgrade` mends that."""

    def __init__(self, text: Message, version: int) -> None:
        super().__init__(text)
        self.version = version


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

    `retry_after` is the number of seconds that the provider asked to wait, or None. `shuts_out`:
    for now the mailbox is not to be asked for anything. `answers`: what became of each of the
    requests that met it, in the provider's own form, where there is anything to tell.
    """

    answers: Sequence[object] = ()
    shuts_out: bool = False

    def __init__(self, message: Message, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MailboxUnavailable(MailboxTrouble):
    """It is throttled, slow, or fails; that passes by itself."""


class Unreachable(MailboxTrouble):
    """Nothing was sent: the host of the provider, or of its sign-in, cannot be reached.

    The sentence names the host and no mailbox, so that it need be said only once.
    """

    shuts_out = True


class MailboxClosed(MailboxTrouble):
    """The app may not enter the mailbox, or there is none, until an admin mends it.

    `lacks_permission`: the app was kept out, rather than nothing being there.
    """

    shuts_out = True
    lacks_permission: bool = False


class TokenRefused(MailboxClosed):
    """A mailbox does not accept the app's token, not even a new one.

    `as_such` says it of the app, should no mailbox accept it.
    """

    def __init__(self, text: Message, as_such: Message) -> None:
        super().__init__(text)
        self.as_such = as_such


class FeedTrouble(MailboxTrouble):
    """The mailbox's feed gives no usable answer, which says nothing of the mailbox itself (B3)."""


class ForeignLink(MailboxTrouble):
    """A place in the feed leads to another host, where the token must not go."""


def refused_as_such(errors: Collection[Exception | None]) -> SignInRefused | None:
    """The refusal of the app as such, where each of the mailboxes that were asked refuses it."""
    refused = [error for error in errors if isinstance(error, TokenRefused)]
    if not refused or len(refused) < len(errors):
        return None
    return SignInRefused(refused[0].as_such)
