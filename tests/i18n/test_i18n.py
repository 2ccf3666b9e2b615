"""German and English for everything a person reads."""

import gettext
import json
import locale
import subprocess
import sys

import pytest

from calsync_agent import i18n
from calsync_agent.i18n import (
    Bracketed,
    Language,
    Message,
    _,
    counted,
    marked,
    message,
    ngettext,
    speaking,
)

RANGE = "must be from {least} to {most}, not {value}"


def test_a_message_reads_in_the_language_spoken_when_it_is_shown() -> None:
    said = message(RANGE, least=1, most=60, value=message("a list"))
    assert str(said) == "must be from 1 to 60, not a list"
    with speaking("de"):
        assert str(said) == "muss zwischen 1 und 60 liegen, nicht eine Liste"
        assert _("a list") == "eine Liste"
    assert i18n.current() == "en"


def test_a_stored_message_reads_as_before() -> None:
    said = message(RANGE, least=0, most=1.5, value=message("a list"))
    assert Message.from_json(said.to_json()) == said
    assert json.loads(said.to_json()).keys() == {"template", "fields"}
    numbered = counted("one {thing}", "{count} {thing}", 3, thing=message("a list"))
    assert Message.from_json(numbered.to_json()) == numbered


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "{}",
        "[]",
        '"x"',
        '{"template": 1, "fields": {}}',
        '{"template": "x"}',
        '{"template": "x", "fields": {"a": null}}',
        '{"template": "x", "fields": {}, "plural": 1}',
    ],
)
def test_what_is_no_stored_message_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Message.from_json(stored)


@pytest.mark.parametrize(
    ("count", "read"), [(0, "0 events"), (1, "1 event"), (2, "2 events"), (21, "21 events")]
)
def test_a_number_decides_between_one_and_many(count: int, read: str) -> None:
    assert str(counted("{count} event", "{count} events", count)) == read
    assert ngettext("{count} event", "{count} events", count).format(count=count) == read


def test_a_plural_is_translated_by_its_number() -> None:
    class Plural(gettext.NullTranslations):
        def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
            return {msgid1: "{count} Termin", msgid2: "{count} Termine"}[
                msgid1 if n == 1 else msgid2
            ]

    with speaking(Plural()):
        assert str(counted("{count} event", "{count} events", 1)) == "1 Termin"
        assert str(counted("{count} event", "{count} events", 2)) == "2 Termine"


def test_an_empty_text_is_not_the_header_of_the_catalogue() -> None:
    with speaking("de"):
        assert _("") == ""
        assert str(message("")) == ""


def test_a_text_that_no_catalogue_has_stays_english() -> None:
    with speaking("de"):
        assert _("A text that nobody translates") == "A text that nobody translates"


def test_the_language_for_tests_shows_what_is_not_translated() -> None:
    with speaking(Bracketed()):
        assert _("a list") == "⟦a list···⟧"
        assert str(message("{n} of {m}", n=1, m=2)) == "⟦1 of 2·····⟧"
        assert ngettext("one", "many", 2) == "⟦many··⟧"
        assert marked("a list") == "a list"


def test_another_language_ends_with_its_block_even_after_an_error() -> None:
    with pytest.raises(KeyError), speaking("de"), speaking(Bracketed()):
        raise KeyError
    assert _("a list") == "a list"


@pytest.mark.parametrize(
    ("variables", "spoken"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de"}, "de"),
        ({"LC_MESSAGES": "de_DE", "LANG": "en_US"}, "de"),
        ({"LC_ALL": "en_GB", "LC_MESSAGES": "de_DE"}, "en"),
        ({"LC_ALL": "fr_FR", "LANG": "de_DE"}, None),
        ({"LC_ALL": "C", "LANG": "de_DE"}, None),
        ({"LC_ALL": "C.UTF-8"}, None),
        ({"LANG": "den_CA"}, None),
        ({"LANGUAGE": "fr:de_AT:en", "LANG": "fr_FR"}, "de"),
        ({"LANGUAGE": "de", "LANG": "C"}, None),
        ({"LANGUAGE": "", "LANG": "", "LC_ALL": ""}, None),
    ],
)
@pytest.mark.parametrize("fallback", ["de", "en"])
def test_the_environment_s_language_is_preferred(
    variables: dict[str, str],
    spoken: Language | None,
    fallback: Language,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(locale, "getlocale", lambda: (None, None))
    assert i18n.preferred(fallback) == (spoken or fallback)


@pytest.mark.parametrize(
    ("name", "spoken"), [("German_Austria", "de"), ("English_United States", "en"), ("de_AT", "de")]
)
def test_windows_keeps_the_language_in_the_locale(
    name: str, spoken: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "1252"))
    assert i18n.preferred("de" if spoken == "en" else "en") == spoken


def test_a_locale_that_python_does_not_know_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)

    def unknown() -> tuple[str, str]:
        raise ValueError("unknown locale: UTF-8")

    monkeypatch.setattr(locale, "getlocale", unknown)
    assert i18n.preferred("de") == "de"


def test_speaking_german_loads_no_user_interface() -> None:
    script = (
        "import sys; from calsync_agent import i18n; i18n.use('de'); print(i18n._('a list'));"
        "print([name for name in sys.modules if name.startswith(('calsync_tui', 'textual'))])"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["eine Liste", "[]"]
