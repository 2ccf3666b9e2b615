"""B8, B9a: whatever an answer's bytes are, what can be read of them is read."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calsync_agent.domain.operation import Lost
from calsync_agent.exchange.transport.parsing import DEEPEST, parsed, patiently, shallow
from calsync_agent.exchange.transport.requests import Answer, Request
from tests.exchange_client.fake import (
    ANNA,
    EVENTS,
    FakeGraph,
    Says,
    client,
    gets,
    links,
    statuses,
)
from tests.exchange_client.fake import delta as delta_of

pytestmark = pytest.mark.anyio

DEEP = 100_000
NESTED = {
    "arrays": "[" * DEEP + "]" * DEEP,
    "objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "both": '[{"[": ' * DEEP + '"]"' + "}]" * DEEP,
    "escaped": '["\\"[", ' * DEEP + "1" + "]" * DEEP,
}
NUMBERS = {
    "6,000 digits": "9" * 6000,
    "6,000 digits below zero": "-" + "9" * 6000,
    "large": "1e308",
    "larger than any": "1e400",
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("odd", [*NESTED.values(), *NUMBERS.values()], ids=[*NESTED, *NUMBERS])
async def test_b8_an_odd_value_costs_its_item_alone(odd: str) -> None:
    text = f'{{"value": [{{"id": "1", "odd": {odd}}}, {{"id": "2", "odd": [1]}}]}}'
    found: Any = await parsed(text.encode())
    assert [item["id"] for item in found["value"]] == ["1", "2"]
    assert found["value"][1]["odd"] == [1]


@pytest.mark.parametrize("text", [text[:-1] for text in NESTED.values()], ids=NESTED)
async def test_b9a_what_is_deep_and_cut_off_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        await parsed(text.encode())


def test_b9a_what_lies_too_deep_becomes_null_and_nothing_else_does() -> None:
    inner = "[" * (DEEPEST - 1) + "{}" + "]" * (DEEPEST - 1)
    assert shallow(inner) == inner
    assert shallow(f"[1, {inner}, [[{{}}]], 2]") == (
        "[1, " + "[" * (DEEPEST - 1) + "null" + "]" * (DEEPEST - 1) + ", [[{}]], 2]"
    )


@given(json_values)
@example(-10000000000000000001)
@example(10**30 + 1)
def test_b9a_both_ways_of_reading_agree(value: object) -> None:
    content = json.dumps(value).encode()
    found = patiently(content)
    assert found == json.loads(content) or math.inf in str_floats(found)


def str_floats(value: object) -> list[float]:
    """The infinite numbers in a value: integers that were too long."""
    if isinstance(value, float):
        return [abs(value)]
    if isinstance(value, dict):
        return [one for inner in value.values() for one in str_floats(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in str_floats(inner)]
    return []


@given(json_values)
def test_b9a_what_is_not_deep_is_left_as_it_is(value: object) -> None:
    text = json.dumps(value)
    assert shallow(text) == text


@given(st.binary() | st.text(alphabet='{}[]",:\\ 1enul').map(str.encode))
def test_b9a_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        found = patiently(content)
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            json.loads(content)
    else:
        assert repr(found) == repr(json.loads(content))


ODD_BODIES = {
    "no JSON": b"<html><body>Please log in</body></html>",
    "cut off": b'{"value": [{"id": "1"',
    "nothing": b"",
    "an array": b"[1, 2]",
    "a text": b'"welcome"',
    "null": b"null",
    "a number": b"9" * 6000,
    "no UTF-8": b'{"value": "\xff\xfe"}',
    "UTF-16 of half a letter": "{}".encode("utf-16") + b"\0",
    **{f"nested {name}": text.encode() for name, text in NESTED.items()},
}


@pytest.mark.parametrize("raw", ODD_BODIES.values(), ids=ODD_BODIES)
@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("count", [1, 3])
async def test_b8_an_odd_answer_to_a_poll_is_trouble_of_that_mailbox_at_most(
    server: FakeGraph, raw: bytes, status: int, count: int
) -> None:
    """Alone, or as the answer to a whole batch: a result for each, and no exception."""
    path = delta_of("user0") if count == 1 else "/$batch"
    server.says(path, Says(status, raw=raw, headers={"Content-Type": "text/html"}))
    results = await client(server).poll(links(count))
    assert results.keys() == links(count).keys()


@pytest.mark.parametrize("raw", ODD_BODIES.values(), ids=ODD_BODIES)
@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_b2a_an_odd_answer_that_says_done_is_never_a_refusal(
    server: FakeGraph, raw: bytes, method: str
) -> None:
    server.says(EVENTS, Says(201, raw=raw))
    request = Request(method, EVENTS, {})
    (outcome,) = await client(server).send(ANNA, [request])
    assert isinstance(outcome, Lost) or outcome.ok


def part(position: object, status: object = 200, **more: object) -> dict[str, object]:
    return {"id": position, "status": status, "headers": {}, "body": {"n": position}, **more}


@pytest.mark.parametrize(
    "odd",
    [
        part("1", None),
        {"id": "1", "status": True},
        part("1", 10**400),
        part("1", -200),
        part("1", "OK"),
        part("1", {"code": 200}),
        part(1),
        part(None),
        part("01"),
        part("7" * 5000),
        part("-1"),
        part("99"),
        None,
        [],
        "part",
        7,
    ],
    ids=lambda odd: str(odd)[:40],
)
async def test_b8_an_odd_part_of_a_batch_is_its_requests_alone(
    server: FakeGraph, odd: object
) -> None:
    answer = Says(200, {"responses": [part("2"), odd, part("0")]})
    server.says("/$batch", answer, Says(200, {"responses": [part("0")]}))
    outcomes = await client(server).send(ANNA, gets(3))
    assert statuses(outcomes) == [200, 200, 200]  # the second was asked once more, alone


@pytest.mark.parametrize(
    "odd",
    [
        part("1", "200"),
        part("1", headers=None),
        part("1", headers=[1]),
        part("1", headers={"Retry-After": None}),
        part("1", body="a text"),
        part("1", body=None),
        part("1", body=[1]),
    ],
    ids=lambda odd: str(odd)[:60],
)
async def test_b8_a_part_of_which_the_status_is_known_is_an_answer(
    server: FakeGraph, odd: object
) -> None:
    server.says("/$batch", Says(200, {"responses": [odd, part("0"), part("2"), part("0")]}))
    outcomes = await client(server).send(ANNA, gets(3))
    assert statuses(outcomes) == [200, 200, 200]
    assert len(server.calls) == 1


async def test_b8_two_answers_to_one_request_leave_it_open(server: FakeGraph) -> None:
    responses = [part("0"), part("1"), part("1", 404), part("2")]
    server.says("/$batch", Says(200, {"responses": responses}))
    server.says(EVENTS + "/1", Says(200))
    outcomes = await client(server).send(ANNA, gets(3))
    assert statuses(outcomes) == [200, 200, 200]
    assert [call.url.path.rpartition("/")[2] for call in server.calls] == ["$batch", "1"]


@pytest.mark.parametrize("odd", NESTED.values(), ids=NESTED)
async def test_b8_a_deep_part_of_a_batch_is_its_requests_alone(server: FakeGraph, odd: str) -> None:
    inner = [json.dumps(part(str(number))) for number in (0, 2)]
    deep = f'{{"id": "1", "status": 200, "body": {odd}}}'
    raw = f'{{"responses": [{inner[0]}, {deep}, {inner[1]}]}}'.encode()
    server.says("/$batch", Says(200, raw=raw))
    outcomes = await client(server).send(ANNA, gets(3))
    assert [each.body for each in outcomes if isinstance(each, Answer)][::2] == [
        {"n": "0"},
        {"n": "2"},
    ]
    assert len(server.calls) == 1
