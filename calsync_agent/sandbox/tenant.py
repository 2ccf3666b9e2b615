"""A simulated tenant as tests, the demo and the server hold it."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Final

from calsync_agent.ics.files import NotImported
from calsync_agent.sandbox.adverse.adversity import Adversity
from calsync_agent.sandbox.counters import Counters
from calsync_agent.sandbox.faults import Faults, Rule
from calsync_agent.sandbox.graph.delta import forget_generations
from calsync_agent.sandbox.graph.gateway import Gateway
from calsync_agent.sandbox.ics.importing import import_ics
from calsync_agent.sandbox.model.clock import Clock
from calsync_agent.sandbox.model.identifiers import Identifiers
from calsync_agent.sandbox.model.mail import Mail
from calsync_agent.sandbox.model.refusals import invalid_request
from calsync_agent.sandbox.model.stored import Stored
from calsync_agent.sandbox.model.world import World
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.settings import Settings
from calsync_agent.sandbox.signin.registration import Certificate, Registration
from calsync_agent.sandbox.signin.tokens import Tokens

_KINDS: Final = frozenset({"user", "shared", "guest"})
DEFAULT_DOMAIN: Final = "contoso.example"
DEFAULT_SECRET: Final = "sandbox~Secret-8Q~not.a.real.one"  # noqa: S105 - opens nothing real
DEFAULT_PEOPLE: Final = (
    ("anna.berger", "Anna Berger"),
    ("bernd.huber", "Bernd Huber"),
    ("clara.novak", "Clara Novak"),
)


class Tenant:
    """A tenant with its users, its registered app and all switches.

    Safe for threads: every method takes the one lock. Without mailboxes of its own, call
    `with_default_people`.
    """

    def __init__(
        self,
        stored: Stored | None = None,
        registration: Registration | None = None,
        *,
        domain: str = DEFAULT_DOMAIN,
        seed: str = "sandbox",
    ) -> None:
        ids = Identifiers(seed)
        self.world = World(
            stored or Stored(seed=seed, tenant_id=ids.guid("tenant", domain), domain=domain)
        )
        self.registration = registration or Registration(
            client_id=ids.guid("app", domain), secrets={DEFAULT_SECRET: None}
        )
        self.faults = Faults()
        self.tokens = Tokens(self.world)
        self.adversity = Adversity(self.world, self.faults.wait)
        self.gateway = Gateway(
            self.world, self.registration, self.tokens, self.faults, self.adversity
        )

    # -- what it is ---------------------------------------------------------------------------

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID."""
        return self.world.stored.tenant_id

    @property
    def domain(self) -> str:
        """The tenant's domain; good in place of the GUID."""
        return self.world.stored.domain

    @property
    def client_id(self) -> str:
        """The registered app's id."""
        return self.registration.client_id

    @property
    def client_secret(self) -> str:
        """A secret of the app."""
        return next(iter(self.registration.secrets))

    @property
    def lock(self) -> RLock:
        """The one lock; hold it to do several things at once."""
        return self.world.lock

    @property
    def settings(self) -> Settings:
        """The switches; assign to them."""
        return self.world.settings

    @property
    def clock(self) -> Clock:
        """The tenant's clock."""
        return self.world.clock

    @property
    def counters(self) -> Counters:
        """What the app has asked so far."""
        return self.gateway.counters

    @property
    def outbox(self) -> list[Mail]:
        """All mail that was sent, oldest first."""
        with self.lock:
            return list(self.world.stored.outbox)

    # -- people -------------------------------------------------------------------------------

    def add_mailbox(
        self,
        name: str,
        display_name: str | None = None,
        *aliases: str,
        licensed: bool = True,
        open_: bool = True,
        kind: str = "user",
    ) -> Person:
        """A new user: `anna` or `anna@contoso.example`, and further addresses.

        `licensed`: has a mailbox at all; `open_`: the app may use it; `kind`: see `Mailbox`.
        """
        _check_kind(kind)
        upn = name if "@" in name else f"{name}@{self.domain}"
        with self.lock:
            mailbox = self.world.add_mailbox(upn, display_name or upn.partition("@")[0], *aliases)
            mailbox.licensed, mailbox.open, mailbox.kind = licensed, open_, kind
            if licensed:
                self.adversity.fill(mailbox)
        return Person(self.world, mailbox)

    def with_default_people(self) -> "Tenant":
        """The tenant with three mailboxes, if it had none."""
        if not self.people():
            for name, display_name in DEFAULT_PEOPLE:
                self.add_mailbox(name, display_name)
        return self

    def people(self) -> list[Person]:
        """Everybody in the tenant."""
        with self.lock:
            return [Person(self.world, mailbox) for mailbox in self.world.people()]

    def user(self, name: str) -> Person:
        """The person with that object id, user principal name or local part of it."""
        with self.lock:
            known = self.world.id_of(name) is not None
            return Person(self.world, self.world.user(name if known else f"{name}@{self.domain}"))

    def outsider(self, address: str, display_name: str | None = None) -> Person:
        """Somebody outside the tenant, who can invite people in it, and be invited."""
        with self.lock:
            mailbox = self.world.by_address(address) or self.world.add_mailbox(
                address, display_name or address, hidden=True
            )
        return Person(self.world, mailbox)

    def rename(self, name: str, new_name: str) -> None:
        """Give a user another principal name; the old address stays an alias."""
        upn = new_name if "@" in new_name else f"{new_name}@{self.domain}"
        with self.lock:
            self.world.rename(self.user(name).mailbox, upn)

    def remove(self, name: str) -> None:
        """Delete a user with the mailbox."""
        with self.lock:
            self.world.remove(self.user(name).mailbox)

    def import_ics(self, name: str, path: Path) -> list[NotImported]:
        """Put an iCalendar file into a mailbox; what Graph could not hold, with the reasons."""
        return import_ics(self.user(name), path)

    # -- sign-in ------------------------------------------------------------------------------

    def add_secret(self, secret: str, expires: datetime | None = None) -> None:
        """One more secret for the app, or another end for one that it has."""
        with self.lock:
            self.registration.secrets[secret] = expires
            self.world.changes += 1

    def register_certificate(self, pem: str) -> None:
        """One more certificate (PEM) that the app may sign in with."""
        with self.lock:
            self.registration.certificates.append(Certificate(pem))
            self.world.changes += 1

    def revoke_tokens(self) -> None:
        """Let Graph refuse every token issued so far."""
        with self.lock:
            self.tokens.revoke()

    # -- misbehaviour -------------------------------------------------------------------------

    def fault(self, rule: Rule) -> Rule:
        """Put a fault in force; see `faults.Rule`."""
        with self.lock:
            return self.faults.add(rule)

    def clear_faults(self) -> None:
        """Behave well again; what hangs is let go."""
        with self.lock:
            self.faults.clear()

    def be_adverse(
        self, seed: int, kinds: Iterable[str] | None = None, *, rate: float | None = None
    ) -> None:
        """Let troubles happen from now on; see `adverse`."""
        with self.lock:
            self.adversity.begin(seed, kinds, rate=rate)

    def be_well(self) -> None:
        """Let no troubles happen any more. Odd events stay where they are."""
        with self.lock:
            self.adversity.end()

    def forget_generations(self, name: str | None = None) -> None:
        """Answer every delta link of that user (of all users) with 410 from now on."""
        with self.lock:
            mailboxes = (
                self.world.stored.mailboxes.values() if name is None else [self.user(name).mailbox]
            )
            for mailbox in mailboxes:
                for calendar in mailbox.calendars.values():
                    forget_generations(calendar)

    def relocate(self, name: str) -> None:
        """Move that user's mailbox to another server: all ids in it are new, all links lost."""
        with self.lock:
            self.world.relocate(self.user(name).mailbox)

    def set_open(self, name: str, *, open_: bool) -> None:
        """Open a mailbox to the app, or close it (403 ErrorAccessDenied)."""
        with self.lock:
            self.user(name).mailbox.open = open_
            self.world.changes += 1

    def set_licensed(self, name: str, *, licensed: bool) -> None:
        """Give a user a mailbox, or take it (404 MailboxNotEnabledForRESTAPI)."""
        with self.lock:
            self.user(name).mailbox.licensed = licensed
            self.world.changes += 1

    def set_kind(self, name: str, kind: str) -> None:
        """Let it be the mailbox of a `user`, a `shared` one, or a `guest`."""
        _check_kind(kind)
        with self.lock:
            self.user(name).mailbox.kind = kind
            self.world.changes += 1

    def clear_outbox(self) -> None:
        """Forget the mail sent so far."""
        with self.lock:
            self.world.stored.outbox.clear()
            self.world.changes += 1

    def reset_counters(self) -> None:
        """Count from zero again."""
        with self.lock:
            self.counters.reset()
            self.gateway.throttle.reset()


def _check_kind(kind: str) -> None:
    if kind not in _KINDS:
        raise invalid_request(f"No such kind of mailbox: {kind}")
