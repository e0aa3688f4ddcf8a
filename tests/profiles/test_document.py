"""The guide's own example is a profile that works."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from apitrail.cli.profile import check
from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from apitrail.profiles.locators import PLACES
from apitrail.profiles.steps import INSIDE

GUIDE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text("utf-8")


def test_the_guides_first_profile_loads_and_judges(tmp_path: Path, make: Callable[..., Exchange]) -> None:
    example = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[0]
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "profile.toml").write_text(example, "utf-8")
    profiles = Profiles.load(tmp_path)
    url = "https://lantern.acme.example/v1/orders/A-1/ship"
    entry = profiles.entry(make("POST", url, answer='{"error": {"code": "E17", "message": "Token expired"}}'))
    assert (entry.platform, entry.action, entry.outcome) == ("acme", "order.ship", "request_error")
    assert (entry.cause, entry.code, entry.message) == ("token_expired", "E17", "Token expired")
    assert entry.ec_integration is not None
    assert entry.ec_integration.id == "lantern"
    assert [reference.id for reference in entry.references] == ["A-1"]


def test_the_guides_sample_becomes_what_the_guide_says_by_the_guides_profile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[0]
    samples = GUIDE[GUIDE.index("\n## Samples\n") :]
    exchange = re.search(r"\n\n((?:(?:    .*)?\n)+)", samples)
    expected = re.search(r"```toml\n(.*?)```", samples, re.DOTALL)
    assert exchange is not None
    assert expected is not None
    folder = tmp_path / "acme"
    (folder / "samples").mkdir(parents=True)
    (folder / "profile.toml").write_text(profile, "utf-8")
    (folder / "samples" / "expired_token.http").write_text(dedent(exchange[1]).strip("\n") + "\n", "utf-8")
    (folder / "samples" / "expired_token.toml").write_text(expected[1], "utf-8")
    assert check(folder / "profile.toml"), capsys.readouterr().out
    assert "1 sample" in capsys.readouterr().out


def test_every_place_and_step_of_the_language_is_in_the_guide() -> None:
    for word in (*PLACES, *INSIDE, "[]", "[,]", "*", "[type=a", "[type!=a]"):
        assert word in GUIDE, word
