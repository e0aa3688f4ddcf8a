"""What PHP's `serialize` writes: `a:1:{s:8:"password";s:6:"hunter";}`, as WordPress and its kind send and store it.

Each string is written behind its length in bytes, so the length of whatever is masked is written anew: the text can
still be read back. A number becomes a string.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from apitrail.recorder.redaction.layers import AS_IS, Inside, Looking, Span
from apitrail.recorder.secrets import Group

NAMED = re.compile(r's:\d{1,9}:\\*"([^"\\;]{1,128}+)\\*";')
"""A string that may be a name, for the quick look; its quotes may be escaped."""
_STRING = re.compile(r's:(\d{1,9}):"')
_NAME = re.compile(r'([^"\\;{}]{1,128}+)";')
_NUMBER = re.compile(r"[id]:([^;{}\"]{1,40}+);")
_NOTHING = re.compile(r"b:[01];|N;|[rR]:\d{1,9};")
_OPEN = re.compile(r'(?:a|O:\d{1,9}:"[^"]{0,200}+"):\d{1,9}:\{')
_NEAR = 4096
_NESTED = 3
"""Strings within strings whose lengths are kept: each is written once more for each that it stands in."""


def may_stand_in(text: str) -> bool:
    """Whether it is worth to look. Most texts have no semicolon."""
    return ";" in text and '";' in text and "s:" in text


def spans(text: str, look: Looking) -> list[Span]:
    """The values of secret names; whatever an array or an object of such a name holds."""
    found: list[Span] = []
    at = 0
    while string := _STRING.search(text, at):
        at = string.end()
        name = _NAME.match(text, at)  # with a wrong length, too: it ends at a quote
        groups = look.secret(_plain(name[1]), "json") if name else []
        if name and groups:
            values, end = _value(text, name.end(), groups, look)
            found += values
            at = max(at, end)
    return found


def with_lengths(text: str, spans: list[Span]) -> list[Span]:
    """The spans, which are in order, and the lengths of the strings in which they stand."""
    if not spans or not may_stand_in(text):
        return spans
    levels: list[list[tuple[int, int, int, int]]] = [[] for _ in range(_NESTED)]
    ends: list[int] = []
    for string in _STRING.finditer(text):
        start, stop = string.end(), string.end() + int(string[1])
        while ends and ends[-1] <= start:
            ends.pop()
        if len(ends) < _NESTED and text.startswith('"', stop):
            levels[len(ends)].append((*string.span(1), start, stop))
            ends.append(stop)
    result = spans
    for strings in reversed(levels):  # inner ones first: their lengths are written in the outer ones
        starts = [span.start for span in result]
        lengths: list[Span] = []
        for at, end, start, stop in strings:
            first = bisect_left(starts, start)
            inner = result[first : bisect_left(starts, stop)]
            if inner and inner[-1].end <= stop and not (first and result[first - 1].end > at):
                moved = [span._replace(start=span.start - start, end=span.end - start) for span in inner]
                inside = Inside(text[start:stop], moved, _length)
                lengths.append(Span(at, end, text[at:end], echoes=False, inside=inside))
        if lengths:
            result = sorted(result + lengths, key=lambda span: span.start)
    return result


def _length(written: str) -> str:
    return str(len(written))


def _stop(text: str, string: re.Match[str]) -> int:
    """Where a string ends: by its length or, where that is wrong, at the next quote; -1 where it has no end."""
    stop = string.end() + int(string[1])
    return stop if text.startswith('";', stop) else text.find('";', string.end(), string.end() + _NEAR)


def _plain(name: str) -> str:
    """The name of a property without its class, which PHP writes between zero bytes."""
    return name.rpartition("\0")[2]


def _value(text: str, at: int, groups: list[Group], look: Looking) -> tuple[list[Span], int]:
    """The spans of the value that begins here, and where it ends."""
    string = _STRING.match(text, at)
    if string:
        stop = _stop(text, string)
        stop = stop if stop >= 0 else len(text)  # it was cut, or it is no string: where it ends is not known
        return look.span(text, string.end(), stop, groups, AS_IS), min(stop + 2, len(text))
    number = _NUMBER.match(text, at)
    if number:
        found = look.span(text, *number.span(1), groups, AS_IS)
        return [_as_string(span, at) for span in found], number.end()
    opened = _OPEN.match(text, at)
    return _leaves(text, opened.end(), groups, look) if opened else ([], at)


def _leaves(text: str, at: int, groups: list[Group], look: Looking) -> tuple[list[Span], int]:
    """Every value until the brace closes. Names stand before values; numbers name what is in a list."""
    found: list[Span] = []
    named = [False]
    while at < len(text):
        if text[at] == "}":
            named.pop()
            at += 1
            if not named:
                break
            continue
        opened = _OPEN.match(text, at)
        if opened:
            named[-1] = False
            named.append(False)
            at = opened.end()
            continue
        values, end = _value(text, at, groups, look)
        nothing = _NOTHING.match(text, at) if end == at else None
        if end == at and nothing is None:
            break
        if named[-1]:
            found += [span if any(map(str.isdigit, span.value)) else span._replace(echoes=False) for span in values]
        named[-1] = not named[-1]
        at = nothing.end() if nothing else end
    return found, at


def _as_string(span: Span, start: int) -> Span:
    whole = [Span(0, len(span.value), span.value)]

    def write(masked: str) -> str:
        return f's:{len(masked)}:"{masked}"'

    return Span(start, span.end, span.value, inside=Inside(span.value, whole, write))
