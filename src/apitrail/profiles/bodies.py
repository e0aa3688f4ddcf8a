"""A body as plain data, whatever form it came in. Pure, bounded, and never raises.

The form is told by the bytes first and by the Content-Type second: JSON comes as `text/html`, XML as `text/plain`.

| form | data |
|---|---|
| json | as decoded: integers exact at any size, fractions kept as their text |
| xml | by local name, see `markup` |
| form | name → value, or a list of values |
| pipe | `{"0": …, "1": …}`, a part that is itself `a=b&c=d` as a dict |
| multipart | part name, or number → data of that part |
| html, text | the text |
| csv | a list of rows, each header → cell |
| binary, empty | None |
"""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from apitrail.profiles.charset import charset_of, media_type, text_of
from apitrail.profiles.markup import parse_xml

LARGEST = 5 * 1024 * 1024
"""Bytes: as much as a recorder keeps of a body if it is not told otherwise. A larger one is kept but not read: its call
is judged by the status. JSON of this size may take 130 MB while it is read."""
ROWS = 10_000
PARTS = 50
FIELDS = 10_000
PAGE = 20_000
"""Characters of an HTML page that are looked at for what it says."""
SAYING = 300
"""Characters of what a page says that has no heading, title or paragraph."""

Parsed = tuple[str, Any]
"""(form, data)."""

_JSON = msgspec.json.Decoder(float_hook=str)
_SCALARS = b'"0123456789-tfn'
_PIPE = re.compile(r"^[^\s|<{\[]{1,64}\|")
_HTML = re.compile(
    r"^\s*(?:<!--(?:(?!-->)[\s\S]){0,500}-->\s*)*<(?:!doctype\s+html|html|head|body|h\d|p|div|center|title|br|b|pre|table|font|script|style)\b",
    re.IGNORECASE,
)
_NOTICE = re.compile(r"^\s*<br\s*/?>\s*<b>(?:Warning|Notice|Deprecated|Strict Standards)</b>:")
"""What PHP prints before an answer (`display_errors`, `html_errors`)."""
_ANSWER = re.compile(r"^[\[{]", re.MULTILINE)
_EMPTY: Parsed = ("empty", None)


def parse(body: bytes, content_type: str | None, charset: str | None) -> Parsed:
    """The form and the data of a body."""
    if not body:
        return _EMPTY
    first = body[:1]
    if first in b"{[" and len(body) <= LARGEST:
        try:
            return "json", _JSON.decode(body)
        except (ValueError, RecursionError):
            pass
    if charset is None:
        return "binary", None
    if len(body) > LARGEST:
        return "large", None
    kind = media_type(content_type)[0] if content_type else ""
    if kind.startswith("multipart/"):
        return _multipart(body, content_type or "")
    return _text(text_of(body, charset), kind)


def parse_json(text: str) -> Any:
    """The data in a JSON text, leniently: NaN, lone surrogates and a byte order mark pass. None where it is none."""
    try:
        return json.loads(text, parse_float=str, parse_int=_integer, parse_constant=str, strict=False)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 4000 else digits


def _text(text: str, kind: str) -> Parsed:
    start = text.lstrip()[:1]
    if not start:
        return _EMPTY
    if start in "{[" or (kind.endswith("json") and start.encode() in _SCALARS):
        data = parse_json(text)
        if data is not None or text.strip() == "null":
            return "json", data
    if start == "<":
        if _HTML.match(text):
            data = _after_notices(text)
            return ("html", text) if data is None else ("json", data)
        data = parse_xml(text)
        if data:
            return "xml", data
        return "html" if "html" in kind else "text", text
    if kind == "application/x-www-form-urlencoded":
        return "form", parse_form(text)
    if kind in ("text/csv", "text/tab-separated-values"):
        return "csv", _table(text, "," if kind == "text/csv" else "\t")
    if _PIPE.match(text):
        return "pipe", {str(n): _pipe_part(part) for n, part in enumerate(text.strip().split("|", FIELDS))}
    if "=" in text and _is_form(text):
        return "form", parse_form(text)
    return "text", text


def _after_notices(text: str) -> Any:
    """The JSON that follows what PHP had to say about itself; None without either."""
    begun = _ANSWER.search(text) if _NOTICE.match(text) else None
    return parse_json(text[begun.start() :]) if begun is not None else None


def parse_form(text: str) -> dict[str, Any]:
    """Name → value of a query string or form; a repeated name has a list."""
    out: dict[str, Any] = {}
    for pair in text.split("&", FIELDS):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        known = out.get(name)
        if known is None:
            out[name] = value
        elif type(known) is list:
            known.append(value)
        else:
            out[name] = [known, value]
    return out


def _is_form(text: str) -> bool:
    """`a=b&c=d` without a declared type: one line, no spaces, every piece a pair."""
    line = text.strip()
    return (
        len(line) < 100_000
        and not any(letter.isspace() for letter in line)
        and all("=" in piece for piece in line.split("&"))
    )


def _pipe_part(part: str) -> Any:
    return parse_form(part) if "=" in part and _is_form(part) else part


def _table(text: str, delimiter: str) -> list[dict[str, str]]:
    rows = []
    try:
        for row in csv.DictReader(text.splitlines(), delimiter=delimiter):
            rows.append({key: value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)})
            if len(rows) >= ROWS:
                break
    except csv.Error:
        pass
    return rows


_SAYING = tuple(
    re.compile(rf"<{tag}\b[^>]*>([\s\S]{{1,2000}}?)</{tag}", re.IGNORECASE)
    for tag in ("h1", "title", "h2", "body", "p")
)
_SCRIPT = re.compile(r"<(script|style)\b[\s\S]*?</\1\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def page_text(page: str) -> str | None:
    """What an HTML page says first: its heading, else its title or first words, without markup."""
    page = _SCRIPT.sub(" ", page[:PAGE])
    for saying in _SAYING:
        for found in saying.finditer(page):
            if text := _plain(found[1]):
                return text
    return _plain(page)[:SAYING] or None


def _plain(markup: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", markup)).split())


def _multipart(body: bytes, content_type: str) -> Parsed:
    """Each part by its name, or by its number where it has none; files are left unread."""
    found = re.search(r"boundary=(?:\"([^\"]{1,200})\"|([^;\s]{1,200}))", content_type, re.IGNORECASE)
    if not found:
        return "binary", None
    out: dict[str, Any] = {}
    pieces = body.split(b"--" + (found[1] or found[2]).encode("utf-8", "replace"))
    for number, piece in enumerate(pieces[1 : PARTS + 1]):
        if piece.startswith(b"--"):
            break
        head, split, content = piece.lstrip(b"\r\n").partition(b"\r\n\r\n")
        if not split:
            head, split, content = piece.lstrip(b"\n").partition(b"\n\n")
        header = head.decode("latin-1")
        name = re.search(r"name=\"([^\"]{1,200})\"", header)
        kind = re.search(r"content-type:\s*([^\r\n]{1,200})", header, re.IGNORECASE)
        declared = kind[1].strip() if kind else "text/plain"
        content = content.removesuffix(b"\n").removesuffix(b"\r")
        charset = charset_of(content, declared)
        known = name[1] if name else str(number)
        if charset is None or declared.lower().startswith("multipart/"):
            out[known] = None
        else:
            form, data = ("json", None) if not content else _text(text_of(content, charset), media_type(declared)[0])
            out[known] = data if form != "empty" else ""
    return "multipart", out
