"""Rules B9 and GRAPH.md 8: what is sent again, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.domain.operation import Lost
from calsync_agent.exchange.transport.requests import Answer, Outcome
from calsync_agent.exchange.transport.retry import (
    Again,
    Attempt,
    Decision,
    Done,
    Refused,
    Unknown,
    Unwell,
    decide,
    pause,
    perhaps_done,
    told,
)
from calsync_agent.i18n import message

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LOST = Lost(message("timed out"))
IRRESOLVABLE = {"error": {"code": "ErrorIrresolvableConflict"}}
CONCURRENT = {"error": {"code": "ConcurrentItemSave"}}
METHODS = ("GET", "PATCH", "DELETE", "POST")


def attempt(
    method: str = "GET",
    *,
    number: int = 1,
    conditional: bool = False,
    waited: float = 0.0,
    budget: float = 60.0,
    chance: float = 0.5,
) -> Attempt:
    return Attempt(number, method, conditional, waited, budget, chance, NOW)


def kind(decision: Decision) -> type:
    return type(decision)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "status", [200, 201, 204, 400, 403, 404, 405, 406, 409, 410, 412, 413, 415, 424, 501, 505, 507]
)
def test_b9_what_is_final_is_given_to_the_caller_at_once(method: str, status: int) -> None:
    answer = Answer(status)
    assert decide(answer, attempt(method)) == Done(answer)


@pytest.mark.parametrize(
    ("outcome", "safe", "post"),
    [
        (Answer(429), Again, Again),
        (Answer(503), Again, Unknown),
        (Answer(504), Again, Unknown),
        (Answer(509), Again, Unknown),
        (Answer(500), Again, Unknown),
        (Answer(502), Again, Unknown),
        (Answer(520), Again, Unknown),
        (Answer(408), Again, Unknown),
        (Answer(423), Again, Done),
        (Answer(412, IRRESOLVABLE), Again, Done),
        (Answer(409, IRRESOLVABLE), Again, Done),
        (Answer(409, CONCURRENT), Again, Done),
        (Answer(503, CONCURRENT), Again, Unknown),
        (Answer(401), Refused, Refused),
        (LOST, Again, Unknown),
    ],
)
def test_b9_each_outcome_has_its_decision(outcome: Outcome, safe: type, post: type) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert kind(decide(outcome, attempt(method))) is safe
    assert kind(decide(outcome, attempt("POST"))) is post


@pytest.mark.parametrize("status", [408, 423, 500, 502])
def test_b9_a_failure_without_a_hint_is_repeated_a_few_times_only(status: int) -> None:
    answer = Answer(status)
    decisions = [decide(answer, attempt("PATCH", number=number)) for number in range(1, 6)]
    assert [kind(each) for each in decisions] == [Again, Again, Again, Done, Done]


@pytest.mark.parametrize(("method", "last"), [("GET", Unwell), ("PATCH", Unknown)])
def test_b9_no_answer_is_repeated_a_few_times_only(method: str, last: type) -> None:
    decisions = [decide(LOST, attempt(method, number=number)) for number in range(1, 5)]
    assert [kind(each) for each in decisions] == [Again, Again, Again, last]


def test_b9_a_conflict_inside_exchange_is_tried_once_more() -> None:
    answer = Answer(412, IRRESOLVABLE)
    assert kind(decide(answer, attempt("PATCH"))) is Again
    assert decide(answer, attempt("PATCH", number=2)) == Done(answer)


def test_b9_a_conflict_with_our_own_if_match_is_the_callers() -> None:
    answer = Answer(412, IRRESOLVABLE)
    assert decide(answer, attempt("PATCH", conditional=True)) == Done(answer)


def test_b9_codes_are_compared_in_any_case() -> None:
    answer = Answer(412, {"error": {"code": "errorIRRESOLVABLEconflict"}})
    assert kind(decide(answer, attempt("PATCH"))) is Again


def test_b9_a_rest_longer_than_the_budget_is_not_waited_for() -> None:
    answer = Answer(429, headers={"retry-after": "61"})
    assert decide(answer, attempt()) == Unwell(61.5)
    answer = Answer(429, headers={"retry-after": "50"})
    assert kind(decide(answer, attempt(waited=9))) is Again
    assert kind(decide(answer, attempt(waited=10))) is Unwell


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("Sun, 22 Nov 2026 09:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 09:00:30 -0000", 30.0),
        ("Sun, 22 Nov 2026 08:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("", None),
        ("5, 5", None),  # sent twice
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("999999999", 3600.0),
        ("9" * 99, 3600.0),
        ("9" * 6000, None),
        ("1e308", 3600.0),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
        ("Mon, 01 Jan 2024 00:00:00 +9999", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600.0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 99 Foo 2024 77:00:00 GMT", None),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 3600.0),
    ],
)
def test_b9_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert told(Answer(429, headers={"retry-after": value}), NOW) == seconds


@given(
    st.text()
    | st.floats().map(str)
    | st.integers().map(str)
    | st.from_regex(
        r"\A[A-Z]?[a-z]{0,3},? ?-?[0-9]{0,9} [JFMDa-z]{0,4} -?[0-9]{0,12} "
        r"[0-9]{0,9}:?[0-9]{0,9}:?[0-9]{0,9} ([+-][0-9]{0,30}|GMT|EST)?\Z"
    )
)
def test_b9a_whatever_a_server_asks_for_is_at_most_an_hour(value: str) -> None:
    asked = told(Answer(429, headers={"retry-after": value}), NOW)
    assert asked is None or 0 <= asked <= 3600


def test_b9_without_retry_after_nothing_is_told() -> None:
    assert told(Answer(429), NOW) is None


CHANCES = st.floats(0, 1, exclude_max=True)
HEADERS = st.one_of(
    st.just({}),
    st.integers(0, 10_000).map(lambda seconds: {"retry-after": str(seconds)}),
    st.integers(-100, 10_000).map(
        lambda seconds: {
            "retry-after": (NOW + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        }
    ),
    st.text(max_size=8).map(lambda text: {"retry-after": text}),
)
CODES = st.sampled_from([None, IRRESOLVABLE, CONCURRENT, {"error": "oops"}, {}])
ANSWERS = st.builds(
    Answer, st.one_of(st.sampled_from([429, 500, 503]), st.integers(200, 599)), CODES, HEADERS
)
OUTCOMES = st.one_of(ANSWERS, st.just(LOST))


@given(CHANCES, CHANCES, st.integers(1, 8))
def test_b9_pauses_grow(first: float, second: float, number: int) -> None:
    assert 0 < pause(number, None, first) <= pause(number + 1, None, second)
    assert pause(number, None, first) < pause(number + 1, None, first)


@given(st.integers(1, 10_000), st.floats(0, 1e6), CHANCES)
def test_b9_never_sooner_than_told(number: int, seconds: float, chance: float) -> None:
    assert pause(number, seconds, chance) >= seconds


@given(
    outcomes=st.lists(OUTCOMES, max_size=60),
    method=st.sampled_from(METHODS),
    conditional=st.booleans(),
    chance=CHANCES,
)
def test_b9_waiting_never_exceeds_the_budget(
    outcomes: list[Outcome], method: str, *, conditional: bool, chance: float
) -> None:
    waited, budget = 0.0, 60.0
    for number, outcome in enumerate(outcomes, 1):
        decision = decide(
            outcome,
            attempt(
                method,
                number=number,
                conditional=conditional,
                waited=waited,
                budget=budget,
                chance=chance,
            ),
        )
        if not isinstance(decision, Again):
            break
        assert decision.after > 0  # never blindly at once
        waited += decision.after
    assert waited <= budget


@given(OUTCOMES, st.integers(1, 10), CHANCES)
def test_b9_a_post_that_may_have_been_carried_out_is_never_repeated(
    outcome: Outcome, number: int, chance: float
) -> None:
    decision = decide(outcome, attempt("POST", number=number, chance=chance))
    if perhaps_done(outcome):
        assert decision == Unknown()
    if isinstance(decision, Again):
        assert isinstance(outcome, Answer)
        assert outcome.status == 429


@given(OUTCOMES, st.sampled_from(METHODS), st.integers(1, 10))
def test_b9_an_error_that_is_the_requests_own_fault_is_never_repeated(
    outcome: Outcome, method: str, number: int
) -> None:
    decision = decide(outcome, attempt(method, number=number))
    if isinstance(outcome, Answer) and outcome.status in {400, 403, 404, 410}:
        assert decision == Done(outcome)
