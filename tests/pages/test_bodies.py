"""Bodies are shown as what they are, whatever was declared of them, and never as more than text."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from apitrail.entry import Payload
from apitrail.server.pages import bodies
from apitrail.server.pages.bodies import html, json, text, xml
from apitrail.server.pages.bodies.content import FIRST, LAID_OUT, Content
from apitrail.server.pages.bodies.place import BadPlace, Place
from apitrail.server.pages.bodies.visible import FOLD_BEGINS

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
TAG = re.compile(r"<[^>]*>")


def shown(data: bytes | str, content_type: str = "", charset: str | None = "utf-8", **more: object) -> bodies.Rendered:
    body = data.encode() if isinstance(data, str) else data
    payload = Payload(body=body, content_type=content_type, charset=charset, size=len(body), **more)  # type: ignore[arg-type]
    return bodies.render(Content.of(payload, link="/body"))


def plain(html: Markup | None) -> str:
    """What a reader sees and copies: without what stands beside the text."""
    assert html is not None
    return unescape(TAG.sub("", re.sub(r'<span class="gloss".*?</span>', "", html)))


EXAMPLES = [
    ("json", '{"a": 1}', "application/json", "utf-8"),
    ("json", '[{"a": 1}]', "application/vnd.api+json", "utf-8"),
    ("json", '\ufeff{"RtnCode": "1"}', "text/html", "utf-8"),
    ("xml", "<order><id>1</id></order>", "application/xml", "utf-8"),
    ("xml", '<?xml version="1.0"?><a/>', "text/html", "utf-8"),
    ("soap", '<s:Envelope xmlns:s="x"><s:Body/></s:Envelope>', "text/xml", "utf-8"),
    ("html", "<!DOCTYPE html><html><body>down</body></html>", "application/json", "utf-8"),
    ("html", "<p>Maintenance</p>", "text/html; charset=utf-8", "utf-8"),
    ("form", "a=1&b=2", "application/x-www-form-urlencoded", "utf-8"),
    ("form", "RtnCode=1&RtnMsg=OK", "text/html", "utf-8"),
    ("text", "1|OK", "text/html", "utf-8"),
    ("text", "[INFO] not json", "text/plain", "utf-8"),
    ("zpl", "^XA^FO50,50^FDLabel^FS^XZ", "application/octet-stream", "utf-8"),
    ("png", PNG, "application/json", None),
    ("jpeg", b"\xff\xd8\xff\xe0" + bytes(20), "image/png", None),
    ("gif", b"GIF89a" + bytes(20), "", None),
    ("pdf", b"%PDF-1.7\n...", "application/octet-stream", None),
    (
        "multipart",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
        "multipart/form-data; boundary=x",
        None,
    ),
    ("binary", bytes(range(256)), "application/octet-stream", None),
    ("empty", b"", "application/json", None),
]


@pytest.mark.parametrize(("form", "data", "content_type", "charset"), EXAMPLES)
def test_a_body_is_shown_as_what_it_is(form: str, data: bytes | str, content_type: str, charset: str | None) -> None:
    assert shown(data, content_type, charset).form == form


def test_every_view_has_an_example() -> None:
    of_images = {"png", "jpeg", "gif"}
    shown_forms = {form for form, *_ in EXAMPLES}
    assert {view.form for view in bodies.VIEWS} - {"image"} <= shown_forms
    assert of_images <= shown_forms


@pytest.mark.parametrize(
    "number", ["6917529027641081856123", "1.10", "1e400", "-0", "0.1000000000000000055511151231257827", "NaN"]
)
def test_numbers_keep_every_digit(number: str) -> None:
    assert f'id&#34;</span>: <span class="n">{number}</span>' in str(
        shown(f'{{"id":{number}}}', "application/json").pretty
    )


def test_duplicate_keys_and_escapes_stay_as_sent() -> None:
    sent = r'{"b":1,"a":2,"a":"\u5730\u5740 \/ \ud83d\ude00"}'
    pretty = plain(shown(sent, "application/json").pretty)
    assert re.sub(r"\s", "", pretty) == re.sub(r"\s", "", sent)


def test_escaped_text_is_readable_beside_itself() -> None:
    pretty = str(shown(r'{"note":"\u5730\u5740"}', "application/json").pretty)
    assert r"\u5730\u5740" in pretty
    assert "地址" in pretty


@pytest.mark.parametrize(
    ("cut", "indented"),
    [
        ('{"a": [1, {"b": "unfin', '{\n  "a": [\n    1,\n    {\n      "b": "unfin'),
        ('{"a": 1}}]', '{\n  "a": 1\n}\n}\n]'),
        ('{"a" 1 "b"}', '{\n  "a"1"b"\n}'),
    ],
)
def test_broken_json_is_indented_as_far_as_it_goes(cut: str, indented: str) -> None:
    rendered = shown(cut, "application/json")
    assert plain(rendered.pretty) == indented
    assert rendered.notes[0][0] == "bodies.note.invalid_json"


def test_a_cut_body_is_not_called_invalid() -> None:
    assert shown('{"a": [1, 2', "application/json", truncated=True).notes == []


def test_lines_of_json_are_shown_one_below_the_other() -> None:
    assert plain(shown('{"a":1}\n{"a":2}\n', "application/x-ndjson+json").pretty) == '{\n  "a": 1\n}\n{\n  "a": 2\n}'


@given(st.text(alphabet=st.sampled_from('{}[]:,"\\ \n\tabc01.-é\ufeff'), max_size=60))
def test_no_character_of_json_is_lost_or_made_up(sent: str) -> None:
    assert "".join(json.TOKEN.findall(sent)) == sent
    kept = re.sub(r"[\s\ufeff]", "", plain(Markup("").join(map(Markup, json.markup(sent)))))
    assert kept.replace("U+FEFF", "") == re.sub(r"[\s\ufeff]", "", sent)


@given(st.text(alphabet=st.sampled_from("<>/!?-[]\"'= \nabCDAT&;é"), max_size=60))
def test_no_character_of_xml_is_lost_or_made_up(sent: str) -> None:
    assert "".join(xml.TOKEN.findall(sent)) == sent
    kept = re.sub(r"\s", "", plain(Markup("").join(map(Markup, xml.markup(sent)))))
    assert kept == re.sub(r"\s", "", sent)


def test_deep_json_is_not_blown_up_by_its_own_indentation() -> None:
    deep = "[" * 20_000 + "]" * 20_000
    assert len(str(shown(deep, "application/json").pretty)) < 100 * len(deep)


def test_xml_is_indented_and_its_texts_kept() -> None:
    sent = '<?xml version="1.0"?><a x="1"><b> two  words </b><c/><d></d><e><![CDATA[<f>&]]></e></a>'
    assert plain(shown(sent, "text/xml").pretty) == (
        '<?xml version="1.0"?>\n<a x="1">\n  <b> two  words </b>\n  <c/>\n  <d></d>\n  <e><![CDATA[<f>&]]></e>\n</a>'
    )


def test_hostile_xml_expands_nothing() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "&x;&x;">]><a>&y;</a>'
    assert "<a>&y;</a>" in plain(shown(bomb, "text/xml").pretty)


@pytest.mark.parametrize("hostile", ["<!--" * 20_000, "<a " + 'b="' * 20_000, "<" * 40_000, "<![CDATA[" * 20_000])
def test_unfinished_markup_takes_no_longer_than_its_length(hostile: str) -> None:
    assert len("".join(xml.TOKEN.findall(hostile))) == len(hostile)


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "text/xml", "text/plain", ""])
@pytest.mark.parametrize("wrapped", ["{0}", '{{"a": "{0}"}}', "<b c='{0}'>{0}</b>", "a={0}&b={0}"])
def test_markup_in_a_body_stays_text(content_type: str, wrapped: str) -> None:
    rendered = shown(wrapped.format("<script>alert(1)</script><img src=x onerror=alert(1)>"), content_type)
    values = [field.value for field in rendered.fields or []]
    html = "".join(str(part) for part in (rendered.pretty, rendered.raw, *values) if part is not None)
    assert set(re.findall(r"<(/?\w+)", html)) <= {"span", "/span"}


def test_what_hides_text_is_drawn() -> None:
    rendered = shown("pay \u202egnp.exe \x00\u200b", "text/plain", charset="utf-8")
    assert plain(rendered.raw) == "pay U+202Egnp.exe U+0000U+200B"


def test_charsets_are_read_as_declared() -> None:
    assert plain(shown("台北市信義區".encode("big5"), "text/plain", "big5").raw) == "台北市信義區"
    fields = shown("addr=%A5x%A5_", "application/x-www-form-urlencoded", "big5").fields
    assert fields is not None
    assert fields[0].value == "台北"


def test_bytes_that_do_not_fit_are_counted() -> None:
    rendered = shown(b"caf\xe9", "text/plain", "utf-8")
    assert plain(rendered.raw) == "caf\ufffd"
    assert rendered.notes == [("bodies.note.undecodable", {"count": 1, "charset": "utf-8"})]


def test_form_fields_keep_order_and_repetition() -> None:
    fields = shown("b=2&a=1&a=%3Cb%3E+x&empty=", "application/x-www-form-urlencoded").fields
    assert fields is not None
    assert [(field.name, str(field.value)) for field in fields] == [
        ("b", "2"),
        ("a", "1"),
        ("a", "&lt;b&gt; x"),
        ("empty", ""),
    ]


def test_parts_of_a_multipart_body_are_listed() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--x\r\nContent-Disposition: form-data; name="label"; filename="l.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%PDF-1.4 binary\r\n--x--\r\n"
    )
    fields = shown(body, 'multipart/form-data; boundary="x"', None).fields
    assert fields is not None
    assert [(field.name, str(field.value), field.detail) for field in fields] == [
        ("note", "hello", "5 B"),
        ("label", "", "l.pdf, application/pdf, 15 B"),
    ]


def in_pieces(sent: str, most: int, layout: Any = json.layout) -> list[str]:
    """The layout in pieces, each begun at the place where the one before ended, written for a URL and read again."""
    found, at = [], Place()
    while True:
        pieces, rest = layout(sent, at, most)
        found.append("".join(pieces))
        if rest is None:
            return found
        assert rest.offset > at.offset
        at = Place.decode(rest.encode())


@given(st.text(alphabet='{}[]:,"\\ ab1\n', max_size=60), st.integers(1, 20))
def test_json_in_pieces_is_laid_out_as_in_one(sent: str, most: int) -> None:
    whole, pieces = "".join(json.markup(sent)), in_pieces(sent, most)
    assert "".join(plain(Markup(one)) for one in pieces) == plain(Markup(whole))
    assert "".join(pieces).count(FOLD_BEGINS) == whole.count(FOLD_BEGINS)
    for one in pieces:
        assert one.count('<span class="') == one.count("</span>")


@given(st.lists(st.sampled_from(["<a>", "</a>", "<b c='>'>", "</b>", "<d/>", "x y", " ", "<!--", "-->", "\ufeff"])))
def test_xml_in_pieces_is_laid_out_as_in_one(tokens: list[str]) -> None:
    sent = "".join(tokens)
    whole = "".join(xml.markup(sent))
    for most in (1, 5, 20):
        pieces = in_pieces(sent, most, xml.layout)
        assert "".join(plain(Markup(one)) for one in pieces) == plain(Markup(whole))
        assert "".join(pieces).count(FOLD_BEGINS) == whole.count(FOLD_BEGINS)
        for one in pieces:
            assert one.count('<span class="') == one.count("</span>")


@pytest.mark.parametrize("text_of_it", ["ab " * 9000, f"<![CDATA[{'<x>]]' * 9000}]]>"], ids=["text", "data"])
@pytest.mark.parametrize("around", ["<a><b>{}</b><c>1</c></a>", "<a>{}<c>1</c></a>", "<a><b>{}"])
@pytest.mark.parametrize("most", [701, 4000])
def test_a_text_of_megabytes_in_xml_is_cut_within_and_goes_on(text_of_it: str, around: str, most: int) -> None:
    sent = around.format(text_of_it)
    pieces = in_pieces(sent, most, xml.layout)
    assert len(pieces) > 5
    shown = re.sub(r"\s+", " ", "".join(plain(Markup(one)) for one in pieces))
    whole = re.sub(r"\s+", " ", plain(Markup("".join(xml.markup(sent)))))
    assert shown.replace(" <", "<").rstrip() == whole.replace(" <", "<").rstrip()


@given(st.text(alphabet="<>ab \n\"'!-", max_size=60), st.integers(1, 20))
def test_text_and_html_in_pieces_are_what_was_sent(sent: str, most: int) -> None:
    assert "".join(plain(Markup(one)) for one in in_pieces(sent, most, html.layout)) == sent
    at, shown = Place(), ""
    while True:
        pretty, raw, rest = text.piece(sent, at, most)
        assert pretty is None
        shown += plain(raw)
        if rest is None:
            break
        assert rest.offset > at.offset
        at = rest
    assert shown == sent


@pytest.mark.parametrize("content_type", ["text/xml", "text/plain", "text/html", "application/x-ndjson"])
def test_megabytes_of_any_text_open_in_part(content_type: str) -> None:
    line = {"text/xml": "<a><b>1</b></a>", "application/x-ndjson": '{"a": 1}'}.get(content_type, "a line of a text")
    sent = (
        "<html>" if content_type == "text/html" else "<r>" if content_type == "text/xml" else ""
    ) + f"{line}\n" * 99_000
    rendered = shown(sent, content_type)
    assert rendered.rest is not None
    assert rendered.more > len(sent) - 2 * FIRST
    found = bodies.piece(Content(data=sent.encode(), content_type=content_type, charset="utf-8"), rendered.rest, 5000)
    assert found is not None
    pretty, raw, rest = found
    assert sent[rendered.rest.offset :].startswith(plain(raw))
    assert (pretty is None) == (content_type == "text/plain")
    assert rest is not None


def test_a_string_of_megabytes_is_cut_within_and_goes_on() -> None:
    sent = '{"label": "' + "ab\\" * 50_000 + '", "last": [1]}'
    pieces = in_pieces(sent, 20_000)
    assert len(pieces) > 5
    assert "".join(plain(Markup(one)) for one in pieces) == plain(Markup("".join(json.markup(sent))))


@pytest.mark.parametrize(
    "text", ["", "1", "1.2.3.4", "-1.0.0.0.0", "1.0.5.0.0", "1.0.0.999.0", "9999999999.0.0.0.0", "a.b.c.d.e"]
)
def test_a_place_that_was_not_made_here_is_refused(text: str) -> None:
    with pytest.raises(BadPlace):
        Place.decode(text)


def test_a_long_body_says_how_much_is_not_shown() -> None:
    long = '{"a": "' + "x" * FIRST + '"}'
    assert shown(long, "application/json").more == len(long) - FIRST
    whole = bodies.render(Content(data=long.encode(), content_type="application/json", charset="utf-8", whole=True))
    assert whole.more == 0


def test_a_body_of_megabytes_is_laid_out_in_part_and_raw_in_full() -> None:
    long = "[" + ",".join(["1"] * LAID_OUT) + "]"
    whole = bodies.render(Content(data=long.encode(), content_type="application/json", charset="utf-8", whole=True))
    assert plain(whole.raw) == long
    assert len(plain(whole.pretty).split()) <= LAID_OUT
    assert ("bodies.note.laid_out", {"count": f"{LAID_OUT:,}"}) in whole.notes


def test_a_view_that_fails_leaves_the_raw_text_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Content) -> bodies.Rendered:
        raise ZeroDivisionError

    monkeypatch.setattr(json, "render", broken)
    rendered = shown('{"a": 1}', "application/json")
    assert rendered.form == text.form
    assert rendered.raw == "{&#34;a&#34;: 1}"
    assert rendered.notes == [("bodies.note.raw_only", {})]


@given(
    st.binary(max_size=200),
    st.sampled_from(["application/json", "text/xml", "text/html", "multipart/x; boundary=a", ""]),
)
def test_no_bytes_break_the_page(data: bytes, content_type: str) -> None:
    for charset in (None, "utf-8", "big5", "utf-16", "no-such-charset"):
        rendered = shown(data, content_type, charset)
        assert ("bodies.note.raw_only", {}) not in rendered.notes


@pytest.mark.parametrize("render", [json.markup, xml.markup])
@pytest.mark.parametrize("sent", ["[[{", "}}]]", '{"a":[1}]', "<a><b>", "</b></a>", "<a><b/></c></a>" * 50, "[" * 500])
def test_every_fold_that_begins_ends_whatever_the_brackets_do(render: Any, sent: str) -> None:
    html = "".join(render(sent))
    assert html.count("<span") == html.count("</span>")
    depth = 0
    for tag in re.findall("</?span", html):
        depth += 1 if tag == "<span" else -1
        assert depth >= 0
    assert html.count(FOLD_BEGINS) <= 50


def test_a_label_of_text_tells_its_size() -> None:
    rendered = shown("^XA^PW812^LL1218^FO20,20^FDTo^FS^XZ", "application/zpl")
    assert rendered.form == "zpl"
    assert rendered.notes == [("bodies.note.zpl", {"width": "812", "height": "1,218", "mm": "102 × 152"})]
    assert shown("^XA^FDTo^FS^XZ", "application/zpl").notes == []
