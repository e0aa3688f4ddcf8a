from __future__ import annotations

import signal
import subprocess
import sys


def test_a_tethered_process_goes_when_its_standard_input_ends() -> None:
    command = [sys.executable, "-u", "-m", "apitrail.demo.tethered", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert b"Serving HTTP" in process.stdout.readline()
        assert process.stdin
        process.stdin.close()
        assert process.wait(30) == -signal.SIGTERM
