"""What the recorder costs the program that it lives in: its import, and each call, beside the peers in the same run.

python -m bench.recorder
"""

import sys

from bench import imports
from bench.caller.__main__ import main as callers


def main() -> None:
    """Both, one after the other."""
    if len(sys.argv) > 1:
        sys.exit("takes no arguments; for one client alone: python -m bench.caller requests")
    imports.main()
    callers()


if __name__ == "__main__":
    main()
