"""Memory that was freed is at hand for the next batch."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
from apitrail.server.allocator import keep_freed
{call}
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        parts = [b"x" * (1 << 20) for _ in range(6)]
        del parts
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def faults(call: str) -> int:
    """Pages that the kernel makes for 20 batches of 6 MiB, in a process of their own."""
    return int(subprocess.run([sys.executable, "-c", FAULTS.format(call=call)], check=True, capture_output=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_the_kernel_makes_no_memory_anew_for_each_batch() -> None:
    assert faults("keep_freed()") < 1_000 < 10_000 < faults("")
