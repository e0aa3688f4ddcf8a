"""The catalogues: what a call can be, why it can fail, and which identifiers it can touch. Data beside this file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

import tomli
from msgspec import Struct, ValidationError, convert

from apitrail.entry import Cause
from apitrail.exchange import Direction
from apitrail.profiles.positions import Positions
from apitrail.profiles.problems import ProfileError

HERE = Path(__file__).parent
Side = Literal["ec", "shipping", "both"]
Actor = Literal["merchant", "warehouse", "platform", "engineer"]
Party = Literal["platform", "carrier", "either"]
"""How the other end is spoken of; `either` where both kinds are meant."""
CAUSES: tuple[Cause, ...] = get_args(Cause)

UNKNOWN = "unknown"
T = TypeVar("T")


class Action(Struct, frozen=True):
    """What a call can be."""

    id: str
    side: Side
    direction: Direction
    en: str
    zh_tw: str
    repeatable: bool
    """False: doing it twice may do it twice, so one looks before trying again."""

    def label(self, language: str = "en") -> str:
        """The name that people read; any `zh…` language is Traditional Chinese."""
        return self.zh_tw if language.lower().startswith("zh") else self.en


class CauseWords(Struct, frozen=True, forbid_unknown_fields=True):
    """One cause: who is at fault, and what to do. Pairs are (English, Traditional Chinese)."""

    label: tuple[str, str]
    fault: Literal["ours", "theirs"]
    acts: tuple[Actor, Actor]
    """Whose hands are needed first: for a call that we made, and for a notification that we did not accept."""
    advice: tuple[str, str]
    inbound: tuple[str, str]
    once: tuple[str, str] | None = None
    later: tuple[str, str] | None = None
    retryable: bool | None = None
    warns: bool = False
    """Its advice also holds for a call that did not fail; for others, such a call has the words of a warning."""
    inbound_label: tuple[str, str] | None = None
    """Where the label would blame the platform for what happened on our side."""
    carrier_label: tuple[str, str] | None = None
    """Where the label says platform, and it is a carrier; so is the next, where it may be either."""
    either_label: tuple[str, str] | None = None


class Catalogue(Struct, frozen=True):
    """All three catalogues, read and checked."""

    actions: dict[str, Action]
    synonyms: dict[str, str]
    causes: dict[Cause, CauseWords]
    warning: tuple[str, str]
    """What to do about a warning: (English, Traditional Chinese)."""
    reported: tuple[str, str]
    """The same of a notification that reports trouble."""
    references: dict[str, tuple[str, str]]

    def settle(self, action: str) -> str:
        """The catalogue's id for a name that is used for the same thing elsewhere."""
        return self.synonyms.get(action, action)


class _ActionsFile(Struct, forbid_unknown_fields=True):
    actions: dict[str, tuple[Side, Direction, str, str, bool]]
    synonyms: dict[str, str]


class _CausesFile(Struct, forbid_unknown_fields=True):
    causes: dict[str, CauseWords]
    warning: tuple[str, str]
    reported: tuple[str, str]


class _ReferencesFile(Struct, forbid_unknown_fields=True):
    references: dict[str, tuple[str, str]]


def load_catalogue(folder: Path = HERE) -> Catalogue:
    """Read `actions.toml`, `causes.toml` and `references.toml`. Raises ProfileError."""
    known = _read(folder / "actions.toml", _ActionsFile)
    causes = _read(folder / "causes.toml", _CausesFile)
    references = _read(folder / "references.toml", _ReferencesFile)
    for synonym, action in known.synonyms.items():
        if action not in known.actions or synonym in known.actions:
            where = Positions((folder / "actions.toml").read_text("utf-8")).line(("synonyms", synonym))
            raise ProfileError(
                folder / "actions.toml",
                where,
                f'"{synonym}" is not a synonym of "{action}"',
                "Name an action on the right, none on the left.",
            )
    missing = set(CAUSES) ^ set(causes.causes)
    if missing:
        raise ProfileError(
            folder / "causes.toml",
            1,
            f"causes do not match: {', '.join(sorted(missing))}",
            "Write one table per cause.",
        )
    return Catalogue(
        actions={name: Action(name, *values) for name, values in known.actions.items()},
        synonyms=known.synonyms,
        causes={cause: causes.causes[cause] for cause in CAUSES},
        warning=causes.warning,
        reported=causes.reported,
        references=references.references,
    )


