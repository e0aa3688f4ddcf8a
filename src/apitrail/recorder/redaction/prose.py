"""Text that is no document: error texts, header values, log lines, a message in a JSON string.

Finds URLs, `name: value`, `name=value`, the quoted pairs of a printed dictionary, `Bearer …`. A word of the language
after a colon is no value: "invalid token: please log in again" is the platform's own reason, and stays.
"""

from __future__ import annotations

import re

from apitrail.recorder.redaction import graphql, pairs
from apitrail.recorder.redaction.layers import AS_IS, JSON_STRING, MASK, Looking, Span, lost
from apitrail.recorder.redaction.names import SCHEMED
from apitrail.recorder.secrets import SCHEMES, Group, words

WORDS = words(
    "a an and are as be been but can't cannot check could denied did do does empty enter error expired failed field "
    "for found from had has have if in incorrect invalid is it's malformed match may missing must need no none not "
    "null of on or please provided required should than the this to too try undefined unknown used was when while "
    "will with wrong you your blank short long mismatch unauthorized revoked disabled true false"
)

_PAIR = re.compile(r"(?<![\w.\-\]])([\w.\-\[\]\x80-\xff]{1,80}+)((?:\\{0,8}[\"'])?[ \t]*+(=>|[:=])[ \t]*+)", re.ASCII)
_BEFORE = re.compile(r"(?:[A-Za-z_\-]{1,40} ){1,3}$")
_QUOTED = re.compile(r"""(?:[bBuUrR]{1,2}(?=["']))?(?P<open>\\{0,8}["'])(?P<value>(?:(?!(?P=open)).)*+)""", re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9\-]{1,30}+)[ \t]++(?=\S)")
_BARE = re.compile(r"[^\s\"'<>&,;(){}\[\]\\]++")
_IN_QUERY = re.compile(r"[^\s\"'<>&\\#]++")
_NEXT_LINE = re.compile(r"(?:[|>][+\-]?)?[ \t]*+\r?\n[ \t]*+([^\s\"'<>&,;(){}\[\]\\:=]{8,}+)[ \t]*+(?![^\r\n])")
"""A value alone on the line below its name, as in a mail or in YAML's blocks."""
_LINE = re.compile(r"[^\r\n]++")
LINE_MOST = 8192
"""Characters. Longer lines are not looked at again for each name in them."""
_TRAILING = ").,;:]}'\""
_REFUSED = re.compile(r"header value:?[ \t]", re.IGNORECASE)
_ESCAPED_END = re.compile(r"(?:\\+(?:[nrt]|x[0-9a-f]{2}))+\Z")
_LOST = re.compile(r"[\w+/=.~\-]{16,4096}+(?![\w+/=.~\-])", re.ASCII)


def spans(text: str, look: Looking) -> list[Span]:
    """Every secret in running text."""
    text = with_plain_signs(text)
    found: list[Span] = []
    urls: list[tuple[int, int]] = []
    for match in pairs.URL.finditer(text):
        end = match.end() - (len(match[0]) - len(match[0].rstrip(_TRAILING)))
        found += pairs.url(text, match.start(), end, look)
        urls.append((match.start(), end))
    passed = masked = 0
    variables = graphql.declared(text)
    for match in _PAIR.finditer(text):
        if match.end() < masked:
            continue  # in a line, or in a value, that is a secret whole
        while passed < len(urls) and urls[passed][1] <= match.start():
            passed += 1
        if passed < len(urls) and urls[passed][0] <= match.start():
            continue
        groups = _named(text, match, look)
        if groups and not (variables and graphql.is_of_a_variable(text, match, variables)):
            value, masked = _value(text, match, groups, look)
            found += value
    for match in SCHEMED.finditer(text):
        token = match[1]
        if len(token) >= 20 or any(char.isdigit() for char in token):
            found += look.span(text, *match.span(1), look.secret("token", "text"), AS_IS)
    first = _LOST.match(text) if look.cut_start else None
    if first and any(char.isdigit() for char in first[0]):
        found += lost(text, *first.span())
    return found


def header_values(text: str) -> list[Span]:
    """What http.client, h11 and requests say of a header field that they refuse: its value, and not its name."""
    if "eader value" not in text:
        return []
    found = (_QUOTED.match(text, match.end()) for match in _REFUSED.finditer(text))
    return [
        Span(*quoted.span("value"), _ESCAPED_END.sub("", quoted["value"].strip()))
        for quoted in found
        if quoted and not MASK.search(quoted["value"]) and quoted["value"]
    ]


def with_plain_signs(text: str) -> str:
    """The text with blanks and a sign of ASCII in place of a full-width colon or equals sign, as long as before."""
    if "\xef\xbc" not in text:
        return text
    return text.replace("\xef\xbc\x9a", "  :").replace("\xef\xbc\x9d", "  =")


def reads_as_words(value: str) -> bool:
    """Whether it is a sentence about the secret: what a platform says of a wrong one."""
    said = [word.strip('.,!?"()') for word in value.lower().split()]
    return len(said) > 1 and all(word.replace("'", "").isalpha() for word in said) and not WORDS.isdisjoint(said)


def _named(text: str, match: re.Match[str], look: Looking) -> list[Group]:
    name = match[1]
    groups = look.secret(name, "text")
    if not groups:
        # "API key: …", "consumer secret = …": the words before belong to the name.
        before = _BEFORE.search(text[max(0, match.start() - 60) : match.start()])
        groups = look.secret(before[0] + name, "text") if before else []
    return groups


def _value(text: str, match: re.Match[str], groups: list[Group], look: Looking) -> tuple[list[Span], int]:
    """The secret, and where it ends if names within it need not be looked at."""
    at = match.end()
    quoted = _QUOTED.match(text, at)
    if quoted:
        return look.span(text, *quoted.span("value"), groups, JSON_STRING), 0
    titles = {group.title for group in groups}
    if "Sessions and cookies" in titles and match[3] == ":":
        return _line(text, at, groups, look)
    scheme = _SCHEME.match(text, at)
    if scheme and scheme[1].lower() in SCHEMES:
        at = scheme.end()
        if scheme[1].lower() not in ("bearer", "basic", "token"):
            return _line(text, at, groups, look)
    below = _NEXT_LINE.match(text, at)
    if below is not None:
        alone = any(char.isdigit() for char in below[1])
        return (look.span(text, *below.span(1), groups, AS_IS), below.end()) if alone else ([], 0)
    in_query = match[3] == "=" and text[max(0, match.start() - 1) : match.start()] in ("?", "&")
    bare = (_IN_QUERY if in_query else _BARE).match(text, at)
    if bare is None:
        return [], 0
    end = bare.end() if in_query else at + len(bare[0].rstrip(_TRAILING))
    if match[3] == ":" and bare[0].rstrip(_TRAILING).lower() in WORDS:
        return [], 0
    found = look.span(text, at, end, groups, AS_IS)
    return found, end if found else 0


def _line(text: str, at: int, groups: list[Group], look: Looking) -> tuple[list[Span], int]:
    line = _LINE.match(text, at)
    if line is None:
        return [], 0
    found = look.span(text, *line.span(), groups, AS_IS)
    if not found and len(line[0]) > LINE_MOST:
        found = lost(text, *line.span())  # what is that long is no sentence about a secret
    return found, line.end() if found else 0
