"""XML as plain data, by local name: `<v6:Ack xmlns:v6="…">ok</v6:Ack>` is `{"Ack": "ok"}`.

An element with neither children nor attributes is its text. Any other is a dict: attributes as `@name`, text as
`#text`, a repeated child as a list. Hostile input is refused safely: no entity is ever defined or fetched (a document
type with declarations ends the parse), depth and size are bounded, and what was read until then still counts.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

DEPTH = 64
NODES = 200_000

_DECLARATION = re.compile(r"<\?xml\s[^<>]*\?>")


class _Refused(Exception):
    """The document goes past a bound, or declares entities."""


class _Reader:
    """Builds the data while expat reads."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._stack: list[dict[str, Any]] = [self.root]
        self._names: list[str] = []
        self._text: list[str] = []
        self._nodes = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if len(self._stack) > DEPTH or self._nodes > NODES:
            raise _Refused
        self._keep_text()
        element = {}
        for key, value in attributes.items():
            if not key.startswith("xmlns"):
                element["@" + key[key.rfind(":") + 1 :]] = value
        self._stack.append(element)
        self._names.append(name[name.rfind(":") + 1 :])

    def end(self, _name: str) -> None:
        element = self._stack.pop()
        text = "".join(self._text).strip()
        self._text.clear()
        value: Any = element
        if not element:
            value = text
        elif text:
            element["#text"] = element.get("#text", "") + text
        parent = self._stack[-1]
        name = self._names.pop()
        known = parent.get(name)
        if known is None:
            parent[name] = value
        elif type(known) is list:
            known.append(value)
        else:
            parent[name] = [known, value]

    def text(self, data: str) -> None:
        self._text.append(data)

    def close(self) -> None:
        """End what is still open: a broken document keeps what it said before it broke."""
        while len(self._stack) > 1:
            self.end("")

    def _keep_text(self) -> None:
        if self._text:
            text = "".join(self._text).strip()
            self._text.clear()
            if text:
                element = self._stack[-1]
                element["#text"] = element.get("#text", "") + text


def _refuse(*_: Any) -> int:
    raise _Refused


def parse_xml(text: str) -> dict[str, Any]:
    """The documents in `text` by the names of their roots; empty where there is none. Never raises.

    Several documents may follow each other, as in UPS's XML interface.
    """
    reader = _Reader()
    for document in _DECLARATION.split(text):
        if not document.isspace() and document:
            _parse(document.strip(), reader)
    reader.root.pop("#text", None)
    return reader.root


def _parse(document: str, reader: _Reader) -> None:
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.UnparsedEntityDeclHandler = _refuse
    try:
        parser.Parse(document.encode("utf-8", "replace"), True)
    except (expat.ExpatError, _Refused, RecursionError):
        parser.buffer_text = False  # hands over what it still held
        reader.close()


def root_name(data: dict[str, Any]) -> str:
    """What the document is about: its last root, or in SOAP the first element of the body; empty where unknown."""
    name = next(reversed(data), "")
    if name == "Envelope":
        envelope = data[name]
        body = envelope.get("Body") if type(envelope) is dict else None
        if type(body) is dict:
            return next((key for key in body if not key.startswith(("@", "#"))), name)
    return name
