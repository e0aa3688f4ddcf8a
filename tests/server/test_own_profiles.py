"""A folder of the user's own profiles: it adds to ours and stands in their place, and a bad one stops the start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SERVE = [sys.executable, "-m", "apitrail.cli", "serve", "--port", "0"]
ACME = """name = "acme"
label = "Acme"
side = "ec"
docs = "https://docs.acme.example/"
hosts = ["api.acme.example"]
[endpoints]
"GET /orders" = "order.list"
"""
SHOPEE = ACME.replace("acme.example", "ours.example").replace('"acme"', '"shopee"').replace("Acme", "Our Shopee")


def written(folder: Path, **profiles: str) -> Path:
    for name, text in profiles.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "profile.toml").write_text(text, "utf-8")
    return folder


def refused(*flags: str, **env: str) -> str:
    done = subprocess.run(
        [*SERVE, *flags], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **env}
    )
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    assert "Do this: " in done.stderr
    return done.stderr


def test_they_add_to_ours_and_stand_in_their_place(serve: Any, tmp_path: Path) -> None:
    folder = written(tmp_path / "own", acme=ACME, shopee=SHOPEE)
    server = serve("--profiles", str(folder))
    assert f"profiles = {folder}" in server.block
    calls = {
        "https://api.acme.example/orders": ("acme", "order.list"),
        "https://api.ours.example/orders": ("shopee", "order.list"),
        "https://partner.shopeemobile.com/api/v2/order/get_order_list": (None, "unknown"),
        "https://api.easypost.com/v2/shipments": ("easypost", "shipment.list"),
    }
    batch = [{"created_at": "2026-03-09T06:30:00Z", "method": "GET", "url": url, "status": 200} for url in calls]
    assert server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=server.token()).json()["stored"] == 4
    entries = server.get("/api/v1/entries").json()["entries"]
    assert {one["url"]: (one["platform"], one["action"]) for one in entries} == calls
    assert "Our Shopee" in server.get("/?range=all").text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (ACME.replace("order.list", "order.lst"), 7),
        (ACME.replace('side = "ec"', 'side = "east"'), 3),
        ("name = ", 1),
    ],
)
def test_a_bad_one_stops_the_start_with_file_and_line(tmp_path: Path, text: str, line: int) -> None:
    folder = written(tmp_path / "own", acme=text)
    said = refused("--data", str(tmp_path / "data"), APITRAIL_PROFILES=str(folder))
    assert "profiles" in said
    assert f"{folder / 'acme' / 'profile.toml'}:{line}:" in said
    assert not (tmp_path / "data").exists(), "nothing was begun"


def test_one_that_is_no_text_stops_the_start(tmp_path: Path) -> None:
    folder = written(tmp_path / "own", acme="")
    (folder / "acme" / "profile.toml").write_bytes(b"name = \xff")
    assert "cannot be read" in refused("--data", str(tmp_path / "data"), "--profiles", str(folder))


def test_a_folder_that_is_not_there_or_holds_none_is_said(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert "no folder" in refused("--data", data, "--profiles", str(tmp_path / "none"))
    (tmp_path / "empty").mkdir()
    assert "holds no profile" in refused("--data", data, "--profiles", str(tmp_path / "empty"))


def test_a_link_template_that_cannot_be_stops_the_start(tmp_path: Path) -> None:
    said = refused("--data", str(tmp_path / "data"), APITRAIL_LINK_TEMPLATES="order=ftp://erp.example/{id}")
    assert "link_templates 'order=ftp://erp.example/{id}': is not an http or https address" in said
