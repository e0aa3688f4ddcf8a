"""A number as people paste it: with its label, `#`, the spaces that labels print it with, in full-width letters.

A label (`訂單編號：260101ABC`, `Order no. 260101ABC`) is taken off only where a number follows, and only a word that is
known to name one: any other word is looked for as it stands.
"""

from __future__ import annotations

import re
from unicodedata import normalize

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
    rf"(?<![^\s,;(])(?:"
    rf"(?:{'|'.join(_CHINESE)})\s*(?:是|為)?\s*[:#]?\s*#?{_ANY}"
    rf"|(?:{_ENGLISH})\b(?:\s*{_NUMBERED}\s*[:#]?\s*#?\s*{_ANY}|\s*#\s*{_ANY}|:\s+#?\s*{_ANY}|\s+{_LONG})"
    rf")",
    re.IGNORECASE,
)


def unlabelled(line: str) -> str:
    """The line, normalised (NFKC) before, without the labels of its numbers. What stands in quotes stays as it is."""
    parts = line.split('"')
    parts[::2] = [_LABEL.sub("", part) for part in parts[::2]]
    return '"'.join(parts)


def number(text: str) -> str:
    """One number, without all that."""
    plain = unlabelled(normalize("NFKC", text).strip()).removeprefix("#").strip()
    return spaced(plain) or plain


def spaced(line: str) -> str:
    """An id pasted with the spaces that labels print it with, such as 9400 1000 0000 or 1Z 999 AA1 01; else empty."""
    groups = line.removeprefix("#").split()
    joined = "".join(groups)
    if len(groups) < 3 or len(joined) < 9 or not all(re.fullmatch("[0-9A-Z]{1,6}", group) for group in groups):
        return ""
    letters = [group for group in groups if group.isalpha()]
    return joined if sum(map(str.isdigit, joined)) * 3 >= len(joined) * 2 and all(map(_short, letters)) else ""


def _short(group: str) -> bool:
    return len(group) < 3
