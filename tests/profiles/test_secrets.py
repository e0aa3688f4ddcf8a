"""What profiles declare as secret is masked by the recorder, where it is one, and hides nothing that they read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from apitrail.exchange import Exchange, Headers, Message, Stated
from apitrail.profiles import Profiles
from apitrail.profiles.catalogue import HERE
from apitrail.profiles.recognition import fold
from apitrail.profiles.samples import differences, read_sample
from apitrail.profiles.secrets import generated, generated_platforms, placed
from apitrail.recorder import platforms, secrets_platforms
from apitrail.recorder.redact import Redactor
from apitrail.recorder.redaction.whose import platform_key
from apitrail.recorder.secrets import GENERAL, Terms, document

ALL = Profiles.load()
REDACTOR = Redactor(b"key")
VALUE = "7f3a9c1e5b2d4f6809ab"
KNOWN = Terms(GENERAL)
DECLARED = [
    (file.name, declared)
    for file in ALL.files.values()
    for declared in file.secrets
    if not any(
        group.login or group.places or group.hosts or group.longest for group in KNOWN.judge(placed(declared)[1])
    )
]
SCOPED = [(name, place, term[1:]) for name, place, terms in secrets_platforms.ONLY_AT for term in terms]
SAMPLES = sorted((HERE / "platforms").glob("*/samples/*.http"))

WAYS: dict[str, Callable[[str], Exchange]] = {
    "header": lambda name: exchange(headers=[(name, VALUE)]),
    "query": lambda name: exchange(f"?a=1&{name}={VALUE}"),
    "form": lambda name: exchange(body=f"a=1&{name}={VALUE}"),
    "json": lambda name: exchange(body=f'{{"list": [{{"{name}": "{VALUE}"}}], "z": 1}}'),
    "element": lambda name: exchange(body=f"<r xmlns:p='u'><p:{name}>{VALUE}</p:{name}><z>1</z></r>"),
}


def exchange(query: str = "", *, headers: Headers | None = None, body: str = "") -> Exchange:
    return Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url=f"http://127.0.0.1:8080/x{query}",
        request=Message(headers=headers or [], body=body.encode()),
        status=200,
    )


def at(name: str, given: Exchange) -> Exchange:
    """As the caller of a platform states it, on a host that is nobody's."""
    return msgspec.structs.replace(given, stated=Stated(platform=name))


def holds(given: Exchange) -> bool:
    """Whether the secret can still be read after masking."""
    return VALUE.encode() in msgspec.json.encode(REDACTOR.exchange(given)) or VALUE.encode() in (
        REDACTOR.exchange(given).request.body
    )


def test_the_recorders_table_is_current() -> None:
    written = Path(secrets_platforms.__file__).read_text("utf-8")
    assert written == generated(ALL.files.values()), "run: make secrets"


def test_the_table_of_platforms_is_current() -> None:
    written = Path(platforms.__file__).read_text("utf-8")
    assert written == generated_platforms(ALL.files.values()), "run: make secrets"


def test_the_document_is_current() -> None:
    assert (Path(__file__).parents[2] / "docs" / "secrets.md").read_text("utf-8") == document(), "run: make secrets"


@pytest.mark.parametrize(("platform", "declared"), DECLARED)
def test_a_declared_secret_is_masked_in_calls_to_its_platform(platform: str, declared: str) -> None:
    place, name = placed(declared)
    for way, made in WAYS.items():
        if place in ("", way):
            assert not holds(at(platform, made(name))), way


@pytest.mark.parametrize(("platform", "place", "term"), SCOPED)
def test_a_bare_name_stays_readable_elsewhere(platform: str, place: str, term: str) -> None:
    for way, made in WAYS.items():
        if place in ("", way):
            assert not holds(at(platform, made(term))), way
            assert holds(made(term)), way
            assert holds(at("acme", made(term))), way


@pytest.mark.parametrize(("platform", "place", "term"), SCOPED)
def test_a_bare_name_is_masked_at_the_platforms_hosts(platform: str, place: str, term: str) -> None:
    made = WAYS[place or "json"](term)
    _, mark, query = made.url.partition("?")
    for host in ALL.files[platform].hosts:
        url = f"https://{re.sub('{.*?}', 'one', host)}/x{mark}{query}"
        assert not holds(msgspec.structs.replace(made, url=url)), host
    fake = msgspec.structs.replace(made, url=f"https://one.example/api.fedex.com{mark}{query}")
    assert holds(fake)


def test_any_name_of_a_platform_states_it() -> None:
    for name, _, _ in secrets_platforms.ONLY_AT:
        for said in (name, ALL.files[name].label, *ALL.files[name].aliases):
            assert platform_key(said) == fold(said)
            assert platform_key(said) in secrets_platforms.PLATFORMS[name][0]


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: f"{file.parent.parent.name}/{file.stem}")
def test_masking_hides_nothing_that_a_profile_reads(profiles: Profiles, file: Path) -> None:
    sample = read_sample(file)
    expected = dict(sample.expected)
    if b":authentication>" in sample.exchange.request.body:
        # An object of credentials is masked whole, the account's number in it too.
        expected.pop("shipping_integration", None)
    assert differences(profiles, profiles.entry(REDACTOR.exchange(sample.exchange)), expected) == []


def test_a_place_before_a_name_limits_it() -> None:
    assert placed("element:Key") == ("element", "Key")
    assert placed("X-Api-Key") == ("", "X-Api-Key")
    fedex = "https://apis.fedex.com/x"
    assert not holds(msgspec.structs.replace(WAYS["element"]("Key"), url=fedex))
    assert holds(msgspec.structs.replace(WAYS["json"]("key"), url=fedex))
