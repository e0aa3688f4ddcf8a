"""From the platform's own words to a cause: code, then type, then field, then words, then HTTP status."""

from __future__ import annotations

import re

from apitrail.entry import Cause
from apitrail.profiles.schema import ErrorRule


class Finding:
    """What the platform said of one call or one item."""

    __slots__ = ("action", "code", "field", "kind", "message", "status")

    def __init__(
        self,
        code: str | None = None,
        message: str | None = None,
        kind: str | None = None,
        field: str | None = None,
        status: int | None = None,
        action: str = "unknown",
    ) -> None:
        self.code = code
        self.message = message
        self.kind = kind
        self.field = field
        self.status = status
        self.action = action


class Verdict:
    """What it means. Never changed once made."""

    __slots__ = ("cause", "retryable")

    def __init__(self, cause: Cause, retryable: bool | None) -> None:
        self.cause = cause
        self.retryable = retryable


def family(action: str, actions: list[str] | tuple[str, ...]) -> bool:
    """Whether an action is among `actions`, where `label.*` names a family; an empty list names all."""
    if not actions:
        return True
    return any(one == action or (one.endswith("*") and action.startswith(one[:-1])) for one in actions)


class _Rule:
    """One compiled rule: the parts that tell apart what a code alone does not."""

    __slots__ = ("actions", "match", "status", "text", "unless", "verdict", "weight")

    def __init__(self, rule: ErrorRule, *, words: bool, retryable: bool | None) -> None:
        self.text = tuple(word.casefold() for word in rule.text) if words else ()
        self.status = frozenset(rule.status)
        self.unless = frozenset(rule.unless)
        self.actions = tuple(rule.actions)
        self.match = re.compile(rule.match).fullmatch if rule.match else None
        self.verdict = Verdict(rule.cause, retryable if rule.retryable is None else rule.retryable)
        self.weight = 4 * bool(self.text) + 2 * bool(self.actions) + bool(self.status)

    def holds(self, finding: Finding, said: str) -> bool:
        """Whether text, status and action fit. `said` is the message, see `verdict`."""
        if self.text and not any(word in said for word in self.text):
            return False
        if self.status and finding.status not in self.status:
            return False
        if self.unless and finding.status in self.unless:
            return False
        return not self.actions or family(finding.action, self.actions)


class CauseTable:
    """A profile's error rules, by what is looked up first."""

    def __init__(
        self, rules: list[ErrorRule], retryable: dict[Cause, bool | None], *, drop_prefix: bool = False
    ) -> None:
        self._drop_prefix = drop_prefix
        self._codes: dict[str, list[_Rule]] = {}
        self._ranges: list[tuple[int, int, _Rule]] = []
        self._matches: list[_Rule] = []
        self._weak: list[_Rule] = []
        self._kinds: dict[str, list[_Rule]] = {}
        self._fields: list[tuple[re.Pattern[str], _Rule]] = []
        self._words: list[_Rule] = []
        self._statuses: dict[int, list[_Rule]] = {}
        for rule in rules:
            self._add(rule, retryable[rule.cause])
        for group in (*self._codes.values(), *self._kinds.values(), *self._statuses.values()):
            group.sort(key=lambda one: -one.weight)

    def _add(self, rule: ErrorRule, retryable: bool | None) -> None:
        compiled = _Rule(rule, words=True, retryable=retryable)
        if rule.codes or rule.ranges or rule.match:
            for code in rule.codes:
                self._codes.setdefault(code, []).append(compiled)
            for text in rule.ranges:
                low, _, high = text.partition("-")
                self._ranges.append((int(low), int(high or low), compiled))
            if compiled.match is not None:
                (self._weak if rule.weak else self._matches).append(compiled)
        elif rule.kinds:
            for kind in rule.kinds:
                self._kinds.setdefault(kind.casefold(), []).append(compiled)
        elif rule.fields:
            self._fields.append((re.compile(rule.fields, re.IGNORECASE), compiled))
        elif rule.text:
            self._words.append(compiled)
        else:
            for status in rule.status:
                self._statuses.setdefault(status, []).append(compiled)

    def by_code(self, finding: Finding, said: str) -> Verdict | None:
        """The meaning of the code alone, or with what tells its meanings apart."""
        code = finding.code
        if not code:
            return None
        found = self._of_code(code, finding, said)
        if found is None and self._drop_prefix and "." in code:
            found = self._of_code(code.rpartition(".")[2].strip(), finding, said)
        return found

    def _of_code(self, code: str, finding: Finding, said: str) -> Verdict | None:
        for rule in self._codes.get(code, ()):
            if rule.holds(finding, said):
                return rule.verdict
        if self._ranges and code.isascii() and code.isdigit() and len(code) < 15:
            number = int(code)
            for low, high, rule in self._ranges:
                if low <= number <= high and rule.holds(finding, said):
                    return rule.verdict
        for rule in self._matches:
            if rule.match is not None and rule.match(code) and rule.holds(finding, said):
                return rule.verdict
        return None

    def by_kind(self, finding: Finding, said: str) -> Verdict | None:
        """The meaning of severity or type."""
        if finding.kind:
            for rule in self._kinds.get(finding.kind.casefold(), ()):
                if rule.holds(finding, said):
                    return rule.verdict
        return None

    def by_field(self, finding: Finding, said: str) -> Verdict | None:
        """The meaning of the field that the error names."""
        if finding.field:
            for pattern, rule in self._fields:
                if pattern.search(finding.field) and rule.holds(finding, said):
                    return rule.verdict
        return None

    def by_words(self, finding: Finding, said: str) -> Verdict | None:
        """The meaning of words in the message."""
        if said:
            for rule in self._words:
                if rule.holds(finding, said):
                    return rule.verdict
        return None

    def by_class(self, finding: Finding, said: str) -> Verdict | None:
        """The meaning of the class of codes that this one is of, where nothing says more."""
        if finding.code:
            for rule in self._weak:
                if rule.match is not None and rule.match(finding.code) and rule.holds(finding, said):
                    return rule.verdict
        return None

    def by_status(self, finding: Finding) -> Verdict | None:
        """The meaning of the HTTP status: the weakest sign."""
        for rule in self._statuses.get(finding.status or 0, ()):
            if not rule.actions or family(finding.action, rule.actions):
                return rule.verdict
        return None


UNKNOWN = Verdict("unknown", None)


def verdict(finding: Finding, tables: tuple[CauseTable, ...], generic: CauseTable, *, words: bool = True) -> Verdict:
    """The cause by all tables, the platform's own first. `words` False: the generic words stay out of it."""
    # Case folded, with a blank before it: so a rule can ask for a word by the blank before that.
    said = f" {finding.message.casefold()}" if finding.message else ""
    for table in tables:
        found = table.by_code(finding, said)
        if found is not None:
            return found
    found = generic.by_code(finding, said)
    if found is not None:
        return found
    for table in tables:
        found = table.by_kind(finding, said)
        if found is not None:
            return found
    everyone = (*tables, generic) if words else tables
    for table in everyone:
        found = table.by_field(finding, said)
        if found is not None:
            return found
    for table in everyone:
        found = table.by_words(finding, said)
        if found is not None:
            return found
    for table in (*tables, generic):
        found = table.by_class(finding, said)
        if found is not None:
            return found
    for table in (*tables, generic):
        found = table.by_status(finding)
        if found is not None:
            return found
    return UNKNOWN
