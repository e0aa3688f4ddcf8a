"""What is stated wins, what never had an answer is told as such, and numbers stay as they were sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from apitrail.exchange import Exchange, Failure, Integration, Message, Reference, Source, Stated
from apitrail.profiles import Profiles
from apitrail.profiles.bodies import LARGEST
from apitrail.profiles.identifiers import MOST

Make = Callable[..., Exchange]
JSON = [("Content-Type", "application/json")]
SHOPEE = "https://partner.shopeemobile.com/api/v2"


def test_what_the_caller_stated_wins_and_is_kept(profiles: Profiles, make: Make) -> None:
    stated = Stated(
        action="product.mapping.sync",
        platform="Shopee",
        ec_integration=Integration("shop-1", "Our shop"),
        merchant="M102",
        source=Source("product", "P-1"),
        references=[Reference("sku", "A"), Reference("sku", "A")],
    )
    entry = profiles.entry(make("GET", f"{SHOPEE}/product/get_item_list?shop_id=7", stated=stated))
    assert entry.action == "product.mapping.sync"
    assert entry.platform == "shopee"
    assert entry.ec_integration == Integration("shop-1", "Our shop")
    assert entry.merchant == "M102"
    assert entry.source == Source("product", "P-1")
    assert entry.references[:2] == [Reference("product", "P-1"), Reference("sku", "A")]
    assert entry.references.count(Reference("sku", "A")) == 1
    assert entry.stated is stated


def test_what_would_have_been_derived_can_be_asked_for(profiles: Profiles, make: Make) -> None:
    stated = Stated(action="product.mapping.sync", platform="my platform")
    derived = profiles.derive(make("GET", f"{SHOPEE}/product/get_item_list?shop_id=7", stated=stated))
    assert (derived.platform, derived.action) == ("shopee", "product.list")
    assert derived.ec_integration == Integration("7", "Shopee 7")


def test_a_stated_integration_owns_a_call_without_an_object(profiles: Profiles, make: Make) -> None:
    stated = Stated(ec_integration=Integration("shop-1", "Our shop"))
    entry = profiles.entry(make("GET", f"{SHOPEE}/order/get_order_list?shop_id=7", stated=stated))
    assert entry.source == Source("ec_account", "shop-1", "Our shop")


def test_a_stated_platform_is_recognised_on_any_host(profiles: Profiles, make: Make) -> None:
    stated = Stated(platform="easypost")
    entry = profiles.entry(make("POST", "http://127.0.0.1:9100/sandbox/v2/shipments/shp_1/buy", stated=stated))
    assert (entry.platform, entry.action) == ("easypost", "label.create")


@pytest.mark.parametrize("name", ["T-Cat", "tcat", "T_CAT", "黑貓宅急便"])
def test_a_platform_goes_by_all_its_names(profiles: Profiles, make: Make, name: str) -> None:
    entry = profiles.entry(make(stated=Stated(platform=name)))
    assert entry.platform == "tcat"


@pytest.mark.parametrize(
    ("stated", "english", "chinese"),
    [
        (Stated(shipping_integration=Integration("s-1", "Night courier")), "the carrier", "物流商"),
        (Stated(ec_integration=Integration("e-1", "Tea")), "the platform", "平台"),
        (Stated(), "the platform", "平台"),
    ],
)
def test_where_no_profile_knows_it_a_shipping_account_s_other_end_is_called_a_carrier(
    profiles: Profiles, make: Make, stated: Stated, english: str, chinese: str
) -> None:
    entry = profiles.entry(make("POST", "https://courier.example/parcels", status=503, stated=stated))
    assert entry.platform is None
    assert entry.advice is not None
    assert english in entry.advice.lower()
    told = profiles.advice(entry, language="zh-TW")
    assert told is not None
    assert chinese in told


def test_an_unknown_platform_keeps_its_stated_name(profiles: Profiles, make: Make) -> None:
    entry = profiles.entry(make(status=401, stated=Stated(platform="Corner Shop")))
    assert entry.platform == "Corner Shop"
    assert entry.advice is not None
    assert "Corner Shop" in entry.advice


def test_a_stated_synonym_becomes_the_catalogues_action(profiles: Profiles, make: Make) -> None:
    entry = profiles.entry(make(stated=Stated(action="address.validate")))
    assert entry.action == "address.check"
    assert entry.stated is not None
    assert entry.stated.action == "address.validate"


def test_an_action_of_the_callers_own_stays_as_it_is(profiles: Profiles, make: Make) -> None:
    assert profiles.entry(make(stated=Stated(action="loyalty.points"))).action == "loyalty.points"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (Failure("httpx.ConnectTimeout", "timed out"), "timeout"),
        (Failure("requests.exceptions.ReadTimeout", ""), "timeout"),
        (Failure("ssl.SSLCertVerificationError", "certificate verify failed"), "network"),
        (Failure("httpx.ConnectError", "[Errno 111] Connection refused"), "network"),
        (Failure("socket.gaierror", "Name or service not known"), "network"),
        (Failure("asyncio.exceptions.CancelledError", "CancelledError()"), "timeout"),
        (Failure("billiard.exceptions.SoftTimeLimitExceeded", "SoftTimeLimitExceeded()"), "timeout"),
        (Failure("SystemExit", "-241"), "timeout"),
        (None, "network"),
    ],
)
def test_no_answer_is_the_platforms_side(profiles: Profiles, make: Make, error: Failure | None, cause: str) -> None:
    entry = profiles.entry(make(answer=None, error=error))
    assert (entry.outcome, entry.cause, entry.status) == ("platform_error", cause, None)
    assert entry.message is None


@pytest.mark.parametrize(
    "error",
    [
        Failure("ValueError", "no weight for SKU A-1"),
        Failure("KeyError", "'sku'"),
        Failure("FileNotFoundError", "[Errno 2] No such file or directory: '/labels/1.pdf'"),
        Failure("shop.OddError", "the order was cancelled"),
    ],
)
def test_an_error_of_the_callers_own_code_is_ours_and_nobody_is_sent_to_words_that_are_not_there(
    profiles: Profiles, make: Make, error: Failure
) -> None:
    entry = profiles.entry(make(answer=None, error=error))
    assert (entry.outcome, entry.cause, entry.retryable) == ("request_error", "own_failure", None)
    assert entry.advice is not None
    assert "our own program" in entry.advice
    assert "words" not in entry.advice


def test_a_handler_that_fails_after_it_began_to_answer_has_failed(profiles: Profiles, make: Make) -> None:
    entry = profiles.entry(make("POST", direction="inbound", error=Failure("ValueError", "no weight for SKU A-1")))
    assert (entry.status, entry.outcome, entry.cause) == (200, "platform_error", "platform_outage")
    assert entry.advice is not None
    assert entry.advice.startswith("Our own handler failed")


def test_after_no_answer_one_looks_first_before_a_second_label(profiles: Profiles, make: Make) -> None:
    url = "https://api.easypost.com/v2/shipments/shp_1/buy"
    entry = profiles.entry(make("POST", url, answer=None, error=Failure("httpx.ReadTimeout", "")))
    assert entry.retryable is True
    assert entry.advice is not None
    assert "first check whether" in entry.advice


@pytest.mark.parametrize(
    ("kind", "text", "looks"),
    [
        ("httpx.ConnectError", "[Errno -2] Name or service not known", False),
        ("httpx.ConnectTimeout", "timed out", False),
        (
            "requests.exceptions.ConnectionError",
            "… (Caused by NameResolutionError(\"…: Failed to resolve 'a'\"))",
            False,
        ),
        ("requests.exceptions.SSLError", "… CERTIFICATE_VERIFY_FAILED …", False),
        ("aiohttp.client_exceptions.ClientConnectorCertificateError", "Cannot connect to host", False),
        ("httpx.ReadError", "[Errno 104] Connection reset by peer", True),
        ("requests.exceptions.ConnectionError", "('Connection aborted.', ConnectionResetError(104, …))", True),
        ("httpx.ReadTimeout", "timed out", True),
    ],
)
def test_where_no_connection_was_made_there_is_no_label_to_look_for(
    profiles: Profiles, make: Make, kind: str, text: str, looks: bool
) -> None:
    url = "https://api.easypost.com/v2/shipments/shp_1/buy"
    entry = profiles.entry(make("POST", url, answer=None, error=Failure(kind, text)))
    for language, words in (("en", "first check whether"), ("zh-TW", "是否已經完成")):
        assert (words in (profiles.advice(entry, language=language) or "")) is looks
    assert ("first check whether" in (entry.advice or "")) is looks


def test_what_a_platform_allows_later_is_to_be_waited_for(profiles: Profiles, make: Make) -> None:
    url = "https://partner.shopeemobile.com/api/v2/logistics/download_shipping_document?shop_id=1"
    advice = {
        code: profiles.entry(make("POST", url, answer=f'{{"error":"{code}","message":"Not now."}}')).advice or ""
        for code in ("logistics.package_can_not_print", "logistics.order_finalized")
    }
    assert "wait a little" in advice["logistics.package_can_not_print"]
    assert "then decide" in advice["logistics.order_finalized"]


def test_an_answer_that_broke_off_is_no_success(profiles: Profiles, make: Make) -> None:
    entry = profiles.entry(make(error=Failure("httpx.RemoteProtocolError", "peer closed connection")))
    assert (entry.status, entry.outcome, entry.cause) == (200, "platform_error", "network")


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("The recipient has no address", "address"), ("SKU is missing", "bad_data"), ("because", "unknown")],
)
def test_what_was_not_sent_says_why(profiles: Profiles, make: Make, reason: str, cause: str) -> None:
    stated = Stated(action="label.create", not_sent=reason)
    entry = profiles.entry(make("POST", answer=None, stated=stated))
    assert (entry.outcome, entry.not_sent, entry.cause) == ("request_error", reason, cause)
    assert entry.message is None


def test_blame_turns_round_for_what_came_in(profiles: Profiles, make: Make) -> None:
    refused = profiles.entry(make("POST", direction="inbound", status=401, answer='{"error": "bad signature"}'))
    crashed = profiles.entry(make("POST", direction="inbound", status=500, answer="oops"))
    silent = profiles.entry(make("POST", direction="inbound", answer=None))
    taken = profiles.entry(make("POST", direction="inbound", status=204, answer=""))
    assert (refused.outcome, refused.cause) == ("request_error", "credentials")
    assert (crashed.outcome, silent.outcome, taken.outcome) == ("platform_error", "platform_error", "success")
    assert refused.advice is not None
    assert crashed.advice is not None
    assert refused.advice.startswith("We refused")
    assert crashed.advice.startswith("Our own handler failed")


def test_ids_beyond_every_number_type_stay_digit_by_digit(profiles: Profiles, make: Make) -> None:
    number = "9" * 40
    url = "https://lantern.myshopify.com/admin/api/2026-01/orders.json"
    entry = profiles.entry(make("GET", url, answer=f'{{"orders": [{{"id": {number}}}, {{"id": 9007199254740993}}]}}'))
    assert [reference.id for reference in entry.references] == [number, "9007199254740993"]


def test_references_are_bounded_and_unique(profiles: Profiles, make: Make) -> None:
    orders = ",".join(f'{{"order_sn": "{number % 1500}"}}' for number in range(3000))
    answer = f'{{"error": "", "response": {{"order_list": [{orders}]}}}}'
    entry = profiles.entry(make("GET", f"{SHOPEE}/order/get_order_list?shop_id=7", answer=answer))
    assert len(entry.references) == len(set(entry.references)) == MOST
    assert entry.counts is not None
    assert entry.counts.returned == 3000


def test_a_body_too_large_to_read_is_judged_by_its_status(profiles: Profiles, make: Make) -> None:
    answer = '{"error": "error_auth", "pad": "' + "x" * LARGEST + '"}'
    good = profiles.entry(make("GET", f"{SHOPEE}/order/get_order_list?shop_id=7", answer=answer))
    bad = profiles.entry(make("GET", f"{SHOPEE}/order/get_order_list?shop_id=7", answer=answer, status=503))
    assert (good.outcome, bad.outcome, bad.cause) == ("success", "platform_error", "platform_outage")


def test_the_payload_tells_size_hash_and_charset(profiles: Profiles) -> None:
    body = "<a>查無此單號</a>".encode("big5")
    exchange = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url="http://h.example/x",
        request=Message(headers=JSON, text="héllo"),
        response=Message(headers=[("content-type", "text/xml; charset=big5")], body=body),
        status=200,
    )
    entry = profiles.entry(exchange)
    assert entry.response is not None
    assert (entry.response.body, entry.response.size, entry.response.charset) == (body, len(body), "big5")
    assert entry.response.content_type == "text/xml; charset=big5"
    assert len(entry.response.sha256) == 64
    assert entry.request.body == "héllo".encode()


def test_a_cut_body_keeps_the_recorders_word_of_the_whole(profiles: Profiles, make: Make) -> None:
    exchange = make()
    exchange.response = Message(body=b"{", tail=b"}", size=9_000_000, sha256="ab" * 32, truncated=True)
    entry = profiles.entry(exchange)
    assert entry.response is not None
    assert (entry.response.size, entry.response.sha256, entry.response.tail) == (9_000_000, "ab" * 32, b"}")
    assert entry.response.truncated


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/b/c?d=e#f", "/b/c"),
        ("https://a.example", "/"),
        ("https://a.example?x=/y", "/"),
        ("https://u:p@[::1]:80/b%20c", "/b%20c"),
        ("/only/a/path?x", "/only/a/path"),
        ("http://[broken", "/"),
        ("::::", "::::"),
        ("?", "/"),
    ],
)
def test_the_path_of_any_url_can_be_told(profiles: Profiles, make: Make, url: str, path: str) -> None:
    assert profiles.entry(make(url=url)).path == path


def test_a_profile_names_the_platforms_documentation(profiles: Profiles) -> None:
    assert profiles.docs("easypost") == "https://docs.easypost.com/guides/errors-guide"
    assert profiles.docs("nobody") is None


def test_received_at_is_told_or_now(profiles: Profiles, make: Make) -> None:
    at = datetime(2026, 2, 3, tzinfo=UTC)
    assert profiles.entry(make(), received_at=at).received_at == at
    assert profiles.entry(make()).received_at is not None


def test_html_where_an_api_answers_json_is_an_outage(profiles: Profiles, make: Make) -> None:
    exchange = make("GET", "https://shop.example/wp-json/wc/v3/orders", answer="<!doctype html><title>Log in</title>")
    entry = profiles.entry(exchange)
    assert (entry.outcome, entry.cause, entry.message) == ("platform_error", "platform_outage", "Log in")


def test_a_warning_asks_for_nothing_at_once_and_names_who_warns(profiles: Profiles, make: Make) -> None:
    url = "https://api.easypost.com/v2/shipments/shp_1/buy"
    answer = (
        '{"id": "shp_1", "object": "Shipment", "tracking_code": "1Z", "rates": [{}], '
        '"messages": [{"carrier": "UPS", "type": "rate_error", "message": "No rate response received."}]}'
    )
    entry = profiles.entry(make("POST", url, answer=answer))
    assert (entry.outcome, entry.reported_by) == ("warning", "ups")
    assert entry.advice == "It worked, but UPS gave a warning: read its message; nothing needs to be done at once."
    assert profiles.advice(entry, language="zh-TW") == "呼叫成功，但 UPS 提出警告：請閱讀原文，無需立即處理。"


def test_advice_names_the_platform_and_where_its_account_is_kept(profiles: Profiles, make: Make) -> None:
    answer = '{"error": "error_auth", "message": "Invalid access_token."}'
    entry = profiles.entry(make("GET", f"{SHOPEE}/order/get_order_list?shop_id=7", answer=answer, status=403))
    assert entry.advice == (
        "Shopee says that the authorisation has expired: if it is not renewed automatically, "
        "re-authorise on its EC integration page."
    )
    chinese = profiles.advice(entry, language="zh-TW")
    assert chinese == "Shopee 表示授權已過期：若未自動更新，請至電商串接頁面重新授權。"
    assert profiles.advice(profiles.entry(make())) is None
