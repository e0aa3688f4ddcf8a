"""A call made by an ordinary program: captured, masked, spooled, shipped, derived, stored, and on the page."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Any

SECRET = "76476a4f5942785a6f4e70644e434c4a"
PROGRAM = """
import sys
import httpx
import apitrail

apitrail.configure()
apitrail.instrument()
base, how = sys.argv[1:]
with (
    apitrail.integration(ec="shopee-tw-01", name="Shopee TW", platform="shopee", merchant="M102"),
    apitrail.action("order.list", source=("ec_account", "shopee-tw-01")),
    httpx.Client() as client,
):
    answer = client.get(
        base + "/api/v2/order/get_order_list",
        params={"shop_id": "600123", "access_token": "%s", "page_size": "50", "cursor": how},
    )
print(answer.status_code, len(answer.content))
"""
PROGRAM = PROGRAM.replace("%s", SECRET)


def test_a_call_is_seen_with_its_colour_and_both_bodies(server: Any, platform: str, program: Any) -> None:
    program(PROGRAM, server, platform, "fresh")

    [row] = server.entries()
    assert row["action"] == "order.list"
    assert row["ec_integration"] == {"id": "shopee-tw-01", "name": "Shopee TW"}
    assert row["merchant"] == "M102"
    assert row["platform"] == "shopee"
    assert row["source"]["type"] == "ec_account"
    assert (row["method"], row["status"], row["outcome"]) == ("GET", 200, "success")
    assert row["path"] == "/api/v2/order/get_order_list"
    assert row["duration_ms"] > 0
    assert {"type": "order", "id": "2611239KQ4XW7P"} in row["references"]

    entry = server.get(f"/api/v1/entries/{row['id']}")
    assert "9223372036854775807" in entry["response"]["body"]
    assert "shop_id=600123" in entry["url"]

    page = server.request("GET", "/")[1].decode()
    assert "Platform API Logs" in page
    assert row["id"] in page
    assert "Shopee TW" in page


def test_a_failure_carries_the_platforms_own_words_and_who_acts(server: Any, platform: str, program: Any) -> None:
    program(PROGRAM, server, platform, "expired")

    [row] = server.entries(outcome="request_error")
    assert (row["status"], row["code"], row["message"]) == (403, "error_auth", "Invalid access_token.")
    assert row["cause"] == "token_expired"
    assert row["advice"]


def test_a_secret_is_nowhere_on_the_servers_disk_nor_in_the_spool(
    server: Any, platform: str, program: Any, tmp_path: Path
) -> None:
    program(PROGRAM, server, platform, "fresh")
    [row] = server.entries()
    assert SECRET not in str(server.get(f"/api/v1/entries/{row['id']}"))
    server.kill(signal.SIGTERM)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "program.py"]
    assert kept
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


def test_what_was_acknowledged_survives_kill_9(server: Any, platform: str, program: Any) -> None:
    program(PROGRAM, server, platform, "fresh")
    before = server.entries()
    server.kill(signal.SIGKILL)
    server.start()
    assert server.entries() == before


def test_calls_made_while_the_server_is_away_arrive_once_it_is_back(server: Any, platform: str, program: Any) -> None:
    server.kill(signal.SIGTERM)
    for _ in range(3):
        program(PROGRAM, server, platform, "fresh")
    server.start()
    assert server.entries() == []
    program(PROGRAM, server, platform, "expired")
    assert [row["status"] for row in server.whole()] == [403, 200, 200, 200]


def test_a_server_that_is_full_is_waited_for_and_the_spool_keeps_what_it_cannot_take(
    server: Any, platform: str, program: Any
) -> None:
    server.kill(signal.SIGTERM)
    server.flags = ("--max-batch", "64KiB", "--in-flight", "64KiB", "--verbose")
    server.start()
    # All of the room is promised to a batch that does not come.
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
        lines = ["POST /api/v1/exchanges HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
        lines += [f"Authorization: Bearer {server.token}", "Content-Length: 65536", "Expect: 100-continue"]
        slow.sendall("\r\n".join([*lines, "", ""]).encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 100")
        program(PROGRAM, server, platform, "fresh")
        assert " 429 " in server.log.read_text()
        assert server.entries() == []
    program(PROGRAM, server, platform, "expired")
    assert [row["status"] for row in server.whole()] == [403, 200]


def test_the_server_stops_gracefully_on_sigterm(server: Any) -> None:
    assert server.kill(signal.SIGTERM) == 0
