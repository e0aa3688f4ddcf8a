"""The whole demo, as `make run` starts it: what it promises must be in the log of a real server."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from apitrail.demo.sandbox.shopify import REPORT_BYTES
from apitrail.demo.trade import ACCOUNTS, SHOPEE_PARTNER_KEY, secrets

START_S = 90
"""How long a loaded machine may take to bring everything up and tell every story once."""
GREEN = {"success", "warning"}
PROMISED = (
    "order.list",
    "store.settings",
    "product.mapping.sync",
    "stock.push",
    "label.create",
    "tracking.get",
    "shipment.report",
    "order.ship",
)


class Demo:
    """A running demo."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.client = httpx.Client(timeout=30)
        command = [sys.executable, "-m", "apitrail.cli", "demo", "--port", "0", "--data", str(data), "--seed", "7"]
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        assert self.process.stdout
        while "Ctrl-C" not in self.said:
            line = self.process.stdout.readline()
            if not line:
                pytest.fail(f"the demo did not start: {self.end()}")
            self.said += line
        found = re.search(r"http://[\d.:]+", self.said)
        assert found
        self.url = found[0]

    def get(self, path: str, **asked: Any) -> Any:
        answer = self.client.get(f"{self.url}/api/v1/{path}?{urlencode(asked, doseq=True)}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def entries(self, **asked: Any) -> list[dict[str, Any]]:
        """All entries of a filter, page by page."""
        found: list[dict[str, Any]] = []
        page = self.get("entries", limit=500, **asked)
        found += page["entries"]
        while page["next_cursor"]:
            page = self.get("entries", limit=500, cursor=page["next_cursor"], **asked)
            found += page["entries"]
        return found

    def wait_for_first_pass(self) -> str:
        """Wait until every story was told and its calls have arrived; what the backend said of it."""
        deadline = time.monotonic() + START_S
        said = ""
        while time.monotonic() < deadline:
            said = (self.data / "demo" / "traffic.log").read_text()
            if "all in the log" in said:
                return said
            time.sleep(0.2)
        pytest.fail(f"after {START_S} s: {said}\n{(self.data / 'demo' / 'server.log').read_text()}")

    def stop(self) -> str:
        """Press Ctrl-C; everything that the demo said."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> str:
        """Wait for its end; everything that the demo said."""
        output, _ = self.process.communicate(timeout=START_S)
        self.client.close()
        self.said += output
        return self.said


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo") / "data", "--once")
    try:
        running.wait_for_first_pass()
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="module")
def entries(demo: Demo) -> list[dict[str, Any]]:
    return demo.entries()


def detail(demo: Demo, entries: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """The whole of the first entry whose fields are these, `path` by its end."""
    for entry in entries:
        if all(
            entry[field] == value if field != "path" else entry["path"].endswith(value)
            for field, value in wanted.items()
        ):
            found: dict[str, Any] = demo.get(f"entries/{entry['id']}")
            return found
    pytest.fail(f"no entry with {wanted}")


def test_every_story_is_told_to_its_end(demo: Demo) -> None:
    log = (demo.data / "demo" / "traffic.log").read_text()
    assert log.startswith("first pass:")
    assert len(log.splitlines()) == 1


def test_accounts_that_platforms_name_are_known_as_the_backends_own(entries: list[dict[str, Any]]) -> None:
    named = [entry for entry in entries if entry["platform"] in ("shopee", "shopify", "tcat")]
    assert {one["platform"] for one in named} == {"shopee", "shopify", "tcat"}
    for entry in named:
        overruled = entry["derived"] or {}
        assert not {"ec_integration", "shipping_integration"} & overruled.keys(), (entry["url"], overruled)


def test_every_promised_action_appears_in_success_and_in_failure(entries: list[dict[str, Any]]) -> None:
    outcomes: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        outcomes[entry["action"]].add(entry["outcome"])
    for action in PROMISED:
        assert outcomes[action] & GREEN, f"no success of {action}"
        assert outcomes[action] - GREEN, f"no failure of {action}"


def test_every_account_is_in_the_log_under_its_name(demo: Demo) -> None:
    facets = demo.get("facets")
    found = {option["id"]: option["name"] for option in facets["ec_integration"] + facets["shipping_integration"]}
    assert found == {account.id: account.name for account in ACCOUNTS}


def test_webhooks_are_taken_refused_and_crashed_on(entries: list[dict[str, Any]]) -> None:
    inbound = [entry for entry in entries if entry["direction"] == "inbound"]
    assert {entry["status"] for entry in inbound} == {200, 401, 500}
    assert {entry["platform"] for entry in inbound} == {"shopee", "shopify", "woocommerce", "easypost"}
    assert all(entry["action"].startswith("webhook.") for entry in inbound)
    crashed = next(entry for entry in inbound if entry["status"] == 500)
    assert crashed["outcome"] not in GREEN


def test_one_order_is_followed_by_its_number_through_its_calls(entries: list[dict[str, Any]]) -> None:
    told = defaultdict(list)
    for entry in reversed(entries):
        if entry["source"] and entry["source"]["type"] == "order" and entry["platform"] == "shopee":
            told[entry["source"]["id"]].append(entry["action"])
    story = [
        "order.get",
        "order.ship",
        "tracking.allocate",
        "label.create",
        "label.status",
        "label.get",
        "tracking.get",
    ]
    # A scheduled fetch may read it once more afterwards.
    assert any(calls[0].startswith("webhook.order.") and calls[1:8] == story for calls in told.values())


def test_calls_without_an_answer_have_no_status_and_an_error(entries: list[dict[str, Any]]) -> None:
    silent = {entry["error"]["type"]: entry for entry in entries if entry["error"] and entry["direction"] == "outbound"}
    assert {"requests.exceptions.ConnectionError", "requests.exceptions.ReadTimeout"} <= set(silent)
    for entry in silent.values():
        assert entry["status"] is None
        assert entry["outcome"] == "platform_error"


def test_a_call_that_was_not_made_is_in_the_log_with_its_reason(entries: list[dict[str, Any]]) -> None:
    (never,) = [entry for entry in entries if entry["not_sent"]]
    assert (never["action"], never["status"]) == ("label.create", None)
    assert "收件地址空白" in never["not_sent"]


def test_a_call_that_nobody_labelled_is_in_the_log(entries: list[dict[str, Any]]) -> None:
    assert [entry for entry in entries if not entry["ec_integration"] and not entry["shipping_integration"]]


def test_bodies_come_as_what_they_are(demo: Demo, entries: list[dict[str, Any]]) -> None:
    def body(**wanted: Any) -> bytes:
        found = detail(demo, entries, **wanted)["response"]
        return b64decode(found["body"]) if found["encoding"] == "base64" else found["body"].encode()

    assert body(path="/download_shipping_document", outcome="success").startswith(b"%PDF-")
    assert body(platform="easypost", action="label.get").startswith(b"\x89PNG")
    assert body(path="/api/Egs/DownloadOBT", status=200).endswith(b"%%EOF\n")
    assert b"<ErrorCode>250003</ErrorCode>" in body(path="/XAV", code="250003")
    assert body(platform="shopee", status=502).startswith(b"<html>")
    assert b'{"more":false,"next_cursor":"","order_list":[]}' in b"".join(
        demo.get(f"entries/{entry['id']}")["response"]["body"].encode()
        for entry in entries
        if entry["path"].endswith("get_order_list") and entry["status"] == 200
    )


def test_a_report_past_the_limit_keeps_its_ends_size_and_hash(demo: Demo, entries: list[dict[str, Any]]) -> None:
    report = detail(demo, entries, path="/files/bulk/products.jsonl")["response"]
    assert report["truncated"]
    assert report["size"] >= REPORT_BYTES
    assert len(report["sha256"]) == 64
    assert report["body"]
    assert report["tail"].endswith("\n")


def test_a_page_in_big5_is_read_as_chinese(demo: Demo, entries: list[dict[str, Any]]) -> None:
    page = detail(demo, entries, platform="tcat", status=503)["response"]
    assert page["charset"] == "big5"
    assert "系統忙碌中" in page["body"]


def test_ids_beyond_floating_point_stay_whole(demo: Demo, entries: list[dict[str, Any]]) -> None:
    order = detail(demo, entries, platform="shopify", action="order.get", status=200)
    assert f'"id":{order["source"]["id"]},' in order["response"]["body"]
    assert int(order["source"]["id"]) > 2**53


def test_no_secret_of_the_demo_is_in_any_answer_or_file(demo: Demo, entries: list[dict[str, Any]]) -> None:
    token = (demo.data / "demo" / "token").read_text().strip()
    hidden = secrets() | {SHOPEE_PARTNER_KEY, token}
    for entry in entries:
        text = json.dumps(demo.get(f"entries/{entry['id']}"), ensure_ascii=False)
        found = [secret for secret in hidden if secret in text]
        assert not found, f"{entry['method']} {entry['url']} shows {found}"
    for path in demo.data.rglob("*"):
        if path.is_file() and path != demo.data / "demo" / "token":
            content = path.read_bytes()
            found = [secret for secret in hidden if secret.encode() in content]
            assert not found, f"{path} holds {found}"


def test_a_second_demo_on_the_same_port_is_told_so(demo: Demo, tmp_path: Path) -> None:
    port = demo.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "apitrail.cli", "demo", "--port", port, "--data", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert f"port {port} cannot be used" in second.stderr
    assert f"--port {int(port) + 1}" in second.stderr


def test_ctrl_c_stops_everything_and_the_next_demo_goes_on_with_the_same_log(demo: Demo) -> None:
    before = len(demo.entries())
    token = (demo.data / "demo" / "token").read_text()
    said = demo.stop()
    assert demo.process.returncode == 0
    assert "Traceback" not in said
    with socket.socket() as probe:
        probe.settimeout(5)
        assert probe.connect_ex(("127.0.0.1", int(demo.url.rsplit(":", 1)[1]))) != 0

    again = Demo(demo.data, "--calls", "3", "--rate", "50")
    kept = len(again.entries())  # asked while the first pass has hardly begun
    assert "Traceback" not in again.end()
    assert again.process.returncode == 0
    assert kept >= before
    assert (demo.data / "demo" / "token").read_text() == token
