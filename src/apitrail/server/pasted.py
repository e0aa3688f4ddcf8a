"""Numbers as people paste them: with a label, `#`, the spaces that labels print them with, in full-width letters; and
several at once, in a line or as a column of a spreadsheet.

A label (`訂單編號：260101ABC`, `Order no. 260101ABC`) is taken off only where a number follows, and only a word that is
known to name one: any other word is looked for as it stands. So is a number, in the width in which it was pasted: the
log may have it so, and the store looks for it in half width too.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from apitrail.store.widths import folded, half

MOST = 50
"""Numbers that are looked for at once."""

_CHINESE = (
    "(?:電商|平台|外部|原始)?(?:訂單|订单)(?:編號|编号|單號|单号|號碼|号码|號|号)?",
    "(?:物流|貨運|货运|快遞|快递|宅配|配送|託運|托運|托运|出貨|出货|寄件|取貨|取货|退貨|退货|包裹|查件|查詢)"
    "(?:單號|单号|單|单|編號|编号|號碼|号码|代碼)(?:號碼|号码|號|号)?",
    "(?:追蹤|追踪|運單|运单|發票|发票|商品|產品)(?:編號|编号|號碼|号码|單號|单号|碼|號|号)",
    "(?:單號|单号|編號|编号|貨號|货号|品號|料號)",
)
_ENGLISH = (
    r"(?:sales\s+|purchase\s+|customer\s+)?order|p\.?o\.?|tracking|shipment|parcel|package|label|waybill|awb"
    r"|consignment|invoice|sku|item|return|rma|ref(?:erence)?"
)
_NUMBERED = r"(?:numbers?|num|no|nr|id|code)\b\.?"
_ANY = r"(?=[0-9A-Za-z._/-]*[0-9])"
"""What follows is a number, and be it a short one: what stands before it says that it is one."""
_LONG = r"(?=(?=[^\s]*[0-9])[0-9A-Za-z._/-]{6,})"
"""What follows is a number for its own looks: a mere space stands before it."""
_LABEL = re.compile(
    rf"(?<![^\s,;(])(?P<off>"
    rf"(?:{'|'.join(_CHINESE)})\s*(?:是|為)?\s*[:#]?\s*#?{_ANY}"
    rf"|(?:{_ENGLISH})\b(?:\s*{_NUMBERED}\s*[:#]?\s*#?\s*{_ANY}|\s*#\s*{_ANY}|:\s+#?\s*{_ANY}|\s+{_LONG})"
    rf")",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\n\r\t,;、|，；｜]+")
"""What parts one number from the next for certain."""
_WORDS = re.compile(r"[\s,;、|，；｜]+")
_AROUND = "#.:「」'\"＃．：＇＂"


class Numbers(Struct, frozen=True):
    """What was pasted."""

    each: tuple[str, ...] = ()
    """Number by number, each once."""
    whole: str = ""
    """All of it in one, where spaces alone stand between the pieces: they may be one number's."""

    def __bool__(self) -> bool:
        return bool(self.each)

    @property
    def candidates(self) -> tuple[str, ...]:
        """All that can be looked for."""
        return tuple(dict.fromkeys((self.whole, *self.each) if self.whole else self.each))

    def not_in(self, found: Callable[[str], bool]) -> tuple[str, ...]:
        """Those that are not found. None where the pieces are found as one; that one where it looks like one number,
        in the groups that labels print, and none of them is found.
        """
        if self.whole and found(self.whole):
            return ()
        missing = tuple(one for one in self.each if not found(one))
        grouped = bool(self.whole) and " " not in self.whole
        return (self.whole,) if grouped and len(missing) == len(self.each) else missing


def same(number: str) -> str:
    """What two ways to write one number have in common: case and width of letters, and a `#` before it."""
    return folded(number).casefold().removeprefix("#")


def without(text: str, pattern: re.Pattern[str]) -> str:
    """The text without what the pattern, which is for half width, finds to be `off`."""
    pieces, at = [], 0
    for match in pattern.finditer(half(text)):
        pieces.append(text[at : match.start("off")])
        at = match.end("off")
    return "".join((*pieces, text[at:]))


def unlabelled(line: str) -> str:
    """The line without the labels of its numbers. What stands in quotes stays as it is."""
    parts = line.split('"')
    parts[::2] = [without(part, _LABEL) for part in parts[::2]]
    return '"'.join(parts)


def number(text: str) -> str:
    """One number, without all that."""
    plain = unlabelled(text.strip())
    plain = plain[1:].strip() if plain[:1] in ("#", "＃") else plain
    return spaced(plain) or plain


def numbers(text: str) -> Numbers:
    """Each number of a line or a column. Words between them, such as *and*, are no numbers."""
    parts = pieces(text, by=_BETWEEN)
    each = tuple(dict.fromkeys(one for part in parts for one in _each(part, several=len(parts) > 1)))
    return Numbers(each, number(parts[0]) if len(parts) == 1 and len(each) > 1 else "")


def pieces(text: str, *, by: re.Pattern[str] = _WORDS) -> list[str]:
    """What stands between commas, spaces and the like; without labels."""
    return [part for one in by.split(unlabelled(text)) if (part := one.strip())]


def _each(part: str, *, several: bool) -> list[str]:
    """`several`: it stands beside others, so that spaces within it are those of a label."""
    if several and (one := spaced(part)):
        return [one]
    words = [_bare(word) for word in part.split()]
    numbered = [word for word in words if any(char.isdigit() for char in word)]
    if len(numbered) > 1:
        return numbered
    one = _bare(number(part))
    return [one] if one else []


def _bare(word: str) -> str:
    """Without the signs around it. A bracket whose other one is within the word belongs to it: 1001(補)."""
    bare = word.strip(_AROUND)
    plain = half(bare)
    for begin, end in ("()", "[]"):
        if plain.startswith(begin):
            closed = _closed(plain, begin, end)
            bare = bare[1:-1] if closed == len(plain) - 1 else bare if closed else bare[1:]
        elif plain.endswith(end) and plain.count(end) > plain.count(begin):
            bare = bare[:-1]
    return bare if bare == word else _bare(bare)


def _closed(word: str, begin: str, end: str) -> int:
    """Where the bracket that the word begins with is closed; 0 where it is not."""
    open_ones = 0
    for place, char in enumerate(word):
        open_ones += (char == begin) - (char == end)
        if not open_ones:
            return place
    return 0


def spaced(line: str) -> str:
    """An id pasted with the spaces that labels print it with, such as 9400 1000 0000 or 1Z 999 AA1 01; else empty.

    Groups such as 21345 21346 21347 or 5123 5124 5125 are several order numbers.
    """
    groups = half(line).removeprefix("#").split()
    joined = "".join(groups)
    if len(groups) < 3 or len(joined) < 9 or not all(re.fullmatch("[0-9A-Z]{1,6}", group) for group in groups):
        return ""
    if _alike(groups):
        return ""
    letters = [group for group in groups if group.isalpha()]
    return joined if sum(map(str.isdigit, joined)) * 3 >= len(joined) * 2 and all(map(_short, letters)) else ""


def _alike(groups: list[str]) -> bool:
    """Several numbers of one series rather than one in groups: all as long, and long, or of one beginning."""
    length = len(groups[0])
    if any(len(group) != length for group in groups) or len(set(groups)) < len(groups):
        return False
    return length > 4 or (length == 4 and len({group[0] for group in groups}) == 1)


def _short(group: str) -> bool:
    return len(group) < 3
