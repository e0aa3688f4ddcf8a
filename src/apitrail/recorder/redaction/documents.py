"""JSON: secret keys at any depth, whole objects of credentials, `{"name": "password", "value": …}`, lists of pairs,
strings in strings.

A name in quotes before a colon is a key wherever it stands: in a string its quotes would be escaped. So keys are
found without parsing, in a whole document as in a piece of one. Reading the strings one by one is needed only for
what stands inside them; it finds its way again after a string that was cut, because a string is always followed by
one of `: , } ]`.
"""

from __future__ import annotations

import re

from apitrail.recorder.redaction.layers import JSON_STRING, Looking, Span, decode, lost
from apitrail.recorder.redaction.names import NAMED, PAIRED
from apitrail.recorder.secrets import Group

_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)("|\\?\Z)', re.DOTALL)
_KEY = re.compile(r'"((?:[^"\\]++|\\.)*+)"[ \t\r\n]*+:[ \t\r\n]*+', re.DOTALL)
_BRACE = re.compile(r"[{}]")
_KEY_BEFORE = re.compile(r'"([^"\\]{1,80}+)"[ \t\r\n]*+:[ \t\r\n]*+\Z')
_COLON = re.compile(r"[ \t\r\n]*+:[ \t\r\n]*+")
_FOLLOWS = re.compile(r"[ \t\r\n]*+([:,}\]]|\Z)")
_SCALAR = re.compile(r'[^\s,{}\[\]":]++')
_TOKEN = re.compile(r'"((?:[^"\\]++|\\.)*+)("|\\?\Z)([ \t\r\n]*+:)?|([{\[])|([}\]])|([^\s,:{}\[\]"]++)', re.DOTALL)
_VALUE_AFTER = re.compile(
    r'(?:[^{}\[\]"]|"(?:[^"\\]++|\\.)*+")*?"(?:value|val|v|text|content|#text|\$)"[ \t\r\n]*+:[ \t\r\n]*+',
    re.IGNORECASE,
)
_VALUE_BEFORE = re.compile(r'"(?:value|val|v|text|content|#text|\$)"[ \t\r\n]*+:[ \t\r\n]*+', re.IGNORECASE)
_PAIR_ENDS = re.compile(r"[ \t\r\n]*+\][ \t\r\n]*+(?:[,\]]|\Z)")
_NEAR = 4096
_NEXT = 512
_LOST = re.compile(r'[^\s"\\{}\[\],:]{8,4096}+(?=")')
_LOST_KEY = re.compile(r'[^"\\]{0,128}+"[ \t\r\n]*+:[ \t\r\n]*+')
_LITERAL = re.compile(r"-?\d[\d.eE+\-]*|true|false")
_NO_SECRETS = frozenset(("null", "undefined", "NaN"))


def by_key(text: str, look: Looking, names: frozenset[str]) -> list[Span]:
    """The values of the keys that the quick look found."""
    found: list[tuple[int, int, str]] = []
    for name in names:
        quoted = f'"{name}"'
        at = text.find(quoted) if look.secret(name, "json") else -1
        while at >= 0:
            colon = _COLON.match(text, at + len(quoted))
            if colon:
                found.append((at, colon.end(), name))
            at = text.find(quoted, at + len(quoted))
    spans: list[Span] = []
    masked = 0
    for at, start, name in sorted(found):
        # A key within an object of credentials was masked with it.
        if at >= masked and not look.excepted(_owner(text, at), name):
            values, masked = value(text, start, look.secret(name, "json"), look)
            spans += values
    return spans


def _owner(text: str, at: int) -> str:
    """The key of the object in which the key at this place stands; empty where it is not near."""
    depth = 0
    for brace in reversed(list(_BRACE.finditer(text, max(0, at - _NEXT), at))):
        depth += 1 if brace[0] == "}" else -1
        if depth < 0:
            key = _KEY_BEFORE.search(text, max(0, brace.start() - 128), brace.start())
            return key[1] if key else ""
    return ""


def by_sibling(text: str, look: Looking) -> list[Span]:
    """The `value` that stands beside a `name` which is secret."""
    spans: list[Span] = []
    for match in NAMED.finditer(text):
        groups = look.secret(match[1], "json")
        if not groups:
            continue
        after = _VALUE_AFTER.match(text, match.end(), match.end() + _NEXT)
        if after:
            spans += value(text, after.end(), groups, look)[0]
            continue
        opened = text.rfind("{", max(0, match.start() - _NEAR), match.start())
        for before in _VALUE_BEFORE.finditer(text, opened + 1, match.start()) if opened >= 0 else ():
            spans += value(text, before.end(), groups, look)[0]
    return spans


def by_list(text: str, look: Looking) -> list[Span]:
    """`[["X-Api-Key", "…"], …]`: fields of a header as many programs keep them. A list on its own may be of names alone
    (`"required": ["password", "email"]`), so only a pair within a list is taken for one.
    """
    spans: list[Span] = []
    for match in PAIRED.finditer(text):
        groups = look.secret(match[1], "json")
        if not groups or text[max(0, match.start() - _NEXT) : match.start()].rstrip()[-1:] not in ("[", ","):
            continue
        string = _STRING.match(text, match.end())
        if string and (_PAIR_ENDS.match(text, string.end()) or (look.cut_end and string.end() == len(text))):
            spans += look.span(text, *string.span(1), groups, JSON_STRING)
    return spans


def in_strings(text: str, look: Looking) -> list[Span]:
    """What stands inside strings, and keys that are written with escapes."""
    spans: list[Span] = []
    at = _lost(text, look, spans) if look.cut_start else 0
    while (at := text.find('"', at)) >= 0:
        string = _STRING.match(text, at)
        if string is None:
            break
        follows = _FOLLOWS.match(text, string.end())
        if follows is None:
            # Not a string but the gap between two: the beginning was cut, or this is no JSON.
            at = string.end() - 1
            continue
        at = string.end()
        inner = string[1]
        if follows[1] == ":":
            if "\\" in inner:
                groups = look.secret(decode(text, string.start(1), string.end(1), JSON_STRING).text, "json")
                key = _KEY.match(text, string.start()) if groups else None
                if key:
                    spans += value(text, key.end(), groups, look)[0]
        else:
            spans += look.within(text, string.start(1), string.end(1), JSON_STRING)
    return spans


def value(text: str, at: int, groups: list[Group], look: Looking) -> tuple[list[Span], int]:
    """The value that begins here, masked (a string, a number, every leaf of an object or a list), and where it ends."""
    first = text[at : at + 1]
    if first == '"':
        string = _STRING.match(text, at)
        return (look.span(text, *string.span(1), groups, JSON_STRING), string.end()) if string else ([], at)
    if first in ("{", "["):
        return _leaves(text, at, groups, look)
    scalar = _SCALAR.match(text, at)
    if scalar is None or scalar[0] in _NO_SECRETS:
        return [], at
    return look.span(text, at, scalar.end(), groups, JSON_STRING, _quotes(scalar[0])), scalar.end()


def _leaves(text: str, at: int, groups: list[Group], look: Looking) -> tuple[list[Span], int]:
    spans: list[Span] = []
    depth = 0
    own: list[Group] = []
    for token in _TOKEN.finditer(text, at):
        if token[4]:
            depth += 1
        elif token[5]:
            depth -= 1
            if depth <= 0:
                return spans, token.end()
        elif token[3]:
            own = look.secret(token[1], "json")
        elif token[1] is not None:
            found = look.span(text, *token.span(1), own or groups, JSON_STRING)
            spans += found if own else [_quiet(span) for span in found]
        elif token[6] not in _NO_SECRETS:
            found = look.span(text, *token.span(), own or groups, JSON_STRING, _quotes(token[6]))
            spans += found if own else [_quiet(span) for span in found]
    return spans, len(text)


def _quotes(scalar: str) -> str:
    """What stands around the mask: a number becomes a string, and what is no JSON is left as odd as it was."""
    return '"' if _LITERAL.fullmatch(scalar) else ""


def _quiet(span: Span) -> Span:
    """A leaf is masked for what it stands in; `"mode": "production"` is not a secret anywhere else."""
    return span if any(char.isdigit() for char in span.value) else span._replace(echoes=False)


def _lost(text: str, look: Looking, spans: list[Span]) -> int:
    """The first piece after a cut has lost its name: it is masked where it may have been a secret's."""
    key = _LOST_KEY.match(text)
    if key:
        string = _STRING.match(text, key.end())
        scalar = _SCALAR.match(text, key.end())
        if string:
            spans += lost(text, *string.span(1))
        elif scalar and scalar[0] not in _NO_SECRETS:
            spans += lost(text, *scalar.span(), _quotes(scalar[0]))
        return key.end()
    piece = _LOST.match(text)
    if piece:
        spans += lost(text, 0, piece.end())
    first = text.find('"')
    if first < 0 or not _FOLLOWS.match(text, first + 1):
        return 0
    spans += look.within(text, 0, first, JSON_STRING)
    return first + 1
