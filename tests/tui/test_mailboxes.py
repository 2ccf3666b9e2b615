"""What may be entered as a mailbox, and what is said of the rest."""

import pytest

from calsync_agent.i18n import speaking
from calsync_tui.mailboxes import problem, tidied

GUID = "11111111-2222-3333-4444-55555555abcd"


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        (GUID, GUID),
        (GUID.upper(), GUID),
        (f"  {{{GUID}}} ", GUID),
        (GUID.replace("-", ""), GUID),
        ("Anna.O'Neil@example.com ", "Anna.O'Neil@example.com"),
        ("anna_partner.com#EXT#@example.onmicrosoft.com",) * 2,
    ],
)
def test_a_guid_or_a_user_principal_name_is_stored_as_graph_writes_it(
    entered: str, stored: str
) -> None:
    assert problem(entered) is None
    assert tidied(entered) == stored


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ("", "enter the user's object id"),
        ("   ", "enter the user's object id"),
        (GUID[:-1], "here are 31"),
        (GUID + "0", "here are 33"),
        (GUID.replace("a", "g"), "neither a GUID nor a user principal name"),
        ("anna", "neither a GUID nor a user principal name"),
        ("@example.com", "a name is missing"),
        ("anna.@example.com", "a dot stands at its edge"),
        ("anna berger@example.com", "no space"),
        ("anna@berger@example.com", "no @"),
        ("ännä@example.com", "no ä"),
        ("[red]@example.com", "no [ ]"),
        ("anna@", "a domain is missing"),
        ("anna@example", "a domain is missing"),
        ("anna@-example.com", "a domain is missing"),
        ("a" * 65 + "@example.com", "64 characters at most"),
        ("a@" + "b" * 400 + ".com", "longer than 320"),
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(entered: str, said: str) -> None:
    wrong = problem(entered)
    with speaking("en"):
        assert wrong is not None
        assert said in str(wrong)
