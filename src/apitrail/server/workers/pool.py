"""The server's side: hands batches to workers, and makes new ones for those that die."""

from __future__ import annotations

import logging
import queue
import threading

from apitrail.profiles import Registered
from apitrail.server.digest import Digest, Digester, is_small
from apitrail.server.problems import Problem
from apitrail.server.workers.frames import Channel, Gone
from apitrail.server.workers.nursery import Nursery
from apitrail.server.workers.worker import Terms, job_message, read_answer, terms_message

log = logging.getLogger("apitrail.server")

JOB_S = 120
"""How long a worker may take for a batch."""


class Pool:
    """A Digester over workers. `local` does small batches, and all of them where no process can be made."""

    def __init__(self, nursery: Nursery, count: int, terms: Terms, local: Digester) -> None:
        self._nursery = nursery
        self._terms = terms
        self._local = local
        self._lock = threading.Lock()
        self._closed = False
        self._alone = False
        self._workers: set[_Worker] = set()
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for _ in range(count):
            self._add()

    @property
    def pids(self) -> list[int]:
        """The workers' process ids."""
        with self._lock:
            return [worker.pid for worker in self._workers]

    def digest(self, data: bytes, kind: str, coding: str, registered: Registered) -> Digest:
        """See Digester. Raises Problem (413) for a batch that two workers died of."""
        if is_small(data, coding):
            return self._local.digest(data, kind, coding, registered)
        deaths = 0
        while deaths < 2:
            worker = self._take()
            if worker is None:
                return self._local.digest(data, kind, coding, registered)
            try:
                worker.give(data, kind, coding, registered)
            except Gone:  # it was gone before: not of this batch
                self._replace(worker, "while it was idle")
                continue
            try:
                answer = worker.answer()
            except Gone:
                deaths += 1
                self._replace(worker, f"in the middle of a batch of {len(data)} bytes")
            else:
                self._idle.put(worker)
                return read_answer(answer)
        raise Problem(
            "two worker processes ended in the middle of this batch",
            field="body",
            fix="Send fewer exchanges at a time, to find the one that it fails on. The server's log says more.",
            status=413,
        )

    def close(self) -> None:
        """Lets the workers end. To be called when no batch is in hand."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, set()
        for worker in workers:
            worker.close()

    def _take(self) -> _Worker | None:
        """The next idle worker; None where there will be none."""
        while not self._alone:
            try:
                return self._idle.get(timeout=1.0)
            except queue.Empty:
                continue
        return None

    def _add(self) -> None:
        try:
            worker = _Worker(self._nursery, self._terms)
        except Gone as gone:
            with self._lock:
                self._alone = not self._workers
                closed = self._closed
            if not closed:
                log.error("no worker process can be made (%s): start the server again to use all processors", gone)
            return
        with self._lock:
            if not self._closed:
                self._workers.add(worker)
                self._idle.put(worker)
                return
        worker.close()

    def _replace(self, worker: _Worker, when: str) -> None:
        log.error("worker process %d ended, or did not answer for %d s, %s", worker.pid, JOB_S, when)
        self._nursery.kill(worker.pid)
        worker.close()
        with self._lock:
            self._workers.discard(worker)
        self._add()


class _Worker:
    """One process, for one thread at a time. Raises Gone."""

    def __init__(self, nursery: Nursery, terms: Terms) -> None:
        self.pid, end = nursery.worker()
        self._channel = Channel(end, JOB_S)
        self._registered: Registered | None = None
        self._channel.send(terms_message(terms))

    def give(self, data: bytes, kind: str, coding: str, registered: Registered) -> None:
        """Hands it a batch."""
        news = registered if registered is not self._registered else None
        self._channel.send(job_message(data, kind, coding, news))
        self._registered = registered

    def answer(self) -> list[bytes]:
        """What it says to the batch."""
        return self._channel.receive()

    def close(self) -> None:
        """Lets it end."""
        self._channel.close()
