"""XML-RPC, whose parameters have places and no names: logins, and sessions that every later call carries.

Magento 1: `login(user, key)` answers a session, `call(session, …)` carries it. Odoo: `authenticate(db, user, password,
…)`, `execute_kw(db, uid, password, …)`. WordPress: `wp.getPosts(blog, user, password, …)`.
"""

from __future__ import annotations

import re

from apitrail.recorder.redaction.layers import Span

_METHOD = re.compile(r"<methodName>[ \t\r\n]*+([\w.:/]{1,128}+)[ \t\r\n]*+</methodName>")
_TAG = re.compile(r"<(/?)(params|param|value|string|base64|int|i4)>|<(?:nil|struct|array|boolean|double)\b[^>]*+>")
_SESSION = re.compile(r"[A-Za-z0-9+/=_\-]{16,}")
LAST = -1
PLACES = {"login": LAST, "authenticate": 2, "execute": 2, "execute_kw": 2, "call": 0, "multiCall": 0, "endSession": 0}
"""Method, by its last part, to the place of what lets one in."""
ANSWERS = ("login", "startSession")
"""Methods whose answer is a session."""


def method(text: str) -> str:
    """The method that a request calls, as it is written; empty where it calls none."""
    found = _METHOD.search(text, 0, 4096) if "<methodName>" in text[:4096] else None
    return found[1] if found else ""


def asked(text: str) -> list[Span]:
    """The secrets among a request's parameters."""
    called = method(text)
    if not called:
        return []
    values = _parameters(text)
    last = re.split(r"[.:/]", called)[-1]
    place = 2 if called.startswith(("wp.", "metaWeblog.")) else PLACES.get(last)
    if place is None or not -len(values) <= place < len(values) or (place == LAST and len(values) < 2):
        return []
    value = values[place]
    return [value] if value.value and (place != 0 or _SESSION.fullmatch(value.value)) else []


def answered(text: str, called: str) -> list[Span]:
    """The session in the answer to a login."""
    if re.split(r"[.:/]", called)[-1] not in ANSWERS:
        return []
    return [value for value in _parameters(text)[:1] if _SESSION.fullmatch(value.value)]


def _parameters(text: str) -> list[Span]:
    """The scalar parameters in their places; of structs and lists the place alone."""
    found: list[Span] = []
    inside = ""
    start = -1
    for tag in _TAG.finditer(text):
        name = tag[2]
        if name == "param" and not tag[1]:
            inside, start = "param", -1
        elif inside and name in ("value", "string", "base64", "int", "i4") and not tag[1]:
            start = tag.end()
        elif inside and start >= 0 and tag[1]:
            found.append(Span(start, tag.start(), text[start : tag.start()]))
            inside = ""
        elif inside and name is None:
            found.append(Span(tag.start(), tag.start(), ""))
            inside = ""
    return found
