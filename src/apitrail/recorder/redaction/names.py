"""Which names of a text are secret, and the quick look that lets most texts pass.

Nearly every body has none. The quick look takes every word that stands where a name can stand, before `:` or `=` or
after `<`, with all encodings flattened, and asks a set of names already judged: for the traffic of a running program
that is one scan at C speed. It must never miss a name that a scanner would find; finding too many costs only time.
A single character is found thirty times as fast as a short text, so texts are looked for where their rarest character
is there at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from string import hexdigits
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from apitrail.recorder.redaction import serialized
from apitrail.recorder.redaction.whose import Platforms, platform_key
from apitrail.recorder.secrets import PATHS, TABLE, Group, Place, Terms, configured, parts
from apitrail.recorder.secrets_platforms import PLATFORMS

REMEMBERED = 20_000
"""Names kept as judged; then the memory starts anew. Keys made of ids would fill it for ever."""

WINDOW = 1 << 13
"""A longer text is looked at in pieces: each holds the interpreter's lock for some 0.1 ms, and then it may breathe."""

_OVERLAP = 512
_QUOTED = re.compile(r'"([^"\\]{1,128}+)\\*+"[ \t\r\n]*+:')
_ELEMENT = re.compile(r"<(?:[^\s<>/=\"'!?:]{1,128}+:)*+([^\s<>/=\"'!?:]{1,128}+)")
_GAP = r"(?:[ \t\r\n]|\\+[nrt])*+"
"""Blanks, as they are or as a string of JSON has them."""

_ENDINGS = re.compile(
    r"(?<![A-Za-z_\-])((?:[A-Za-z_\-]++ ){0,3}[A-Za-z_.\-\[\]\x80-\xff][\w.\-\[\]\x80-\xff]*+)"
    r"(?:[\"' \t\r]|\\+[nrt]?)*+\n",
    re.ASCII,
)
"""The last word of a line, and up to three words before it: `consumer secret` before `=`."""

_UNIT = re.compile(r"u[0-9a-fA-F]{4}")
_UNICODE = re.compile(r"\\+u(?:00([0-9a-fA-F]{2})|[fF]{2}1([aAdD]))")
LEGS = frozenset(("state", "grant_type", "client_id", "redirect_uri", "hmac", "client_secret"))
"""What stands beside a `code` that is an authorization code (RFC 6749 §4.1)."""
_HOSTS = tuple(host for host, _ in PATHS)
_SCOPED = {name for group in TABLE for name in group.platforms}
_PLATFORMS = Platforms(PLATFORMS, _SCOPED)
_ROUNDS = 8
_PERCENTS = re.compile(r"%(?:25)++")
_AMPERSANDS = re.compile(r"&(?:amp;)++")
_ENTITIES = {"quot": '"', "lt": "<", "gt": ">", "apos": "'"}
_REFERENCE = re.compile(
    r"&(?:(quot|lt|gt|apos)|#[xX]0{0,8}([0-9a-fA-F]{1,2}|[fF]{2}1[aAdD])|#0{0,8}(\d{1,3}|6530[69]));"
)
_FULL_WIDTH = {0xFF1A: ":", 0xFF1D: "="}
_LABELS = "[nkfpNKFP](?i:ame|ey|ield|roperty)"
"""What says that a name follows, and some more: a letter of either case to begin with is found thrice as fast."""
_PART = re.compile(rf"""{_LABELS}{_GAP}={_GAP}\\*+["']?((?<=["'])[^"'<>\\]{{1,128}}|[^\s"'<>\\]{{1,128}})""")
"""What an attribute says is a name."""
_MEMBER = re.compile(
    rf"""<(?:[^\s<>/="'!?:]{{1,128}}+:)*+{_LABELS}(?=[\s>\\])[^<>]*+>{_GAP}"""
    rf"""(?:<!--[^<>]*+>{_GAP})?(?:<!\[CDATA\[{_GAP})?([^<>\\]{{1,128}})"""
)
"""What an element says is a name."""
USERINFO = re.compile(r"://([^/?#\s\"'<>\\]{1,2000})@")
"""Up to the last `@`: a password may have one."""
SCHEMED = re.compile(r"\b(?:bearer|basic)[ \t]++([A-Za-z0-9._~+/\-]{8,}=*+)", re.IGNORECASE)
_SCHEMED_ANYWHERE = re.compile(r"(?:bearer|basic)(?:[ \t]|\\+t)++[A-Za-z0-9._~+/\-]{8}", re.IGNORECASE)
NAMED = re.compile(
    r'"(?:name|key|field|param|parameter|property|attribute|id|code|@name|@key|n)"'
    r'[ \t\r\n]*+:[ \t\r\n]*+"([^"\\]{1,80}+)"',
    re.IGNORECASE,
)
_NAMED_ANYWHERE = re.compile(
    r'"@?[acfiknpACFIKNP](?i:ame|ey|ield|aram|arameter|roperty|ttribute|d|ode|)'
    rf'\\*+"{_GAP}:{_GAP}\\*+"([^"\\]{{1,80}}+)\\*+"'
)
"""The same, in a document within a string too, and some more."""
PAIRED = re.compile(r'\[[ \t\r\n]*+"([^"\\]{1,80}+)"[ \t\r\n]*+,[ \t\r\n]*+(?=")')
"""A list that may be a name and its value."""
_LISTS = re.compile(rf'\[{_GAP}\[{_GAP}\\*+"')
"""Where a list of such lists begins: few bodies have that."""
_LISTS_GO_ON = '],["'
_PAIRED_ANYWHERE = re.compile(rf'\[{_GAP}\\*+"([^"\\]{{1,80}}+)\\*+"{_GAP},{_GAP}\\*+"')
_VALUES = frozenset(("value", "val", "v", "text", "content", "#text", "$"))


