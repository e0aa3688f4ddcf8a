"""What a profile of the server's own declares as secret is masked like what ours declare, and only where it says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from apitrail.exchange import Exchange, Message, Stated
from apitrail.profiles import Profiles
from apitrail.recorder.redact import Redactor
from apitrail.server.masking import masked, redactor

VALUE = "7f3a9c1e5b2d4f6809ab"
SEAL = "seal-of-90-acorns"  # another one: a masked value is masked wherever else it stands
ACME = """name = "acme"
label = "Acme Ltd"
side = "ec"
docs = "https://docs.acme.example/"
hosts = ["api.acme.example", "{shop}.acme-shops.example"]
secrets = ["X-Acme-Seal", "hash", "element:Lock", "request:bolt", "password"]
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Redactor:
    folder = tmp_path_factory.mktemp("own")
    (folder / "acme").mkdir()
    (folder / "acme" / "profile.toml").write_text(ACME, "utf-8")
    return redactor(b"key", Profiles.load(folder))


def call(url: str, body: str = "", platform: str = "") -> Exchange:
    return Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url=url,
        request=Message(headers=[("X-Acme-Seal", SEAL)], body=body.encode()),
        status=200,
        stated=Stated(platform=platform) if platform else None,
    )


def whole(x: Exchange) -> str:
    return x.url + x.request.body.decode()


@pytest.mark.parametrize(
    "at",
    [
        lambda: call("https://api.acme.example/x", f'{{"hash": "{VALUE}"}}'),
        lambda: call("https://tea.acme-shops.example/x", f'{{"hash": "{VALUE}"}}'),
        lambda: call("http://127.0.0.1:9/x", f'{{"hash": "{VALUE}"}}', platform="ACME ltd"),
        lambda: call("https://api.acme.example/x", f"<r><Lock>{VALUE}</Lock></r>"),
        lambda: call(f"https://api.acme.example/x?bolt={VALUE}"),
        lambda: call("https://api.acme.example/x", f"a=1&bolt={VALUE}"),
    ],
)
def test_it_is_masked_in_calls_to_the_platform(own: Redactor, at: Callable[[], Exchange]) -> None:
    assert VALUE not in whole(masked(at(), own))


@pytest.mark.parametrize(
    "at",
    [
        lambda: call("https://api.other.example/x", f'{{"hash": "{VALUE}"}}'),
        lambda: call("https://acme-shops.example.org/x", f'{{"hash": "{VALUE}"}}'),
        lambda: call("https://api.acme.example/x", f'{{"lock": "{VALUE}"}}'),
        lambda: call("https://api.acme.example/x", f'{{"bolt": "{VALUE}"}}'),
    ],
)
def test_elsewhere_it_stays(own: Redactor, at: Callable[[], Exchange]) -> None:
    assert VALUE in whole(masked(at(), own))


def test_a_name_that_means_nothing_else_is_masked_everywhere(own: Redactor) -> None:
    assert SEAL not in str(masked(call("https://api.other.example/x"), own).request.headers)


def test_without_such_a_profile_it_is_no_secret() -> None:
    ours = redactor(b"key", Profiles.load())
    assert SEAL in str(masked(call("https://api.other.example/x"), ours).request.headers)
