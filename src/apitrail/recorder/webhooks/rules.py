"""Which requests are webhooks, and whose: the rules that every middleware takes.

    paths = {
        "/hooks/shopee": {"ec": "shopee-tw-01", "platform": "shopee"},
        "/hooks/ups": {"shipping": "ups-1", "platform": "ups", "action": "webhook.logistics.status"},
    }

None for all, a prefix, several, a mapping from prefixes to labels, or a function that answers True, False or labels.
A prefix ends where a part of the path does: `/hooks` takes `/hooks` and `/hooks/ups`, and not `/hooksmith`; the longest
that fits wins. Of an application that is mounted below a path, the whole path is looked at, then what its routes see
of it. Labels given beside `paths` hold for all and yield to those of a path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from apitrail.exchange import Stated
from apitrail.recorder.context import labels
from apitrail.recorder.losses import never_raise

Labels: TypeAlias = Mapping[str, Any]
"""`ec`, `shipping`, `name`, `platform`, `merchant`, `action`: as `apitrail.integration` and `apitrail.action` take."""
Paths: TypeAlias = str | Iterable[str] | Mapping[str, Labels] | Callable[[Any], "bool | Labels | None"] | None

RECORDED = "apitrail.recorded"
"""Set in what a request is known by (ASGI's scope, WSGI's environ): a middleware further in leaves it alone. The outer
one sees what is really sent."""

LABELS = frozenset({"ec", "shipping", "name", "platform", "merchant", "action"})


class Rules:
    """Made once, asked for every request. Raises ValueError for a label that does not exist."""

    def __init__(self, paths: Paths, general: Labels) -> None:
        _check("", general)
        self._general = {key: value for key, value in general.items() if value is not None}
        self._choose = paths if callable(paths) else None
        self._prefixes = [] if callable(paths) else self._ordered(paths)

    @never_raise
    def stated(self, path: str, request: Any, root: str = "") -> Stated | None:
        """What is stated of a webhook; None where the request is none. A function of the host's gets `request`.

        `root` is what of the path lies above the application (ASGI's root_path, WSGI's SCRIPT_NAME).
        """
        if self._choose is not None:
            answer = self._choose(request)
            if not isinstance(answer, Mapping):
                return labels(**self._general) if answer else None
            return labels(**(self._general | dict(answer)))
        paths = (path, path[len(root) :]) if root and path.startswith(root) else (path,)
        for looked_at in paths:
            for prefix, stated in self._prefixes:
                if looked_at == prefix or looked_at.startswith(f"{prefix}/") or not prefix:
                    return stated
        return None

    def _ordered(self, paths: str | Iterable[str] | Mapping[str, Labels] | None) -> list[tuple[str, Stated]]:
        if paths is None:
            rules: Mapping[str, Labels] = {"": {}}
        elif isinstance(paths, str):
            rules = {paths: {}}
        elif isinstance(paths, Mapping):
            rules = paths
        else:
            rules = {path: {} for path in paths}
        for path, said in rules.items():
            _check(f"paths[{path!r}]", said)
        found = [(path.rstrip("/"), labels(**(self._general | dict(said)))) for path, said in rules.items()]
        return sorted(found, key=lambda rule: len(rule[0]), reverse=True)


def _check(where: str, said: Labels) -> None:
    for label in set(said) - LABELS:
        raise ValueError(f"{where or 'it'} holds {label!r}: a label is one of {', '.join(sorted(LABELS))}")
