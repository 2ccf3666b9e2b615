"""Bodies: HTML in keeping, text on demand, and the join block of online meetings."""

import pytest

from tests.sandbox.client import Client

TEXT = 'outlook.body-content-type="text"'


def text_of(graph: Client, event_id: str) -> str:
    shown = graph.event(event_id, Prefer=f"{graph.prefer}, {TEXT}")["body"]
    assert shown["contentType"] == "text"
    return str(shown["content"])


def test_a_text_comes_back_as_a_document_with_crlf(graph: Client) -> None:
    made = graph.create(body={"contentType": "text", "content": "Hallo <Welt> &\nzweite Zeile"})
    body = made["body"]
    assert body["contentType"] == "html"
    assert body["content"].startswith("<html><head>\r\n")
    assert body["content"].endswith("</body>\r\n</html>\r\n")
    assert "Hallo &lt;Welt&gt; &amp;<br>\r\nzweite Zeile" in body["content"]
    assert "\n" not in body["content"].replace("\r\n", "")
    assert made["bodyPreview"] == "Hallo <Welt> &\r\nzweite Zeile\r\n"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("", ""),
        ("eine Zeile", "eine Zeile\r\n"),
        ("Grüße 😀\n\nEnde", "Grüße 😀\r\n\r\nEnde\r\n"),
        ("zwei  Leerzeichen und   drei", "zwei  Leerzeichen und   drei\r\n"),
        ("  eingerückt", "  eingerückt\r\n"),
        ("Blanks am Ende   \nnächste", "Blanks am Ende\r\nnächste\r\n"),
        ("Tab\tda", "Tab        da\r\n"),
        ("leer am Ende\n\n\n", "leer am Ende\r\n"),
        ("a\r\nb\rc", "a\r\nb\r\nc\r\n"),
    ],
)
def test_text_survives_but_for_what_exchange_loses(graph: Client, sent: str, read: str) -> None:
    made = graph.create(body={"contentType": "Text", "content": sent})
    assert text_of(graph, made["id"]) == read


def test_html_is_made_whole_and_without_scripts(graph: Client) -> None:
    html = "<p>Hallo <b>Welt</b></p>\n<script>alert(1)</script><ul><li>eins</li><li>zwei</li></ul>"
    made = graph.create(body={"contentType": "HTML", "content": html})
    kept = made["body"]["content"]
    assert kept.startswith("<html><head>\r\n<meta ")
    assert "script" not in kept
    assert text_of(graph, made["id"]) == "Hallo Welt\r\n\r\neins\r\nzwei\r\n"


def test_what_exchange_made_stays_as_it_is_when_sent_again(graph: Client) -> None:
    made = graph.create(body={"contentType": "text", "content": "eins\nzwei"})
    again = graph.patch(made["id"], {"body": made["body"]}).json()
    assert again["body"] == made["body"]


def test_the_preview_ends_after_255_characters(graph: Client) -> None:
    made = graph.create(body={"contentType": "text", "content": "x" * 300})
    assert made["bodyPreview"] == "x" * 255


def test_an_online_meeting_gets_a_link_and_a_block_in_the_body(graph: Client) -> None:
    made = graph.create(
        isOnlineMeeting=True,
        onlineMeetingProvider="teamsForBusiness",
        body={"contentType": "text", "content": "Agenda"},
    )
    link = made["onlineMeeting"]["joinUrl"]
    assert link.startswith("https://teams.microsoft.com/l/meetup-join/")
    assert made["onlineMeetingProvider"] == "teamsForBusiness"
    text = text_of(graph, made["id"])
    before, rule, block, end = text.partition("_" * 80)[0], "_" * 80, text.split("_" * 80)[1], text
    assert before.strip() == "Agenda"
    assert link in block
    assert end.rstrip().endswith(rule)
    other = graph.create(isOnlineMeeting=True)
    assert other["onlineMeeting"]["joinUrl"] != link


def test_a_body_without_the_block_ends_the_online_meeting(graph: Client) -> None:
    made = graph.create(isOnlineMeeting=True)
    kept = graph.patch(made["id"], {"subject": "neu", "isOnlineMeeting": False}).json()
    assert kept["onlineMeeting"] == made["onlineMeeting"]
    longer = made["body"]["content"].replace("<body>", "<body><p>Agenda</p>")
    kept = graph.patch(made["id"], {"body": {"contentType": "html", "content": longer}}).json()
    assert kept["onlineMeeting"] == made["onlineMeeting"]


@pytest.mark.parametrize("text_of_the_block_stays", [False, True])
def test_a_text_for_a_body_ends_the_online_meeting(
    graph: Client, *, text_of_the_block_stays: bool
) -> None:
    made = graph.create(isOnlineMeeting=True)
    text = text_of(graph, made["id"]) if text_of_the_block_stays else "Agenda"
    ended = graph.patch(made["id"], {"body": {"contentType": "text", "content": text}}).json()
    assert (ended["isOnlineMeeting"], ended["onlineMeeting"]) == (False, None)
