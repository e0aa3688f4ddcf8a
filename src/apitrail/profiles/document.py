"""`docs/actions.md`, from the catalogues: `python -m apitrail.profiles.document docs/actions.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from apitrail.profiles.catalogue import BUILT_IN, Catalogue, advice

_HEAD = """# Actions, causes and references

Generated from `src/apitrail/profiles/actions.toml`, `causes.toml` and `references.toml`; do not edit by hand:

    python -m apitrail.profiles.document docs/actions.md
"""


def actions_document(catalogue: Catalogue = BUILT_IN) -> str:
    """The whole document as Markdown."""
    lines = [_HEAD, "## Actions", ""]
    lines += ["An action's id never changes. *Check first* marks those that should not be repeated blindly.", ""]
    lines += ["| action | label | 標籤 | side | direction | |", "|---|---|---|---|---|---|"]
    for action in catalogue.actions.values():
        once = "" if action.repeatable else "check first"
        lines.append(f"| `{action.id}` | {action.en} | {action.zh_tw} | {action.side} | {action.direction} | {once} |")
    lines += ["", "Other names that a caller may state; each is taken as the action on the right:", ""]
    lines += ["| name | action |", "|---|---|"]
    lines += [f"| `{name}` | `{action}` |" for name, action in catalogue.synonyms.items()]
    lines += ["", "## Causes", ""]
    lines += ["Our own faults are `request_error` (orange), the platform's are `platform_error` (red).", ""]
    lines += ["| cause | label | 標籤 | fault | again later? | who acts, and how |", "|---|---|---|---|---|---|"]
    for cause, words in catalogue.causes.items():
        again = {True: "yes", False: "no", None: "not known"}[words.retryable]
        sentence = advice(catalogue, cause, platform="the platform")
        lines.append(f"| `{cause}` | {words.label[0]} | {words.label[1]} | {words.fault} | {again} | {sentence} |")
    lines += ["", "## References", "", "The kinds of reference by which an entry can be found.", ""]
    lines += ["| type | label | 標籤 |", "|---|---|---|"]
    lines += [f"| `{kind}` | {label[0]} | {label[1]} |" for kind, label in catalogue.references.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(actions_document(), "utf-8")
