"""One client library as the methods that are replaced in it."""

from __future__ import annotations

from collections.abc import Sequence

from apitrail.recorder.clients import wire
from apitrail.recorder.clients.patch import Patch


class Hooks:
    """Some patches, installed and removed together."""

    def __init__(self, name: str, patches: Sequence[Patch]) -> None:
        self.name = name
        self._patches = patches

    def install(self) -> None:
        """Replace the methods."""
        for patch in self._patches:
            patch.install()

    def remove(self) -> None:
        """Put them back."""
        for patch in self._patches:
            patch.remove()


class WiredHooks(Hooks):
    """Those of a library that sends by http.client."""

    def install(self) -> None:
        """Replace the methods, and watch the connections."""
        wire.watch(self.name)
        super().install()

    def remove(self) -> None:
        """Put them back."""
        super().remove()
        wire.unwatch(self.name)
