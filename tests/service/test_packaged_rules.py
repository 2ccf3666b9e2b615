"""The dashboard and the alert rules in `packaging` speak of metrics that there are (contract 5)."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.domain.calendar import Traffic
from calsync_agent.health.overview import AgentRow, Pulse
from calsync_agent.health.problems import problems
from calsync_agent.health.profiles import Employee, ProfileLine, Row, State
from calsync_agent.health.situation import Situation
from calsync_agent.service.metrics import Facts, exposition
from calsync_agent.service.tally import Tally

PACKAGING = Path(__file__).parents[2] / "packaging"
NOW = datetime(2026, 12, 1)
OURS = re.compile(r"\bcalsync_\w+")
LABELS = re.compile(r"\bby \(([^)]*)\)|\$labels\.(\w+)|\{\{(\w+)\}\}")


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """Every name that the agent tells, with its labels."""
    row = Row(ProfileId(1), 1, EmployeeId(1), "mm@example.com", active=True)
    who = Employee(EmployeeId(1), "MM", "Max", "mm@example.com")
    line = ProfileLine(row, who, State.HELD, synced_at=NOW, held=2, held_since=NOW)
    agent = AgentRow(uuid4(), "host", 1, "1", NOW, NOW, 0, None, NOW, 5)
    now = Situation(Pulse(NOW, 0, 0, (agent,), {}), None, (line,), ())
    tally, traffic = Tally(), Traffic()
    tally.note("MM", {}, 0.3)
    traffic.requests["200"] += 1
    facts = Facts(
        ready=True,
        situation=now,
        problems=tuple(problems(now)),
        tally=tally,
        traffic=traffic,
        expires_in=5.0,
    )
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(exposition(facts).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression, with whatever is shown of its result."""
    rules = yaml.safe_load((PACKAGING / "prometheus-rules.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            yield rule["expr"], json.dumps(rule["annotations"])
    board = json.loads((PACKAGING / "grafana-dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


@pytest.mark.parametrize(("expression", "shown"), list(expressions()))
def test_h7_what_is_packaged_speaks_of_metrics_and_labels_that_there_are(
    expression: str, shown: str, told: dict[str, set[str]]
) -> None:
    names = set(OURS.findall(expression)) - {"calsync"}
    assert names <= told.keys()
    labels = {"instance", "job", *(label for name in names for label in told[name])}
    found = LABELS.findall(expression + shown)
    used = {label.strip() for groups in found for group in groups for label in group.split(",")}
    assert used - {""} <= labels
    assert expression.count("(") == expression.count(")")


def test_h7_every_metric_of_the_contract_is_on_the_dashboard(told: dict[str, set[str]]) -> None:
    text = (PACKAGING / "grafana-dashboard.json").read_text()
    shown = {name.removesuffix("_bucket") for name in OURS.findall(text)}
    contract = {
        name.removesuffix("_bucket") for name in told if not name.endswith(("_count", "_sum"))
    }
    assert contract <= shown | {"calsync_cycle_seconds"}
