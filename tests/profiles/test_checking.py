"""A profile that cannot be used is refused with file and line, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apitrail.exchange import Exchange, Message, Source, Stated
from apitrail.profiles import ProfileError, Profiles
from apitrail.profiles.catalogue import BUILT_IN, HERE
from apitrail.profiles.identifiers import collector
from apitrail.profiles.places import places
from apitrail.profiles.platform import Platform, settled
from apitrail.profiles.reading import read_profile

HEAD = """name = "acme"
label = "Acme"
side = "ec"
docs = "https://acme.example/docs"
hosts = ["api.acme.example"]
"""


def load(folder: Path, text: str) -> Profiles:
    (folder / "acme").mkdir(exist_ok=True)
    (folder / "acme" / "profile.toml").write_text(HEAD + text, "utf-8")
    return Profiles.load(folder)


OURS = sorted((HERE / "platforms").glob("*/profile.toml"))


@pytest.mark.parametrize("file", OURS, ids=[file.parent.name for file in OURS])
def test_ours_are_without_fault(file: Path) -> None:
    profile = read_profile(file, BUILT_IN)
    platform = Platform(profile, BUILT_IN)
    # All that is compiled when it is first asked for.
    for name in vars(Platform):
        if not name.startswith("__"):
            getattr(platform, name)
    everywhere = places(profile.ids)
    for endpoint in (*profile.endpoints.values(), *(profile.webhooks.topics.values() if profile.webhooks else ())):
        collector([*places(settled(endpoint).ids), *everywhere])


REFUSED = {
    "unknown_action": (
        '[endpoints]\n"GET /a" = "order.list"\n"GET /b" = "order.lists"\n',
        8,
        'unknown action "order.lists"',
    ),
    "synonym": ('[endpoints]\n"POST /a" = "address.validate"\n', 7, 'Write "address.check"'),
    "unknown_cause": ('[[error]]\ncodes = ["E1"]\ncause = "gremlins"\nsource = "x"\nevidence = "doc"\n', 8, "gremlins"),
    "unknown_field": ("colour = 3\n", 6, "unknown field `colour`"),
    "unknown_field_deep": (
        '[[error]]\ncodes = ["E1"]\ncuase = "state"\nsource = "x"\nevidence = "doc"\n',
        8,
        "unknown field `cuase`",
    ),
    "unknown_action_of_pages": ('pages = ["tracking.got"]\n', 6, 'unknown action "tracking.got"'),
    "sign_of_all": (
        '[[sign]]\nwhen = "status = 301"\neverywhere = "any"\nsource = "x"\nevidence = "doc"\n',
        8,
        "Only `generic`",
    ),
    "unknown_reference": ('[ids]\nordre = "query:id"\n', 7, 'unknown type of reference "ordre"'),
    "bad_place": ('[ids]\norder = "body:$.id"\n', 7, "names no place"),
    "bad_path": ('[ids]\norder = "request:$.a..b"\n', 7, "is not a path"),
    "bad_pattern": ('[ids]\norder = "request:$.a ~ ("\n', 7, "no regular expression"),
    "bad_condition": ('[[sign]]\nwhen = "status > many"\nsource = "x"\nevidence = "doc"\n', 7, "is not a whole number"),
    "bad_endpoint": ('[endpoints]\n"get /a" = "order.list"\n', 7, "is not an endpoint"),
    "endpoint_twice": (
        '[endpoints]\n"GET /a/{x}" = "order.get"\n"GET /a/{y}" = "order.list"\n',
        8,
        'the same endpoint as "GET /a/{x}"',
    ),
    "unnamed_selector": ('[endpoints]\n"GET /a kind=b" = "order.get"\n', 7, "not named in [select]"),
    "outbound_webhook": ('[webhooks.topics]\n"a" = "order.get"\n', 7, "is not an inbound action"),
    "memory_is_no_evidence": (
        '[[error]]\ncodes = ["E1"]\ncause = "state"\nsource = "x"\nevidence = "mem"\n',
        10,
        "mem",
    ),
    "no_source": (
        '[[error]]\ncodes = ["E1"]\ncause = "state"\nsource = " "\nevidence = "doc"\n',
        9,
        "a fact without its source",
    ),
    "leads_nowhere": (
        '[[error]]\ncause = "state"\nsource = "x"\nevidence = "doc"\n',
        6,
        "a rule that nothing leads to",
    ),
    "weak_code": (
        '[[error]]\ncodes = ["E1"]\nweak = true\ncause = "state"\nsource = "x"\nevidence = "doc"\n',
        8,
        "only a pattern can be weak",
    ),
    "no_toml": ("a = = b\n", 6, "Invalid value"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_fault_is_told_with_its_line(tmp_path: Path, case: str) -> None:
    text, line, what = REFUSED[case]
    with pytest.raises(ProfileError) as refused:
        load(tmp_path, text)
    assert what in str(refused.value)
    assert refused.value.line == line
    assert str(refused.value).startswith(f"{tmp_path / 'acme' / 'profile.toml'}:{line}: ")
    assert refused.value.fix


TWO = """
[[error]]
codes = ["E17"]
cause = "token_expired"
source = "docs"
evidence = "doc"
{first}
[[error]]
codes = ["E18", "E17"]
cause = "permission"
source = "docs"
evidence = "doc"
{second}
"""


def test_one_code_with_two_causes_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as refused:
        load(tmp_path, TWO.format(first="", second=""))
    assert refused.value.line == 13
    assert 'code "E17" is permission here and token_expired at line 7' in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", "status = [403]"),
        ("status = [401]", "status = [403]"),
        ('text = ["expired"]', 'text = ["scope"]'),
        ('actions = ["auth.*"]', ""),
    ],
)
def test_one_code_may_have_two_causes_that_something_tells_apart(tmp_path: Path, first: str, second: str) -> None:
    assert load(tmp_path, TWO.format(first=first, second=second))


@pytest.mark.parametrize(
    ("first", "second"), [("status = [401]", "status = [401, 403]"), ('text = ["a"]', 'text = ["A"]')]
)
def test_conditions_that_overlap_tell_nothing_apart(tmp_path: Path, first: str, second: str) -> None:
    with pytest.raises(ProfileError, match="tell them apart"):
        load(tmp_path, TWO.format(first=first, second=second))


def test_a_folder_of_ones_own_adds_a_platform(tmp_path: Path, make: Callable[..., Exchange]) -> None:
    profiles = load(tmp_path, '[endpoints]\n"GET /orders" = "order.list"\n')
    entry = profiles.entry(make("GET", "https://api.acme.example/orders"))
    assert (entry.platform, entry.action) == ("acme", "order.list")


def test_a_folder_of_ones_own_overrides_a_platform(tmp_path: Path) -> None:
    (tmp_path / "ups").mkdir()
    text = HEAD.replace("acme", "ups", 1).replace("Acme", "Our UPS")
    (tmp_path / "ups" / "profile.toml").write_text(text, "utf-8")
    assert Profiles.load(tmp_path).platforms["ups"] == "Our UPS"


def test_a_name_other_than_the_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "profile.toml").write_text(HEAD, "utf-8")
    with pytest.raises(ProfileError, match='name is "acme" in a folder called "other"'):
        Profiles.load(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no folder"):
        Profiles.load(tmp_path / "nowhere")


def test_a_webhook_topic_may_say_where_its_own_ids_are(tmp_path: Path) -> None:
    profiles = load(
        tmp_path,
        '[webhooks]\ntopic = "request-header:X-Topic"\nids = { delivery = "request-header:X-Delivery" }\n'
        "[webhooks.topics]\n"
        '"orders/*" = { action = "webhook.order.updated", ids = { order = "request:$.id" } }\n'
        '"products/*" = { action = "webhook.product.updated", ids = { product = "request:$.id" } }\n',
    )
    for topic, kind in (("orders/paid", "order"), ("products/new", "product")):
        exchange = Exchange(
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            direction="inbound",
            method="POST",
            url="https://us.example/hooks",
            request=Message(headers=[("X-Topic", topic), ("X-Delivery", "d1")], body=b'{"id": 77}'),
            stated=Stated(platform="acme"),
        )
        entry = profiles.entry(exchange)
        assert {(one.type, one.id) for one in entry.references} == {(kind, "77"), ("delivery", "d1")}
        assert entry.source == Source(kind, "77")


def test_a_topic_in_its_long_form_is_checked_like_an_endpoint(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r'profile.toml:7: unknown type of reference "ordre"'):
        load(
            tmp_path,
            '[webhooks.topics]\n"a" = { action = "webhook.other", ids = { ordre = "request:$.id" } }\n',
        )
