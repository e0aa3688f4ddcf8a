"""Every form of body becomes plain data; hostile and broken ones become little or nothing, safely."""

from __future__ import annotations

from typing import Any

import pytest

from apitrail.profiles.bodies import page_text, parse, parse_form, parse_json
from apitrail.profiles.charset import charset_of
from apitrail.profiles.markup import DEPTH, parse_xml, root_name


def read(body: bytes | str, content_type: str | None = None) -> tuple[str, Any]:
    data = body.encode() if isinstance(body, str) else body
    return parse(data, content_type, charset_of(data, content_type))


@pytest.mark.parametrize(
    ("body", "content_type", "form", "data"),
    [
        ('{"a": [1, 2.50, null]}', "application/json", "json", {"a": [1, "2.50", None]}),
        ('{"a": 1}', "text/html", "json", {"a": 1}),
        ('\ufeff{"a": 1}', "application/json", "json", {"a": 1}),
        ('{"a": NaN}', "application/json", "json", {"a": "NaN"}),
        (" \n [1] ", None, "json", [1]),
        ('"text"', "application/json", "json", "text"),
        ("null", "application/json", "json", None),
        ("a=1&b=%E5%AD%97&a=2", "application/x-www-form-urlencoded", "form", {"a": ["1", "2"], "b": "字"}),
        ("RtnCode=1&RtnMsg=OK", "text/html", "form", {"RtnCode": "1", "RtnMsg": "OK"}),
        ("1|OK", "text/html", "pipe", {"0": "1", "1": "OK"}),
        ("0|地址錯誤", None, "pipe", {"0": "0", "1": "地址錯誤"}),
        (
            "1|MerchantID=2000132&RtnCode=300",
            None,
            "pipe",
            {"0": "1", "1": {"MerchantID": "2000132", "RtnCode": "300"}},
        ),
        ("sku,qty\nA,1\nB,2\n", "text/csv", "csv", [{"sku": "A", "qty": "1"}, {"sku": "B", "qty": "2"}]),
        ("sku\tqty\nA\t1\n", "text/tab-separated-values", "csv", [{"sku": "A", "qty": "1"}]),
        ("Unauthorized", "text/plain", "text", "Unauthorized"),
        ("<h1>Not Found</h1>", "text/plain", "html", "<h1>Not Found</h1>"),
        ("<a><b x='1'>t</b></a>", "text/plain", "xml", {"a": {"b": {"@x": "1", "#text": "t"}}}),
        ("  \n", "text/plain", "empty", None),
        ("", None, "empty", None),
        (b"%PDF-1.4", None, "binary", None),
        ("{broken", "application/json", "text", "{broken"),
    ],
)
def test_a_form_is_told_by_its_bytes(body: str, content_type: str | None, form: str, data: Any) -> None:
    assert read(body, content_type) == (form, data)


def test_multipart_gives_the_data_of_each_part() -> None:
    body = (
        b'--b1\r\nContent-Type: application/json\r\nContent-ID: <jsonInfos>\r\n\r\n{"messages": [{"id": "0"}]}\r\n'
        b"--b1\r\nContent-Type: application/octet-stream\r\n\r\n%PDF-1.4\r\n"
        b'--b1\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--b1--\r\n'
    )
    form, data = read(body, 'multipart/mixed; boundary="b1"')
    assert form == "multipart"
    assert data == {"0": {"messages": [{"id": "0"}]}, "1": None, "note": "hello"}


def test_integers_are_exact_at_any_size() -> None:
    assert parse_json('{"id": 123456789012345678901234567890}') == {"id": 123456789012345678901234567890}
    assert read('{"id": ' + "7" * 5000 + "}")[1] == {"id": "7" * 5000}


def test_json_that_never_ends_its_nesting_is_left_unread() -> None:
    assert read("[" * 200_000)[0] == "text"
    assert parse_json('{"a":' * 100_000) is None


def test_xml_is_read_by_local_name() -> None:
    text = """<?xml version="1.0"?><soap:Envelope xmlns:soap="s"><soap:Body><v6:Reply xmlns:v6="v">
    <v6:Code>1</v6:Code><Code>2</Code></v6:Reply></soap:Body></soap:Envelope>"""
    data = parse_xml(text)
    assert data == {"Envelope": {"Body": {"Reply": {"Code": ["1", "2"]}}}}
    assert root_name(data) == "Reply"


def test_two_documents_in_one_body_are_both_read() -> None:
    data = parse_xml('<?xml version="1.0"?><Access><Key>k</Key></Access><?xml version="1.0"?><Ship><To/></Ship>')
    assert data == {"Access": {"Key": "k"}, "Ship": {"To": ""}}
    assert root_name(data) == "Ship"


def test_mixed_text_keeps_all_of_it() -> None:
    assert parse_xml("<a>one<b>two</b>three</a>") == {"a": {"#text": "onethree", "b": "two"}}


HOSTILE = {
    "billion laughs": '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>',
    "quadratic": '<!DOCTYPE l [<!ENTITY a "' + "x" * 10_000 + '">]><l>' + "&a;" * 10_000 + "</l>",
    "file": '<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><l>&f;</l>',
    "network": '<!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd"><l>&f;</l>',
    "parameter": '<!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]><l>t</l>',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_entity_is_ever_defined_or_fetched(text: str) -> None:
    assert "root:" not in str(parse_xml(text))
    assert len(str(parse_xml(text))) < 100


def test_depth_is_bounded() -> None:
    data: Any = parse_xml("<a>" * 100_000)
    depth = 0
    while isinstance(data, dict) and data:
        data = data.get("a")
        depth += 1
    assert depth <= DEPTH + 2


def test_a_broken_document_keeps_what_it_said_before() -> None:
    assert parse_xml("<r><code>26</code><message>no") == {"r": {"code": "26", "message": "no"}}


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<html><head><title>502 Bad Gateway</title></head><body><h1>502 <b>Bad</b></h1></body></html>", "502 Bad"),
        ("<title>A &amp; B</title>", "A & B"),
        ("<body><script>var a = '<p>x</p>'</script> gone </body>", "gone"),
        ("<html></html>", None),
    ],
)
def test_a_page_says_its_heading(page: str, said: str | None) -> None:
    assert page_text(page) == said


def test_a_form_with_too_many_fields_ends_somewhere() -> None:
    assert len(parse_form("&".join(f"a{number}=1" for number in range(20_000)))) <= 10_001
