"""Names and values without structure: forms, queries, URLs, cookies."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from apitrail.recorder.redaction.layers import AS_IS, FORM, PERCENT, Codec, Looking, Span, lost
from apitrail.recorder.redaction.names import LEGS, USERINFO
from apitrail.recorder.secrets import PATHS, Place

URL_BEFORE = 2000
"""Characters of a URL before its query, that are looked at again."""
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,20}+://[^\s\"'<>\\^`{|}\x00-\x1f]++")
_AUTHORITY = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.\-]{0,20}+:)?//(?:[^/?#\s]*@)?(?:([^/?#:@\[\]]*+)|\[[^\]]*+\])(?::\d*+)?"
)
_PAIR = re.compile(r"([^=&]*+)(?:=([^&]*+))?(?:&|\Z)")
_PARAMETER = re.compile(r"(?<=;)([^=;/]{1,80}+)=([^;/]*+)")
_COOKIE = re.compile(r"[ \t]*+([^=;]*+)=?([^;]*+)(?:;|\Z)")


def host_of(address: str) -> str:
    """The host of a URL, in lower case; empty where there is none."""
    authority = _AUTHORITY.match(address)
    return (authority[1] or "").lower() if authority else ""


def form(text: str, start: int, end: int, look: Looking, place: Place, codec: Codec = FORM) -> list[Span]:
    """`name=value&name=value`, percent-encoded."""
    found: list[Span] = []
    nameless = look.cut_start and start == 0
    login = text.find("code=", start, end) >= 0 and _logs_in(text, start, end)
    for match in _PAIR.finditer(text, start, end):
        if not match[0]:
            continue
        if nameless:
            # The name was cut, or lost whole: what is left may be a secret's.
            nameless = False
            found += lost(text, *(match.span(2) if match[2] is not None else match.span(1)))
            continue
        if match[2] is None:
            found += look.within(text, *match.span(1), codec)  # the sign may be percent-encoded, too
            continue
        name = _plain(match[1])
        groups = look.secret(name, place)
        if login and name == "code" and len(match[2]) >= 6:
            groups = groups or look.secret("authorization code", place)
        if groups:
            found += look.span(text, *match.span(2), groups, codec)
        elif match[2]:
            found += look.within(text, *match.span(2), codec)
    return found


def url(text: str, start: int, end: int, look: Looking) -> list[Span]:
    """User and password, path parameters, query and fragment of one URL, or of a path with a query."""
    found: list[Span] = []
    user = USERINFO.search(text, start, end)
    authority = _AUTHORITY.match(text, start, end)
    path = authority.end() if authority else start
    if user and authority and user.start() < path:
        secret = look.secret("password", "text")
        name, colon, _ = user[1].partition(":")
        middle = user.start(1) + len(name)
        names = look.span(text, user.start(1), middle, secret, PERCENT)
        password = look.span(text, middle + 1, user.end(1), secret, PERCENT) if colon else []
        # A key may stand in the user's place. Beside a password, a user is no secret elsewhere.
        found += [name._replace(echoes=False) for name in names] if password else names
        found += password
    fragment = text.find("#", path, end)
    fragment = fragment if fragment >= 0 else end
    query = text.find("?", path, fragment)
    query = query if query >= 0 else fragment
    for match in _PARAMETER.finditer(text, path, query):
        groups = look.secret(_plain(match[1]), "query")
        if groups:
            found += look.span(text, *match.span(2), groups, PERCENT)
    host = host_of(text[start:path])
    for at, pattern in PATHS:
        secret_path = re.compile(pattern).match(text, path, query) if host == at else None
        if secret_path:
            found += look.span(text, *secret_path.span(1), look.secret("token", "text"), PERCENT)
    if query < fragment:
        found += form(text, query + 1, fragment, look, "query")
    if fragment < end:
        inner = text.find("?", fragment, end)
        found += form(text, (inner if inner >= 0 else fragment) + 1, end, look, "query")
    return found


def cookies(text: str, look: Looking, *, first_only: bool) -> list[Span]:
    """The values of a Cookie header, or of Set-Cookie's one cookie, whose attributes stay."""
    found: list[Span] = []
    groups = look.secret("cookie", "header")
    for match in _COOKIE.finditer(text):
        span = match.span(2) if "=" in match[0] else match.span(1)
        if span[1] > span[0]:
            for masked in look.span(text, *span, groups, AS_IS):
                # `lang=zh_TW` is no secret anywhere else.
                found.append(masked if len(masked.value) >= 16 else masked._replace(echoes=False))
        if first_only:
            break
    return found


def _logs_in(text: str, start: int, end: int) -> bool:
    """Whether a code there is a login's: what says so stands beside it, or before it in the URL."""
    begin = max(0, start - URL_BEFORE)
    return any(text.find(leg, begin, end) >= 0 for leg in LEGS)


def _plain(name: str) -> str:
    if "%" in name or "+" in name:
        return unquote_to_bytes(name.replace("+", " ").encode("latin-1")).decode("latin-1")
    return name
