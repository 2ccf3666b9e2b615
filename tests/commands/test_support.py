"""H7: what `support` writes helps to understand a case, and holds nothing personal."""

import base64
import hashlib
import io
import json
import logging
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent import bundle
from calsync_agent.appointment.content import fingerprint
from calsync_agent.appointment.model import Appointment
from calsync_agent.config import reading
from calsync_agent.consolidate import tables as consolidate
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message
from calsync_agent.logs import logs
from calsync_agent.sandbox.counters import Counters
from calsync_agent.state import tables
from calsync_agent.support import known
from calsync_agent.support.columns import COLUMNS
from calsync_agent.support.log_text import told as log_told
from calsync_agent.support.pseudonyms import Pseudonyms
from calsync_agent.support.telling import Telling
from tests.commands.conftest import Run
from tests.commands.telling import sqlite
from tests.support.world import SOON, World


class Canaries:
    """Texts that must not leave, each of its own, and all that they might be dressed up as."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self, kind: str = "") -> str:
        self.given.append(f"Kanari{len(self.given):03d}{kind}Zwitscher")
        return self.given[-1]

    def found_in(self, content: bytes) -> set[str]:
        lowered = content.lower()
        return {
            text
            for text in self.given
            if any(form in content for form in _forms(text)) or text.lower().encode() in lowered
        }


def _forms(text: str) -> Iterator[bytes]:
    yield from (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"))
    yield from (quote(text[:6]).encode() + text[6:].encode(), text.encode().hex().encode())
    yield "".join(f"%{byte:02X}" for byte in text.encode()).encode()
    for offset in range(3):  # what is certain of it, wherever it stands in what is encoded
        yield base64.b64encode(b"x" * offset + text.encode())[4:-4]
    for digest in ("sha256", "sha1", "md5"):
        yield hashlib.new(digest, text.encode()).hexdigest()[:10].encode()


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def made(run: Run, world: World, *, config: Path | None = None) -> dict[str, Any]:
    path = world.folder / "case.zip"
    said = run("support", path, "--config", config or world.folder / "agent.toml")
    assert said.status == 0, said
    return bundle.unpacked(path)


def everything(world: World) -> bytes:
    parts = contents(world.folder / "case.zip")
    return b"\0".join(part for pair in parts.items() for part in (pair[0].encode(), pair[1]))


def test_h7_a_sync_leaves_nothing_personal_in_it(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = Canaries()
    monkeypatch.setenv("HTTPS_PROXY_CREDENTIALS", canary("environment"))
    monkeypatch.setenv("TZ_OF_NOBODY", canary("environment"))
    world.hire(f"B{len(canary.given)}", f"{canary('alias')}@{canary('domain')}.example")
    plain = {
        "subject": canary("subject"),
        "body": canary("body"),
        "location": canary("location"),
        "organizer_name": canary("organizer"),
        "note": canary("note"),
        "online_meeting_url": f"https://{canary('url')}.example/j",
    }
    meeting = world.enter("ANNA", plain.pop("subject"), SOON, **plain)
    with world.database.writing() as connection:
        connection.execute(
            sa.insert(consolidate.activity_participant).values(
                id=uuid4(),
                activity_id=meeting,
                email=f"{canary('guest')}@{canary('guest')}.example",
                name=canary("guest"),
            )
        )
        connection.execute(
            sa.update(consolidate.employee)
            .values(name=canary("person"))
            .where(consolidate.employee.c.code == "ANNA")
        )
    series = world.enter("ANNA", canary("series"), SOON, recurrence="FREQ=WEEKLY;BYDAY=MO,TU")
    world.enter("ANNA", canary("private"), SOON, private=True)
    world.enter("ANNA", canary("broken"), SOON, SOON - timedelta(hours=1))
    run("once", "--config", world.folder / "agent.toml")
    world.edit(series, subject=canary("changed"))
    world.remove(meeting)
    run("once", "--config", world.folder / "agent.toml")
    with (world.folder / "agent.log").open("a", encoding="utf-8") as log:
        log.write(f"{canary('line')}\n2026-12-01T10:00:00.000Z info    {canary('code')}/3 ")
        log.write(f'Traceback in "/home/{canary("home")}/x.py", {canary("frame")}\n')
    parts = made(run, world)

    assert canary.found_in(everything(world)) == set()
    assert str(world.folder).encode() not in everything(world)
    assert len(bundle.rows_of(parts, "activity")) == 4
    assert bundle.rows_of(parts, "calsync_quarantine")
    assert bundle.rows_of(parts, "calsync_history")
    assert parts["log_file.json"]


@sqlite
def test_h7_whatever_stands_in_any_column_of_any_table_stays_here(run: Run, world: World) -> None:
    canary = Canaries()
    path = world.database.engine.url.database
    assert path is not None
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        for table in known.ALL_TABLES:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            row = []
            for column in table.columns:
                whole = isinstance(column.type, sa.Integer) and column.primary_key
                odd = json.dumps(
                    {"template": canary("json"), "fields": {canary("field"): canary("json")}}
                )
                as_json = column.name in {"reason", "content", "error", "replaced_by"}
                text = odd if as_json else canary(column.name)
                row.append(str(4711) if whole else "'" + text + "'")
            connection.exec_driver_sql(
                f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join(row)})'  # noqa: S608
            )
    engine.dispose()
    parts = made(run, world)

    assert len(canary.given) > 100
    assert canary.found_in(everything(world)) == set()
    assert bundle.rows_of(parts, "calsync_hold")
    assert bundle.rows_of(parts, "activity")
    tried = {name for name in parts["errors.json"] if name.startswith("tables/")}
    assert tried <= {"tables/calsync_edited.json"}, parts["errors.json"]


def test_h7_settings_are_told_without_what_is_secret_or_an_address(
    run: Run, world: World, tmp_path: Path
) -> None:
    canary = Canaries()
    folder = tmp_path / canary("folder")
    folder.mkdir()
    (folder / "secret.txt").write_text(canary("secret"))
    following = folder / f"{canary('next')}.txt"
    following.write_text(canary("next"))
    path = folder / f"{canary('file')}.toml"
    path.write_text(
        "[database]\n"
        f'url = "postgresql+psycopg2://{canary("login")}:{canary("password")}@'
        f'{canary("host")}.invalid:1/{canary("database")}"\n'
        f'schema = "{canary("schema")}"\n'
        f'[exchange]\nclient_id = "{canary("client")}"\nclient_secret_file = "secret.txt"\n'
        f'client_secret_next_file = "{following.name}"\n'
        'client_secret_expires = "2027-03-01"\n'
        f'graph_url = "https://{canary("graph")}.example/v1.0"\n'
        f'authority = "https://{canary("authority")}.example"\n'
        f'proxy = "http://{canary("proxy")}:{canary("proxy")}@{canary("proxy")}.example:8080"\n'
        f'[alerts]\nmail = ["{canary("mail")}@{canary("mail")}.example"]\n'
        f'webhooks = ["https://{canary("hook")}.example/{canary("hook")}"]\n'
        f'command = "{canary("command")}"\nheartbeat_url = "https://{canary("beat")}.example"\n'
        f'[alerts.smtp]\nhost = "{canary("smtp")}.example"\nuser = "{canary("smtp")}"\n'
        'password_file = "secret.txt"\n'
        f'sender = "{canary("sender")}@{canary("sender")}.example"\n'
        f'[metrics]\nlisten = "{canary("listen").lower()}:9464"\n'
        "[sync]\npast_months = 7\n"
        f'[log]\nfile = "{canary("log")}/{canary("log")}.log"\n',
        encoding="utf-8",
    )
    parts = made(run, world, config=path)

    assert canary.found_in(everything(world)) == set()
    settings = parts["settings.json"]
    assert settings["database"]["url"] == "postgresql"
    assert settings["sync"]["past_months"] == 7
    assert settings["exchange"]["proxy"] == {"set": True}
    assert settings["alerts"]["webhooks"] == [{"set": True}]
    assert settings["alerts"]["smtp"]["tls"] == "starttls"
    assert settings["exchange"]["client_secret_file"] == {"set": True, "there": True}
    assert settings["exchange"]["client_secret_next_file"] == {"set": True, "there": True}
    assert "database.json" in parts["errors.json"] or "database" in parts["errors.json"]
    assert "versions.json" in parts


@pytest.mark.parametrize(
    "wrong",
    [
        "{word}",
        "[{word}]\n{word} = 1",
        '[exchange]\nclient_id = "{word}"\nclient_secret_env = "{word}"',
        '[exchange]\n{word} = "{word}"',
        '[log]\nlevel = "{word}"',
        '[sync]\ndefault_time_zone = "{word}"',
    ],
)
@sqlite
def test_h7_wrong_settings_still_make_a_bundle_and_stay_here(
    run: Run, world: World, wrong: str
) -> None:
    canary = Canaries()
    path = world.folder / "wrong.toml"
    url = world.database.engine.url.render_as_string(hide_password=False)
    path.write_text(f'[database]\nurl = "{url}"\n' + wrong.replace("{word}", canary("wrong")))
    parts = made(run, world, config=path)

    assert canary.found_in(everything(world)) == set()
    assert "settings" in parts["errors.json"]
    assert parts["errors.json"]["settings"]["message"]["template"]
    if wrong != "{word}":
        assert parts["database.json"]["dialect"] == "sqlite"
        assert parts["status.json"]["profiles"]


def test_h7_without_settings_there_is_a_bundle_all_the_same(run: Run, tmp_path: Path) -> None:
    said = run("support", tmp_path / "case.zip")
    assert said.status == 0
    parts = bundle.unpacked(tmp_path / "case.zip")
    assert parts["versions.json"]["calsync"]
    assert "settings file" in parts["errors.json"]
    assert "README.txt" in contents(tmp_path / "case.zip")


def test_h7_the_state_is_told_by_numbers_and_pseudonyms(run: Run, world: World) -> None:
    world.enter("ANNA", "Besprechung", SOON)
    world.enter("ANNA", "Krumm", SOON, SOON - timedelta(hours=1))
    run("once", "--config", world.folder / "agent.toml")
    parts = made(run, world)

    assert parts["errors.json"] == {}
    status = parts["status.json"]
    (profile,) = status["profiles"]
    assert (profile["id"], profile["links"], profile["quarantined"]) == (1, 1, 1)
    (employee,) = bundle.rows_of(parts, "employee")
    assert profile["code"] == employee["code"] != "ANNA"
    assert {one["kind"] for one in status["problems"]} == {"no_agent", "quarantined"}
    database = parts["database.json"]
    assert set(database["tables"].values()) == {True}
    assert set(database["triggers"].values()) == {"there"}
    assert database["columns_missing"] == []
    (item,) = bundle.rows_of(parts, "calsync_quarantine")
    assert item["reason"]["template"]
    assert parts["versions.json"]["schema"] == tables.SCHEMA_VERSION
    assert parts["versions.json"]["libraries"]["sqlalchemy"]
    times = {one["starts_at"] for one in bundle.rows_of(parts, "activity")}
    assert times == {SOON.isoformat()} or {time[:19] for time in times} == {SOON.isoformat()}


def test_h7_the_same_text_has_the_same_pseudonym_within_one_bundle_alone(
    run: Run, world: World
) -> None:
    for _ in range(2):
        world.enter("ANNA", "Besprechung mit Herrn Huber", SOON)
    first = {one["subject"] for one in bundle.rows_of(made(run, world), "activity")}
    second = {one["subject"] for one in bundle.rows_of(made(run, world), "activity")}
    assert len(first) == len(second) == 1
    assert first != second
    assert first.pop().endswith("~60")


def test_h7_what_people_edited_since_is_told_by_field(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Besprechung", SOON)
    world.enter("ANNA", "Unberührt", SOON)
    run("once", "--config", world.folder / "agent.toml")
    world.edit(number, subject="Anders", importance="high")
    parts = made(run, world)
    (edited,) = bundle.rows_of(parts, "calsync_edited")
    assert edited["fields"] == ["subject", "importance"]


@sqlite
def test_h7_digests_of_texts_are_not_told(run: Run, world: World) -> None:
    number = world.enter("ANNA", "Kündigung Huber", SOON)
    run("once", "--config", world.folder / "agent.toml")
    (link,) = world.rows(tables.link)
    made(run, world)
    row = world.activity(number)
    seen = fingerprint(
        Appointment(
            subject=row["subject"], start=row["starts_at"], end=row["ends_at"], zone="Europe/Vienna"
        )
    )
    content = everything(world)
    assert seen[1:9] in link["consolidate_print"]
    for start in range(1, len(seen), 8):
        assert seen[start : start + 8].encode() not in content


@sqlite
def test_h7_ten_thousand_appointments_are_a_few_megabytes(run: Run, world: World) -> None:
    with world.database.writing() as connection:
        connection.execute(
            sa.insert(consolidate.activity),
            [
                {
                    "id": uuid4(),
                    "type_id": 1,
                    "subject": f"Termin {number}",
                    "body": f"Wort {number} " * 500,
                    "starts_at": SOON,
                    "ends_at": SOON + timedelta(hours=1),
                    "time_zone": "Europe/Vienna",
                    "responsible_id": world.employees["ANNA"],
                }
                for number in range(10_000)
            ],
        )
    parts = made(run, world)
    assert len(bundle.rows_of(parts, "activity")) == 10_000
    assert (world.folder / "case.zip").stat().st_size < 4_000_000


def test_h7_every_column_of_every_table_has_its_way_to_be_told() -> None:
    there = {str(column) for table in known.ALL_TABLES for column in table.columns}
    assert {f"{table}.{name}" for table, names in COLUMNS.items() for name in names} == there


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_h7_of_the_log_file_only_the_programs_own_sentences_are_told(
    tmp_path: Path, format_: str, language: str, run: Run
) -> None:
    run("--lang", language, "--version")
    canary = Canaries()
    said = message(
        "{path} holds a secret, and every account on this host can read it; let only the"
        " account that runs calsync-agent",
        path=f"/home/{canary('path')}",
    )
    path = tmp_path / "agent.log"
    settings = reading.Settings.model_fields["log"].default.model_copy(
        update={"file": path, "format": format_}
    )
    with logs.set_up(settings), logs.cycle(canary("code"), 17):
        log = logging.getLogger("calsync_agent.test")
        log.warning(said)
        log.warning(canary("free"))
        log.warning(said, exc_info=ValueError(canary("error")))
    lines = log_told(path, Telling(Pseudonyms()))

    assert canary.found_in(json.dumps(lines).encode()) == set()
    known_by = [line.get("template") for line in lines]
    assert known_by == [said.template, None, said.template]
    assert {line["cycle"] for line in lines} == {17}
    assert {line["level"] for line in lines} == {"warning"}


@pytest.mark.parametrize(
    "text",
    ["FREQ=WEEKLY;BYDAY=MO,-1FR;UNTIL=20270101T000000Z", "FREQ=DAILY;COUNT=5;INTERVAL=2"],
)
def test_h7_rules_of_recurrence_are_told(text: str) -> None:
    assert known.is_rule(text)


@pytest.mark.parametrize(
    "text", ["FREQ=WEEKLY;X-NAME=ANNA", "FREQ=ANNA", "BYDAY=HUBER", "anna", "", "WKST=MO;=ANNA"]
)
def test_h7_what_is_no_rule_of_recurrence_stays_here(text: str) -> None:
    assert not known.is_rule(text)


def test_h7_another_file_is_not_overwritten(run: Run, world: World) -> None:
    path = world.folder / "letter.zip"
    path.write_bytes(b"somebody's own")
    said = run("support", path, "--config", world.folder / "agent.toml")
    assert said.status == 2
    assert path.read_bytes() == b"somebody's own"
    gone = run("support", world.folder / "nowhere" / "case.zip")
    assert gone.status == 2
    assert len(gone.problems) == 1


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "other format", "no manifest", "bomb"])
def test_h7_what_is_no_bundle_is_refused_in_one_line(tmp_path: Path, damage: str) -> None:
    whole = bundle.packed({bundle.MANIFEST: {"format": bundle.FORMAT}, "x.json": []})
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", '{"format": 1}')
        zipped.writestr("x.json", b" " * (bundle.LARGEST + 1))
    path = tmp_path / "case.zip"
    path.write_bytes(
        {
            "empty": b"",
            "text": b"x" * 100,
            "cut": whole[:-30],
            "other format": bundle.packed({bundle.MANIFEST: {"format": 99}}),
            "no manifest": bundle.packed({"x.json": []}),
            "bomb": held.getvalue(),
        }[damage]
    )
    with pytest.raises(ConfigurationRefused):
        bundle.unpacked(path)


def test_h7_the_database_may_hold_no_tables_at_all(
    run: Run, tmp_path: Path, empty_database_url: str
) -> None:
    (tmp_path / "secret.txt").write_text("s3cret-value")
    (tmp_path / "agent.toml").write_text(
        f"[database]\nurl = '{empty_database_url}'\n"
        '[exchange]\nclient_id = "app"\nclient_secret_file = "secret.txt"\n'
    )
    said = run("support", tmp_path / "case.zip", "--config", tmp_path / "agent.toml")
    assert said.status == 0
    parts = bundle.unpacked(tmp_path / "case.zip")
    assert set(parts["database.json"]["tables"].values()) == {False}


def test_h7_nothing_is_changed_and_exchange_is_not_asked(run: Run, world: World) -> None:
    world.enter("ANNA", "Besprechung", SOON)
    run("once", "--config", world.folder / "agent.toml")
    before = [world.rows(table) for table in known.ALL_TABLES]
    world.tenant.reset_counters()
    made(run, world)
    assert [world.rows(table) for table in known.ALL_TABLES] == before
    assert world.tenant.counters == Counters()
