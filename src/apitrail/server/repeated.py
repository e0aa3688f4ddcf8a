"""Calls that a platform refuses because it has what they ask for already, and what that says of the calls before."""

from __future__ import annotations

REPEATED = "duplicate"
"""The cause of a call that was refused for that."""
IN_DOUBT = ("timeout", "network", "platform_outage", "own_failure")
"""Causes of calls that the platform may have carried out all the same: no answer of theirs says that it did not."""
