"""CSV and its kind: columns with a secret's name are masked, where a text surely is a table."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Literal

import pytest
from tests.recorder.growth import assert_it_grows_as_its_input_does

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor

SECRET, OTHER = "s3cr3tVALUE9xyzQ1", 'h"unter,2\nhunter'
REDACTOR = Redactor(b"a key of the host's own")
MASK = REDACTOR.mask(SECRET)


def exchange(body: bytes, content_type: str = "", **rest: object) -> Exchange:
    return Exchange(
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
        method="POST",
        url="https://a.example/x",
        request=Message(headers=[("Content-Type", content_type)], body=body, **rest),  # type: ignore[arg-type]
    )


def masked(body: str, content_type: str = "") -> str:
    return REDACTOR.exchange(exchange(body.encode(), content_type)).request.body.decode()


def table(separator: str = ",", quoting: Literal[0, 1] = csv.QUOTE_MINIMAL, secret: str = SECRET) -> str:
    made = StringIO()
    writer = csv.writer(made, delimiter=separator, quoting=quoting)
    writer.writerow(["user", "password", "店名", "api-key"])
    writer.writerow(["a", secret, 'a "b", c', OTHER])
    writer.writerow(["b", "", "許功蓋", secret])
    writer.writerow(["c", secret, "x" + separator, ""])
    return made.getvalue()


def rows(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(StringIO(text), delimiter=separator))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("content_type", ["text/csv; charset=utf-8", "application/octet-stream", ""])
def test_a_secret_column_is_masked_and_all_beside_it_stays(
    separator: str, quoting: Literal[0, 1], content_type: str
) -> None:
    given = table(separator, quoting)
    kept = rows(masked(given, content_type), separator)
    expected = rows(given, separator)
    for row, column in ((1, 1), (2, 3), (3, 1)):
        expected[row][column] = MASK
    assert kept[1][3].startswith("masked~")
    expected[1][3] = kept[1][3]
    assert kept == expected


def test_a_table_in_a_file_of_a_form_is_masked() -> None:
    body = (
        '--b\r\nContent-Disposition: form-data; name="f"; filename="u.csv"\r\nContent-Type: text/csv\r\n\r\n'
        f"user,password\na,{SECRET}\nb,{SECRET}\n\r\n--b--\r\n"
    )
    assert masked(body, "multipart/form-data; boundary=b") == body.replace(SECRET, MASK)


def test_one_row_is_enough_where_a_table_is_declared() -> None:
    assert masked(f"user,token\r\na,{SECRET}", "text/csv") == f"user,token\r\na,{MASK}"
    assert masked(f"token\r\n{SECRET}\r\n", "text/csv") == f"token\r\n{MASK}\r\n"


def test_the_tail_of_a_table_that_was_cut_is_read_by_the_heading_of_its_head() -> None:
    tail = f"ge,{SECRET},x\nb,{OTHER[:1]}{SECRET},y\n".encode()
    given = exchange(b"user,password,n\na,1", "text/csv", tail=tail, size=9_000_000, truncated=True)
    kept = REDACTOR.exchange(given).request.tail
    assert SECRET.encode() not in kept
    assert kept.startswith(b"ge,masked~")
    assert kept.endswith(b",y\n")


@pytest.mark.parametrize(
    "text",
    [
        "Dear token, hello\nfoo, bar\nlast, line\n",
        "password, or token\nwas wrong, again\nsorry, sorry\n",
        "user,password\none line, of two, that differ\nand a third\n",
        "password,token\n",
        "order,name\n1,a\n2,b\n",
        "token,count\r\nonly,two lines\r\n",
    ],
)
def test_what_is_not_surely_a_table_stays(text: str) -> None:
    assert masked(text) == text


def test_masking_twice_is_masking_once() -> None:
    once = masked(table(), "text/csv")
    assert masked(once, "text/csv") == once


def test_what_stands_in_other_columns_is_still_looked_into() -> None:
    assert SECRET not in masked(f"order,link\n1,https://a.example/?token={SECRET}\n2,x\n", "text/csv")


@pytest.mark.parametrize("part", ['a,"', "a,b\n", ",", '""', "\n", "\r\n1,2"])
@pytest.mark.parametrize("heading", ["user,password\n", "", "a,b,c\nd,e,f\ng,h,i\n"])
def test_it_takes_as_long_as_the_body_is(heading: str, part: str) -> None:
    def made(size: int) -> Callable[[], object]:
        given = exchange((heading + part * (size // len(part))).encode(), "text/csv")
        return lambda: REDACTOR.exchange(given)

    assert_it_grows_as_its_input_does(made)
