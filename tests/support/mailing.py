"""Whether Exchange mailed just those people whom the sync had counted beforehand (F8).

What people do in Outlook mails too, and does not count here. A write whose answer never came, or
of which only a part was taken, may have mailed as many as were counted for it, or fewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from calsync_agent.appointment.fields import Field
from calsync_agent.domain.operation import (
    Answered,
    Gone,
    Lost,
    Operation,
    Partly,
    Result,
    Written,
    WrittenUnread,
)
from calsync_agent.exchange.calendar.mailbox import Mailbox
from calsync_agent.plan.mail_forecast import Mails, forecast, put_back
from calsync_agent.sandbox.model.mail import Mail
from calsync_agent.sandbox.model.world import World


@dataclass
class Ledger:
    """What all agents of this process counted beforehand, and what its sandboxes mailed for them.

    `doubtful`: counted for writes of which nobody knows how far they came. `writes`: what was to be
    done, and in which mailbox.
    """

    writes: list[tuple[str, Operation]] = field(default_factory=list)
    counted: Mails = field(default_factory=Mails)
    doubtful: Mails = field(default_factory=Mails)
    mailed: list[Mail] = field(default_factory=list)

    @property
    def complaint(self) -> str:
        """What does not agree; empty where all does, or where no agent wrote in this process."""
        if not self.writes:
            return ""
        inside = sum(mail.inside for mail in self.mailed)
        outside = len(self.mailed) - inside
        most = self.counted + self.doubtful
        agrees = self.counted.inside <= inside <= most.inside
        if agrees and self.counted.outside <= outside <= most.outside:
            return ""
        told = [f"{m.kind} to {m.recipient} for {m.cause}: {m.subject}" for m in self.mailed]
        return "\n".join([f"{self.counted} were counted, {self.doubtful} in doubt; mailed:", *told])

    def enter(self, mails: Mails, result: Result | None) -> None:
        """A write came to an end; None where it was cut off."""
        match result:
            case None | Lost() | Partly() | WrittenUnread():
                self.doubtful += mails
            case Written() | Gone() | Answered():
                self.counted += mails

    def send(self, mail: Mail) -> None:
        """A mail went out; nobody is reached under what is no address."""
        if mail.cause.startswith("app") and "@" in mail.recipient:
            self.mailed.append(mail)


def keep_ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A ledger of everything that happens from now on."""
    ledger = Ledger()
    carry_out, send = Mailbox.carry_out, World.send

    async def counted(self: Mailbox, operations: Sequence[Operation]) -> list[Result]:
        # The sandbox mails nobody about categories; that the sync counts them is tried by itself.
        quiet = frozenset({Field.CATEGORY})
        expected = [forecast(operation, self.people, quiet) for operation in operations]
        ledger.writes += [(self.name, operation) for operation in operations]
        results: list[Result | None] = [None] * len(expected)
        try:
            done = await carry_out(self, operations)
            results = [*done]
        finally:
            for mails, result in zip(expected, results, strict=True):
                more = put_back(result, self.people) if result else Mails()
                ledger.enter(mails + more, result)
        return done

    def noted(self: World, mail: Mail) -> None:
        before = len(self.stored.outbox)
        send(self, mail)
        if len(self.stored.outbox) > before:
            ledger.send(mail)

    monkeypatch.setattr(Mailbox, "carry_out", counted)
    monkeypatch.setattr(World, "send", noted)
    return ledger
