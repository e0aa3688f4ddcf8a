"""What a whole entry tells when it is looked at: where its parcel is, when its access ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apitrail.exchange import Exchange, Message, Stated
from apitrail.profiles import Profiles
from apitrail.profiles.catalogue import HERE
from apitrail.profiles.samples import read_sample

SAMPLES = sorted((HERE / "platforms").glob("*/samples/*.http"))
NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)


def sample(name: str) -> Path:
    platform, _, file = name.partition("/")
    return HERE / "platforms" / platform / "samples" / f"{file}.http"


def test_every_profile_that_names_a_parcels_place_is_shown_by_a_sample(profiles: Profiles) -> None:
    named = {name for name, file in profiles.files.items() if file.delivery}
    shown = {file.parent.parent.name for file in SAMPLES if read_sample(file).expected.get("delivery")}
    assert named == shown


UPS = "https://onlinetools.ups.com/security/v1/oauth/token"


def answered(body: str, platform: str = "ups", url: str = UPS) -> Exchange:
    headers = [("Content-Type", "application/json")]
    return Exchange(
        created_at=NOON,
        method="POST",
        url=url,
        status=200,
        response=Message(headers=headers, text=body),
        stated=Stated(platform=platform),
    )


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ('{"access_token": "masked", "expires_in": 14399}', NOON + timedelta(seconds=14399)),
        ('{"access_token": "masked", "expires_in": "14399"}', NOON + timedelta(seconds=14399)),
        ('{"expires_in": 1785844800}', datetime.fromtimestamp(1785844800, UTC)),
        ('{"expires_in": 1785844800000}', datetime.fromtimestamp(1785844800, UTC)),
        ('{"expires_in": "soon"}', None),
        ('{"expires_in": "2026-08-04 12:00:00"}', None),
        ('{"access_token": "masked"}', None),
        ("no json", None),
    ],
)
def test_an_access_ends_when_the_answer_says_and_else_nobody_knows(
    profiles: Profiles, body: str, ends: datetime | None
) -> None:
    assert profiles.expires(profiles.entry(answered(body))) == ends


def test_a_profile_says_where_the_end_of_an_access_stands(profiles: Profiles) -> None:
    shopee = answered('{"expire_in": 14400}', "shopee", "https://partner.shopeemobile.com/api/v2/auth/token/get")
    assert profiles.expires(profiles.entry(shopee)) == NOON + timedelta(hours=4)
    made = profiles.entry(read_sample(sample("shopline_global/token_obtained")).exchange)
    assert profiles.expires(made) == datetime(2026, 1, 1, 10, tzinfo=UTC)
    nobody = answered('{"expires_in": 60}', "nobody-knows", "https://api.nobody.example/token")
    assert profiles.expires(profiles.entry(nobody)) == NOON + timedelta(minutes=1)
