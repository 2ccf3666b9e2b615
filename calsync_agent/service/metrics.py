"""The metrics of contract 5 as Prometheus reads them: codes and numbers alone (H7)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.calendar import Traffic
from calsync_agent.health.problems import Problem
from calsync_agent.health.profiles import ProfileLine, State
from calsync_agent.health.situation import Situation
from calsync_agent.service.tally import CHANGES, UP_TO, Tally


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to tell. `situation` is None where the database did not tell.

    `expires_in`: seconds until the credential ends, where that is known.
    """

    ready: bool
    situation: Situation | None = None
    problems: tuple[Problem, ...] = ()
    links: Mapping[ProfileId, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    traffic: Traffic = field(default_factory=Traffic)
    expires_in: float | None = None


def exposition(facts: Facts) -> bytes:
    """All of it in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Facts(facts))
    return generate_latest(registry)


class _Facts(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        facts = self._facts
        up = "Whether this agent may sync: the database answers, and nothing forbids it"
        yield GaugeMetricFamily("calsync_up", up, value=float(facts.ready))
        if facts.situation is not None:
            yield from _of_profiles(facts.situation, facts.links)
            yield _problems(facts.problems)
        yield from _of_process(facts.tally, facts.traffic)
        if facts.expires_in is not None:
            ends = "Until what the agent signs in with ends, where that is known"
            yield GaugeMetricFamily(
                "calsync_credential_expires_seconds", ends, value=facts.expires_in
            )


def _of_profiles(now: Situation, links: Mapping[ProfileId, int]) -> Iterator[Metric]:
    def gauge(name: str, text: str, value: Callable[[ProfileLine], float | None]) -> Metric:
        made = GaugeMetricFamily(name, text, labels=["profile"])
        for one in now.profiles:
            number = value(one) if one.syncing else None
            if number is not None:
                made.add_metric([one.employee.code], number)
        return made

    yield gauge(
        "calsync_cycle_age_seconds",
        "Since the profile was last in step",
        lambda one: _age(one.synced_at, now.pulse.now),
    )
    yield gauge(
        "calsync_in_step",
        "Whether the profile is in step",
        lambda one: float(one.state is State.WELL),
    )
    yield gauge(
        "calsync_links",
        "Appointments that are linked to an event",
        lambda one: links.get(one.row.id, 0),
    )
    yield gauge("calsync_held", "Changes that wait for an administrator", lambda one: one.held)
    yield gauge(
        "calsync_quarantined",
        "Appointments that are not synced for now",
        lambda one: one.quarantined,
    )


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max((now - at).total_seconds(), 0.0)


def _problems(problems: tuple[Problem, ...]) -> Metric:
    made = GaugeMetricFamily(
        "calsync_problems", "What needs a person, as status tells it", labels=["kind", "weight"]
    )
    counted = Counter((one.kind.value, one.weight.name.lower()) for one in problems)
    for (kind, weight), count in sorted(counted.items()):
        made.add_metric([kind, weight], count)
    return made


def _of_process(tally: Tally, traffic: Traffic) -> Iterator[Metric]:
    changes = CounterMetricFamily(
        "calsync_changes", "What was carried over", labels=["profile", "side", "kind"]
    )
    profiles = sorted(tally.mails)
    for profile in profiles:
        for side, kind in CHANGES.values():
            changes.add_metric([profile, side, kind], tally.changes[profile, side, kind])
    yield changes
    mails = CounterMetricFamily(
        "calsync_mails", "Mails that Exchange sent because of us", labels=["profile"]
    )
    for profile in profiles:
        mails.add_metric([profile], tally.mails[profile])
    yield mails
    requests = CounterMetricFamily(
        "calsync_requests", "Requests by the status of their answer", labels=["status"]
    )
    for status, count in sorted(traffic.requests.items()):
        requests.add_metric([status], count)
    yield requests
    yield CounterMetricFamily(
        "calsync_throttled", "Requests that were to come later", value=traffic.throttled
    )
    bounds = (*UP_TO, float("inf"))
    sums = accumulate(tally.cycles[bound] for bound in bounds)
    names = [*map(str, UP_TO), "+Inf"]
    yield HistogramMetricFamily(
        "calsync_cycle_seconds",
        "How long cycles took",
        buckets=list(zip(names, map(float, sums), strict=True)),
        sum_value=tally.seconds,
    )
