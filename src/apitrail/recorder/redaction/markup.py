"""XML, SOAP and HTML: secret elements with everything below them, attributes, CDATA, `<name>…</name><value>…</value>`.

A cut piece is scanned too: an element that is open at the end is masked to the end, and the text before the first
closing tag has that tag's name. Names are compared without their namespace prefix.
"""

from __future__ import annotations

import re

from apitrail.recorder.redaction.layers import AS_IS, XML_TEXT, Looking, Span, lost
from apitrail.recorder.secrets import Group

_TAG = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<!--(?P<comment>.*?)(?:-->|\Z)|<[?!][^>]*+(?:>|\Z)"
    r"|<(?P<close>/?)(?P<name>[^\s<>/=\"'!?]++)(?P<rest>(?:[^<>\"']++|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+)(?P<end>>|\Z|(?=<))",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"""([^\s<>/="']{1,128}+)[ \t\r\n]*+=[ \t\r\n]*+(?:"([^"]*+)(?:"|\Z)|'([^']*+)(?:'|\Z)|([^\s"'<>]++))"""
)
_LOST_ATTRIBUTE = re.compile(r"""[^"'<>]{0,4096}+(?=["'])""")
_LABELS = frozenset(("name", "key", "field", "property"))
_VALUES = frozenset(("value", "val", "string"))


def spans(text: str, look: Looking) -> list[Span]:
    """Every secret in a text of tags."""
    found: list[Span] = []
    start = _remainder(text, look, found) if look.cut_start else 0
    _walk(text, start, look, found)
    return found


def _walk(text: str, start: int, look: Looking, found: list[Span]) -> None:
    secret: list[Group] = []  # the groups of the secret element that we are in
    owner = ""
    depth = 0
    unclosed: set[str] = set()
    named: list[Group] = []  # a sibling said: the value that follows is a secret
    label = -1
    first = look.cut_start
    for tag in _TAG.finditer(text, start):
        before = tag.start()
        name = (tag["name"] or "").rpartition(":")[2]
        if secret:
            _leaf(text, start, before, secret, look, found)
        elif before > start:
            cut = look.secret(name, "element") if first and tag["close"] else []
            if cut:
                _leaf(text, start, before, cut, look, found)
            elif label >= 0 and tag["close"]:
                named = look.secret(text[label:before].strip(), "element") or named
            else:
                found += look.within(text, start, before, XML_TEXT)
        first = first and not tag["name"]
        start = tag.end()
        for part in ("cdata", "comment"):
            if tag[part] is not None:
                if secret:
                    found += look.span(text, *_stripped(text, *tag.span(part)), secret, AS_IS)
                elif part == "cdata" and label >= 0:
                    named = look.secret(tag[part].strip(), "element") or named
                else:
                    found += look.within(text, *tag.span(part), AS_IS)
        if not tag["name"]:
            continue
        label = -1
        if tag["close"]:
            if secret and name == owner:
                depth -= 1
                if depth <= 0:
                    secret, owner = [], ""
            continue
        empty = tag["rest"].endswith("/")
        said = _attributes(text, *tag.span("rest"), look, found, secret)
        if secret:
            depth += name == owner and not empty
            continue
        if empty:
            continue
        folded = name.lower()
        groups = said or look.secret(name, "element")
        if folded in _VALUES and named:
            groups, named = groups or named, []
        if groups:
            closed = look.cut_end or (tag["name"] not in unclosed and text.find(f"</{tag['name']}", start) >= 0)
            if closed:
                secret, owner, depth = groups, name, 1
            else:
                unclosed.add(tag["name"])
                _leaf(text, start, _until(text, start), groups, look, found)
        elif folded in _LABELS:
            label, named = start, []
    if secret:
        _leaf(text, start, len(text), secret, look, found)
    elif start < len(text):
        found += look.within(text, start, len(text), XML_TEXT)


def _attributes(text: str, start: int, end: int, look: Looking, found: list[Span], inside: list[Group]) -> list[Group]:
    """Mask the attributes; answer the groups of a name that an attribute says: `<field name="password">`."""
    said: list[Group] = []
    values: list[tuple[int, int]] = []
    for match in _ATTRIBUTE.finditer(text, start, end):
        name = match[1].rpartition(":")[2]
        span = next(match.span(group) for group in (2, 3, 4) if match[group] is not None)
        if name == "xmlns" or match[1].startswith("xmlns:"):
            continue
        groups = look.secret(name, "attribute") or inside
        if groups:
            found += look.span(text, *span, groups, XML_TEXT)
        elif name.lower() in _LABELS:
            said = look.secret(text[slice(*span)], "attribute") or said
        elif name.lower() in _VALUES or name.lower() == "content":
            values.append(span)
        if not groups:
            found += look.within(text, *span, XML_TEXT)
    for span in values if said else ():
        found += look.span(text, *span, said, XML_TEXT)
    return said


def _leaf(text: str, start: int, end: int, groups: list[Group], look: Looking, found: list[Span]) -> None:
    found += look.span(text, *_stripped(text, start, end), groups, XML_TEXT)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip(" \t\r\n")), end - (len(piece) - len(piece.rstrip(" \t\r\n")))


def _until(text: str, start: int) -> int:
    end = text.find("<", start)
    return end if end >= 0 else len(text)


def _remainder(text: str, look: Looking, found: list[Span]) -> int:
    """The rest of a tag that was cut: its first attribute has lost its name, the others have not."""
    close = text.find(">")
    opened = text.find("<")
    if close < 0 or (0 <= opened < close):
        return 0
    rest = _LOST_ATTRIBUTE.match(text, 0, close)
    at = 0
    if rest and "=" not in rest[0]:
        found += lost(text, 0, rest.end())
        at = rest.end() + 1
    elif rest and rest[0].rstrip().endswith("="):
        quote = text[rest.end()]
        end = text.find(quote, rest.end() + 1)
        end = end if 0 <= end < close else close
        found += lost(text, rest.end() + 1, end)
        at = end + 1
    _attributes(text, at, close, look, found, [])
    return close + 1
