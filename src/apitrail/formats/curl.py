"""A recorded request as a curl command for a POSIX shell.

The platform gets the same method, URL, header fields in their order, and the body to the byte; what curl would add by
itself is taken back. What differs from the recorded call, and why:

- fields of the connection (`Host` where the URL says the same, `Content-Length`, `Transfer-Encoding`, `Connection`, …)
  are curl's own business, and `Content-Encoding` is gone because the body was kept decoded;
- `Accept-Encoding` becomes `--compressed`, so that what curl prints can be read;
- a secret was masked when the call was recorded. In its place stands a variable, `$APITRAIL_SECRET_…`, and the shell
  refuses to run the command until it is set;
- a body that was not kept whole is read from a file that one must have from elsewhere. It is never made up.

What is not printable text travels as base64 (`base64 -d`: GNU, busybox, macOS).
"""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from apitrail.entry import Entry, Payload
from apitrail.formats.shell import octal, printable, quoted

NoteKind = Literal["not_repeatable", "inbound", "not_sent", "secrets", "body_missing", "decoded", "no_address"]

INLINE_MAX = 100_000
"""Bytes of a body that stand in the command itself: one argument may have 128 KiB on Linux."""
BODY_FILE = "request-body"

_MASK = re.compile(r"masked~[\w.\-]{0,4}~[0-9a-f]{10}")
_MASK_BYTES = re.compile(_MASK.pattern.encode())
_NAMED = re.compile(r"([A-Za-z][\w.\-]{0,60})(?:[\"']?\s{0,4}[:=>]\s{0,4}[\"']?)(?:[A-Za-z]{1,12} )?$")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSPEAKABLE = re.compile(r"[^\x21-\x7e]")
_CONNECTION = frozenset(
    [
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
_EXPECTS_FROM = 1024
"""Bytes of a body from which some versions of curl ask first whether it is wanted."""


class Note(Struct, frozen=True):
    """What a person must know before running the command. Whoever shows it has the words for it."""

    kind: NoteKind
    names: tuple[str, ...] = ()
    """Variables to set, the file to make, the coding."""
    size: int = 0
    """Bytes."""


class Command(Struct, frozen=True):
    """A command, and what to know before."""

    notes: tuple[Note, ...]
    command: str
    """Empty where none can be made."""

    def text(self, said: Callable[[Note], str]) -> str:
        """The notes, as `said` words them, and the command. All of it may be given to a shell: `:` does nothing with
        what it is told.
        """
        notes = [f": {quoted(said(note))}" for note in self.notes]
        return "\n".join([*notes, *([self.command] if self.command else [])]) + "\n"


def write(entry: Entry, *, repeatable: bool) -> Command:
    """The command that sends the entry's request again. `repeatable`: whether doing so twice does it once."""
    return _Writer(entry).write(repeatable)


class _Writer:
    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._secrets: dict[str, str] = {}
        """Variables by mask: one secret has one name, wherever it stands."""

    def write(self, repeatable: bool) -> Command:
        entry, payload = self._entry, self._entry.request
        notes = [Note("not_repeatable")] if not repeatable else []
        notes += [Note("inbound")] if entry.direction == "inbound" else []
        notes += [Note("not_sent")] if entry.not_sent is not None else []
        if not _addressed(entry.url):
            return Command((*notes, Note("no_address")), "")
        # In the order in which one reads them: the first place of a secret names it.
        headers = list(self._headers(payload))
        before, body = self._body(payload)
        words = [
            "curl --globoff --path-as-is",
            "--head" if entry.method == "HEAD" and not body else f"--request {quoted(_shown(entry.method))}",
            *headers,
            *body,
            f"--url {self._word(_UNSPEAKABLE.sub(_percent, entry.url), quoted)}",
        ]
        missing = not _whole(payload)
        if missing:
            notes.append(Note("body_missing", (BODY_FILE,), payload.size or len(payload.body)))
        coding = _field(payload, "content-encoding")
        if coding and coding.lower() != "identity" and (payload.body or missing):
            notes.append(Note("decoded", (_shown(coding)[:40],)))
        if self._secrets:
            notes.append(Note("secrets", tuple(self._secrets.values())))
        guard = ""
        if before:
            # In a pipe only the part before it would end, and curl would send what there is.
            needed = [f'"${{{name}:?}}"' for name in self._secrets.values()]
            guard = f": {' '.join(needed)} &&\n" if needed else ""
        elif missing:
            guard = f"test -s {BODY_FILE} &&\n"
        return Command(tuple(notes), guard + before + " \\\n  ".join(words))

    def _headers(self, payload: Payload) -> Iterator[str]:
        names = set()
        authority = urlsplit(self._entry.url).netloc.rpartition("@")[2]
        for name, value in payload.headers:
            key = name.lower()
            if not _TOKEN.fullmatch(name) or key in _CONNECTION or key == "content-encoding":
                continue
            if key == "host" and value.strip().lower() == authority.lower():
                continue
            if key == "accept-encoding" and value.strip().lower() not in ("identity", ""):
                names.add(key)
                yield "--compressed"
                continue
            names.add(key)
            # A field without a value is written with a semicolon: with a colon it would be taken away.
            yield f"--header {self._word(f'{name}: {value}' if value.strip() else f'{name};', _field_word)}"
        size = payload.size or len(payload.body)
        by_itself = {"Accept": True, "User-Agent": True, "Content-Type": size > 0, "Expect": size >= _EXPECTS_FROM}
        yield from (f"--header {name}:" for name, sent in by_itself.items() if sent and name.lower() not in names)

    def _body(self, payload: Payload) -> tuple[str, list[str]]:
        """What stands before curl, and its arguments."""
        if not _whole(payload):
            return "", [f"--data-binary @{BODY_FILE}"]
        body = payload.body
        if not body:
            # So that a length of 0 is told, which some servers insist on.
            return "", ["--data-raw ''"] if self._entry.method in ("POST", "PUT", "PATCH") else []
        text = _text(body)
        if text is not None and len(body) <= INLINE_MAX:
            return "", [f"--data-raw {self._word(text, quoted)}"]
        return self._piped(body), ["--data-binary @-"]

    def _piped(self, body: bytes) -> str:
        """A group of commands that writes the body, and the pipe."""
        lines, at = [], 0
        for match in _MASK_BYTES.finditer(body):
            around = body[max(0, match.start() - 90) : match.start()].decode("latin-1")
            lines += _coded(body[at : match.start()])
            lines.append(f'printf %s "${{{self._variable(match[0].decode("ascii"), around)}}}"')
            at = match.end()
        lines += _coded(body[at:])
        return "{\n" + "\n".join(lines) + "\n} | "

    def _word(self, text: str, write: Callable[[str], str]) -> str:
        """One word of the shell, variables in the place of masks. `write` makes a word of what is between them."""
        parts, at = [], 0
        for match in _MASK.finditer(text):
            if before := text[at : match.start()]:
                parts.append(write(before))
            around = text[max(0, match.start() - 90) : match.start()]
            parts.append(f'"${{{self._variable(match[0], around)}:?}}"')
            at = match.end()
        if (rest := text[at:]) or not parts:
            parts.append(write(rest))
        return "".join(parts)

    def _variable(self, mask: str, before: str) -> str:
        """The variable of a masked secret: named by the field that holds it, else by a number."""
        if mask not in self._secrets:
            found = _NAMED.search(before)
            called = re.sub(r"[^A-Z0-9]+", "_", found[1].upper()).strip("_") if found else ""
            base = "APITRAIL_SECRET_" + (called or str(len(self._secrets) + 1))
            taken = set(self._secrets.values())
            numbers = (f"{base}_{number}" for number in range(2, len(taken) + 3))
            self._secrets[mask] = base if base not in taken else next(one for one in numbers if one not in taken)
        return self._secrets[mask]


def _addressed(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)


def _whole(payload: Payload) -> bool:
    """Whether the body is here as it was: not cut, not broken off, not expired."""
    gone = bool(payload.size) and not payload.body
    return not (payload.truncated or payload.incomplete or gone)


def _field(payload: Payload, wanted: str) -> str:
    return next((value.strip() for name, value in payload.headers if name.lower() == wanted), "")


def _text(body: bytes) -> str | None:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if printable(text) else None


def _field_word(text: str) -> str:
    """A header field: bytes, of which each is one character where they fit (RFC 9110 §5.5), and on one line."""
    text = re.sub("[\r\n\0]+", " ", text)
    if text.isascii() and printable(text):
        return quoted(text)
    try:
        return octal(text.encode("latin-1"))
    except UnicodeEncodeError:
        return octal(text.encode("utf-8", "replace"))


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _shown(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _coded(data: bytes) -> list[str]:
    """A command that writes these bytes."""
    return ["base64 -d <<'END'", encodebytes(data).decode().rstrip("\n"), "END"] if data else []
