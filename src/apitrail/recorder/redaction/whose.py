"""Whose call it is, as far as a recorder can tell: by its host, and by what the caller stated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_CAPTURE = re.compile(r"\{[^}]*\}")


def platform_key(name: str) -> str:
    """A platform's name as tables list it, however people write it: `T-Cat`, `tcat` and `T_CAT` are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


class Platforms:
    """Some platforms, by every name and every host of theirs."""

    def __init__(self, table: Mapping[str, tuple[Iterable[str], Iterable[str]]], more: Iterable[str] = ()) -> None:
        """`table`: platform → (its names, folded; its hosts, with `{…}` for any part). `more`: others, by name only."""
        self._by_name = {platform_key(name): name for name in more}
        self._by_host: dict[str, str] = {}
        self._by_part: list[tuple[str, str, str]] = []
        for name, (keys, hosts) in table.items():
            self._by_name.update(dict.fromkeys(keys, name))
            for host in hosts:
                before, captured, _ = host.partition("{")
                if captured:
                    self._by_part.append((before, _CAPTURE.sub("{", host).rpartition("{")[2], name))
                else:
                    self._by_host[host] = name

    def named(self, name: str) -> str:
        """The platform that somebody calls so; of one that is not listed, its folded name."""
        key = platform_key(name)
        return self._by_name.get(key, key)

    def of(self, host: str, stated: str) -> set[str]:
        """The platforms of a call to this host, that was stated as one to this platform; mostly one or none."""
        found = {name for before, after, name in self._by_part if host.startswith(before) and host.endswith(after)}
        if host in self._by_host:
            found.add(self._by_host[host])
        if stated:
            found.add(self.named(stated))
        return found
