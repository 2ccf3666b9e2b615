"""What may be told as it is: the program's own words, zones, rules of recurrence, versions."""

import builtins
import inspect
import re
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import sqlalchemy as sa
from tzlocal.windows_tz import win_tz

import calsync_agent
from calsync_agent import errors, i18n
from calsync_agent.config.settings import AgentFile
from calsync_agent.consolidate.tables import CONSOLIDATE_TABLES, FEED_TABLES
from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database.schema import Dialect, Target, triggers_of
from calsync_agent.health.problems import Kind, Weight
from calsync_agent.health.profiles import State
from calsync_agent.state.profile_status import Condition
from calsync_agent.state.tables import PLUGIN_TABLES
from calsync_agent.state.triggers import settings_triggers

ALL_TABLES: Final = (*CONSOLIDATE_TABLES, *FEED_TABLES, *PLUGIN_TABLES)
DIALECTS: Final[tuple[Dialect, ...]] = ("postgresql", "mssql", "sqlite")

_PACKAGE: Final = Path(calsync_agent.__file__).parent

# Values of columns that hold one of a few words.
_WORDS: Final = frozenset(
    {
        "CalendarSync",
        "accepted",
        "busy",
        "changed",
        "confirmed",
        "conflict",
        "consolidate",
        "copy",
        "created",
        "database_identity",
        "database_position",
        "debug",
        "declined",
        "delete",
        "delete here",
        "delete there",
        "deleted",
        "discarded",
        "done",
        "error",
        "exchange",
        "exchange365",
        "failing",
        "first",
        "first sync",
        "fixed",
        "free",
        "held",
        "here",
        "high",
        "horizon",
        "if_match",
        "inbound_first",
        "info",
        "invited",
        "json",
        "linked",
        "low",
        "mail",
        "mssql",
        "none",
        "normal",
        "oof",
        "open",
        "organizer",
        "outbound_first",
        "plain",
        "postgresql",
        "private",
        "reload",
        "scan",
        "schema_version",
        "settings_revision",
        "skipped",
        "sqlite",
        "starttls",
        "sync",
        "tentative",
        "text",
        "there",
        "throttled",
        "triggers",
        "turn",
        "warning",
        "well",
        "workingElsewhere",
    }
)

_RULE_PARTS: Final = {
    "FREQ": r"(SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)",
    "INTERVAL": r"\d{1,6}",
    "COUNT": r"\d{1,6}",
    "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "WKST": r"(MO|TU|WE|TH|FR|SA|SU)",
    "BYDAY": r"([+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU),?)+",
    "BYMONTH": r"(\d{1,2},?)+",
    "BYMONTHDAY": r"([+-]?\d{1,2},?)+",
    "BYSETPOS": r"([+-]?\d{1,3},?)+",
    "BYYEARDAY": r"([+-]?\d{1,3},?)+",
    "BYWEEKNO": r"([+-]?\d{1,2},?)+",
    "BYHOUR": r"(\d{1,2},?)+",
    "BYMINUTE": r"(\d{1,2},?)+",
    "BYSECOND": r"(\d{1,2},?)+",
}
_JOINED: Final = frozenset({"{file}: {key}: {text}", "{line}\n{rest}", "{name}"})
"""What joins other sentences, and is in no catalogue."""

_VERSION: Final = re.compile(r"\d{1,3}(\.\d{1,5}){1,3}((a|b|rc|\.dev|\.post)\d{1,3})?")
_GRAPH_CODE: Final = re.compile(r"\b(Error[A-Z][A-Za-z]+|AADSTS\d+)\b")


def is_template(text: str) -> bool:
    """Whether the program itself says this sentence."""
    return text in i18n.known_texts() or text in _JOINED


def is_word(text: str) -> bool:
    """Whether it is one of the words that the program writes into columns."""
    return text in _WORDS or text in names() or text in graph_codes() or text in _kinds()


def is_zone(text: str) -> bool:
    """Whether it is the name of a time zone, IANA's or Windows'."""
    return text in _zones()


def is_rule(text: str) -> bool:
    """Whether it is a rule of RFC 5545, and nothing stands in it that is none of its words."""
    parts = [part.partition("=") for part in text.split(";")]
    return len(parts) <= len(_RULE_PARTS) and all(
        name in _RULE_PARTS and re.fullmatch(_RULE_PARTS[name], value) and len(value) <= len(text)
        for name, _, value in parts
    )


def is_version(text: str) -> bool:
    """Whether it is a version, such as 5.2.006."""
    return _VERSION.fullmatch(text) is not None


@cache
def names() -> frozenset[str]:
    """Tables, columns and triggers, as the program makes them, and the keys of the settings."""
    found = {table.name for table in ALL_TABLES}
    found |= {str(column) for table in ALL_TABLES for column in table.columns}
    for section, field in AgentFile.model_fields.items():
        keys = getattr(field.annotation, "model_fields", {})
        found |= {section, *(f"{section}.{one.alias or key}" for key, one in keys.items())}
    for dialect in DIALECTS:
        target = Target(dialect)
        found |= {one.name for one in triggers_of(feed_triggers(target))}
        found |= {one.name for one in triggers_of(settings_triggers(target))}
    return frozenset(found)


@cache
def graph_codes() -> frozenset[str]:
    """The names that Exchange has for what is wrong, as far as our facts know them."""
    facts = (_PACKAGE / "exchange" / "GRAPH.md").read_text(encoding="utf-8")
    return frozenset(_GRAPH_CODE.findall(facts))


@cache
def errors_known() -> frozenset[str]:
    """Python's, SQLAlchemy's and our own names for what is wrong."""
    found = {"HTTPError", "ConnectError", "ReadTimeout", "ConnectTimeout", "ValidationError"}
    for module in (builtins, errors, sa.exc):
        found |= {
            name
            for name, value in vars(module).items()
            if inspect.isclass(value) and issubclass(value, Exception)
        }
    return frozenset(found)


@cache
def program_files() -> frozenset[str]:
    """The names of the program's own source files."""
    return frozenset(path.name for path in _PACKAGE.rglob("*.py"))


@cache
def _kinds() -> frozenset[str]:
    """Of problems, their weights, and the states of profiles."""
    return frozenset(
        {kind.value for kind in Kind}
        | {weight.name.lower() for weight in Weight}
        | {state.value for state in State}
        | {condition.value for condition in Condition}
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() | set(win_tz) | {"UTC"})
