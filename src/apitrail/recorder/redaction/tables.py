"""CSV and its kind (RFC 4180): the columns whose heading is a secret's name.

Only where a text surely is a table: it is declared as one, or its first lines have the same number of fields, the
first of them nothing but names.
"""

from __future__ import annotations

import re

from apitrail.recorder.redaction.layers import AS_IS, Looking, Span
from apitrail.recorder.secrets import Group

SEPARATORS = ",;\t|"
_DECLARED = re.compile(r"\b(?:csv|comma-separated-values|tab-separated-values)\b", re.IGNORECASE)
_HEADING = re.compile(r"[^\r\n]{3,4096}+(?=\r?\n|\r)")
_NAME = re.compile(r'[ \t]*+"?[A-Za-z_\x80-\xff][\w.\-/ \x80-\xff]{0,60}+"?[ \t]*+', re.ASCII)
_LINES = re.compile(r'(?:"(?:[^"]++|"")*+"|[^"\r\n]++)++')
_COMPARED = 3
"""Lines, with the heading, that must have the same number of fields where none is declared."""
_MARKS = "\xef\xbb\xbf"


def is_declared(content_type: str) -> bool:
    """Whether a Content-Type says that it is a table."""
    return _DECLARED.search(content_type) is not None


def reads_as_one(text: str) -> bool:
    """Whether a text surely is a table, though nothing says so. Most texts have one line."""
    if "\n" not in text and "\r" not in text:
        return False
    heading = _HEADING.match(text)
    separator = _separator(heading[0]) if heading else ""
    if not heading or not separator:
        return False
    names = heading[0].removeprefix(_MARKS).split(separator)
    if not all(name and _NAME.fullmatch(name) for name in names) or any(" " in name.strip('"') for name in names):
        return False
    lines = [line[0] for line, _ in zip(_LINES.finditer(text, 0, 1 << 16), range(_COMPARED), strict=False)]
    return len(lines) == _COMPARED and all(len(_fields(line, separator)) == len(names) for line in lines)


def heading_of(text: str) -> str:
    """The first line, by which the tail of a table that was cut is read."""
    heading = _HEADING.match(text)
    return heading[0] if heading else ""


def spans(text: str, heading: str, look: Looking) -> list[Span]:
    """The fields of secret columns. `heading`: the first line, of which a tail is read; empty where the text has it."""
    first = heading or heading_of(text)
    separator = _separator(first) or ","
    names = _fields(first.removeprefix(_MARKS), separator)
    secret: dict[int, list[Group]] = {}
    for index, name in enumerate(names):
        groups = look.secret(name.strip(' \t"'), "form")
        if groups:
            secret[index] = groups
    if not secret:
        return []
    found: list[Span] = []
    # What is left of a tail's first line are its last columns.
    column = max(0, len(names) - len(_fields(heading_of(text) or text, separator))) if heading else 0
    field = re.compile(rf'[ ]*+"((?:[^"]++|"")*+)(?:"[^{separator}\r\n]*+|\Z)|([^{separator}\r\n]*+)')
    at = 0 if heading else len(first)
    while at < len(text):
        match = field.match(text, at)
        if match:
            if column in secret:
                found += look.span(text, *match.span(1 if match[1] is not None else 2), secret[column], AS_IS)
            at = match.end()
        column = column + 1 if text[at : at + 1] == separator else 0
        at += 1
    return found


def _separator(heading: str) -> str:
    most = max(SEPARATORS, key=heading.count)
    return most if most in heading else ""


def _fields(line: str, separator: str) -> list[str]:
    return re.findall(rf'(?:^|{re.escape(separator)})("(?:[^"]|"")*+"|[^{re.escape(separator)}]*+)', line)