class Hits(NamedTuple):
    """What the quick look found."""

    quoted: frozenset[str] = frozenset()
    """Secret names that stand in quotes before a colon."""
    named: bool = False
    """A secret name as the value of `name` or `key`, beside a `value`."""
    other: bool = False
    """A secret name anywhere else, or in an encoding."""
    paired: bool = False
    """A secret name as the first of a list, before another text."""

    def __bool__(self) -> bool:
        return bool(self.quoted) or self.named or self.other or self.paired


NONE = Hits()


class Names:
    """The names that are secret in the calls to one host."""

    def __init__(self, groups: Iterable[Group], breathe: Callable[[], None]) -> None:
        given = list(groups)
        # The quick look at a body asks about each name in it: those of headers alone would only cost.
        self._of = [group for group in given if group.places != ("header",)]
        self._terms = Terms(self._of)
        self._header_terms = Terms(given)
        self._headers: dict[str, list[Group]] = {}
        self._breathe = breathe
        self._judged: dict[str, list[Group]] = {}
        self._plain: set[str] = set()
        self._plain_phrases: set[str] = set()

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        """Made when a text with such escapes first comes."""
        return _escaped(self._of)

    def groups(self, name: str) -> list[Group]:
        """The groups by which a name, as it stands in a view, is secret."""
        if name in self._plain:
            return []
        found = self._judged.get(name)
        if found is None:
            found = self._terms.judge(_readable(name))
            if len(self._plain) + len(self._judged) >= REMEMBERED:
                self._plain = set()
                self._judged = {}
            if found:
                self._judged[name] = found
            else:
                self._plain.add(name)
        return found

    def secret(self, name: str, place: Place) -> list[Group]:
        """The groups by which the name is secret in this place."""
        if place == "header":
            return self.header(name)
        return [group for group in self.groups(name) if not group.places or place in group.places]

    def header(self, name: str) -> list[Group]:
        """The groups by which a header field of this name, as it stands in a view, is secret."""
        found = self._headers.get(name)
        if found is None:
            judged = self._header_terms.judge(_readable(name))
            found = [group for group in judged if not group.places or "header" in group.places]
            if len(self._headers) >= REMEMBERED:
                self._headers = {}
            self._headers[name] = found
        return found

    def excepted(self, owner: str, name: str) -> bool:
        """Whether the name of the object that it stands in makes a name harmless: `page: {token: …}`."""
        return not self._terms.whole(name) and self._terms.excepted(f"{owner} {name}")

    def hits(self, text: str) -> Hits:
        """The quick look. No hit means: no scanner would find a secret name."""
        # What may stand far from what it belongs to is asked of the whole.
        coded = "=" in text and "code=" in text and any(leg in text for leg in LEGS)
        windows = [text]
        if len(text) > WINDOW:
            windows = [text[start : start + WINDOW + _OVERLAP] for start in range(0, len(text), WINDOW)]
        listed = "[" in text and (_LISTS.search(text) is not None or _LISTS_GO_ON in text)  # its beginning may be cut
        quoted: frozenset[str] = frozenset()
        other, valued, paired = coded, False, False
        for window in windows:
            keys = _QUOTED.findall(window)
            secret = self._any(keys)
            quoted |= secret
            other = self._other(window, keys, bool(secret)) or other
            valued = valued or _has_values(window, keys)
            paired = paired or (listed and bool(self._any(_PAIRED_ANYWHERE.findall(window))))
            if len(windows) > 1:
                self._breathe()
        named = valued and any(map(self._says_names, windows))
        return Hits(quoted, named, other or ((named or paired) and '\\"' in text), paired)

    def _says_names(self, window: str) -> bool:
        if len(window) > WINDOW:
            self._breathe()
        return bool(self._any(_NAMED_ANYWHERE.findall(window)))

    def _other(self, text: str, keys: list[str], secret: bool) -> bool:
        # Quotes with a backslash before them: the key of a document within a string.
        if secret and '\\"' in text:
            return True
        flat = flattened(text)
        if self._unquoted(flat, len(keys) if flat is text else -1):
            return True
        if flat is not text and any(
            self._any(names.findall(flat)) for names in (_QUOTED, _NAMED_ANYWHERE, _PAIRED_ANYWHERE)
        ):
            return True
        return "\\u" in text and self._escaped.search(text) is not None

    def _any(self, names: list[str]) -> set[str]:
        if self._plain.issuperset(names):
            return set()
        return {name for name in set(names) if self.groups(name)}

    def _says(self, phrase: str) -> bool:
        """Whether the words before a separator, or the last of them alone, are a secret's name."""
        if phrase in self._plain_phrases:
            return False
        for said in _behind_escapes(phrase):
            if self.groups(said) or self.groups(said.rpartition(" ")[2]):
                return True
        if len(self._plain_phrases) >= REMEMBERED:
            self._plain_phrases = set()
        self._plain_phrases.add(phrase)
        return False

    def _unquoted(self, text: str, keys: int) -> bool:
        ends: list[str] = []
        if text.count(":") != keys:
            # A colon after a quote belongs to a key of JSON, seen already: most colons of most bodies.
            ends += text.replace('":', '"').split(":")[:-1]
        assigns = "=" in text
        if assigns:
            ends += text.split("=")[:-1]
        if ends:
            phrases = _ENDINGS.findall("\n".join([piece[-32:] for piece in ends]) + "\n")
            if not self._plain_phrases.issuperset(phrases) and any(map(self._says, phrases)):
                return True
        if assigns and 'ame="' in text and self._any(_PART.findall(text)):
            return True
        if "<" in text and (
            self._any(_ELEMENT.findall(text)) or self._any(_PART.findall(text)) or self._any(_MEMBER.findall(text))
        ):
            return True
        if serialized.may_stand_in(text) and self._any(serialized.NAMED.findall(text)):
            return True
        if "/" in text and ":" in text:
            plain = text.replace("\\", "") if "\\/" in text else text
            if "://" in plain and (("@" in plain and USERINFO.search(plain)) or any(host in plain for host in _HOSTS)):
                return True
        # A scheme is followed by a blank.
        return (
            (" " in text or "\t" in text or "\\t" in text)
            and any(scheme in text for scheme in ("earer", "EARER", "asic", "ASIC"))
            and _SCHEMED_ANYWHERE.search(text) is not None
        )


