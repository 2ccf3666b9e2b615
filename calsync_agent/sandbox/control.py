"""`/control/…`: the switches of the sandbox over HTTP, as JSON.

    GET    counters            DELETE counters          (counts from zero)
    GET    outbox              DELETE outbox
    GET    settings            PATCH  settings {name: value}
    GET    faults              POST   faults {rule}     DELETE faults
    GET    adverse             POST   adverse {"seed": n, "kinds": [name], "rate": 0..1}
    DELETE adverse             is well again; odd events stay (`kinds`, `rate` may be left out)
    POST   release             lets go of what hangs
    GET    clock               POST   clock {"advance": s} | {"stop": iso} | {"resume": true}
    GET    mailboxes           POST   mailboxes {"name", "display_name", "aliases", "kind"}
    PATCH  mailboxes/{name} {"open", "licensed", "kind"}     (kind: user, shared or guest)
    POST   secrets {"secret", "expires": iso}           (one more, or one that ends otherwise)
    POST   tokens/revoke       POST   delta/forget {"mailbox"}
    *      as/{mailbox}/…      Graph's own calls below /users/{mailbox}, done by that person

What a person does that way counts neither as the app's request nor against its limits.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from calsync_agent.sandbox.adverse.registry import TROUBLES
from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.graph.calls import answer_call
from calsync_agent.sandbox.graph.requests import GraphReply, Request
from calsync_agent.sandbox.model import shapes
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_request
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.tenant import Tenant


class AdverseRequest(BaseModel):
    """What is sent to become adverse: as it is, below `adverse`, or among the settings."""

    model_config = ConfigDict(extra="forbid")

    seed: int
    kinds: list[str] | None = None
    rate: float | None = Field(default=None, ge=0, le=1)


def answer_control(tenant: Tenant, request: Request) -> GraphReply:
    """What the control endpoint answers. Raises GraphRefusal for what it does not know."""
    with tenant.lock:
        match request.method, request.segments:
            case method, ("as", name, *rest):
                person = tenant.user(name)
                call = Request(
                    method,
                    ("users", person.id, *rest),
                    request.query,
                    request.headers,
                    request.base.replace("/control", "/v1.0"),
                    request.body,
                )
                tenant.world.settle()
                return answer_call(tenant.world, call, person.upn)
            case "PATCH", ("mailboxes", name):
                return _patch_mailbox(tenant, name, request.json())
            case _:
                act = _ACTS.get(f"{request.method} {'/'.join(request.segments)}")
        if act is None:
            raise GraphRefusal(404, "NotFound", f"No such control: {request.path}")
        sent = shapes.mapping(request.body or {})
        try:
            return GraphReply(200, act(tenant, sent))
        except ValidationError as error:
            raise invalid_request(str(error)) from None


def _counters(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    return tenant.counters.as_json()


def _reset_counters(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    tenant.reset_counters()
    return {}


def _outbox(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    return {"value": [mail.as_json() for mail in tenant.outbox]}


def _clear_outbox(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    tenant.clear_outbox()
    return {}


def _settings(tenant: Tenant, sent: Mapping[str, object]) -> JsonObject:
    for name, value in sent.items():
        if name == "adverse":
            _switch_adverse(tenant, value)
            continue
        if name not in type(tenant.settings).model_fields:
            raise invalid_request(f"No such setting: {name}")
        setattr(tenant.settings, name, value)
    tenant.world.changes += 1
    return tenant.settings.model_dump(mode="json")


def _faults(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    return {"value": [rule.model_dump(mode="json") for rule in tenant.faults.rules]}


def _add_fault(tenant: Tenant, sent: Mapping[str, object]) -> JsonObject:
    return tenant.fault(Rule.model_validate(sent)).model_dump(mode="json")


def _clear_faults(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    tenant.clear_faults()
    return {}


def _adverse(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    troubles = [{"name": trouble.name, "fact": trouble.fact} for trouble in TROUBLES]
    return {**tenant.adversity.as_json(), "troubles": troubles}


def _be_adverse(tenant: Tenant, sent: Mapping[str, object]) -> JsonObject:
    _switch_adverse(tenant, sent.get("adverse", sent))
    return tenant.adversity.as_json()


def _switch_adverse(tenant: Tenant, sent: object) -> None:
    if sent is None:
        tenant.be_well()
        return
    wanted = AdverseRequest.model_validate(sent)
    tenant.be_adverse(wanted.seed, wanted.kinds, rate=wanted.rate)


def _be_well(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    tenant.be_well()
    return tenant.adversity.as_json()


def _release(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    tenant.faults.release()
    return {}


def _clock(tenant: Tenant, sent: Mapping[str, object]) -> JsonObject:
    match sent:
        case {"advance": int() | float() as seconds}:
            tenant.clock.advance(seconds)
        case {"stop": str(at)}:
            tenant.clock.stop(datetime.fromisoformat(at))
        case {"resume": True}:
            tenant.clock.resume()
        case {}:
            pass
    return {"now": tenant.clock.now().isoformat()}


def _mailboxes(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    return {"value": [_described(person) for person in tenant.people()]}


def _add_mailbox(tenant: Tenant, sent: Mapping[str, object]) -> JsonObject:
    name = shapes.text(sent.get("name"))
    aliases = [shapes.text(alias) for alias in shapes.sequence(sent.get("aliases") or [])]
    display_name = shapes.optional_text(sent.get("display_name"))
    kind = shapes.optional_text(sent.get("kind")) or "user"
    return _described(tenant.add_mailbox(name, display_name, *aliases, kind=kind))


def _patch_mailbox(tenant: Tenant, name: str, sent: Mapping[str, object]) -> GraphReply:
    given = shapes.members(sent, "mailbox", frozenset({"open", "licensed", "kind"}))
    if "open" in given:
        tenant.set_open(name, open_=shapes.boolean(given["open"]))
    if "licensed" in given:
        tenant.set_licensed(name, licensed=shapes.boolean(given["licensed"]))
    if "kind" in given:
        tenant.set_kind(name, shapes.text(given["kind"]))
    return GraphReply(200, _described(tenant.user(name)))


def _described(person: Person) -> JsonObject:
    mailbox = person.mailbox
    return {
        "id": mailbox.id,
        "upn": mailbox.upn,
        "name": mailbox.name,
        "addresses": list(mailbox.addresses),
        "open": mailbox.open,
        "licensed": mailbox.licensed,
        "kind": mailbox.kind,
    }


def _secrets(tenant: Tenant, sent: Mapping[str, object]) -> JsonObject:
    given = shapes.members(sent, "secret", frozenset({"secret", "expires"}))
    told = shapes.optional_text(given.get("expires"))
    expires = None if told is None else datetime.fromisoformat(told).astimezone(UTC)
    tenant.add_secret(shapes.text(given.get("secret")), expires)
    return {}


def _revoke(tenant: Tenant, _sent: Mapping[str, object]) -> JsonObject:
    tenant.revoke_tokens()
    return {}


def _forget(tenant: Tenant, sent: Mapping[str, object]) -> JsonObject:
    tenant.forget_generations(shapes.optional_text(sent.get("mailbox")))
    return {}


_ACTS: Final[dict[str, Callable[[Tenant, Mapping[str, object]], JsonObject]]] = {
    "GET counters": _counters,
    "DELETE counters": _reset_counters,
    "GET outbox": _outbox,
    "DELETE outbox": _clear_outbox,
    "GET settings": _settings,
    "PATCH settings": _settings,
    "GET faults": _faults,
    "POST faults": _add_fault,
    "DELETE faults": _clear_faults,
    "GET adverse": _adverse,
    "POST adverse": _be_adverse,
    "DELETE adverse": _be_well,
    "POST release": _release,
    "GET clock": _clock,
    "POST clock": _clock,
    "GET mailboxes": _mailboxes,
    "POST mailboxes": _add_mailbox,
    "POST secrets": _secrets,
    "POST tokens/revoke": _revoke,
    "POST delta/forget": _forget,
}
