"""In which characters a body is written: declared, marked, or told by its bytes. Bodies are never altered by this.

Order: a byte order mark; the declaration (Content-Type, XML declaration, HTML meta) unless the bytes refuse it; then
strict decoding, UTF-8 first, then Western letters that stand alone among ASCII, then the East Asian encodings by how
plausible their result reads.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

SAMPLE = 64 * 1024
"""How much of a body is looked at, in bytes."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MAGIC = (b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"II*\x00", b"MM\x00*", b"RIFF")
_BINARY_TYPES = ("image/", "audio/", "video/", "font/")
_BINARY_NAMES = frozenset({"application/pdf", "application/zip", "application/gzip", "application/x-protobuf"})
_IN_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_IN_HTML = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "hz", "ascii": "utf-8", "euc_kr": "cp949"}
_SPELLED = {"big5hkscs": "big5-hkscs", "iso8859-1": "iso-8859-1", "cp1252": "windows-1252"}
# Characters that running text is full of. They tell Big5 from GB 18030: either often decodes the other.
_COMMON = frozenset(
    "的一是不了人我在有他這为為大來来以個个中上們们到說说國国和地也子時时道出而要於于就下得可你年生自會会那後后能對对着事其里所去行"
    "過过家十用發发天如然作方成者多日都三小軍军二無无同請请單单號号訂订貨货送運运物流商品店門门市區区路街段巷弄樓楼室縣县省數数量"
    "台北新高雄南東西名稱称地址電电話话手機机錯误誤失敗败功資资料系統统查詢询付款取消退回件收寄日期時间間已未完成狀态態代碼码"
)


@lru_cache(maxsize=512)
def media_type(content_type: str) -> tuple[str, str | None]:
    """The media type in lower case, and the declared charset as Python knows it."""
    name, _, rest = content_type.partition(";")
    declared = None
    for parameter in rest.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            declared = known(value.strip(" \t\"'"))
    return name.strip().lower(), declared


@lru_cache(maxsize=256)
def known(name: str) -> str | None:
    """The name of a text encoding, or None for what Python has no encoding for."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    if not info._is_text_encoding:
        return None
    plain = _SUPERSETS.get(info.name, info.name)
    return _SPELLED.get(plain, plain).replace("_", "-" if plain.startswith("utf") else "_")


def charset_of(body: bytes, content_type: str | None) -> str | None:
    """The charset of a body (`utf-8`, `big5`, `gb18030`, `shift_jis`, …); None where it is not text, or empty."""
    if not body:
        return None
    kind, declared = media_type(content_type) if content_type else ("", None)
    if body.isascii() and b"\x00" not in body and body[:4] != b"%PDF":
        return declared or "utf-8"
    if kind in _BINARY_NAMES or (kind.startswith(_BINARY_TYPES) and not kind.endswith("xml")):
        return None
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    if declared is not None and declared.startswith(("utf-16", "utf-32")):
        return declared
    if body.startswith(_MAGIC) or _is_binary(body):
        return None
    declared = declared or _declared_inside(body)
    if declared is not None and _decodes(body, declared):
        return declared
    return _detected(body) or declared or ("iso-8859-1" if kind.startswith("text/") else None)


def text_of(body: bytes, charset: str | None) -> str:
    """The body as text, for rules to look at: undecodable bytes become U+FFFD, a byte order mark goes."""
    return body.decode(charset or "utf-8", "replace").lstrip("\ufeff")


def _is_binary(body: bytes) -> bool:
    """Control characters that no text holds."""
    head = body[:SAMPLE]
    return len(head.translate(None, _CONTROLS)) < len(head)


def _declared_inside(body: bytes) -> str | None:
    head = body[:1024]
    found = _IN_XML.search(head) or _IN_HTML.search(head)
    return known(found[1].decode("ascii")) if found else None


def _decodes(body: bytes, charset: str) -> bool:
    """Whether the sample is whole in that charset; a character cut off at the sample's end does not count."""
    try:
        if len(body) <= SAMPLE:
            body.decode(charset)
        else:
            codecs.getincrementaldecoder(charset)("strict").decode(body[:SAMPLE])
    except (UnicodeError, ValueError, LookupError):
        return False
    return True


def _detected(body: bytes) -> str | None:
    if _decodes(body, "utf-8"):
        return "utf-8"
    if _is_western(body):
        return "windows-1252"
    best, best_score = None, 0.0
    for name in ("big5", "gb18030", "shift_jis", "cp949", "cp950"):
        if _decodes(body, name):
            score = _plausible(codecs.getincrementaldecoder(name)("strict").decode(body[:SAMPLE]), name)
            if score > best_score:
                best, best_score = name, score
    return {"cp950": "big5", "cp949": "euc-kr"}.get(best, best) if best else None


def _is_western(body: bytes) -> bool:
    """Whether all that is not ASCII are letters such as ü and é, each between ASCII. East Asian encodings would take
    the next letter into a rare character; what they write themselves has bytes beyond ASCII side by side, or lower.
    """
    return all(len(run) == 1 and run >= b"\xc0" for run in _BEYOND_ASCII.findall(body[:SAMPLE]))


def _plausible(text: str, name: str) -> float:
    """From 0 to 1 and a little more: how much of what is not ASCII reads like the language of that charset."""
    foreign = [letter for letter in text if letter > "\x7f"]
    score = 0.0
    for letter in foreign:
        code = ord(letter)
        if letter in _COMMON:
            score += 1.0
        elif 0x3040 <= code <= 0x30FF:  # kana: Japanese, though Big5 and GB 18030 have them too
            score += 1.0 if name == "shift_jis" else 0.1
        elif 0xFF61 <= code <= 0xFF9F:  # half-width katakana: what Chinese looks like when read as Shift_JIS
            score += 0.05
        elif 0xAC00 <= code <= 0xD7A3:
            score += 0.6 if name == "cp949" else 0.0
        elif 0x4E00 <= code <= 0x9FFF:
            score += 0.4
        elif 0x3000 <= code <= 0x303F or 0xFF00 <= code <= 0xFF60:
            score += 0.5
        elif 0xE000 <= code <= 0xF8FF or code > 0xFFFF:
            score -= 1.0
    return score / len(foreign) if foreign else 0.0
