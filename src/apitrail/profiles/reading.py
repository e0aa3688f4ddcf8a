"""Reads and checks `profile.toml` files. What is refused is refused with file, line, field and what to do.

Beyond the schema, a profile may not use an action, cause or type of reference that the catalogues lack, a place or
condition that cannot be read, one code with two causes that nothing tells apart, or one endpoint twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import tomli
from msgspec import ValidationError, convert

from apitrail.profiles.catalogue import Catalogue
from apitrail.profiles.conditions import BadCondition, compile_condition
from apitrail.profiles.identifiers import Place
from apitrail.profiles.locators import Locator
from apitrail.profiles.places import as_list, identities
from apitrail.profiles.platform import BadEndpoint, parse_endpoint, settled
from apitrail.profiles.positions import Positions, Where
from apitrail.profiles.problems import ProfileError
from apitrail.profiles.routes import BadPath, Routes
from apitrail.profiles.schema import GENERIC, Endpoint, ErrorRule, File, Parts, Places, When
from apitrail.profiles.steps import BadLocator

FILE = "profile.toml"
_AT = re.compile(r"^(.*?)(?: - at `(?:key in )?\$(.*)`)?$", re.DOTALL)
_PART = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")


def read_profile(file: Path, catalogue: Catalogue, *, check: bool = True) -> File:
    """The profile in `file`. Raises ProfileError. Without `check` only its form is looked at: ours were checked before
    they were released.
    """
    text = file.read_text("utf-8")
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ProfileError(file, int(found[1]) if found else 1, str(error), "Write it as TOML.") from error
    try:
        profile = convert(data, File)
    except ValidationError as error:
        what, where = _located(str(error), data)
        fix = (
            "Take the field away, or look its name up in docs/profiles.md."
            if "unknown field" in what
            else "Correct it."
        )
        raise ProfileError(file, Positions(text).line(where), what, fix) from error
    if check:
        _Check(file, Positions(text), profile, catalogue).all()
    return profile


def _located(message: str, data: object) -> tuple[str, Where]:
    """msgspec's message without its path, and the path."""
    found = _AT.match(message)
    if not found:
        return message, ()
    where: list[str | int] = []
    value = data
    for part in _PART.finditer(found[2] or ""):
        step: str | int | None = int(part[2]) if part[2] else part[1]
        if step is None:  # msgspec does not say which value of a table: take the first that is neither text nor list
            if not isinstance(value, dict):
                break
            step = next((key for key, inner in value.items() if isinstance(inner, dict)), None)
            if step is None:
                break
        where.append(step)
        value = _inside(value, step)
    named = re.search(r"unknown field `([^`]+)`", found[1])
    if named:
        where.append(named[1])
    return found[1], tuple(where)


def _inside(value: object, step: str | int) -> object:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


