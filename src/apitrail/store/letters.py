"""What a text has, as numbers: each four letters in a row and each two other characters, small and of any length.

A body that has a text has all of the text's numbers, because whether something is one depends on its own bytes alone.
So a part of a day that lacks one of them need not be read (see `told`). What is a number:

- four ASCII letters in a row, in small letters, as the bytes are: within words, escapes, anything;
- two characters in a row that are not ASCII: in UTF-8, as `\\u53d6\\u865f` or as `%E5%8F%96%E8%99%9F`, the same number;
- FOREIGN, for bytes that are no UTF-8: Big5, GB 18030, Shift JIS; and of a body that has such, two characters of two
  bytes in a row, as bytes.

The letters of a picture in base64 would be every number there is. So of 40 letters, digits, `+` and `/` in a row, of
which one is no letter, only those words count in which capitals and small letters change seldom, as in iPhone; of 512
in a row, which are no path, only those in small letters, in capitals, LikeThis. A text that may be a piece of such a
run says nothing by what would not be counted there.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from apitrail.store.hashing import xx_hash32
from apitrail.store.shelves import REQUEST, RESPONSE

_PAIRS: Final = 1 << 20
"""The first number of two characters; those of letters have 20 bits."""
_END: Final = 1 << 24
FOREIGN: Final = _END

_WORD: Final = "[A-Z]+|[A-Z]?[a-z]+|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})+"
_NAME: Final = "(?:[A-Z]?[a-z])?(?:[A-Z]*[a-z]{2,})*(?:[A-Z]+[a-z]?)?"
_LETTERS: Final = re.compile(rb"[A-Za-z]{4,}")
_LIKE_A_WORD: Final = re.compile(_WORD.encode())
_LIKE_A_NAME: Final = re.compile(_NAME.encode())
_MIXED: Final = re.compile(rb"[0-9+/]")
"""Such a sign is in every piece of base64 that is of any length."""
_OTHERS: Final = re.compile("[^\x00-\x7f\ud800-\udfff]{2,}")
_ESCAPED: Final = re.compile(rb"(?=(\\u[0-9A-Fa-f]{4}\\u[0-9A-Fa-f]{4}))")
_PERCENT: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2}){4,}")
_TWO_FOREIGN: Final = re.compile(rb"(?=([\x80-\xff][\x40-\xff][\x80-\xff][\x40-\xff]))")
_LEAD: Final = 3
"""Bytes at most of a character that begins before a text, or ends behind it."""


def numbers(text: bytes) -> set[int]:
    """The numbers of a text as it may stand in a body; none where nothing can be said of such bodies."""
    found = {_of_letters(word[place : place + 4].lower()) for word in _words(text) for place in range(len(word) - 3)}
    found.update(_of_pairs(text))
    for run in _PERCENT.findall(text):
        found.update(_of_pairs(bytes.fromhex(run.replace(b"%", b"").decode())))
    for run in _ESCAPED.findall(text):
        pair = json.loads(b'"%s"' % run)
        if not any("\ud800" <= char <= "\udfff" for char in pair):
            found.add(_of_pair(pair))
    if _foreign(text):
        found.add(FOREIGN)
        found.update(_of_pair(two.decode("latin-1")) for two in _TWO_FOREIGN.findall(text.lower()))
    return found


def sought(written: Iterable[bytes]) -> list[set[int]] | None:
    """The numbers of each way in which a text may be written; None where one of them has none."""
    ways: list[set[int]] = []
    for text in written:
        found = numbers(text)
        if not found:
            return None
        if found not in ways:
            ways.append(found)
    return ways


def _words(text: bytes) -> list[bytes]:
    """The words that are counted wherever the text is."""
    words = list(_LETTERS.finditer(text))
    if not _MIXED.search(text):
        return [word[0] for word in words if _LIKE_A_NAME.fullmatch(word[0])]
    told = [word for word in words if _LIKE_A_WORD.fullmatch(word[0])]
    if len(told) < len(words):  # like a piece of a picture, in which the first and the last may go on
        told = [word for word in told if word.start() and word.end() < len(text)]
    return [word[0] for word in told]


def _of_letters(run: bytes) -> int:
    return sum((letter & 31) << 5 * place for place, letter in enumerate(run))


def _of_pairs(text: bytes) -> Iterator[int]:
    for run in _OTHERS.findall(text.decode("utf-8", "surrogateescape")):
        yield from map(_of_pair, map("".join, pairwise(run)))


def _of_pair(pair: str) -> int:
    return _PAIRS + xx_hash32(pair.encode()) % (_END - _PAIRS)


def _foreign(text: bytes) -> bool:
    """Whether this can be no part of UTF-8, however it goes on before and behind."""
    for skipped in range(min(_LEAD, len(text)) + 1):
        if any(not 0x80 <= byte < 0xC0 for byte in text[:skipped]):
            return True
        try:
            getincrementaldecoder("utf-8")().decode(text[skipped:])
        except UnicodeDecodeError:
            continue
        return False
    return True


_BLOB = "'[A-Za-z0-9+/]{40,}'"
_MANY_LETTERS = "'[A-Za-z]{4,}'"
_PICTURE = 512
_MANY_OTHERS = r"'[^\\x00-\\x7f]{2,}'"
_MANY_ESCAPED = r"'(?:\\\\u[0-9A-Fa-f]{4}){2,}'"
_MANY_PERCENT = "'(?:%[0-9A-Fa-f]{2}){4,}'"
_HIGH, _LOW = r"[\\x80-\\xff]", r"[\\x40-\\xff]"
_TEXT = (
    f"concat({', '.join(RESPONSE)}, ' ', {REQUEST}, ' ', ifNull(message, ''), ' ',"
    " arrayStringConcat(reference_ids, ' '))"
)


def _counted(pattern: str, length: str) -> str:
    """The words of that pattern in runs of that length, as SQL."""
    runs = f"arrayStringConcat(arrayFilter(run -> length(run) {length}, extractAll(text, {_BLOB})), ' ')"
    return f"arrayFilter(word -> match(word, '^(?:{pattern})$'), extractAll({runs}, {_MANY_LETTERS}))"


TOKENS: Final = rf"""
    {_TEXT} AS text,
    replaceRegexpAll(text, {_BLOB}, ' ') AS rest,
    arrayStringConcat(arrayMap(part -> substring(part, 2), splitByChar(unhex('FF'), concat(' ', text)))) AS unmarked,
    arrayJoin(arrayConcat(
        extractAll(rest, {_MANY_LETTERS}),
        if(length(rest) < length(text), arrayConcat(
            arrayFilter(run -> NOT match(run, '[^A-Za-z]'), extractAll(text, {_BLOB})),
            {_counted(_WORD, f">= {_PICTURE}")},
            {_counted(_NAME, f"< {_PICTURE}")}), []),
        if(lengthUTF8(unmarked) < length(unmarked), extractAll(text, {_MANY_OTHERS}), []),
        if(position(text, '\\u') > 0, extractAll(text, {_MANY_ESCAPED}), []),
        if(position(text, '%') > 0, extractAll(text, {_MANY_PERCENT}), []),
        if(isValidUTF8(unmarked), [], arrayConcat(['!'], arrayMap(bytes -> concat('!', bytes),
            extractAll(convertCharset(lower(text), 'latin1', 'utf-8'), '{_HIGH}{_LOW}{_HIGH}{_LOW}+')))))) AS token"""
"""What numbers are made of, as SQL over `entries`, a row each: a run of letters, of other characters, of escapes. Ids
that are left out of bodies (see `bodies`) are among the references, and nothing but a sign stands around them.
"""

_PAIR = f"{_PAIRS} + xxHash32(pair) % {_END - _PAIRS}"
_LETTER = "bitShiftLeft(bitAnd(bitShiftRight(reinterpretAsUInt32(four), {0}), 31), {1})"
_FOUR = " + ".join(_LETTER.format(8 * place, 5 * place) for place in range(4))

NUMBERS: Final = rf"""multiIf(
        token = '!', [toUInt32({FOREIGN})],
        startsWith(token, '!'), arrayMap(pair -> {_PAIR}, arrayFilter(
            two -> match(two, '^{_HIGH}{_LOW}{_HIGH}'), ngrams(substring(token, 2), 4))),
        startsWith(token, '%'), arrayFlatten(arrayMap(
            run -> arrayMap(pair -> {_PAIR}, ngrams(run, 2)), extractAll(decodeURLComponent(token), {_MANY_OTHERS}))),
        startsWith(token, '\\'), arrayMap(pair -> {_PAIR}, arrayFilter(pair -> pair != '', arrayMap(
            two -> JSONExtractString(concat('"', two, '"')),
            arrayFilter(two -> startsWith(two, '\\'), ngrams(token, 12))))),
        token < unhex('80'), arrayMap(four -> toUInt32({_FOUR}), ngrams(lower(token), 4)),
        arrayMap(pair -> {_PAIR}, ngrams(token, 2)))"""
"""The numbers of a `token`, as SQL."""
