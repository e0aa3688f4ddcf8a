"""What is chosen of the fields that are counted, looked at here instead of in the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from apitrail.store.model import Filter

COUNTED = ("action", "ec_integration", "shipping_integration", "outcome", "platform", "cause", "direction")
"""The fields, in the order in which an entry's values stand."""
OUTCOME = COUNTED.index("outcome")


class Narrowed(Struct, frozen=True):
    """What is chosen of one of them."""

    place: int
    allowed: tuple[str, ...]
    """Any, where it is empty."""
    unwanted: tuple[str, ...]

    @classmethod
    def of(cls, which: Filter) -> list[Self]:
        """One for each field of which something is chosen."""
        fields = []
        for place, field in enumerate(COUNTED):
            unwanted = tuple(value for other, value in which.without if other == field)
            if unwanted or getattr(which, field):
                fields.append(cls(place, getattr(which, field), unwanted))
        return fields

    def passes(self, values: Sequence[str | None]) -> bool:
        """Whether the entry with these values has what is chosen."""
        return self.allows(values[self.place])

    def allows(self, value: str | None) -> bool:
        """Whether this value of the field is chosen."""
        return (not self.allowed or value in self.allowed) and value not in self.unwanted
