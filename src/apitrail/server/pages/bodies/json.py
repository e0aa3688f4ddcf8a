"""JSON, indented token by token.

Nothing is parsed into values: numbers keep every digit (ids exceed 2^53, 1.10 is not 1.1), keys keep their order
and their duplicates, strings keep their escapes. Broken or cut JSON is indented as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from markupsafe import Markup

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.place import DEEPEST, UP, Place
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.pages.bodies.visible import FOLD_BEGINS, FOLD_ENDS, drawn, preformatted, span, visible

form = "json"

TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]:,]|[ \t\r\n\ufeff]+|[^ \t\r\n\ufeff{}\[\]:,"]+', re.DOTALL)
"""Every character of any text belongs to exactly one token."""

_REST = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""What is left of a string that was begun."""
_COLON = re.compile(r"[ \t\r\n\ufeff]*+:")

_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_OPENING = frozenset("{[")
_CLOSING = frozenset("}]")
_BETWEEN = {":": ": ", ",": ","}
_WORDS = frozenset(("true", "false", "null"))
INDENT = 2
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
    pieces, rest = layout(content.text or "", most=content.first)
    return Rendered(form=form, pretty=preformatted(pieces), notes=notes, rest=rest)


def piece(text: str, at: Place, most: int) -> tuple[Markup, Markup, Place | None]:
    """The body from a place on: laid out, as it is, and where it goes on; None at the end."""
    pieces, rest = layout(text, at, most)
    return preformatted(pieces), visible(text[at.offset : rest.offset if rest else None]), rest


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
    """All of the text's tokens with line breaks and indentation between them, as pieces of HTML."""
    yield from layout(text)[0]


def layout(text: str, at: Place = Place(), most: int | None = None) -> tuple[list[str], Place | None]:  # noqa: B008, frozen
    """Pieces of HTML from a place on, of at most about `most` characters, and where it goes on; None at the end.

    What stands between two brackets is a fold; every fold that is opened is closed, whatever the brackets do. The end
    of a fold that began before `at` is an element of class `up`: what comes after it is a level further out.
    """
    out: list[str] = []
    opened: list[int] = []
    """The depths at which folds began here."""
    depth, inherited, last, within = at.depth, at.folds, at.last, at.within
    position = at.offset
    end = len(text) if most is None else min(len(text), at.offset + most)
    while position < end:
        found = (_REST if within else TOKEN).match(text, position)
        assert found is not None, "every character belongs to a token"
        piece = found[0]
        begun, within = within, False
        if most is not None and len(piece) > LONG and found.end() > end and (begun or piece[0] == '"'):
            piece, within = _cut(piece, end - position), True
        position += len(piece)
        if piece.isspace() or piece == "\ufeff":
            continue
        if begun:
            out.append(span("s", piece))
            last = '"'
            continue
        if piece in _CLOSING:
            depth = max(depth - 1, 0)
            if last not in _OPENING:
                out.append(_line(depth))
            if opened and opened[-1] == depth:
                opened.pop()
                out.append(FOLD_ENDS)
            elif not opened and inherited > depth:
                inherited -= 1
                out.append(UP)
            out.append(piece)
        else:
            if last in _OPENING or last == ",":
                out.append(_line(depth))
            elif last and depth == 0 and last not in _BETWEEN and piece not in _BETWEEN:
                out.append("\n")  # the next document of a stream of them
            if piece in _OPENING:
                if inherited + len(opened) < DEEPEST:
                    opened.append(depth)
                    out.append(f'<span class="t">{piece}</span>{FOLD_BEGINS}')
                else:
                    out.append(piece)
                depth += 1
            elif piece in _BETWEEN:
                out.append(_BETWEEN[piece])
            else:
                out += _scalar(piece, is_key=_COLON.match(text, position) is not None)
        last = piece[0]
    out.append(FOLD_ENDS * len(opened))
    goes_on = position < len(text)
    return out, Place(position, depth, inherited + len(opened), last, within) if goes_on else None


def _cut(piece: str, most: int) -> str:
    """The beginning of a string, not within an escape."""
    cut = max(most, LONG)
    while cut > 1 and piece[cut - 1] == "\\":
        cut -= 1
    return piece[:cut]


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
