"""XML and SOAP, indented token by token.

No parser runs: no entity is expanded, nothing is fetched, and what is not well-formed is shown as far as it goes.
An element that holds only text stays on one line, its text untouched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.pages.bodies.visible import FOLD_BEGINS, FOLD_ENDS, drawn, preformatted, span

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
DEEPEST = 40


def matches(content: Content) -> bool:
    opening = content.opening
    if not opening.startswith("<") or opening.startswith(("<!doctype html", "<html")):
        return False
    if content.media_type.endswith(("/xml", "+xml")) and content.media_type != "application/xhtml+xml":
        return True
    return opening.startswith("<?xml") or _SOAP.search(opening) is not None


def render(content: Content) -> Rendered:
    soap = _SOAP.search((content.text or "")[:2000].lower()) is not None
    return Rendered(form="soap" if soap else form, pretty=preformatted(markup(content.shown)))


def markup(text: str) -> Iterator[str]:
    """The text's tokens with line breaks and indentation between them, as pieces of HTML."""
    tokens = [token for token in TOKEN.findall(text.lstrip("\ufeff")) if not token.isspace()]
    depth = folds = 0
    fresh = True  # nothing stands on this line yet
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if _closes(token):
            depth = max(depth - 1, 0)
        yield "" if fresh else "\n"
        yield " " * (INDENT * min(depth, DEEPEST))
        fresh = False
        if _closes(token) and folds > depth:
            folds -= 1
            yield FOLD_ENDS
        if _opens(token) and (leaf := _leaf(tokens, index)):
            yield from (colour(part, verbatim=True) for part in tokens[index : index + leaf])
            index += leaf
            continue
        opens = _opens(token)
        if opens and folds < DEEPEST:
            folds += 1
            yield f'<span class="t">{colour(token)}</span>{FOLD_BEGINS}'
        else:
            yield colour(token)
        depth += opens
        index += 1
    yield FOLD_ENDS * folds


def _opens(token: str) -> bool:
    return token.startswith("<") and not token.startswith(("</", "<!", "<?")) and not token.endswith("/>")


def _closes(token: str) -> bool:
    return token.startswith("</")


def _leaf(tokens: list[str], index: int) -> int:
    """How many tokens an element that holds only text, or nothing, takes; 0 where it holds elements."""
    after = tokens[index + 1 : index + 3]
    if after and _closes(after[0]):
        return 2
    if len(after) == 2 and (not after[0].startswith("<") or after[0].startswith("<![CDATA[")) and _closes(after[1]):
        return 3
    return 0


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
