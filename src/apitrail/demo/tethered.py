"""Run a module as `python -m` does, tied to the demo: told to stop (SIGTERM) as soon as the demo is gone.

`python -m apitrail.demo.tethered apitrail.cli serve …`. A server that outlived a demo that was killed would keep the
data folder and the port from the next one.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys

from apitrail.demo.lifeline import when_left_alone


def main() -> None:
    when_left_alone(lambda: os.kill(os.getpid(), signal.SIGTERM))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
