"""Forks workers, from a process in which there is nothing but the profiles.

The server itself cannot fork once the engine is open, whose threads a child would lack. So the nursery is forked
first, and everything that a worker is made of is loaded there once.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path

from apitrail.profiles import Profiles
from apitrail.server.workers.frames import Gone
from apitrail.server.workers.worker import work

_ORDER = struct.Struct("<cq")
_FORK, _KILL = b"+", b"-"
_PID = struct.Struct("<q")
_REAP_S = 5.0
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Nursery:
    """The server's end. Safe to use from several threads."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid = pid
        self._control = control
        self._lock = threading.Lock()

    @classmethod
    def fork(cls, profiles: Profiles) -> Nursery:
        """Starts it. To be called while this process has one thread and no engine."""
        sys.stdout.flush()
        sys.stderr.flush()
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            theirs.close()
            return cls(pid, ours)
        try:
            ours.close()
            _settle("apitrail-nursery", parent)
            gc.collect()
            gc.freeze()  # what is here is for good: collecting must not touch it, or it would be copied
            _Parent(theirs, profiles).run()
        finally:
            os._exit(0)

    def worker(self) -> tuple[int, socket.socket]:
        """A new worker: its process id, and the server's end of its socket. Raises Gone where none can be made."""
        ours, theirs = socket.socketpair()
        try:
            with self._lock:
                socket.send_fds(self._control, [_ORDER.pack(_FORK, 0)], [theirs.fileno()])
                answer = self._control.recv(_PID.size, socket.MSG_WAITALL)
            if len(answer) == _PID.size and (pid := _PID.unpack(answer)[0]) > 0:
                return pid, ours
            raise Gone("no process could be forked")
        except OSError as error:
            ours.close()
            raise Gone(str(error)) from error
        finally:
            theirs.close()

    def kill(self, pid: int) -> None:
        """Ends a worker at once. One that is gone already is no matter."""
        with self._lock, suppress(OSError):
            self._control.sendall(_ORDER.pack(_KILL, pid))

    def close(self) -> None:
        """Ends the nursery, and with it every worker that is left."""
        self._control.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class _Parent:
    """The nursery's own side."""

    def __init__(self, control: socket.socket, profiles: Profiles) -> None:
        self._control = control
        self._profiles = profiles
        self._children: set[int] = set()

    def run(self) -> None:
        """Until the server closes its end, or is gone."""
        while True:
            ready, _, _ = select.select([self._control], [], [], _REAP_S)
            self._reap()
            if not ready:
                continue
            order, ends, _, _ = socket.recv_fds(self._control, _ORDER.size, 1)
            if not order:
                break
            kind, pid = _ORDER.unpack(order)
            if kind == _FORK:
                self._control.sendall(_PID.pack(self._fork(socket.socket(fileno=ends[0]))))
            elif pid in self._children:  # not reaped, so the number is still its own
                os.kill(pid, signal.SIGKILL)
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)

    def _fork(self, end: socket.socket) -> int:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            end.close()
            return 0
        if pid:
            end.close()
            self._children.add(pid)
            return pid
        try:
            self._control.close()
            _settle("apitrail-worker", parent)
            with suppress(OSError):
                # Short of memory, the system must not end the server, but a worker.
                Path("/proc/self/oom_score_adj").write_text("500")
            work(end, self._profiles)
        finally:
            os._exit(0)

    def _reap(self) -> None:
        for pid in list(self._children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self._children.discard(pid)


def _settle(name: str, parent: int) -> None:
    """Makes this process one that lives and ends with its parent, and takes nothing but its socket."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_NAME, name.encode()[:15])
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before the kernel was told
        os._exit(0)
