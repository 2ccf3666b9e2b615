"""I1: the table of profiles, as spreadsheets write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.rollout.profile_csv import Line, Wrong, read, write

BOTH = frozenset({"inbound", "outbound"})
HEADER = "employee;external_user_id;active;inbound;outbound"
QUOTED = HEADER.replace(";", '";"')


def line(number: int, code: str, mailbox: str, *flags: bool | None) -> Line:
    active, inbound, outbound = flags
    return Line(number, code, mailbox, active, inbound, outbound, BOTH)


YES, NO = True, False


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\nMÜLLER;müller@a.example;1;0;\n".encode(),
        f"{HEADER}\r\nMÜLLER;müller@a.example;WAHR;FALSCH;\r\n".encode("utf-8-sig"),
        f"{HEADER}\r\nMÜLLER;müller@a.example;Ja;Nein;".encode("cp1252"),
        f"{HEADER}\rMÜLLER;müller@a.example;true;no; \r".encode(),
        f"{HEADER}\r\nMÜLLER;müller@a.example;yes;0;\r\n;;;;\r\n".encode("utf-16"),
        f"{HEADER};;\nMÜLLER;müller@a.example;1;0;;;\n".encode(),
        f'"{QUOTED}"\r\n"MÜLLER";" müller@a.example ";"1";"0";""\r\n'.encode("utf-8-sig"),
        f"{HEADER}\nMÜLLER;müller@a.example;1;0;\n".replace(";", ",").encode(),
        f"{HEADER}\nMÜLLER;müller@a.example;1;0;\n".replace(";", "\t").encode(),
        "Outbound;ACTIVE;Employee;inbound;External_User_Id\n;1;MÜLLER;0;müller@a.example".encode(),
    ],
)
def test_i1_a_table_is_read_however_a_spreadsheet_wrote_it(content: bytes) -> None:
    assert read(content, "x.csv") == [line(2, "MÜLLER", "müller@a.example", YES, NO, None)]


def test_i1_the_line_that_names_the_separator_counts_as_a_line() -> None:
    (found,) = read(f"sep=;\r\n{HEADER}\r\nA;a@b.c;1;;\r\n".encode(), "x.csv")
    assert found == line(3, "A", "a@b.c", YES, None, None)


def test_i1_columns_that_are_not_there_say_nothing() -> None:
    assert read(b"employee;external_user_id\nA;a@b.c", "x.csv") == [Line(2, "A", "a@b.c")]


@pytest.mark.parametrize(
    "wrong",
    [
        "B;b@b.c;vielleicht;;",
        "B;b@b.c;1;2;",
        "B;b@b.c;1",
        "B;b@b.c;1;0;0;noch was",
        'B;"b@b.c;1;0;0',
        'B;"b"@b.c;1;0;0',
    ],
)
def test_i1_a_wrong_line_costs_itself_alone(wrong: str) -> None:
    text = f"{HEADER}\nA;a@b.c;1;;\n{wrong}\n\nC;c@b.c;0;;\n"
    first, second, third = read(text.encode(), "x.csv")
    assert isinstance(second, Wrong)
    assert [first.number, second.number, third.number] == [2, 3, 5]
    assert (first, third) == (
        line(2, "A", "a@b.c", YES, None, None),
        line(5, "C", "c@b.c", NO, None, None),
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"employee;active\nA;1",
        b"employee;external_user_id;actve\nA;a@b.c;1",
        b"employee;external_user_id;active;active\nA;a@b.c;1;0",
        b"\x00\x01\x02",
        b"PK\x03\x04\x14\x00\x06\x00",
        b"employee;external_user_id\nA;a\x81@b.c",
        "employee;external_user_id\nA;a@b.c".encode("utf-16-le"),
        b"\xff\xfee",
    ],
)
def test_i1_what_is_no_such_table_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(ConfigurationRefused, match=r"x\.csv"):
        read(content, "x.csv")


@given(st.binary(max_size=300), st.booleans())
def test_i1_any_bytes_are_read_or_refused(content: bytes, headed: bool) -> None:
    try:
        found = read(HEADER.encode() + b"\n" + content if headed else content, "x.csv")
    except ConfigurationRefused:
        return
    assert all(isinstance(each, Line | Wrong) for each in found)


CELL = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=20
)
FLAG = st.sampled_from([None, True, False])


@given(st.lists(st.tuples(CELL, CELL, st.booleans(), FLAG, FLAG), max_size=5))
def test_i1_what_is_written_reads_back(
    rows: list[tuple[str, str, bool, bool | None, bool | None]],
) -> None:
    content = write(rows).encode("utf-8-sig")
    assert read(content, "x.csv") == [line(n, *row) for n, row in enumerate(rows, 2)]


@given(st.sampled_from(["=", "+", "-", "@", "'=", "''+"]), CELL)
def test_i1_no_cell_is_a_formula_and_it_reads_back(sign: str, text: str) -> None:
    row = sign + text, "a@x.example", True, None, None
    table = write([row])
    assert table.splitlines()[1].lstrip('"').startswith("'")
    (found,) = read(table.encode("utf-8-sig"), "x.csv")
    assert found == line(2, *row)


def test_i1_a_line_that_is_far_too_long_is_named_so_and_costs_itself_alone() -> None:
    huge = f"{HEADER}\n{'A' * 200_000};a@x.example;;;\nB;b@x.example;;;\n"
    wrong, right = read(huge.encode(), "x.csv")
    assert isinstance(wrong, Wrong)
    assert "longer" in str(wrong.reason)
    assert right == line(3, "B", "b@x.example", None, None, None)
