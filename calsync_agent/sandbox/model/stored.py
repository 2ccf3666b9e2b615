"""What a state file holds of a tenant."""

from dataclasses import dataclass, field

from calsync_agent.sandbox.model.items import Mailbox
from calsync_agent.sandbox.model.mail import Mail


@dataclass(slots=True, kw_only=True)
class Stored:
    """What outlives the program when the tenant is kept in a file."""

    seed: str
    tenant_id: str
    domain: str
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    outbox: list[Mail] = field(default_factory=list)
