"""XML and SOAP, indented token by token.

No parser runs: no entity is expanded, nothing is fetched, and what is not well-formed is shown as far as it goes.
An element that holds only text stays on one line, its text untouched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.place import DEEPEST, UP, Place
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.pages.bodies.visible import FOLD_BEGINS, FOLD_ENDS, drawn, preformatted, span, visible

form = "xml"

TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|<\?.*?(?:\?>|\Z)"
    r"""|<(?:[^<>"']|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z))*+(?:>|\Z|(?=<))"""
    r"|[^<]+",
    re.DOTALL,
)
"""Every character belongs to exactly one token; whatever is left open runs to the end of the text."""

_TAG = re.compile(r"(</?)([^\s/>]*)(.*)", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([^\s=/>"']+)(\s*=\s*)("[^"]*"?|'[^']*'?)""")
_SOAP = re.compile(r"<(?:[\w.-]+:)?envelope[\s>]")
INDENT = 2


def matches(content: Content) -> bool:
    opening = content.opening
    if not opening.startswith("<") or opening.startswith(("<!doctype html", "<html")):
        return False
    if content.media_type.endswith(("/xml", "+xml")) and content.media_type != "application/xhtml+xml":
        return True
    return opening.startswith("<?xml") or _SOAP.search(opening) is not None


def render(content: Content) -> Rendered:
    soap = _SOAP.search((content.text or "")[:2000].lower()) is not None
    pieces, rest = layout(content.text or "", most=content.first)
    return Rendered(form="soap" if soap else form, pretty=preformatted(pieces), rest=rest)


def piece(text: str, at: Place, most: int) -> tuple[Markup | None, Markup, Place | None]:
    """The body from a place on: laid out, as it is, and where it goes on; None at the end."""
    pieces, rest = layout(text, at, most)
    return preformatted(pieces), visible(text[at.offset : rest.offset if rest else None]), rest


def markup(text: str) -> Iterator[str]:
    """All of the text's tokens with line breaks and indentation between them, as pieces of HTML."""
    yield from layout(text)[0]


def layout(text: str, at: Place = Place(), most: int | None = None) -> tuple[list[str], Place | None]:  # noqa: B008, frozen
    """Pieces of HTML from a place on, of at most about `most` characters, and where it goes on; None at the end.

    What an element holds is a fold; every fold that is opened is closed, whatever the tags do. A text longer than what
    is left of the piece is cut: `last` of the place says what of, `LEAF` with that of an element that holds only it.
    """
    out: list[str] = []
    depth, folds, inherited = at.depth, at.folds, at.folds
    position = at.offset + (text[at.offset : at.offset + 1] == "\ufeff" and not at.offset)
    end = len(text) if most is None else min(len(text), position + most)
    fresh = not text[: at.offset].removeprefix("\ufeff").strip()  # nothing stands on this line yet
    last = at.last
    while position < end:
        if last:
            token, position, last = _go_on(text, position, end, last)
            out.append(span("s", token))
            if not last and at.last in LEAF and (closing := TOKEN.match(text, position)) and _closes(closing[0]):
                out.append(colour(closing[0]))
                position = closing.end()
            continue
        token = _token(text, position)
        if token.isspace():
            position += len(token)
            continue
        if _closes(token):
            depth = max(depth - 1, 0)
        out.append(("" if fresh else "\n") + " " * (INDENT * min(depth, DEEPEST)))
        fresh = False
        if _closes(token) and folds > depth:
            out.append(FOLD_ENDS if folds > inherited else UP)
            folds -= 1
            inherited = min(inherited, folds)
        if _opens(token) and (leaf := _leaf(text, position)):
            for number, part in enumerate(leaf):
                if number == 1 and most is not None and _long(part, position, end):
                    part, last = part[: max(end - position, 1)], LEAF_TEXT if part[0] != "<" else LEAF_DATA
                out.append(colour(part, verbatim=True))
                position += len(part)
                if last:
                    break
            continue
        if most is not None and _long(token, position, end):
            token, last = token[: max(end - position, 1)], TEXT if token[0] != "<" else DATA
            out.append(span("s", token.lstrip()))
            position += len(token)
            continue
        position += len(token)
        if _opens(token) and folds < DEEPEST:
            folds += 1
            out.append(f'<span class="t">{colour(token)}</span>{FOLD_BEGINS}')
        else:
            out.append(colour(token))
        depth += _opens(token)
    out.append(FOLD_ENDS * (folds - inherited))
    goes_on = position < len(text)
    return out, Place(position, depth, folds, last, bool(last)) if goes_on else None


TEXT, DATA, LEAF_TEXT, LEAF_DATA = "t", "d", "T", "D"
LEAF = (LEAF_TEXT, LEAF_DATA)
LONG = 600
"""Characters of a text that may be cut."""


def _token(text: str, position: int) -> str:
    found = TOKEN.match(text, position)
    assert found is not None, "every character belongs to a token"
    return found[0]


def _long(token: str, position: int, end: int) -> bool:
    """Whether it is a text that is cut here."""
    textual = token[0] != "<" or token.startswith("<![CDATA[")
    return textual and len(token) > LONG and position + len(token) > end


def _go_on(text: str, position: int, end: int, last: str) -> tuple[str, int, str]:
    """More of a text that was cut, where it stops, and what it still is; empty at its end."""
    mark = "]]>" if last in (DATA, LEAF_DATA) else "<"
    # A mark that the cut went through begins before it.
    found = text.find(mark, max(position - len(mark) + 1, 0))
    stop = len(text) if found < 0 else max(found + (3 if mark == "]]>" else 0), position)
    if stop > end:
        return text[position:end], end, last
    return text[position:stop], stop, ""


def _opens(token: str) -> bool:
    return token.startswith("<") and not token.startswith(("</", "<!", "<?")) and not token.endswith("/>")


def _closes(token: str) -> bool:
    return token.startswith("</")


def _leaf(text: str, position: int) -> list[str]:
    """The tokens of an element there that holds only text, or nothing; empty where it holds elements."""
    found: list[str] = []
    while len(found) < 3 and position < len(text):
        token = _token(text, position)
        position += len(token)
        if found and _closes(token):
            return [*found, token]
        if found and (token.isspace() or (token[0] == "<" and not token.startswith("<![CDATA["))):
            return []
        found.append(token)
    return []


def colour(token: str, *, verbatim: bool = False) -> str:
    if token.startswith(("<!--", "<?", "<!")) and not token.startswith("<![CDATA["):
        return span("c", token)
    if not token.startswith("<") or token.startswith("<![CDATA["):
        return span("s", token if verbatim else token.strip())
    match = _TAG.match(token)
    if match is None:
        return drawn(token)
    bracket, name, rest = match.groups()
    return drawn(bracket) + span("k", name) + _attributes(rest)


def _attributes(text: str) -> str:
    out = ""
    at = 0
    for match in _ATTRIBUTE.finditer(text):
        name, equals, value = match.groups()
        out += drawn(text[at : match.start()]) + span("a", name) + drawn(equals) + span("s", value)
        at = match.end()
    return out + drawn(text[at:])
