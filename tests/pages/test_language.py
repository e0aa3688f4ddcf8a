"""Every language says everything, and the reader's own is found."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from apitrail.entry import Outcome
from apitrail.exchange import Direction
from apitrail.profiles import catalogue
from apitrail.profiles.catalogue import BUILT_IN
from apitrail.server.pages import language
from apitrail.server.pages.bodies import VIEWS
from apitrail.server.pages.query import FIELDS
from apitrail.server.pages.ranges import QUICK
from apitrail.server.pages.status import ICONS
from apitrail.server.pages.templating import TEMPLATES

ENGLISH = language.languages()["en"]
OTHERS = [words for tag, words in language.languages().items() if tag != "en"]
PAGES = Path(language.__file__).parent


def names(words: language.Words, key: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words._words[key]) if name}


@pytest.mark.parametrize("words", OTHERS, ids=lambda words: words.language)
def test_every_language_has_the_same_keys(words: language.Words) -> None:
    assert words.keys() == ENGLISH.keys()


@pytest.mark.parametrize("words", OTHERS, ids=lambda words: words.language)
def test_every_language_names_the_same_things(words: language.Words) -> None:
    different = {key for key in ENGLISH.keys() if names(words, key) != names(ENGLISH, key)}  # noqa: SIM118
    assert {key for key in different if not key.endswith(".one")} == set()


@pytest.mark.parametrize("words", [ENGLISH, *OTHERS], ids=lambda words: words.language)
def test_sentences_hold_no_markup(words: language.Words) -> None:
    assert [key for key in words.keys() if re.search("[<>]", words._words[key])] == []  # noqa: SIM118


@pytest.mark.parametrize(
    ("slip", "instead"),
    [("你", "您"), ("客服", "技術支援: the reader often is 客服"), ("EC 串接", "電商串接"), ("內文", "內容")],
)
def test_chinese_calls_one_thing_by_one_name(slip: str, instead: str) -> None:
    (chinese,) = (words for words in OTHERS if words.language == "zh-TW")
    texts = [chinese._words[key] for key in chinese.keys()]  # noqa: SIM118
    for cause in BUILT_IN.causes:
        for way in get_args(Direction):
            texts.append(catalogue.advice(BUILT_IN, cause, platform="momo", side="ec", direction=way, language="zh-TW"))
    assert [text for text in texts if slip in text] == [], instead


def test_every_key_that_is_asked_for_by_name_is_there() -> None:
    sources = [*TEMPLATES.rglob("*.html"), *PAGES.rglob("*.py")]
    asked = set()
    for source in sources:
        text = source.read_text("utf-8")
        asked |= set(re.findall(r"""\b(?:t|words|reader\.words)\(\s*["']([\w.-]+)["']\s*[,)]""", text))
        asked |= {f"{key}.other" for key in re.findall(r'words\.count\(\s*"([\w.-]+)"', text)}
    assert len(asked) > 60
    assert asked - ENGLISH.keys() == set()


@pytest.mark.parametrize("party", ["carrier", "either"])
def test_what_is_said_of_a_carrier_is_said_of_a_platform_too(party: str) -> None:
    own = {key for key in ENGLISH.keys() if key.startswith(f"{party}.")}  # noqa: SIM118
    assert own
    assert {key.removeprefix(f"{party}.") for key in own} - ENGLISH.keys() == set()
    for words in (ENGLISH, *OTHERS):
        platform = words("filter.platform").unescape().lower()
        told = {key: words(key).unescape().lower() for key in own if party == "carrier"}
        assert [key for key, text in told.items() if platform in text] == []


def test_every_key_that_is_put_together_is_there() -> None:
    kinds = [f"outcome.{way}.{kind}" for way in ("inbound", "outbound") for kind in ICONS]
    meanings = [f"meaning.{way}.{kind}" for way in ("inbound", "outbound") for kind in ICONS]
    forms = [f"bodies.form.{view.form}" for view in VIEWS if view.form != "image"]
    rest = [f"outcome.any.{one}" for one in get_args(Outcome)] + [f"filter.{one}" for one in FIELDS]
    rest += [f"range.{one}" for one in QUICK] + [f"panel.absent.{kind}" for kind in ICONS]
    assert {*kinds, *meanings, *forms, *rest} - ENGLISH.keys() == set()


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "chosen"),
    [
        ("", "", "", "en"),
        ("", "", "zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("", "", "de, en;q=0.5, zh;q=0.9", "zh-TW"),
        ("", "", "zh;q=0, en", "en"),
        ("", "en", "zh-TW", "en"),
        ("zh-TW", "en", "en", "zh-TW"),
        ("zh-Hant", "", "", "zh-TW"),
        ("xx", "yy", "q=;;,,", "en"),
    ],
)
def test_the_readers_language_is_found(asked: str, cookie: str, accepted: str, chosen: str) -> None:
    assert language.choose(asked, cookie, accepted).language == chosen


def test_what_is_named_in_a_sentence_is_escaped() -> None:
    assert ENGLISH("verdict.said.by", who="<b>") == "&lt;b&gt; says"
