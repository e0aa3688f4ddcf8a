"""Every platform's samples become what stands beside them. A new sample is tested the day it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.profiles import Profiles
from apitrail.profiles.catalogue import HERE
from apitrail.profiles.samples import differences, parse_exchange, read_sample

SAMPLES = sorted((HERE / "platforms").glob("*/samples/*.http"))
SEVEN = ("shopee", "shopify", "woocommerce", "momo", "easypost", "ups", "tcat")


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: f"{file.parent.parent.name}/{file.stem}")
def test_a_sample_becomes_what_is_expected(profiles: Profiles, file: Path) -> None:
    sample = read_sample(file)
    assert differences(profiles, profiles.entry(sample.exchange), sample.expected) == []


def test_every_platform_has_samples(profiles: Profiles) -> None:
    covered = {file.parent.parent.name for file in SAMPLES}
    assert set(profiles.platforms) == covered


@pytest.mark.parametrize("platform", SEVEN)
def test_a_platform_in_depth_shows_success_and_failure(platform: str) -> None:
    outcomes = {read_sample(file).expected["outcome"] for file in SAMPLES if file.parent.parent.name == platform}
    assert "success" in outcomes
    assert outcomes & {"request_error", "platform_error"}


def test_a_sample_without_expectation_or_the_other_way_round_is_found() -> None:
    folders = (HERE / "platforms").glob("*/samples")
    for folder in folders:
        sent, expected = ({file.stem for file in folder.glob(end)} for end in ("*.http", "*.toml"))
        assert sent == expected


def test_a_body_in_base64_is_read_as_bytes() -> None:
    exchange = parse_exchange(
        "GET https://a.example/ HTTP/1.1\n\nHTTP/1.1 200\nContent-Type: text/plain\n\n# base64\n/wA=\n"
    )
    assert exchange.response is not None
    assert exchange.response.body == b"\xff\x00"


def test_what_is_no_request_is_refused() -> None:
    with pytest.raises(ValueError, match="begins no request"):
        parse_exchange("hello there\n")
