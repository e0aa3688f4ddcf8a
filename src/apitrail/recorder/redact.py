"""Masks secrets in an exchange, before anything of it is written or sent.

Who calls: the recorder's own thread, for every exchange, between capture and spool; and whoever brings exchanges in
from elsewhere (HAR). The promise:

- a new exchange comes back, the given one is not changed, and no content makes it raise: a part that cannot be
  scanned is masked whole;
- every byte outside a masked value stays as it was; valid JSON, XML and forms stay valid. Only text that is still
  compressed is undone first: `apitrail.recorder.redaction.packed`;
- masking what is masked already changes nothing;
- a secret of eight characters or more that is found in one place is masked everywhere else in the exchange.

A mask is `masked~LAST4~FINGERPRINT`, made of characters that need no escaping in JSON, XML, forms and URLs. LAST4 is
kept of secrets with sixteen characters or more; FINGERPRINT is the beginning of an HMAC-SHA256 under the recorder's
key, so that "did the token change between these two calls?" can be answered and nothing else. What is a secret:
`apitrail.recorder.secrets`. How they are found: `apitrail.recorder.redaction`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from apitrail.exchange import Exchange, Failure, Message
from apitrail.recorder.redaction import rpc
from apitrail.recorder.redaction.echoes import SHORTEST, Echoes, echoing
from apitrail.recorder.redaction.look import Look
from apitrail.recorder.redaction.multipart import boundary_of
from apitrail.recorder.redaction.names import NameBook, Names
from apitrail.recorder.redaction.own import OwnRules
from apitrail.recorder.redaction.packed import BODY_EDGE, BODY_LIMIT, undone
from apitrail.recorder.redaction.pairs import host_of
from apitrail.recorder.redaction.pieces import BodyPiece, HeaderPiece, Mask, TextPiece
from apitrail.recorder.redaction.views import of_text
from apitrail.recorder.rules import Rule
from apitrail.recorder.secrets import Group, is_secret

_LOGIN = re.compile(
    r"(?<![a-z])(?:oauth2?|auth|authori[sz]e|authori[sz]ation|tokens?|access_token|log-?in|sign-?in|callback)(?![a-z])",
    re.IGNORECASE,
)
_NOT_KEPT = re.compile(r"[^A-Za-z0-9.\-]")
_LAST_FROM = 16
_FINGERPRINT = 10


class Redactor:
    """Masks by the table of secrets and the names that the program adds. Safe to use from several threads."""

    def __init__(
        self,
        key: bytes,
        extra_names: Iterable[str] = (),
        groups: Iterable[Group] = (),
        breathe: Callable[[], None] = lambda: None,
        rules: Iterable[Rule] = (),
        *,
        body_limit: int = BODY_LIMIT,
        body_edge: int = BODY_EDGE,
    ) -> None:
        """`key`: any bytes, kept by the recorder's host; the same key gives the same fingerprints. `groups`: of a
        server's own profiles, beside those of the table. `breathe` is called between small pieces of the work, so
        that other threads may have the interpreter. `rules`: the host's own, `apitrail.recorder.redaction.own`.
        `body_limit` and `body_edge`, in bytes: what is kept of a body that came compressed and is undone here."""
        self._key = key
        self._names_added = tuple(extra_names)
        self._groups = tuple(groups)
        self._own = OwnRules(rules)
        self._books: dict[tuple[str, ...], NameBook] = {}
        self._breathe = breathe
        self._kept = (body_limit, body_edge)
        self._book = self._book_with(())

    def is_secret(self, name: str) -> bool:
        """Whether a field of this name is masked wherever it stands, on every platform."""
        return is_secret(name) or self._book.configured(name)

    def mask(self, value: str) -> str:
        """What stands in a secret's place."""
        return self._mask(of_text(value))

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without its secrets."""
        exchange = self._undone(exchange)
        own = self._own.applied(exchange)
        book = self._book if own is None or not own.names else self._book_with(tuple(own.names))
        host = host_of(exchange.url)
        platform = (exchange.stated.platform if exchange.stated else None) or ""
        asked = book.names(host, login=_logs_in(exchange), platform=platform)
        url = TextPiece(exchange.url, "url")
        url.scan(Look(asked))
        request = _Side(exchange.request, asked, answer=False)
        self._breathe()
        response = None
        if exchange.response is not None:
            response = _Side(exchange.response, book.names(host, login=False, platform=platform), answer=True)
            self._breathe()
        notes = [TextPiece(text) for text in _notes(exchange)]
        for note in notes:
            note.scan(Look(asked))

        pieces = [url, *notes, *request.pieces, *(response.pieces if response else ())]
        called = next((body.calls() for body in request.bodies), "")
        if called:
            for body in request.bodies:
                body.placed(rpc.asked)
            for body in response.bodies if response else ():
                body.placed(lambda text, shape: rpc.answered(text, shape, called))
        if own is not None:
            for piece in pieces:
                piece.own(own)
        known = {value for piece in pieces for value in echoing(piece.spans, host)}
        known.update(value for value in request.headers.basic if len(value) >= SHORTEST)
        if known:
            echoes = Echoes(known)
            for piece in pieces:
                piece.echo(echoes)
            self._breathe()

        mask = self._mask
        masked = replace(
            exchange,
            url=url.masked(mask),
            request=request.masked(mask),
            response=response.masked(mask) if response else None,
        )
        if notes:
            masked = _with_notes(masked, [note.masked(mask) for note in notes])
        for function in own.functions if own is not None else ():
            masked = _checked(function(masked))
        return masked

    def _undone(self, exchange: Exchange) -> Exchange:
        """The exchange with bodies that are still compressed undone; mostly itself."""
        request = undone(exchange.request, *self._kept)
        response = undone(exchange.response, *self._kept) if exchange.response is not None else None
        if request is exchange.request and response is exchange.response:
            return exchange
        return replace(exchange, request=request, response=response)

    def _book_with(self, names: tuple[str, ...]) -> NameBook:
        book = self._books.get(names)
        if book is None:
            book = self._books[names] = NameBook((*self._names_added, *names), self._groups, self._breathe)
        return book

    def _mask(self, value: str) -> str:
        try:
            data = value.encode("latin-1")
        except UnicodeEncodeError:
            data = value.encode("utf-8", "surrogatepass")
        last = _NOT_KEPT.sub("_", value[-4:]) if len(value) >= _LAST_FROM else ""
        return f"masked~{last}~{hmac.digest(self._key, data, 'sha256').hex()[:_FINGERPRINT]}"


def _checked(answer: Exchange) -> Exchange:
    if not isinstance(answer, Exchange):
        raise TypeError(f"a rule's function returned {type(answer).__name__} and no Exchange")
    return answer


class _Side:
    """The request or the response, scanned."""

    def __init__(self, message: Message, names: Names, *, answer: bool) -> None:
        self._message = message
        content_type = next(
            (value for name, value in message.headers if len(name) == 12 and name.lower() == "content-type"), ""
        )
        boundary = of_text(boundary_of(content_type, message.body))
        cut = message.truncated or message.incomplete

        self.headers = HeaderPiece(message.headers)
        self.headers.scan(Look(names, answer=answer), names)
        self._body = BodyPiece(message.body, content_type, boundary) if message.body else None
        self._text = BodyPiece(_utf8(message.text), content_type, boundary) if message.text else None
        self._tail = None
        for piece in (self._body, self._text):
            if piece is not None:
                piece.scan(Look(names, answer=answer, cut_end=cut))
        if message.tail:
            self._tail = BodyPiece(message.tail, content_type, boundary, cut_start=True)
            if self._body is not None:
                self._tail.follow(self._body)
            self._tail.scan(Look(names, answer=answer, cut_start=True))
        self.bodies = [piece for piece in (self._body, self._text, self._tail) if piece is not None]
        self.pieces: list[HeaderPiece | BodyPiece | TextPiece] = [self.headers, *self.bodies]

    def masked(self, mask: Mask) -> Message:
        """The message without its secrets. A body whose length changes keeps its true size."""
        message = self._message
        body = self._body.masked(mask) if self._body else b""
        text = self._text.masked(mask).decode("utf-8", "surrogatepass") if self._text else message.text
        size = message.size
        if size is None and (body != message.body or text != message.text):
            size = len(message.body if message.text is None else _utf8(message.text))
        return replace(
            message,
            headers=self.headers.masked(mask),
            body=body,
            text=text,
            tail=self._tail.masked(mask) if self._tail else b"",
            size=size,
        )


def _logs_in(exchange: Exchange) -> bool:
    """Whether the call fetches tokens, so that a `code` in it is an authorization code."""
    path = exchange.url.partition("?")[0]
    return (
        b"grant_type" in exchange.request.body
        or "grant_type" in (exchange.request.text or exchange.url)
        or _LOGIN.search(path, path.find("//") + 2) is not None
    )


def _notes(exchange: Exchange) -> list[str]:
    """Every other text that somebody wrote into the exchange."""
    stated = exchange.stated
    source = stated.source if stated else None
    return [
        *([exchange.error.text] if exchange.error else ()),
        *([stated.not_sent] if stated and stated.not_sent else ()),
        *([source.link] if source and source.link else ()),
    ]


def _with_notes(exchange: Exchange, notes: list[str]) -> Exchange:
    """The exchange with these texts in the places where `_notes` took them from."""
    texts = iter(notes)
    error, stated = exchange.error, exchange.stated
    if error:
        error = Failure(error.type, next(texts))
    if stated and stated.not_sent:
        stated = replace(stated, not_sent=next(texts))
    if stated and stated.source and stated.source.link:
        stated = replace(stated, source=replace(stated.source, link=next(texts)))
    return replace(exchange, error=error, stated=stated)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
