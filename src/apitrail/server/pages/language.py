"""The words of the pages, by language: `locales/<language>.toml`, the same keys in each.

Which language: `?lang=`, else the cookie that choosing one sets, else what the browser prefers, else English.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli
from markupsafe import Markup, escape

from apitrail.profiles.catalogue import Party

FOLDER = Path(__file__).parent.parent / "locales"
DEFAULT = "en"
COOKIE = "apitrail_lang"


class Words:
    """One language. Called with a key and what the sentence names; answers escaped HTML.

    A key that is not there raises KeyError: a test renders every page in every language.
    """

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, /, **named: Any) -> Markup:
        sentence = Markup(escape(self._words[key]))  # noqa: S704 - ours, and escaped
        return sentence.format(**named) if named else sentence

    def about(self, party: Party, key: str, /, **named: Any) -> Markup:
        """The sentence as it is said of a carrier, or of platforms and carriers together: `carrier.key`, `either.key`,
        where there is such a one.
        """
        own = f"{party}.{key}"
        return self(own if own in self._words else key, **named)

    def count(self, key: str, count: int, /, **named: Any) -> Markup:
        """The form of the sentence for that many: `key.one` or `key.other`, with `{count}`."""
        return self(f"{key}.{'one' if count == 1 else 'other'}", count=f"{count:,}", **named)

    def known(self, key: str) -> bool:
        return key in self._words

    def keys(self) -> frozenset[str]:
        return frozenset(self._words)


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for name, value in table.items():
        out |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: str(value)}
    return out


@lru_cache(maxsize=1)
def languages() -> dict[str, Words]:
    """Every language there is, by its tag."""
    files = sorted(FOLDER.glob("*.toml"))
    return {file.stem: Words(file.stem, _flat(tomli.loads(file.read_text(encoding="utf-8")))) for file in files}


def choose(asked: str, cookie: str, accepted: str) -> Words:
    """The words for `?lang=`, the cookie and the Accept-Language header, in that order."""
    known = languages()
    wanted = [asked, cookie, *_preferences(accepted)]
    return next((known[tag] for name in wanted if (tag := _supported(name))), known[DEFAULT])


def _supported(name: str) -> str:
    """Our tag for a language tag; empty where we have no such language."""
    parts = name.lower().replace("_", "-").split("-")
    if parts[0] == "zh":
        return "zh-TW"  # the one Chinese there is; a reader of the other is served better by it than by English
    return next((tag for tag in languages() if tag.lower() == parts[0]), "")


def _preferences(header: str) -> list[str]:
    """The tags of an Accept-Language header, most wanted first (RFC 9110 §12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for item in header[:500].split(","):
        tag, _, parameter = item.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if weight > 0 and tag.strip():
            weighed.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]