def _read(file: Path, kind: type[T]) -> T:
    text = file.read_text("utf-8")
    try:
        return convert(tomli.loads(text), kind)
    except (ValidationError, tomli.TOMLDecodeError) as error:
        raise ProfileError(file, 1, str(error), "Correct the catalogue.") from error


_ACCOUNT = {
    "ec": ("its EC integration page", "電商串接頁面"),
    "shipping": ("its shipping integration page", "物流串接頁面"),
    "both": ("its integration page", "串接頁面"),
}


_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff]) (?=[\u3000-\u9fff])")
"""A blank that a name left there: it stands between Chinese and Latin letters alone."""


def advice(
    catalogue: Catalogue,
    cause: Cause,
    *,
    platform: str,
    side: Side = "both",
    direction: Direction = "outbound",
    repeatable: bool = True,
    later: bool = False,
    warning: bool = False,
    language: str = "en",
) -> str:
    """One sentence: who acts, and how. `platform` is the name that people read.

    `repeatable`: doing it again does it once. `later`: the platform is known to allow the same later.
    """
    words = catalogue.causes[cause]
    if warning and not words.warns:
        sentence = catalogue.reported if direction == "inbound" else catalogue.warning
    elif direction == "inbound":
        sentence = words.inbound
    elif not repeatable and words.once is not None:
        sentence = words.once
    elif later and words.later is not None:
        sentence = words.later
    else:
        sentence = words.advice
    index = 1 if language.lower().startswith("zh") else 0
    text = sentence[index].replace("{platform}", platform).replace("{account}", _ACCOUNT[side][index])
    text = _BETWEEN_HAN.sub("", text)
    if sentence[index].startswith("{platform}") and not platform.startswith("the "):
        return text  # a name keeps its letters: momo
    return text[:1].upper() + text[1:]


BUILT_IN = load_catalogue()


def action_label(action: str, language: str = "en") -> str:
    """What people read for an action: "Fetch orders", 「抓取訂單」. An id that the catalogue lacks is its own label."""
    known = BUILT_IN.actions.get(BUILT_IN.settle(action))
    return known.label(language) if known is not None else action


def action_repeatable(action: str) -> bool | None:
    """Whether doing it twice does it once; None for an id that the catalogue lacks."""
    known = BUILT_IN.actions.get(BUILT_IN.settle(action))
    return known.repeatable if known is not None and known.id != UNKNOWN else None


def cause_label(cause: str, language: str = "en", direction: Direction = "outbound", party: Party = "platform") -> str:
    """What people read for a cause; an unknown one is its own label."""
    words = BUILT_IN.causes.get(cast("Cause", cause))
    if words is None:
        return cause
    of_party = {"carrier": words.carrier_label, "either": words.either_label}.get(party)
    label = (words.inbound_label if direction == "inbound" else None) or of_party or words.label
    return label[1 if language.lower().startswith("zh") else 0]


def actor(cause: str, direction: str = "outbound") -> Actor:
    """Whose hands a failure needs first; where no cause is known, an engineer's."""
    words = BUILT_IN.causes.get(cast("Cause", cause)) or BUILT_IN.causes["unknown"]
    return words.acts[1 if direction == "inbound" else 0]


def reference_label(kind: str, language: str = "en") -> str:
    """What people read for a type of identifier; an unknown one is its own label."""
    pair = BUILT_IN.references.get(kind)
    return pair[1 if language.lower().startswith("zh") else 0] if pair is not None else kind
