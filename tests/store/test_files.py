"""Files within answers lie apart: the body comes back as it came, text around them is found, they are not looked in."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Filter, Store, bodies, open_store
from apitrail.store.engine import Query
from apitrail.store.files import LEAST, apart, taken_out
from apitrail.store.model import Term
from apitrail.store.retention import Keep, Rules, tidy
from apitrail.store.shelves import FILES

Make = Callable[..., Entry]

ORDER = "2602C03Z0FJEQ4"
PDF = b"%PDF-1.7\n" + random.Random(1).randbytes(3000)
LABEL = base64.b64encode(PDF)
LINES = base64.encodebytes(PDF)
SHORT = base64.b64encode(PDF)[: LEAST - 4]

JSON = json.dumps({"order": ORDER, "label": LABEL.decode(), "note": "left at the lanterna 庫存"}).encode()


def split(body: bytes, ids: list[bytes] | None = None) -> tuple[bytes, list[bytes]]:
    """What stays of a body, and its files, of which it is certain that they make it whole again."""
    folded = bodies.fold(body, ids or [])
    left, files = taken_out(body, folded)
    found = apart(files, left.count(bodies.FILE)) if len(left) < len(body) else []
    if len(left) < len(body):
        assert bodies.unfold(left, [one.decode() for one in ids or []], found) == body
    else:
        assert (left, files) == (body, b"")
    return left, found


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (JSON, JSON.replace(LABEL, bodies.FILE)),
        (b'{"a":"%s","b":["%s"]}' % (LABEL, LABEL[::-1]), b'{"a":"%s","b":["%s"]}' % (bodies.FILE, bodies.FILE)),
        (b"<Image>%s</Image><Next/>" % LABEL, b"<Image>%s</Image><Next/>" % bodies.FILE),
        (b"<Image>%s</Image>" % LINES, b"<Image>%s</Image>" % bodies.FILE),
        (b"<Image>%s</Image>" % LINES.replace(b"\n", b"\r\n"), b"<Image>%s</Image>" % bodies.FILE),
        (LABEL, bodies.FILE),
        (json.dumps({"label": LINES.decode()}).encode(), b'{"label": "%s"}' % bodies.FILE),
        (json.dumps({"label": LABEL.decode()}).replace("/", "\\/").encode(), b'{"label": "%s"}' % bodies.FILE),
        (PDF, bodies.FILE),
        (b"\x89PNG\r\n" + PDF, bodies.FILE),
        (b"\xff\xd8\xff\xe0" + PDF, bodies.FILE),
    ],
    ids=[
        "JSON",
        "two",
        "XML",
        "XML in lines",
        "in lines of Windows",
        "alone",
        "JSON in lines",
        "slashes escaped",
        "PDF",
        "PNG",
        "JPEG",
    ],
)
def test_a_file_is_taken_out(body: bytes, left: bytes) -> None:
    assert split(body)[0] == left


@pytest.mark.parametrize(
    "body",
    [
        b'{"cursor":"%s"}' % SHORT + b" " * LEAST,
        json.dumps({"message": "取號失敗請稍後再試" * 200}).encode(),
        ("取號失敗" * 500).encode(),
        b"The address cannot be reached. " * 60,
        b"order_sn,status\n" + b"2602C03Z0FJEQ4,READY_TO_SHIP\n" * 90,
        b"0123-4567-89ab-" * 200,
        b"2602C03Z0FJEQ4\n" * 90,
        json.dumps({"skus": "SKU8812\nSKU8813\n" * 90}).encode(),
        b"\xff" + LABEL,
    ],
    ids=[
        "too short",
        "escaped text",
        "text",
        "sentences",
        "a table",
        "ids",
        "a list",
        "a list in JSON",
        "the mark's byte",
    ],
)
def test_text_is_not(body: bytes) -> None:
    assert split(body) == (body, [])


def test_ids_around_a_file_are_left_out_as_well() -> None:
    left, files = split(JSON, [ORDER.encode()])
    assert files == [LABEL]
    assert ORDER.encode() not in left
    two = b'["%s","%s","%s","%s"]' % (ORDER.encode(), LABEL, b"2602C03Z0FJEQ5", b"2602C03Z0FJEQ6")
    left, files = split(two, [ORDER.encode(), b"2602C03Z0FJEQ5", b"2602C03Z0FJEQ6"])
    assert files == [LABEL]
    assert len(left) < 24


WHOLE = (
    LABEL,
    LABEL[:LEAST],
    LABEL[: LEAST - 1],
    LINES,
    b"A" * 511,
    b"a" * 512,
    ORDER.encode(),
    "取".encode(),
    b"%PDF-",
)
SIGNS = (b'"', b",", b"\\u53d6", b"\\n", b"/", b"=", b"\xfe", b"\xff", b"\xff\x1e", b'":"', b"<")
PIECES = st.sampled_from([*WHOLE, *SIGNS])


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_any_body_comes_back(body: bytes) -> None:
    if len(body) >= LEAST:
        split(body, [ORDER.encode()])


def some(make: Make, start: float = 0) -> list[Entry]:
    """A label in JSON, one as it is, and an answer without any."""
    sent = {"action": "label.create", "references": [Reference("order", ORDER)]}
    return [
        make(start, response=Payload(body=JSON, size=len(JSON)), **sent),
        make(start + 1, response=Payload(body=PDF, size=len(PDF)), **sent),
        make(start + 2, response=Payload(body=b'{"order":"' + ORDER.encode() + b'"}'), **sent),
        make(start + 3, response=Payload(body=JSON[:2000], tail=JSON[2000:], size=99_999, truncated=True), **sent),
    ]


def found(store: Store, *terms: Term) -> list[str]:
    return [row.id for row in store.page(Filter(text=terms)).entries][::-1]


def test_entries_come_back_and_their_text_is_found(either: Store, make: Make) -> None:
    entries = some(make)
    either.write(entries)
    assert [either.entry(one.id) for one in entries] == entries
    assert list(either.whole(either.page(Filter()).entries)) == entries[::-1]
    labels = [entries[0].id, entries[3].id]
    for text in ("lanterna", "庫存", '", "note": "le', f'{ORDER[9:]}", "lab'):
        assert found(either, Term(text)) == labels, text
    assert found(either, Term(ORDER, whole=True)) == [one.id for one in entries]
    assert found(either, Term(ORDER[3:11])) == [one.id for one in entries]


def test_files_are_not_looked_in(either: Store, make: Make) -> None:
    either.write(some(make))
    for text in (LABEL[100:140].decode(), LABEL[2000:2008].decode(), "%PDF-1.7"):
        assert found(either, Term(text)) == [], text
    words = either.engine.select(Query("SELECT uniqExact(word) FROM mentions")).rows
    assert words == [(1,)]


def test_they_go_with_their_body(store: Store, make: Make) -> None:
    entries = some(make)
    store.write(entries)
    rules = Rules(Keep(success_bodies=2, failure_bodies=2, entries=10))
    tidy(store.engine, rules, [], writes_off=nullcontext, now=entries[0].created_at + timedelta(days=4))
    [(left,)] = store.engine.select(Query(f"SELECT sum(length({FILES})) FROM entries")).rows
    assert left == 0
    gone = store.entry(entries[0].id)
    assert gone is not None
    assert gone.response is not None
    assert (gone.response.body, gone.response.size) == (b"", len(JSON))


def test_a_log_from_before_answers_alike(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]]
) -> None:
    before, after = some(make), some(make, 100)
    with older(24):
        store = open_store(folder, durable=False)
        store.write(before)
        store.close()
    store = open_store(folder, durable=False)
    store.write(after)
    entries = [*before, *after]
    for _ in range(2):
        assert [store.entry(one.id) for one in entries] == entries
        assert found(store, Term("lanterna")) == [entries[place].id for place in (0, 3, 4, 7)]
        store.engine.run(Query("OPTIMIZE TABLE entries FINAL"))
    store.close()
