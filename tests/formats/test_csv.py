"""CSV for spreadsheets: every line reads back, and no cell is run or rounded."""

from __future__ import annotations

import csv as standard
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Counts, EntryRow
from apitrail.exchange import Failure, Integration, Reference, Source
from apitrail.formats import csv

AT = datetime(2026, 3, 9, 6, 30, 0, 123456, tzinfo=UTC)


def row(**fields: Any) -> EntryRow:
    given_ = {"id": "019cd1f6-7c3a-7b42-8d0e-4f5a6b7c8d9e", "created_at": AT, "method": "POST", "path": "/labels"}
    return EntryRow(**{**given_, "url": "https://a.example/labels", "outcome": "success", **fields})


def read(*rows: EntryRow) -> list[dict[str, str]]:
    text = b"".join(csv.write(rows)).decode("utf-8-sig")
    return list(standard.DictReader(io.StringIO(text, newline="")))


def test_columns_have_the_names_of_an_entrys_fields() -> None:
    fields = set(EntryRow.__struct_fields__)
    assert {name.partition(".")[0] for name in csv.COLUMNS} == fields - {"items", "http_version", "stated", "derived"}


def test_what_is_written_reads_back() -> None:
    [found] = read(
        row(
            ec_integration=Integration("ec-1", "茶舖"),
            source=Source("order", "A-1001"),
            references=[Reference("order", "A-1001"), Reference("sku", "T,1")],
            status=422,
            retryable=False,
            message='said "no",\r\nand more',
            counts=Counts(returned=0),
            error=Failure("httpx.ReadTimeout", "timed out"),
            duration_ms=412.7,
        )
    )
    assert found["created_at"] == "2026-03-09T06:30:00.123456Z"
    assert (found["ec_integration.id"], found["ec_integration.name"]) == ("ec-1", "茶舖")
    assert found["references"] == "order:A-1001; sku:T,1"
    assert (found["status"], found["retryable"], found["counts.returned"]) == ("422", "false", "0")
    assert found["message"] == 'said "no",\r\nand more'
    assert found["error.type"] == "httpx.ReadTimeout"
    assert found["duration_ms"] == "412.7"


def test_no_answer_is_an_empty_cell_and_never_0() -> None:
    [found] = read(row(status=None))
    assert found["status"] == ""


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1", "a;=cmd|' /C calc'!A0", "a\n=1"]
)
def test_a_cell_that_looks_like_a_formula_is_text(text: str) -> None:
    [found] = read(row(message=text))
    assert "'=" in found["message"] or found["message"].lstrip()[0] == "'"
    assert found["message"].replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    "number", ["2601010000000001", "00042", "123456789012345678901234", "1E5", "2611250e12", "1.5E-3"]
)
def test_a_number_that_would_be_rounded_is_text(number: str) -> None:
    assert read(row(code=number))[0]["code"] == "'" + number


@pytest.mark.parametrize("plain", ["42", "A-1001", "https://a.example/x?a=-1", "a - b", "403", ""])
def test_all_else_is_as_it_was(plain: str) -> None:
    assert read(row(code=plain))[0]["code"] == plain


@given(st.text())
def test_no_text_makes_a_cell_that_a_spreadsheet_would_run(text: str) -> None:
    [found] = read(row(message=text))
    for part in re.split("[;\t\r\n]", found["message"]):
        assert part.lstrip()[:1] not in tuple("=+-@＝＋－＠")
