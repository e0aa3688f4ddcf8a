"""A profile compiled: tables and functions, built once when profiles are loaded, and only read afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from apitrail.profiles.blame import CauseTable, family
from apitrail.profiles.catalogue import Catalogue, Side
from apitrail.profiles.conditions import Condition, need_of
from apitrail.profiles.facts import Facts
from apitrail.profiles.identifiers import Place, deferred
from apitrail.profiles.locators import Locator, first_text
from apitrail.profiles.places import as_list, conditions, identities, locators, places
from apitrail.profiles.plans import CompiledItems, CompiledParts, CompiledSign, Plan
from apitrail.profiles.routes import Routes
from apitrail.profiles.schema import Endpoint, File, Items, Parts, Sign
from apitrail.profiles.screens import Need, screen
from apitrail.profiles.steps import as_text, leading_fields

_KEY = re.compile(r"^(\*|[A-Z]+(?:\|[A-Z]+)*) +(/\S*)((?: +\S+)*)$")
_SELECTOR = re.compile(r"^(!?)([A-Za-z_]\w*)(?:=(.+))?$")


OAUTH_EXPIRES = "response:$.expires_in"
"""RFC 6749, section 5.1: seconds from the time of the answer."""


Said = tuple[Locator | CompiledParts, ...]
"""Where an answer says something of a parcel, in order."""


class BadEndpoint(ValueError):
    """Not an endpoint line that can be read."""


class Platform:
    """One platform. Its parts are compiled when they are first asked for: of a hundred platforms, and of thousands of
    endpoints, a process meets a few. Two threads that ask at once compile the same. Each is kept by hand: as machine
    code (`apitrail.compiled`), a cached property is made anew whenever it is asked for.
    """

    def __init__(self, file: File, catalogue: Catalogue) -> None:
        self.name = file.name
        self.label = file.label
        self.side: Side = file.side
        self.docs = file.docs
        self._file = file
        self._catalogue = catalogue
        self._signs_of: dict[str, Callable[[Facts], list[CompiledSign]]] = {}
        self._items_of: dict[str, Callable[[Facts], list[CompiledItems]]] = {}
        self._made_account: tuple[Locator, ...] | None = None
        self._made_delivery: Said | None = None
        self._made_making: tuple[Said, frozenset[str]] | None = None
        self._made_expires: tuple[Locator, ...] | None = None
        self._made_select: dict[str, Locator] | None = None
        self._made_errors: CauseTable | None = None
        self._made_unmatched: Plan | None = None
        self._made_everywhere: list[Place] | None = None
        self._made_routes: Routes[Plan] | None = None
        self._made_topic: tuple[Locator, ...] | None = None
        self._made_topics: dict[str, Plan] | None = None
        self._made_signs: list[CompiledSign] | None = None
        self._made_reports: list[CompiledSign] | None = None
        self._made_items: list[CompiledItems] | None = None
        self._made_defaults: list[CompiledSign] | None = None
        self.pages = tuple(file.pages)
        self.path_in = Locator(file.path_in) if file.path_in else None
        hooks = file.webhooks
        self.answered: Condition | None = conditions(hooks.answered) if hooks and hooks.answered else None

    @property
    def account(self) -> tuple[Locator, ...]:
        """Where the account's id sits."""
        if self._made_account is None:
            self._made_account = locators(self._file.account)
        return self._made_account

    @property
    def delivery(self) -> Said:
        """Where it is said where a parcel is."""
        if self._made_delivery is None:
            self._made_delivery = _said(self._file.delivery)
        return self._made_delivery

    @property
    def making(self) -> tuple[Said, frozenset[str]]:
        """Where it is said how far a label is, and the words that say that it is being made, without case."""
        if self._made_making is None:
            making = self._file.making
            words = frozenset(word.casefold() for word in making.words) if making else frozenset()
            self._made_making = _said(making.says if making else []), words
        return self._made_making

    @property
    def expires(self) -> tuple[Locator, ...]:
        """Where it is said when an access ends."""
        if self._made_expires is None:
            self._made_expires = locators([*as_list(self._file.expires), OAUTH_EXPIRES])
        return self._made_expires

    @property
    def select(self) -> dict[str, Locator]:
        """The places that endpoints are told apart by."""
        if self._made_select is None:
            self._made_select = {name: Locator(text) for name, text in self._file.select.items()}
        return self._made_select

    @property
    def errors(self) -> CauseTable:
        """What codes and words mean."""
        if self._made_errors is None:
            self._made_errors = CauseTable(
                self._file.error,
                {cause: words.retryable for cause, words in self._catalogue.causes.items()},
                drop_prefix=self._file.drop_code_prefix,
            )
        return self._made_errors

    @property
    def unmatched(self) -> Plan:
        """The plan of a call that no endpoint fits."""
        if self._made_unmatched is None:
            self._made_unmatched = self._plan(Endpoint("unknown"))
        return self._made_unmatched

    @property
    def _everywhere(self) -> list[Place]:
        if self._made_everywhere is None:
            self._made_everywhere = places(self._file.ids)
        return self._made_everywhere

    @property
    def _routes(self) -> Routes[Plan]:
        if self._made_routes is None:
            routes: Routes[Plan] = Routes()
            for key, value in self._file.endpoints.items():
                methods, path, selectors = parse_endpoint(key)
                for name, _, _ in selectors:
                    if name not in self._file.select:
                        raise BadEndpoint(f'"{name}" is not named in [select]')
                plan = self._plan(settled(value), selectors)
                for base in self._file.bases:
                    routes.add(methods, base + path, plan)
            self._made_routes = routes
        return self._made_routes

    @property
    def _topic(self) -> tuple[Locator, ...]:
        if self._made_topic is None:
            self._made_topic = locators(self._file.webhooks.topic) if self._file.webhooks else ()
        return self._made_topic

    @property
    def _topics(self) -> dict[str, Plan]:
        if self._made_topics is None:
            hooks = self._file.webhooks
            topics = hooks.topics if hooks is not None else {}
            common = places(hooks.ids) if hooks is not None else []
            self._made_topics = {topic: self._plan(settled(value), common=common) for topic, value in topics.items()}
        return self._made_topics

    @property
    def _signs(self) -> list[CompiledSign]:
        if self._made_signs is None:
            self._made_signs = [_sign(sign) for sign in self._file.sign if not sign.everywhere]
        return self._made_signs

    @property
    def defaults(self) -> list[CompiledSign]:
        """Signs for every platform, in their order."""
        if self._made_defaults is None:
            self._made_defaults = [_sign(sign) for sign in self._file.sign if sign.everywhere]
        return self._made_defaults

    @property
    def _reports(self) -> list[CompiledSign]:
        if self._made_reports is None:
            self._made_reports = [sign for sign in self._signs if sign.rule.inbound]
        return self._made_reports

    @property
    def _items(self) -> list[CompiledItems]:
        if self._made_items is None:
            self._made_items = [_items(items) for items in self._file.items]
        return self._made_items

    def endpoint(self, facts: Facts, *, anywhere: bool) -> Plan:
        """The plan of an outbound call; `unmatched` where no endpoint fits. Sets the path's captures."""
        path = facts.path
        if self.path_in is not None:
            path = as_text(self.path_in.first(facts)) or path
        found = self._routes.find(facts.method, path, anywhere=anywhere)
        if found is not None:
            plans, captures = found
            if captures:
                facts.captures.update(captures)
            for plan in plans:
                if not plan.selectors or self._selected(plan, facts):
                    return plan
        return self.unmatched

    def webhook(self, facts: Facts) -> Plan:
        """The plan of an inbound call, by its topic."""
        topic = first_text(self._topic, facts)
        if topic is None:
            return self._topics.get("*", self.unmatched)
        found = self._topics.get(topic) or self._topics.get(topic.lower())
        if found is None:
            cut = max(topic.rfind("/"), topic.rfind("."))
            family_of = topic[: cut + 1] + "*"
            found = self._topics.get(family_of) or self._topics.get(family_of.lower())
            found = found or self._topics.get("*", self.unmatched)
        return found

    def signs(self, action: str, facts: Facts) -> list[CompiledSign]:
        """The signs that may hold for an answer to an action, in their order."""
        found = self._signs_of.get(action)
        if found is None:
            of_action = [sign for sign in self._signs if family(action, sign.rule.actions)]
            found = screen([(sign, sign.needs) for sign in of_action if not sign.rule.inbound])
            self._signs_of[action] = found
        return found(facts)

    def reports(self, action: str) -> tuple[CompiledSign, ...]:
        """The signs of what a notification reports, in their order."""
        return tuple(sign for sign in self._reports if family(action, sign.rule.actions))

    def items(self, action: str, facts: Facts) -> list[CompiledItems]:
        """The lists of results that the answer to an action may hold."""
        found = self._items_of.get(action)
        if found is None:
            of_action = [items for items in self._items if family(action, items.rule.actions)]
            found = screen([(items, items.needs) for items in of_action])
            self._items_of[action] = found
        return found(facts)

    def _selected(self, plan: Plan, facts: Facts) -> bool:
        known = facts.selected
        for name, wanted, values in plan.selectors:
            if name in known:
                value = known[name]
            else:
                value = known[name] = self.select[name].first(facts)
            if values is None:
                if (value is not None and value != "") is not wanted:
                    return False
            elif as_text(value) not in values:
                return False
        return True

    def _plan(
        self,
        endpoint: Endpoint,
        selectors: tuple[tuple[str, bool, frozenset[str] | None], ...] = (),
        *,
        common: list[Place] | None = None,
    ) -> Plan:
        return Plan(
            action=endpoint.action,
            collect=deferred([*places(endpoint.ids), *(common or ()), *self._everywhere]),
            lists=tuple(Locator(text.removesuffix("[]")) for text in as_list(endpoint.list) if text),
            source=endpoint.source,
            selectors=selectors,
        )