class NameBook:
    """The names of every host: the common ones, and those true of a platform alone."""

    def __init__(
        self, extra: Iterable[str] = (), groups: Iterable[Group] = (), breathe: Callable[[], None] = lambda: None
    ) -> None:
        """With names that a program adds, and groups beside the table's whose `platforms` are folded names."""
        self._breathe = breathe
        own, more = configured(extra), tuple(groups)
        self._extra = Terms([own])
        self._groups = (*TABLE, own, *more)
        self._named = {name for group in more for name in group.platforms}
        self._scoped = tuple({host for group in self._groups for host in group.hosts})
        self._names: dict[tuple[frozenset[str], bool], Names] = {}
        self._scopes: dict[tuple[str, str], frozenset[str]] = {}

    def configured(self, name: str) -> bool:
        """Whether the program itself named it a secret."""
        return bool(self._extra.judge(name))

    def names(self, host: str, *, login: bool, platform: str = "") -> Names:
        """The names for a call to this host. `login`: it is one that fetches tokens; `platform`: whose the caller
        said it is, by any of its names: a shop of its own, or a sandbox, has any host."""
        at = self._scopes.get((host, platform))
        if at is None:
            if len(self._scopes) >= REMEMBERED:
                self._scopes = {}
            at = self._scopes[host, platform] = frozenset(self._scope(host, platform))
        names = self._names.get((at, login))
        if names is None:
            groups = [
                group
                for group in self._groups
                if (login or not group.login)
                and (not (group.hosts or group.platforms) or not at.isdisjoint((*group.hosts, *group.platforms)))
            ]
            names = self._names[at, login] = Names(groups, self._breathe)
        return names

    def _scope(self, host: str, platform: str) -> Iterable[str]:
        """The hosts and the platforms of the table that a call belongs to."""
        yield from (scope for scope in self._scoped if host == scope or host.endswith("." + scope))
        yield from _SCOPED & _PLATFORMS.of(host, platform)
        stated = platform_key(platform)
        if stated in self._named:
            yield stated


