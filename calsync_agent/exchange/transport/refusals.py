"""What Graph's refusals mean for a mailbox, in words, and what to mend where."""

from http import HTTPStatus
from typing import Final

from calsync_agent.domain.operation import Lost
from calsync_agent.errors import FeedTrouble, MailboxClosed, MailboxUnavailable, TokenRefused
from calsync_agent.exchange.transport.requests import Answer, Outcome
from calsync_agent.exchange.transport.retry import throttles
from calsync_agent.i18n import Message, message

_LONGEST: Final = 300  # characters of an error that nobody foresaw

_NO_ACCESS: Final = message(
    "Exchange does not let the app in. Give it the application permission Calendars.ReadWrite with "
    "admin consent (Entra admin centre, App registrations, API permissions), or include the "
    "mailbox in the app's access policy or RBAC for Applications scope (Exchange Online); such a "
    "change takes an hour or more to work"
)
_NO_PERMISSION: Final = message(
    "the app lacks a permission. Give it the application permission Calendars.ReadWrite and grant "
    "admin consent (Entra admin centre, App registrations, API permissions)"
)
_NO_USER: Final = message(
    "the tenant has no such user or mailbox. Correct the profile's external user id: the user's "
    "principal name or object id (Entra admin centre, Users)"
)
_NO_MAILBOX: Final = message(
    "the user has no mailbox in Exchange Online. Give the user a licence with Exchange Online "
    "(Microsoft 365 admin centre; a new mailbox takes up to a quarter of an hour), or migrate the "
    "mailbox if it is on an own Exchange server"
)

# GRAPH.md 9.4; MailboxNotSupportedForRESTAPI and on-premises mailboxes:
# https://learn.microsoft.com/exchange/troubleshoot/user-and-shared-mailboxes/rest-api-is-not-yet-supported-for-this-mailbox-error
# ResourceNotFound and MailboxNotEnabledForRESTAPI alternate for one and the same mailbox.
CLOSED: Final[dict[tuple[int, str], Message]] = {
    (403, "erroraccessdenied"): _NO_ACCESS,
    (403, "authorization_requestdenied"): _NO_PERMISSION,
    (403, "extensionerror"): _NO_ACCESS,
    (404, "extensionerror"): _NO_MAILBOX,
    (404, "errorinvaliduser"): _NO_USER,
    (404, "request_resourcenotfound"): _NO_USER,
    (404, "resourcenotfound"): _NO_MAILBOX,
    (404, "mailboxnotenabledforrestapi"): _NO_MAILBOX,
    (404, "mailboxnotsupportedforrestapi"): _NO_MAILBOX,
}


def closed(mailbox: str, answer: Answer) -> MailboxClosed | None:
    """The trouble that `answer` means for the whole mailbox; None where it is about an item."""
    reason = CLOSED.get((answer.status, answer.code.lower()))
    if reason is None:
        return None
    trouble = MailboxClosed(
        message(
            "mailbox {mailbox} is closed to calsync: {reason} ({code}, request-id {request_id})",
            mailbox=mailbox,
            reason=reason,
            code=answer.code,
            request_id=answer.request_id,
        )
    )
    trouble.lacks_permission = answer.status == HTTPStatus.FORBIDDEN
    return trouble


def token_refused(mailbox: str, answer: Answer) -> TokenRefused:
    """The trouble of a mailbox for which Graph answers 401 to a token that is brand-new."""
    told = message(
        "mailbox {mailbox} is closed to calsync: Graph does not accept the app's token for it, not "
        "even a new one ({code}: {text}, request-id {request_id}). If it does for others, look at "
        "this mailbox alone: its access policy or RBAC for Applications scope (Exchange Online), "
        "and whether its user is in the tenant",
        mailbox=mailbox,
        code=answer.code or str(answer.status),
        text=answer.error_message,
        request_id=answer.request_id,
    )
    return TokenRefused(told, _refused_by_all(answer))


def _refused_by_all(answer: Answer) -> Message:
    """Why Graph answers 401 to a token that is brand-new, and what to do."""
    return message(
        "Graph does not accept the app's token, not even a new one ({code}: {text}, request-id "
        "{request_id}). Check that exchange.graph_url and exchange.authority belong to the same "
        "cloud, and that the app has the application permission Calendars.ReadWrite with admin "
        "consent (Entra admin centre, App registrations, API permissions)",
        code=answer.code or str(answer.status),
        text=answer.error_message,
        request_id=answer.request_id,
    )


def unwell(mailbox: str, outcome: Outcome, after: float) -> MailboxUnavailable:
    """The trouble of a mailbox that is to be asked again after `after` seconds."""
    trouble = MailboxUnavailable(_does_not_serve(mailbox, outcome, after), retry_after=after)
    trouble.shuts_out = throttles(outcome)
    return trouble


def unheard(mailbox: str, outcome: Outcome, after: float) -> FeedTrouble:
    """The trouble of a mailbox that does not say what has changed in it."""
    return FeedTrouble(_does_not_serve(mailbox, outcome, after), retry_after=after)


def _does_not_serve(mailbox: str, outcome: Outcome, after: float) -> Message:
    if isinstance(outcome, Lost):
        return message(
            "mailbox {mailbox} gives no answer: {reason}; it is asked again in {seconds} s",
            mailbox=mailbox,
            reason=outcome.reason,
            seconds=round(after),
        )
    return message(
        "Exchange does not serve mailbox {mailbox} now ({status} {code}, request-id "
        "{request_id}); it is asked again in {seconds} s",
        mailbox=mailbox,
        status=outcome.status,
        code=outcome.code,
        request_id=outcome.request_id,
        seconds=round(after),
    )


def resting(mailbox: str, after: float) -> MailboxUnavailable:
    """The trouble of a mailbox that is not asked, because its rest is not over."""
    trouble = MailboxUnavailable(_not_asked(mailbox, after), retry_after=after)
    trouble.shuts_out = True
    return trouble


def unheard_of(mailbox: str, after: float) -> FeedTrouble:
    """The trouble of a mailbox that is not asked what has changed in it, because it failed to."""
    return FeedTrouble(_not_asked(mailbox, after), retry_after=after)


def _not_asked(mailbox: str, after: float) -> Message:
    return message(
        "mailbox {mailbox} was throttled or failing; it is not asked for another {seconds} s",
        mailbox=mailbox,
        seconds=round(after),
    )


def unforeseen(mailbox: str, error: Exception) -> FeedTrouble:
    """The trouble of a mailbox whose answer brought something about that nobody foresaw."""
    return FeedTrouble(
        message(
            "mailbox {mailbox} answers in a way that calsync cannot deal with: {detail}",
            mailbox=mailbox,
            detail=f"{type(error).__name__}: {error}"[:_LONGEST],
        )
    )