class _Check:
    """One profile against the catalogues and against itself."""

    def __init__(self, file: Path, positions: Positions, profile: File, catalogue: Catalogue) -> None:
        self._file = file
        self._positions = positions
        self._profile = profile
        self._catalogue = catalogue

    def all(self) -> None:
        profile = self._profile
        if profile.name != self._file.parent.name:
            self._refuse(
                ("name",),
                f'name is "{profile.name}" in a folder called "{self._file.parent.name}"',
                "Use the folder's name.",
            )
        self._places(("account",), profile.account)
        self._said(("delivery",), profile.delivery)
        if profile.making is not None:
            self._said(("making", "says"), profile.making.says)
        self._places(("expires",), profile.expires)
        if profile.path_in:
            self._places(("path_in",), profile.path_in)
        for name, text in profile.select.items():
            self._places(("select", name), text)
        self._recognise()
        self._ids(("ids",), profile.ids)
        self._endpoints()
        self._webhooks()
        self._signs()
        for action in profile.pages:
            self._action(("pages",), action, family=True)
        self._items()
        for number, rule in enumerate(profile.error):
            self._error(("error", number), rule)
        self._one_meaning()

    def _refuse(self, where: Where, what: str, fix: str) -> None:
        raise ProfileError(self._file, self._positions.line(where), what, fix)

    def _try(self, where: Where, compiled: Callable[[], object]) -> None:
        try:
            compiled()
        except (BadLocator, BadCondition, BadEndpoint, BadPath) as error:
            self._refuse(where, str(error), "See docs/profiles.md for how places and conditions are written.")
        except re.error as error:
            self._refuse(where, f"no regular expression: {error}", "Correct the pattern.")

    def _action(self, where: Where, action: str, *, family: bool = False) -> None:
        known = self._catalogue.actions
        if family and action.endswith("*"):
            if not any(name.startswith(action[:-1]) for name in known):
                self._refuse(where, f'no action begins with "{action[:-1]}"', "Look at docs/actions.md.")
        elif action not in known:
            settled = self._catalogue.settle(action)
            fix = f'Write "{settled}".' if settled != action else "Use one of docs/actions.md."
            self._refuse(where, f'unknown action "{action}"', fix)

    def _said(self, where: Where, said: str | list[str | Parts]) -> None:
        for part in as_list(said):
            if isinstance(part, str):
                self._places(where, part)
            else:
                self._places(where, part.at)
                self._places(where, part.id, relative=True)
                self._places(where, part.says, relative=True)

    def _places(self, where: Where, texts: Places, *, relative: bool = False) -> None:
        for text in as_list(texts):
            self._try(where, lambda text=text: Locator(text, relative=relative))  # type: ignore[misc]

    def _when(self, where: Where, texts: When, *, relative: bool = False) -> None:
        for text in as_list(texts):
            self._try(where, lambda text=text: compile_condition(text, relative=relative))  # type: ignore[misc]

    def _ids(self, where: Where, ids: dict[str, Places]) -> None:
        for kind, texts in ids.items():
            at = (*where, kind)
            if kind not in self._catalogue.references:
                self._refuse(
                    at, f'unknown type of reference "{kind}"', f"Use one of {', '.join(self._catalogue.references)}."
                )
            for text in as_list(texts):
                self._try(at, lambda kind=kind, text=text: Place(kind, text))  # type: ignore[misc]

    def _recognise(self) -> None:
        for number, rule in enumerate(self._profile.recognise):
            where: Where = ("recognise", number)
            if not (rule.path or rule.header or rule.query or rule.root or rule.fields):
                self._refuse(where, "a rule that all traffic fits", "Give path, header, query, root or fields.")
            pattern = rule.header.partition(":")[2].strip()
            self._try((*where, "header"), lambda pattern=pattern: re.compile(pattern))  # type: ignore[misc]

    def _endpoints(self) -> None:
        routes: Routes[None] = Routes()
        seen: dict[tuple[str, str, object], str] = {}
        for key, value in self._profile.endpoints.items():
            where: Where = ("endpoints", key)
            self._try(where, lambda key=key: parse_endpoint(key))  # type: ignore[misc]
            methods, path, selectors = parse_endpoint(key)
            for name, _, _ in selectors:
                if name not in self._profile.select:
                    self._refuse(where, f'"{name}" is not named in [select]', f'Add [select] {name} = "…".')
            for base in self._profile.bases:
                self._try(where, lambda path=base + path: routes.add("*", path, None))  # type: ignore[misc]
            for method in methods.split("|"):
                same = (method, re.sub(r"\{[^}]*\}", "{}", path.lower()), selectors)
                if same in seen:
                    self._refuse(where, f'the same endpoint as "{seen[same]}"', "Keep one.")
                seen[same] = key
            self._call(where, settled(value))

    def _call(self, where: Where, endpoint: Endpoint) -> None:
        """What an endpoint or a topic says."""
        self._action(where, endpoint.action)
        self._ids(where, endpoint.ids)
        if endpoint.list:
            self._places(where, endpoint.list)
        if endpoint.source and endpoint.source not in self._catalogue.references:
            self._refuse(where, f'unknown type of reference "{endpoint.source}" as source', "Use a type of its ids.")

    def _webhooks(self) -> None:
        hooks = self._profile.webhooks
        if hooks is None:
            return
        self._places(("webhooks", "topic"), hooks.topic)
        self._ids(("webhooks", "ids"), hooks.ids)
        self._when(("webhooks", "answered"), hooks.answered)
        for topic, value in hooks.topics.items():
            where: Where = ("webhooks", "topics", topic)
            endpoint = settled(value)
            self._call(where, endpoint)
            if self._catalogue.actions[endpoint.action].direction != "inbound":
                self._refuse(where, f'"{endpoint.action}" is not an inbound action', "Use a webhook.… action.")

    def _signs(self) -> None:
        for number, sign in enumerate(self._profile.sign):
            where: Where = ("sign", number)
            self._when((*where, "when"), sign.when)
            if sign.everywhere and self._profile.name != GENERIC:
                self._refuse((*where, "everywhere"), "a sign for every platform", f"Only `{GENERIC}` has such signs.")
            if sign.inbound and sign.outcome != "warning":
                self._refuse(
                    (*where, "outcome"),
                    f'"{sign.outcome}" of a notification',
                    'What it reports is outcome = "warning".',
                )
            for action in sign.actions:
                self._action((*where, "actions"), action, family=True)
            for name in ("code", "message", "kind", "field", "reported_by"):
                self._places((*where, name), getattr(sign, name))

    def _items(self) -> None:
        for number, items in enumerate(self._profile.items):
            where: Where = ("items", number)
            self._places((*where, "at"), items.at)
            self._try((*where, "id"), lambda items=items: identities(items.id))  # type: ignore[misc]
            self._places((*where, "of"), items.of)
            for name in ("code", "message", "reported_by"):
                self._places((*where, name), getattr(items, name), relative=True)
            self._try((*where, "id_match"), lambda pattern=items.id_match: re.compile(pattern))  # type: ignore[misc]
            if items.failed not in ("always", "never"):
                self._when((*where, "failed"), items.failed, relative=True)
            if items.type and items.type not in self._catalogue.references:
                self._refuse((*where, "type"), f'unknown type of reference "{items.type}"', "See references.toml.")
            for action in items.actions:
                self._action((*where, "actions"), action, family=True)

    def _error(self, where: Where, rule: ErrorRule) -> None:
        if not (rule.codes or rule.ranges or rule.match or rule.kinds or rule.fields or rule.text or rule.status):
            self._refuse(
                where, "a rule that nothing leads to", "Give codes, ranges, match, kinds, fields, text or status."
            )
        if not rule.source.strip():
            self._refuse((*where, "source"), "a fact without its source", "Say where it is documented or was seen.")
        if rule.weak and (not rule.match or rule.codes or rule.ranges):
            self._refuse((*where, "weak"), "only a pattern can be weak", "Give match, and neither codes nor ranges.")
        for text in rule.ranges:
            if not re.fullmatch(r"\d{1,14}(-\d{1,14})?", text):
                self._refuse((*where, "ranges"), f'"{text}" is not a range', 'Write "120200-120299".')
        for name in ("match", "fields"):
            self._try((*where, name), lambda name=name: re.compile(getattr(rule, name)))  # type: ignore[misc]
        for action in rule.actions:
            self._action((*where, "actions"), action, family=True)

    def _one_meaning(self) -> None:
        """One code, type or status has one cause, unless text, status or action tells two apart."""
        seen: dict[tuple[str, str], list[tuple[int, ErrorRule]]] = {}
        for number, rule in enumerate(self._profile.error):
            for name, value in _keys(rule):
                for other_number, other in seen.setdefault((name, value), []):
                    if other.cause != rule.cause and not _apart(name, rule, other):
                        self._refuse(
                            ("error", number),
                            f'{name} "{value}" is {rule.cause} here and {other.cause} at line '
                            f"{self._positions.line(('error', other_number))}",
                            "Keep one, or tell them apart with text, status or actions.",
                        )
                seen[name, value].append((number, rule))


def _keys(rule: ErrorRule) -> Iterator[tuple[str, str]]:
    """What leads to a rule, as it is looked up."""
    if rule.codes or rule.ranges or rule.match:
        yield from (("code", code) for code in rule.codes)
        yield from (("range", text) for text in rule.ranges)
        if rule.match:
            yield "match", rule.match
    elif rule.kinds:
        yield from (("kind", kind.casefold()) for kind in rule.kinds)
    elif rule.fields:
        yield "field", rule.fields
    elif rule.text:
        yield from (("text", word.casefold()) for word in rule.text)
    else:
        yield from (("status", str(status)) for status in rule.status)


def _apart(name: str, one: ErrorRule, other: ErrorRule) -> bool:
    """Whether something tells two rules apart: one has a condition more, or their conditions exclude each other."""
    for key in ("text", "status", "actions"):
        if key == name:
            continue
        mine, theirs = {str(v).casefold() for v in getattr(one, key)}, {str(v).casefold() for v in getattr(other, key)}
        if mine != theirs and not mine & theirs:
            return True
    return False
