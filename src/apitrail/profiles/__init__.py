"""What is known of each platform, as data, and the engine that applies it. Pure: no I/O after loading."""

from apitrail.profiles.catalogue import (
    Action,
    action_label,
    cause_advice,
    cause_label,
    reference_label,
)
from apitrail.profiles.engine import Derived, Profiles
from apitrail.profiles.problems import ProfileError

__all__ = [
    "Action",
    "Derived",
    "ProfileError",
    "Profiles",
    "action_label",
    "cause_advice",
    "cause_label",
    "reference_label",
]
