"""A secret planted in every place of an exchange: its bytes are nowhere in what is kept."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

import msgspec
import pytest

from apitrail.exchange import Exchange, Failure, Message, Source, Stated
from apitrail.recorder.redact import Redactor

SECRET = "s3cr3tVALUE9xyzQ1"
AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
URL = "https://api.example.com/v1/orders"

REDACTOR = Redactor(b"a key of the host's own")


def exchange(
    url: str = URL,
    *,
    sent: tuple[str, str] | None = None,
    body: bytes = b"",
    got: tuple[str, str] | None = None,
    answer: bytes = b"",
    error: str | None = None,
    stated: Stated | None = None,
) -> Exchange:
    return Exchange(
        created_at=AT,
        method="POST",
        url=url,
        request=Message(headers=[sent] if sent else [], body=body),
        response=Message(headers=[got] if got else [], body=answer),
        status=200,
        error=Failure("httpx.ConnectError", error) if error else None,
        stated=stated,
    )


def in_json(value: object) -> bytes:
    return json.dumps(value).encode()


def nested(depth: int) -> bytes:
    """JSON in a string in JSON, so many times."""
    text = json.dumps({"n": 1, "list": [{"password": SECRET}], "z": "end"})
    for _ in range(depth):
        text = json.dumps({"inner": text, "after": True})
    return text.encode()


USPS = f'<AddressValidateRequest USERID="{SECRET}"><Revision>1</Revision></AddressValidateRequest>'
USPS_LOGIN = f'<TrackRequest PASSWORD="{SECRET}"><TrackID ID="1"/></TrackRequest>'
FIELDS = (
    f'--XX\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SECRET}\r\n'
    f'--XX\r\nContent-Disposition: form-data; name="order"; filename="o.json"\r\n\r\n'
    f'{{"token": "{SECRET}"}}\r\n--XX--\r\n'
).encode()

PLANTED: dict[str, Exchange] = {
    "query": exchange(f"{URL}?x=1&access_token={SECRET}&y=2"),
    "query with an encoded name": exchange(f"{URL}?access%5Ftoken={SECRET}"),
    "signature in a query": exchange(f"https://partner.shopeemobile.com/api/v2/x?partner_id=1&sign={SECRET}"),
    "XML in a query": exchange(f"https://secure.shippingapis.com/ShippingAPI.dll?API=Verify&XML={quote(USPS)}"),
    "password attribute of XML in a query": exchange(f"https://a.example/S.dll?XML={quote_plus(USPS_LOGIN)}"),
    "password in the URL": exchange(f"https://user:{SECRET}@api.example.com/x"),
    "key as the URL's user": exchange(f"https://{SECRET}:@api.example.com/x"),
    "fragment": exchange(f"https://a.example/done#access_token={SECRET}&state=1"),
    "path parameter": exchange(f"https://a.example/x;jsessionid={SECRET}?y=1"),
    "address that is a secret": exchange(f"https://hooks.slack.com/services/T1/B1/{SECRET}"),
    "key in a path": exchange(f"https://my.novaposhta.ua/orders/printDocument/orders[]/1/apiKey/{SECRET}/zebra"),
    "authorization": exchange(sent=("Authorization", f"Bearer {SECRET}")),
    "authorization without a scheme": exchange(sent=("authorization", SECRET)),
    "authorization of many parts": exchange(
        sent=("Authorization", f"CEA algorithm=HmacSHA256, access-key={SECRET}, signature={SECRET}")
    ),
    "proxy authorization": exchange(sent=("Proxy-Authorization", f"Basic {SECRET}")),
    "key header": exchange(sent=("X-Shopify-Access-Token", SECRET)),
    "key header of one platform": exchange(sent=("WM_SEC.ACCESS_TOKEN", SECRET)),
    "webhook signature": exchange(sent=("X-Shopify-Hmac-Sha256", SECRET)),
    "cookie": exchange(sent=("Cookie", f"lang=zh; session={SECRET}")),
    "set-cookie": exchange(got=("Set-Cookie", f"session={SECRET}; Path=/; HttpOnly")),
    "redirect": exchange(got=("Location", f"https://app.example/callback?code={SECRET}&state=abc")),
    "referer": exchange(sent=("Referer", f"https://a.example/x?token={SECRET}")),
    "header with a pair in it": exchange(got=("Link", f'<https://a.example/x?token={SECRET}&page=2>; rel="next"')),
    "password of a URL in angle brackets": exchange(got=("Link", f'<https://u:{SECRET}@a.example/x>; rel="next"')),
    "JSON": exchange(body=in_json({"a": [{"b": [{"password": SECRET}]}]})),
    "JSON list": exchange(body=in_json({"tokens": [SECRET, {"x": SECRET}]})),
    "JSON object of credentials": exchange(body=in_json({"credentials": {"a": {"b": [SECRET, 1, None]}}})),
    "JSON name beside value": exchange(body=in_json([{"name": "X-Api-Key", "value": SECRET}])),
    "JSON value beside name": exchange(body=in_json([{"value": SECRET, "key": "password"}])),
    "JSON key with escapes": exchange(body=b'{"pass\\u0077ord": "' + SECRET.encode() + b'"}'),
    "JSON in a string": exchange(body=nested(1)),
    "JSON in a string in a string": exchange(body=nested(2)),
    "JSON five strings deep": exchange(body=nested(5)),
    "JSON in a string, quotes as \\u0022": exchange(
        body=b'{"d":"{\\u0022password\\u0022:\\u0022' + SECRET.encode() + b'\\u0022}"}'
    ),
    "URL in JSON, & as \\u0026": exchange(
        body=b'{"url":"https:\\/\\/a.example\\/l.pdf?a=1\\u0026token=' + SECRET.encode() + b'"}'
    ),
    "XML in JSON": exchange(body=in_json({"xml": f"<r><Password>{SECRET}</Password></r>"})),
    "form in JSON": exchange(body=in_json({"sent": f"grant_type=password&password={SECRET}&scope=all"})),
    "lines of JSON": exchange(body=in_json({"a": 1}) + b"\n" + in_json({"token": SECRET})),
    "printed dictionary": exchange(body=f"{{'a': {{'client_secret': '{SECRET}'}}}}".encode()),
    "form": exchange(body=f"a=1&client_secret={SECRET}&b=2".encode()),
    "form field with brackets": exchange(body=f"user%5Bpassword%5D={SECRET}".encode()),
    "JSON in a form": exchange(body=f"payload={quote_plus(json.dumps({'password': SECRET}))}&x=1".encode()),
    "XML in a form": exchange(body=f"API=Verify&XML={quote_plus(USPS)}".encode()),
    "element": exchange(
        body=f"<AccessRequest><AccessLicenseNumber>{SECRET}</AccessLicenseNumber></AccessRequest>".encode()
    ),
    "element with a prefix": exchange(
        body=f'<s:E xmlns:s="u"><n:Password n:t="x">{SECRET}</n:Password></s:E>'.encode()
    ),
    "SOAP header of credentials": exchange(
        body=f"<soap:Envelope><ns:UserCredential><ns:Key>{SECRET}</ns:Key></ns:UserCredential></soap:Envelope>".encode()
    ),
    "CDATA": exchange(body=f"<r><Password><![CDATA[{SECRET}]]></Password></r>".encode()),
    "value beside a name in CDATA": exchange(
        body=f"<p><Name>\n<![CDATA[ password ]]>\n</Name><Value><![CDATA[{SECRET}]]></Value></p>".encode()
    ),
    "value on the line below its name": exchange(body=f"Hello,\n\nYour password:\n  {SECRET}\n\nBye\n".encode()),
    "value in a block of YAML": exchange(body=f"login:\n  password: |-\n    {SECRET}\n  page: 2\n".encode()),
    "JSON in CDATA": exchange(body=f"<r><![CDATA[{json.dumps({'password': SECRET})}]]></r>".encode()),
    "attribute": exchange(body=f'<Login user="a" password="{SECRET}"/>'.encode()),
    "attribute in single quotes": exchange(body=f"<Login user='a' password='{SECRET}'/>".encode()),
    "element named by an attribute": exchange(body=f'<r><field name="password">{SECRET}</field></r>'.encode()),
    "attribute named by another": exchange(body=f'<r><add key="api_key" value="{SECRET}"/></r>'.encode()),
    "XML-RPC member": exchange(
        body=f"<member><name>password</name><value><string>{SECRET}</string></value></member>".encode()
    ),
    "XML in XML": exchange(body=f"<r>&lt;Password&gt;{SECRET}&lt;/Password&gt;</r>".encode()),
    "JSON in XML": exchange(body=f"<r>{{&quot;password&quot;:&quot;{SECRET}&quot;}}</r>".encode()),
    "HTML": exchange(answer=f'<html><input name="csrf_token" value="{SECRET}"><p>x<br>'.encode()),
    "script in HTML": exchange(answer=f'<html><script>var accessToken = "{SECRET}";</script>'.encode()),
    "multipart": exchange(sent=("Content-Type", "multipart/form-data; boundary=XX"), body=FIELDS),
    "multipart beside a file": exchange(
        sent=("Content-Type", "multipart/form-data; boundary=XX"),
        body=b'--XX\r\nContent-Disposition: form-data; name="f"; filename="l.bin"\r\n\r\n\0\1\2\xff\xfe\0\r\n' + FIELDS,
    ),
    "multipart behind a PDF": exchange(
        sent=("Content-Type", 'Multipart/Form-Data; charset=utf-8; boundary="XX"'),
        body=b"--XX\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\n" + bytes(range(256)) * 8 + b"\r\n" + FIELDS,
    ),
    "multipart that is not declared": exchange(body=FIELDS),
    "multipart with names in other quotes": exchange(
        sent=("Content-Type", "multipart/form-data; boundary=XX"),
        body=FIELDS.replace(b'name="password"', b"name='password'"),
    ),
    "multipart with an encoded name": exchange(
        sent=("Content-Type", "multipart/form-data; boundary=XX"),
        body=FIELDS.replace(b'name="password"', b"name*=utf-8''password"),
    ),
    "JSON with a zero byte": exchange(body=b'{"a":"\0","password":"' + SECRET.encode() + b'"}'),
    "form with a zero byte": exchange(
        sent=("Content-Type", "application/x-www-form-urlencoded"), body=b"a=\0&password=" + SECRET.encode()
    ),
    "JSON declared as an image": exchange(
        got=("Content-Type", "image/png"), answer=f'x: {{"名": "許", "token": "{SECRET}"}}'.encode()
    ),
    "password with an @ in the URL": exchange(f"https://user:p@{SECRET}@api.example.com/x"),
    "URL in a URL in a query": exchange(
        f"{URL}?u=" + quote(quote(f"https://a.example/x?access_token={SECRET}", safe=""), safe="")
    ),
    "equals sign that is percent-encoded": exchange(f"{URL}?password%3D{SECRET}"),
    "percent-encoded JSON in JSON": exchange(body=in_json({"a": quote(json.dumps({"secret": SECRET}))})),
    "JSON key in Chinese, escaped": exchange(body=in_json({"客戶密碼": SECRET})),
    "JSON key in Chinese, escaped in a string": exchange(body=in_json({"in": json.dumps({"密碼": SECRET})})),
    "JSON key in Chinese, escaped in capitals": exchange(body=b'{"\\u9A57\\u8B49\\u78BC": "' + SECRET.encode() + b'"}'),
    "JSON key in Korean, escaped": exchange(body=in_json({"비밀번호": SECRET})),
    "JSON key in Japanese, escaped": exchange(body=in_json({"パスワード": SECRET})),
    "JSON key in Chinese, Big5": exchange(body=json.dumps({"密碼": SECRET}, ensure_ascii=False).encode("big5")),
    "JSON key in Chinese, GBK": exchange(body=json.dumps({"用户密码": SECRET}, ensure_ascii=False).encode("gbk")),
    "element in Japanese, Shift_JIS": exchange(body=f"<r><パスワード>{SECRET}</パスワード></r>".encode("shift_jis")),
    "text with a full-width colon": exchange(answer=f"密碼：{SECRET}".encode()),
    "text": exchange(body=f"user: bob\npassword: {SECRET}\n".encode()),
    "error text with a path": exchange(error=f"Max retries exceeded with url: /a?access_token={SECRET}&b=1 (refused)"),
    "error text with a URL": exchange(error=f"GET 'https://u:{SECRET}@a.example/x': timed out"),
    "error text with a header": exchange(error=f"bad header Authorization: Bearer {SECRET}, sorry"),
    "error text with a dictionary": exchange(error=f"{{'password': '{SECRET}', 'x': 1}}"),
    "error text with a name behind a name": exchange(error=f'refused password=token="{SECRET}"'),
    "error text with a dictionary of bytes": exchange(error=f"{{b'password': b'{SECRET}'}}"),
    "error text with a refused header of http.client": exchange(error=f"Invalid header value b'{SECRET}\\n'"),
    "error text with a refused header of h11": exchange(error=f"Illegal header value b'{SECRET}\\x00'"),
    "error text with a refused header of requests": exchange(
        error=f"Invalid leading whitespace, reserved character(s) in header value: '{SECRET}\\n'"
    ),
    "error text with a name of two words": exchange(error=f"Invalid API key: {SECRET}"),
    "scheme in running text": exchange(error=f"sent Bearer {SECRET} and got nothing"),
    "answer of a token call": exchange(
        answer=in_json({"access_token": SECRET, "refresh_token": SECRET + "r", "token_type": "bearer"})
    ),
    "code of a token call": exchange("https://a.example/api/v2/auth/token/get", body=in_json({"code": SECRET})),
    "code of a form": exchange("https://a.example/x", body=f"grant_type=authorization_code&code={SECRET}".encode()),
    "key known by its shape": exchange(
        body=in_json(["shpat_" + "0123456789abcdef" * 2, f"eyJh{SECRET}.eyJ{SECRET}.x{SECRET}"])
    ),
    "UTF-16": exchange(body=f'{{"名": "許", "password": "{SECRET}"}}'.encode("utf-16")),
    "UTF-16 declared": exchange(
        sent=("Content-Type", "text/xml; charset=utf-16be"),
        body=f"<名><Password>{SECRET}</Password></名>".encode("utf-16-be"),
    ),
    "Big5": exchange(body=f'{{"name": "許功蓋", "password": "{SECRET}", "z": "許"}}'.encode("big5")),
    "GBK": exchange(body=f"<r><n>許誠</n><Password>{SECRET}</Password></r>".encode("gbk")),
    "Shift_JIS": exchange(body=f'{{"name": "表ソ", "password": "{SECRET}", "z": "能"}}'.encode("shift_jis")),
    "ISO-2022-JP": exchange(body=f'{{"name": "表示", "password": "{SECRET}", "z": "能"}}'.encode("iso2022_jp")),
    "link of the source": exchange(
        stated=Stated(source=Source("order", "1", link=f"https://oms.example/o/1?token={SECRET}"))
    ),
    "reason of a call not sent": exchange(stated=Stated(not_sent=f"password: {SECRET} was refused")),
}

ECHOED: dict[str, Exchange] = {
    "in the error": exchange(sent=("X-Api-Key", SECRET), error=f"no such key {SECRET}!"),
    "in the answer": exchange(
        sent=("X-Api-Key", SECRET), answer=in_json({"message": f"{SECRET} is bad", "n": [SECRET]})
    ),
    "in the URL's path": exchange(f"{URL}/{SECRET}/x", body=in_json({"token": SECRET})),
    "in a header": exchange(body=in_json({"token": SECRET}), got=("X-Seen", f"v={SECRET}")),
    "of a Basic header": exchange(
        sent=("Authorization", "Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()),
        answer=f"you sent {SECRET}".encode(),
    ),
    "in a PDF": exchange(
        body=in_json({"token": SECRET}), answer=b"%PDF-1.7\n\xe2\xe3(" + SECRET.encode() + b") endobj"
    ),
}


def kept(masked: Exchange) -> bytes:
    """Everything that is written of an exchange, bodies unfolded too."""
    bodies = [masked.request.body, masked.request.tail]
    if masked.response:
        bodies += [masked.response.body, masked.response.tail]
    return b"\n".join([msgspec.msgpack.encode(masked), msgspec.json.encode(masked), *bodies])


def holds(data: bytes, secret: str = SECRET) -> bool:
    forms: list[Callable[[str], bytes]] = [
        str.encode,
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
    ]
    return any(form(secret) in data for form in forms)


@pytest.mark.parametrize("where", [*PLANTED, *ECHOED])
def test_a_secret_is_nowhere_in_what_is_kept(where: str) -> None:
    given = (PLANTED | ECHOED)[where]
    assert holds(kept(given)), "the secret is planted"
    masked = REDACTOR.exchange(given)
    assert not holds(kept(masked))
    assert not holds(kept(masked), SECRET[:13])
    assert b"masked~" in b"".join((kept(masked), kept(masked).replace(b"\0", b"")))


@pytest.mark.parametrize("where", [*PLANTED, *ECHOED])
def test_masking_twice_is_masking_once(where: str) -> None:
    masked = REDACTOR.exchange((PLANTED | ECHOED)[where])
    assert REDACTOR.exchange(masked) == masked


def test_the_given_exchange_is_not_changed() -> None:
    given = PLANTED["JSON"]
    before = msgspec.msgpack.encode(given)
    assert REDACTOR.exchange(given) is not given
    assert msgspec.msgpack.encode(given) == before


def test_the_scheme_and_the_last_four_characters_are_kept() -> None:
    masked = REDACTOR.exchange(exchange(sent=("Authorization", f"ShippoToken {SECRET}")))
    assert masked.request.headers == [("Authorization", f"ShippoToken {REDACTOR.mask(SECRET)}")]
    assert REDACTOR.mask(SECRET).startswith("masked~yzQ1~")


def test_a_short_secret_keeps_no_character() -> None:
    assert REDACTOR.mask("hunter2").startswith("masked~~")


def test_one_secret_has_one_fingerprint_however_it_is_written() -> None:
    secret = 'ä"/+ and 許 =&<'
    as_json = REDACTOR.exchange(exchange(body=in_json({"password": secret}))).request.body
    as_form = REDACTOR.exchange(exchange(body=f"password={quote_plus(secret)}&x=1".encode())).request.body
    mask = REDACTOR.mask(secret).encode()
    assert mask in as_json
    assert mask in as_form


def test_another_key_gives_another_fingerprint() -> None:
    assert Redactor(b"another").mask(SECRET) != REDACTOR.mask(SECRET)


def test_a_number_becomes_a_string_and_null_stays() -> None:
    masked = REDACTOR.exchange(
        exchange(body=b'{"password": 12345678901234567890, "pin": 1234, "token": null, "cvv": true}')
    )
    read = json.loads(masked.request.body)
    assert read["password"] == REDACTOR.mask("12345678901234567890")
    assert read["pin"] == REDACTOR.mask("1234")
    assert read["token"] is None
    assert read["cvv"].startswith("masked~")


def test_an_echoed_number_leaves_the_document_valid() -> None:
    masked = REDACTOR.exchange(
        exchange(body=b'{"password": 1234567890}', answer=b'{"id": 1234567890, "t": "n 1234567890,"}')
    )
    assert masked.response is not None
    assert json.loads(masked.response.body)["id"].startswith("masked~")


def test_cookie_names_and_attributes_are_kept() -> None:
    masked = REDACTOR.exchange(
        exchange(sent=("Cookie", "a=1234; b=5678"), got=("Set-Cookie", "sid=12345; Path=/; Secure"))
    )
    assert masked.request.headers[0][1] == f"a={REDACTOR.mask('1234')}; b={REDACTOR.mask('5678')}"
    assert masked.response is not None
    assert masked.response.headers[0][1] == f"sid={REDACTOR.mask('12345')}; Path=/; Secure"


def test_a_body_that_changes_keeps_its_true_size() -> None:
    given = exchange(body=in_json({"password": "x"}))
    assert REDACTOR.exchange(given).request.size == len(given.request.body)


def test_a_body_given_as_text_is_masked_as_text() -> None:
    given = exchange()
    given.request.text = json.dumps({"名": "許", "password": SECRET}, ensure_ascii=False)
    masked = REDACTOR.exchange(given)
    assert masked.request.text is not None
    assert json.loads(masked.request.text) == {"名": "許", "password": REDACTOR.mask(SECRET)}


def test_names_that_the_program_adds_are_masked() -> None:
    redactor = Redactor(b"k", ["X-Contract-No"])
    masked = redactor.exchange(
        exchange(sent=("x-contract-no", SECRET), body=in_json({"contractNo": 1, "xContractNo": SECRET}))
    )
    assert not holds(kept(masked))
    assert redactor.is_secret("x_contract_no")
    assert not redactor.is_secret("contract_no")


def test_words_and_fields_on_the_line_below_a_name_are_kept() -> None:
    for text in ("token:\n  type: bearer12345\n", "The password:\ncannot be empty\n", "Password:\n\nabcdefgh1\n"):
        assert REDACTOR.exchange(exchange(body=text.encode())).request.body == text.encode()


def test_what_a_platform_says_of_a_wrong_secret_is_kept() -> None:
    body = in_json({"errors": {"password": ["can't be blank"], "api_key": "is invalid or expired."}})
    masked = REDACTOR.exchange(exchange(answer=body, error="invalid token: please log in again"))
    assert masked.response is not None
    assert masked.response.body == body
    assert masked.error is not None
    assert masked.error.text == "invalid token: please log in again"


def test_what_is_harmless_stays_byte_for_byte() -> None:
    url = "https://api.example.com/v1/authors?page_token=abcdef0123456789&keyword=monkey&next=1&expires_in=3600"
    body = in_json(
        {
            "author": "monkey",
            "options": {"signature_required": True, "signatureConfirmation": "ADULT", "signature": "DIRECT"},
            "next_page_token": "abcdef0123456789",
            "token_type": "bearer",
            "code": "INVALID_REQUEST",
            "country_code": "TW",
            "path": "/x?page=2&cursor=abc",
            "time": "2026-05-04T03:02:01Z",
            "password_changed_at": "2026-05-04",
            "tracking-pin": "1681334332936901",
            "page": {"size": 50, "token": "abcdef0123456789"},
            "rates": [{"servicelevel": {"name": "Ground", "token": "fedex_ground"}, "servicelevel_token": "x_y_z"}],
        }
    )
    given = exchange(
        url, sent=("X-Request-Id", "abcdef0123456789"), body=body, answer=body, error="code: 401, author: x"
    )
    assert REDACTOR.exchange(given) == given
