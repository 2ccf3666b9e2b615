"""What Graph's refusals mean, in words that say what to mend where."""

import pytest

from calsync_agent.domain.operation import Lost
from calsync_agent.exchange.transport.batch import answer_of
from calsync_agent.exchange.transport.refusals import CLOSED, closed, token_refused, unwell
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.i18n import Message, message


def answer(status: int, code: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": "…"}}, {}, "r-1")


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (403, "ErrorAccessDenied", "RBAC for Applications"),
        (403, "Authorization_RequestDenied", "admin consent"),
        (404, "ErrorInvalidUser", "external user id"),
        (404, "Request_ResourceNotFound", "external user id"),
        (404, "ResourceNotFound", "licence"),
        (404, "MailboxNotEnabledForRESTAPI", "licence"),
        (404, "mailboxNOTenabledforRestApi", "licence"),
        (404, "MailboxNotSupportedForRESTAPI", "own Exchange server"),
        (404, "extensionError", "licence"),
    ],
)
def test_b9_a_closed_mailbox_says_what_to_mend(status: int, code: str, hint: str) -> None:
    trouble = closed("anna@contoso.example", answer(status, code))
    assert trouble is not None
    for part in ("anna@contoso.example", code, "r-1", hint):
        assert part in str(trouble)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "ErrorItemNotFound"),
        (410, "ResourceNotFound"),
        (403, "ErrorSendAsDenied"),
        (400, "ErrorAccessDenied"),
        (200, ""),
        (404, ""),
    ],
)
def test_b8_other_refusals_concern_an_item(status: int, code: str) -> None:
    assert closed("anna", answer(status, code)) is None


def test_every_sentence_can_be_stored_and_read_back() -> None:
    lost = Lost(message("gone"))
    sentences = [
        token_refused("anna", answer(401, "InvalidAuthenticationToken")).message,
        unwell("anna", lost, 3.2).message,
        unwell("anna", answer(503, "ServerBusy"), 3.2).message,
        *CLOSED.values(),
    ]
    for sentence in sentences:
        assert str(Message.from_json(sentence.to_json())) == str(sentence)


@pytest.mark.parametrize("name", ["innerError", "innererror"])
def test_b9_codes_are_found_at_any_depth(name: str) -> None:
    body = {"error": {"code": "badRequest", name: {"code": "resyncRequired", "request-id": "r-2"}}}
    found = Answer(400, body)
    assert found.code == "badRequest"
    assert found.named("RESYNCREQUIRED")
    assert not found.named("somethingElse")


@pytest.mark.parametrize("body", [None, {}, {"error": None}, {"error": "text"}, {"error": {}}])
def test_b9_an_error_without_a_code_is_none(body: dict[str, object] | None) -> None:
    found = Answer(500, body)
    assert found.code == found.error_message == ""
    assert not found.named("")


@pytest.mark.parametrize("name", ["innerError", "innererror"])
def test_graphs_request_id_is_found_wherever_it_stands(name: str) -> None:
    body = {"error": {"code": "x", name: {"request-id": "inner"}}}
    assert answer_of(404, {"request-id": "header"}, body, "outer").request_id == "header"
    assert answer_of(404, {}, body, "outer").request_id == "inner"
    assert answer_of(404, {}, {"error": {}}, "outer").request_id == "outer"
    assert answer_of(200, {}, {}, "outer").request_id == "outer"


def test_headers_are_found_in_any_case() -> None:
    assert Answer(429, headers={"retry-after": "3"}).header("Retry-After") == "3"
    assert Answer(429).header("Retry-After") is None
