"""JSON, indented token by token.

Nothing is parsed into values: numbers keep every digit (ids exceed 2^53, 1.10 is not 1.1), keys keep their order
and their duplicates, strings keep their escapes. Broken or cut JSON is indented as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.pages.bodies.visible import FOLD_BEGINS, FOLD_ENDS, drawn, preformatted, span

form = "json"

TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]:,]|[ \t\r\n\ufeff]+|[^ \t\r\n\ufeff{}\[\]:,"]+', re.DOTALL)
"""Every character of any text belongs to exactly one token."""

_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_OPENING = frozenset("{[")
_CLOSING = frozenset("}]")
_BETWEEN = {":": ": ", ",": ","}
_WORDS = frozenset(("true", "false", "null"))
INDENT = 2
DEEPEST = 40
"""Levels that are still indented further: a body of a million brackets must not become a million blanks a line."""
LONG = 600
"""Characters after which a string (a label in base64, say) is folded into a box of its own."""


def matches(content: Content) -> bool:
    if content.text is None or not content.opening:
        return False
    if content.opening[0] not in '{["-0123456789tfn':
        return False
    if "json" in content.media_type or content.media_type == "application/graphql-response+json":
        return True
    # Carriers label JSON as text/html. Only what is whole and valid is taken for JSON against its declaration.
    return content.opening[0] in "{[" and (content.cut or flaw(content.text) is None)


def render(content: Content) -> Rendered:
    notes = []
    if not content.cut and content.text is not None and (wrong := flaw(content.text)):
        notes.append(("bodies.note.invalid_json", {"reason": wrong}))
    return Rendered(form=form, pretty=preformatted(markup(content.shown)), notes=notes)


def flaw(text: str) -> str | None:
    """Why the text is not JSON, in the parser's words; None where it is (or is too deep to tell)."""
    try:
        msgspec.json.decode(text.lstrip("\ufeff").encode("utf-8", "replace"), type=msgspec.Raw)
    except msgspec.DecodeError as error:
        return str(error)
    except RecursionError:
        return None
    return None


def markup(text: str) -> Iterator[str]:
    """The text's tokens with line breaks and indentation between them, as pieces of HTML.

    What stands between two brackets is a fold; every fold that is opened is closed, whatever the brackets do.
    """
    depth = folds = 0
    last = ""  # the last token that was not white space
    tokens = [piece for piece in TOKEN.findall(text) if not piece.isspace() and piece != "\ufeff"]
    for index, piece in enumerate(tokens):
        if piece in _CLOSING:
            depth = max(depth - 1, 0)
            if last not in _OPENING:
                yield _line(depth)
            if folds > depth:
                folds -= 1
                yield FOLD_ENDS
            yield piece
        else:
            if last in _OPENING or last == ",":
                yield _line(depth)
            elif last and depth == 0 and last not in _BETWEEN and piece not in _BETWEEN:
                yield "\n"  # the next document of a stream of them
            if piece in _OPENING:
                depth += 1
                if folds < DEEPEST:
                    folds += 1
                    yield f'<span class="t">{piece}</span>{FOLD_BEGINS}'
                else:
                    yield piece
            elif piece in _BETWEEN:
                yield _BETWEEN[piece]
            else:
                is_key = index + 1 < len(tokens) and tokens[index + 1] == ":"
                yield from _scalar(piece, is_key=is_key)
        last = piece
    yield FOLD_ENDS * folds


def _line(depth: int) -> str:
    return "\n" + " " * (INDENT * min(depth, DEEPEST))


def _scalar(text: str, *, is_key: bool) -> Iterator[str]:
    if not text.startswith('"'):
        yield span("w" if text in _WORDS else "n", text)
    elif len(text) > LONG:
        yield span("s long", text)
    else:
        yield span("k" if is_key else "s", text)
        if gloss := _readable(text):
            yield f'<span class="gloss" aria-hidden="true">{drawn(gloss)}</span>'


def _readable(text: str) -> str | None:
    r"""What a string with \u escapes says, for the reader beside the bytes as sent."""
    if not _ESCAPED.search(text):
        return None
    try:
        said = msgspec.json.decode(text, type=str)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return said if any(character >= "\x80" for character in said) else None
