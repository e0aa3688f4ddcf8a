"""Calls whose parameters have places and no names (XML-RPC, JSON-RPC): logins, and sessions that every later call has.

Magento 1: `login(user, key)` answers a session, `call(session, …)` carries it. Odoo: `authenticate(db, user,
password, …)`, `execute_kw(db, uid, password, …)`, in JSON as `args` within `params`. WordPress:
`wp.getPosts(blog, user, password, …)`.
"""

from __future__ import annotations

import re

from apitrail.recorder.redaction.layers import JSON_STRING, Span, decode
from apitrail.recorder.redaction.look import Shape
from apitrail.recorder.redaction.walk import leaves

_METHOD = re.compile(r"<methodName>[ \t\r\n]*+([\w.:/]{1,128}+)[ \t\r\n]*+</methodName>")
_TAG = re.compile(r"<(/?)(params|param|value|string|base64|int|i4)>|<(?:nil|struct|array|boolean|double)\b[^>]*+>")
_JSON_METHOD = re.compile(r'"method"[ \t\r\n]*+:[ \t\r\n]*+"([^"\\]{1,128}+)"')
_SESSION = re.compile(r"[A-Za-z0-9+/=_\-]{16,}")
LAST = -1
_MOST = 64
"""Parameters looked at."""

_HEAD = 1 << 16
"""Characters of JSON looked at: what lets one in stands before the payload."""

PLACES = {"login": LAST, "authenticate": 2, "execute": 2, "execute_kw": 2, "call": 0, "multiCall": 0, "endSession": 0}
"""Method, by its last part, to the place of what lets one in."""
ANSWERS = ("login", "startSession")
"""Methods whose answer is a session."""


LISTS = ("params", "args")


def method(text: str, shape: Shape) -> str:
    """The method that a request calls, as it is written; empty where it calls none."""
    if shape == "json":
        return next((called for called, _ in _in_json(text)), "")
    found = _METHOD.search(text, 0, 4096) if "<methodName>" in text[:4096] else None
    return found[1] if found else ""


def asked(text: str, shape: Shape) -> list[Span]:
    """The secrets among a request's parameters."""
    calls = _in_json(text) if shape == "json" else [(method(text, shape), _parameters(text))]
    return [value for called, values in calls for value in _secret(called, values)]


def answered(text: str, shape: Shape, called: str) -> list[Span]:
    """The session in the answer to a login."""
    if _last(called) not in ANSWERS:
        return []
    if shape == "json":
        found = [
            Span(leaf.start, leaf.end, text[leaf.start : leaf.end])
            for leaf in leaves(text[:_HEAD])
            if leaf.quoted and leaf.path[-1:] == ["result"]
        ]
    else:
        found = _parameters(text)[:1]
    return [value for value in found if _SESSION.fullmatch(value.value)]


def _last(called: str) -> str:
    return re.split(r"[.:/]", called)[-1]


def _secret(called: str, values: list[Span]) -> list[Span]:
    place = 2 if called.startswith(("wp.", "metaWeblog.")) else PLACES.get(_last(called))
    if place is None or not -len(values) <= place < len(values) or (place == LAST and len(values) < 2):
        return []
    value = values[place]
    return [value] if value.value and (place != 0 or _SESSION.fullmatch(value.value)) else []


def _in_json(text: str) -> list[tuple[str, list[Span]]]:
    """Each method that is called, innermost first, with its parameters; of what is no string the place alone."""
    if '"method"' not in text or not ('"jsonrpc"' in text or any(f'"{name}"' in text for name in LISTS)):
        return []
    methods: dict[tuple[str, ...], str] = {}
    values: dict[tuple[str, ...], list[Span]] = {}
    for leaf in leaves(text[:_HEAD]):
        path = leaf.path
        if path[-1:] == ["method"] and leaf.quoted:
            methods[tuple(path[:-1])] = text[leaf.start : leaf.end]
        for at in [at for at, name in enumerate(path[:-1]) if name in LISTS and path[at + 1].isdigit()]:
            held = values.setdefault(tuple(path[:at]), [])
            while len(held) <= int(path[at + 1]) <= _MOST:
                held.append(Span(leaf.start, leaf.start, ""))
            if leaf.quoted and len(path) == at + 2 and int(path[at + 1]) <= _MOST:
                value = decode(text, leaf.start, leaf.end, JSON_STRING).text
                held[int(path[at + 1])] = Span(leaf.start, leaf.end, value)
    behind = _JSON_METHOD.search(text, _HEAD) if not methods else None
    if behind:
        methods = dict.fromkeys(values, behind[1])
    return [(called, values.get(path, [])) for path, called in sorted(methods.items(), key=lambda one: -len(one[0]))]


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