def _behind_escapes(phrase: str) -> Iterator[str]:
    """The phrase; and without what may be the rest of an escape before it, `\\napi_key` or `\\u67f3api key`."""
    yield phrase
    if phrase[0] in "nrt":
        yield phrase[1:]
    elif _UNIT.match(phrase):
        yield phrase[5:]
    for end, letter in enumerate(phrase[:4], 1):
        if letter not in hexdigits:
            break
        yield phrase[end:]


def _has_values(text: str, keys: list[str]) -> bool:
    """Whether a key of JSON may be that of a value which another value names."""
    # In a document within a string, blanks before the colon may be escapes, and the key is none of these.
    return '\\"' in text or not _VALUES.isdisjoint("\n".join(keys).lower().split("\n"))


def _readable(name: str) -> str:
    """A name of a view as it is read: of UTF-8, or of UTF-16 and UTF-32, where it is readable."""
    try:
        return name if name.isascii() else name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _escaped(groups: Iterable[Group]) -> re.Pattern[str]:
    """Terms that are not of ASCII, as JSON writes them where it is told to be: `\\u5bc6\\u78bc`, at any depth.

    Whatever has one such escape has hundreds. So the terms are told apart by their first two digits, and both cases
    are spelt out: one after the other takes twice as long, to ignore case ten times.
    """
    terms = {part for group in groups for term in group.terms for part in parts(term) if not part.isascii()}
    rests: dict[str, list[str]] = {}
    for term in sorted(terms):
        first, *more = [format(ord(letter), "04x") for letter in term]
        rest = r"\\++u".join(map(_in_either_case, (first[2:], *more)))
        rests.setdefault(_in_either_case(first[:2]), []).append(rest)
    told = "|".join(f"{head}(?:{'|'.join(ends)})" for head, ends in rests.items())
    return re.compile(f"u(?:{told})" if told else r"(?!)")


def _in_either_case(digits: str) -> str:
    return re.sub("[a-f]", lambda digit: f"[{digit[0]}{digit[0].upper()}]", digits)


def flattened(text: str) -> str:
    """The text with every encoding undone at once, roughly: good for finding names, not for placing them."""
    flat = text
    for _ in range(_ROUNDS):
        before = flat
        if "\xef\xbc" in flat:
            flat = flat.replace("\xef\xbc\x9a", ":").replace("\xef\xbc\x9d", "=")
        if "%" in flat:
            flat = unquote_to_bytes(_PERCENTS.sub("%", flat).encode("latin-1", "replace")).decode("latin-1")
        if "\\u" in flat and ("\\u00" in flat or "\\uf" in flat or "\\uF" in flat):
            flat = _UNICODE.sub(_unicode, flat)
        if "&" in flat and ";" in flat:
            flat = _REFERENCE.sub(_referred, _AMPERSANDS.sub("&", flat))
        if flat == before:
            break
    return text if flat == text else flat


def _unicode(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else ":" if match[2] in "aA" else "="


def _referred(match: re.Match[str]) -> str:
    name, in_hex, in_decimal = match.groups()
    if name:
        return _ENTITIES[name]
    code = int(in_hex, 16) if in_hex else int(in_decimal)
    return _FULL_WIDTH.get(code) or chr(code & 0xFF)
