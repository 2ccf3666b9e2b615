"""Graph's refusals as exceptions: status, code and message as Graph words them.

They are answers of a protocol, not sentences of this program, hence English always and no
`CalsyncError`. The texts are those seen in live answers where such were published.
"""


class GraphRefusal(Exception):
    """An answer that is an error: HTTP status, `error.code`, `error.message`.

    `retry_after`: seconds for the header of that name, or its text, or None for no header.
    `terse`: without innerError, as throttled answers come.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_after: float | str | None = None,
        terse: bool = False,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.terse = terse


def invalid_request(message: str) -> GraphRefusal:
    """400: the request says something that Exchange does not do."""
    return GraphRefusal(400, "ErrorInvalidRequest", message)


def invalid_body(message: str) -> GraphRefusal:
    """400: the body does not read as the type that belongs there."""
    return GraphRefusal(400, "RequestBodyRead", message)


def invalid_query(message: str) -> GraphRefusal:
    """400: a query option cannot be read, or is not allowed here."""
    return GraphRefusal(400, "RequestBroker--ParseUri", message)


def item_not_found() -> GraphRefusal:
    """404: no such event, or it is deleted, or it has another id by now."""
    return GraphRefusal(
        404, "ErrorItemNotFound", "The specified object was not found in the store."
    )


def malformed_id() -> GraphRefusal:
    """400: not an id at all."""
    return GraphRefusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def invalid_user(name: str) -> GraphRefusal:
    """404: nobody of that name in the tenant."""
    return GraphRefusal(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")


def no_mailbox() -> GraphRefusal:
    """404: the user exists, but has no mailbox in Exchange Online."""
    return GraphRefusal(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


def access_denied() -> GraphRefusal:
    """403: the mailbox is closed to this app."""
    return GraphRefusal(403, "ErrorAccessDenied", "Access to OData is disabled.")


def change_key_conflict() -> GraphRefusal:
    """412: the item changed since the client read it."""
    return GraphRefusal(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in "
        "the request does not match the current change key for the item.",
    )


def crossing_boundary() -> GraphRefusal:
    """400: an occurrence would reach or pass its neighbour."""
    return GraphRefusal(
        400,
        "ErrorOccurrenceCrossingBoundary",
        "Modified occurrence is crossing or overlapping adjacent occurrence.",
    )


def zone_not_supported(name: str) -> GraphRefusal:
    """400: a zone name that Exchange does not know."""
    return GraphRefusal(
        400,
        "TimeZoneNotSupportedException",
        "A valid TimeZone value must be specified. "
        f"The following TimeZone value is not supported: '{name}'.",
    )


def property_validation() -> GraphRefusal:
    """400: a value is outside what the property holds; Exchange does not say which."""
    return GraphRefusal(
        400, "ErrorPropertyValidationFailure", "At least one property failed validation."
    )