def settled(value: str | Endpoint) -> Endpoint:
    """An endpoint or topic in its long form; the short one is its action alone."""
    return Endpoint(value) if isinstance(value, str) else value


def parse_endpoint(key: str) -> tuple[str, str, tuple[tuple[str, bool, frozenset[str] | None], ...]]:
    """(methods, path, selectors) of an endpoint line. Raises BadEndpoint."""
    found = _KEY.match(key)
    if not found:
        raise BadEndpoint(
            f'"{key}" is not an endpoint: write "METHOD /path", then name=value where the path is not enough'
        )
    selectors = []
    for part in found[3].split():
        selector = _SELECTOR.match(part)
        if not selector or (selector[1] and selector[3]) or not (selector[1] or selector[3]):
            raise BadEndpoint(f'"{part}" is not a selector: write name=value, name=a|b, name=* or !name')
        values = None if selector[3] in (None, "*") else frozenset(selector[3].split("|"))
        selectors.append((selector[2], not selector[1], values))
    return found[1], found[2], tuple(selectors)


def _sign(sign: Sign) -> CompiledSign:
    return CompiledSign(
        conditions(sign.when),
        tuple(need for text in as_list(sign.when) if (need := need_of(text)) is not None),
        sign,
        locators(sign.code),
        locators(sign.message),
        locators(sign.kind),
        locators(sign.field),
        locators(sign.reported_by),
    )


def _said(places: str | list[str | Parts]) -> Said:
    """What is said of a parcel: of the only one, or each in its part of an answer."""
    return tuple(Locator(place) if isinstance(place, str) else _parts(place) for place in as_list(places))


def _parts(parts: Parts) -> CompiledParts:
    return CompiledParts(Locator(parts.at), locators(parts.id, relative=True), locators(parts.says, relative=True))


def _items(items: Items) -> CompiledItems:
    constant: dict[str, Callable[[Any], bool]] = {"always": lambda _: True, "never": lambda _: False}
    fixed = constant.get(items.failed) if isinstance(items.failed, str) else None
    at = Locator(items.at)
    fields = leading_fields(at.steps)
    return CompiledItems(
        items,
        (Need(fields, "element"),) if fields and at.text.startswith("response:$") and not items.of else (),
        at,
        items.failed == "never" and not items.id_match,
        locators(items.of),
        identities(items.id),
        re.compile(items.id_match) if items.id_match else None,
        fixed or conditions(items.failed, relative=True),
        locators(items.code, relative=True),
        locators(items.message, relative=True),
        locators(items.reported_by, relative=True),
    )
