"""The charset of a body: what is declared, unless the bytes refuse it; else what the bytes read like."""

from __future__ import annotations

import pytest

from apitrail.profiles.charset import charset_of, text_of

CHINESE = "查無此單號，請確認訂單資料是否正確。收件人地址：台北市信義區市府路"
SIMPLIFIED = "订单不存在，请检查收货地址和电话号码是否正确。"
JAPANESE = "ご注文の商品は発送されました。お届け先の住所をご確認ください。"
KOREAN = "주문을 찾을 수 없습니다. 배송지 주소를 확인해 주세요."


@pytest.mark.parametrize(
    ("text", "encoding", "detected"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "big5", "big5"),
        ("查無此單號", "big5", "big5"),
        ("<html><body>系統忙碌中，請稍後再試</body></html>", "big5", "big5"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (KOREAN, "cp949", "euc-kr"),
        ("エラー", "shift_jis", "shift_jis"),
        ("Adresse ungültig: Straße fehlt", "latin-1", "windows-1252"),
        ("código inválido", "cp1252", "windows-1252"),
        (CHINESE, "utf-8-sig", "utf-8"),
        (CHINESE, "utf-16", "utf-16"),
        ("plain", "ascii", "utf-8"),
    ],
)
def test_undeclared_text_is_told_by_its_bytes(text: str, encoding: str, detected: str) -> None:
    body = text.encode(encoding)
    assert charset_of(body, None) == detected
    assert text_of(body, charset_of(body, None)) == text


@pytest.mark.parametrize(
    ("body", "content_type", "charset"),
    [
        (CHINESE.encode("big5"), "text/html; charset=BIG5", "big5"),
        (CHINESE.encode("big5"), 'text/html; boundary=x; charset="big5"', "big5"),
        ("ü".encode("latin-1"), "text/plain; charset=ISO-8859-1", "iso-8859-1"),
        (b'<?xml version="1.0" encoding="Big5"?><a>' + CHINESE.encode("big5") + b"</a>", "text/xml", "big5"),
        (b'<html><meta charset="shift_jis">' + JAPANESE.encode("shift_jis"), "text/html", "shift_jis"),
        (CHINESE.encode("gbk"), "text/plain; charset=gb2312", "gb18030"),
        (b"plain", "text/plain; charset=windows-1252", "windows-1252"),
    ],
)
def test_a_declared_charset_is_believed(body: bytes, content_type: str, charset: str) -> None:
    assert charset_of(body, content_type) == charset


def test_a_declaration_that_the_bytes_refuse_is_not_believed() -> None:
    assert charset_of(CHINESE.encode("big5"), "application/json; charset=utf-8") == "big5"


def test_a_charset_that_nobody_knows_is_not_believed() -> None:
    assert charset_of(CHINESE.encode(), "text/plain; charset=klingon") == "utf-8"
    assert charset_of(CHINESE.encode(), "text/plain; charset=base64") == "utf-8"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7\nhello", "application/pdf"),
        (b"%PDF-1.7\nhello", None),
        (b"\x89PNG\r\n\x1a\n\x00\x00", None),
        (b"\xff\xd8\xff\xe0rest", "text/plain"),
        (b"PK\x03\x04\xff\xff", "application/octet-stream"),
        (b"\x00\x01\x02\x03", None),
        (b"\xf0\x01binary\x02", "image/tiff"),
        (b"", "text/plain"),
    ],
)
def test_binary_bodies_have_no_charset(body: bytes, content_type: str | None) -> None:
    assert charset_of(body, content_type) is None


def test_a_character_cut_off_by_the_sample_does_not_count() -> None:
    body = b"a" + ("字" * 40_000).encode()
    assert charset_of(body, None) == "utf-8"


def test_text_in_no_charset_at_all_is_latin() -> None:
    assert charset_of(b"caf\xe9", "text/plain") == "windows-1252"
    assert charset_of(b"\x80\xff caf\xe9 \xff", "text/plain") == "iso-8859-1"
