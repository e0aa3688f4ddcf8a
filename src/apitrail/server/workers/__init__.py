"""Processes that digest batches, since one Python process derives on one processor only.

    server ──control──▶ nursery ──fork──▶ worker, worker, …
       └───────── a socket to each worker: batch ▶  ◀ rows ──┘

The *nursery* is forked from the server at its start, before there is an engine or a thread, with all profiles loaded;
it forks workers from itself when told to, so that they share that memory and are there within milliseconds. The
server's threads hand each worker one batch at a time and wait for its rows.

- A worker that dies takes one batch with it, which goes to another worker; a batch that two died of is refused.
- A worker that does not answer for JOB_S seconds is killed.
- All of them end with the server: by the end of their socket when it goes in order, by the kernel when it is killed.
  They take no signals of their own, so that those sent to a whole group of processes cut no batch off.
- Memory: a worker holds one batch at a time, as sent, as unpacked and as rows.
"""

from apitrail.server.workers.nursery import Nursery
from apitrail.server.workers.pool import Pool
from apitrail.server.workers.worker import Terms

__all__ = ["Nursery", "Pool", "Terms"]
