"""Host programs of their own: how they end, how they fork, what they share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAYING = """
import apitrail, json, sys
from datetime import datetime, UTC
from apitrail import Exchange
def say(number):
    apitrail.record(Exchange(created_at=datetime.now(UTC), method="GET", url=f"http://platform.example/{number}"))
"""


def numbers(server: Any) -> list[int]:
    return sorted(int(one.url.rpartition("/")[2]) for one in server.stored.values())


def test_what_was_recorded_is_sent_at_the_interpreters_exit(program: Any, server: Any) -> None:
    program.run(SAYING + "for number in range(30): say(number)")
    assert numbers(server) == list(range(30))


def test_what_is_recorded_while_the_interpreter_exits_is_not_lost(program: Any, server: Any) -> None:
    program.run("import atexit\n" + SAYING + "atexit.register(say, 2)\nsay(1)")
    program.run("import atexit\natexit.register(lambda: say(4))\n" + SAYING + "say(3)")
    program.run(SAYING + "apitrail.flush(5)")
    assert numbers(server) == [1, 2, 3, 4]


def test_a_server_that_is_away_does_not_hold_up_the_exit_and_loses_nothing(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + f"apitrail.configure(url='http://127.0.0.1:9', spool={str(program.folder / 'away')!r}, flush_at_exit=60)\n"
        + "say(1)"
    )
    again = {"APITRAIL_URL": "http://127.0.0.1:9", "APITRAIL_SPOOL": str(program.folder / "away")}
    program.environment.update(again)
    assert json.loads(program.run(SAYING + "apitrail.flush(0.1); print(apitrail.stats().waiting)")) == 1


def test_what_no_spool_took_is_told_when_the_process_ends(program: Any, server: Any) -> None:
    (program.folder / "spool").write_text("in the way")
    server.replies += [(503, b"", {})] * 9
    out, err = program.start(SAYING + "say(1)").communicate(timeout=60)
    assert (out, numbers(server)) == ("", [])
    assert "1 exchanges are lost with this process: the spool cannot be written" in err


def test_what_waits_in_memory_for_want_of_a_spool_is_the_parents_alone_after_a_fork(program: Any, server: Any) -> None:
    (program.folder / "spool").write_text("in the way")
    server.replies += [(503, b"", {})] * 8
    code = """
import os
say(1)
assert not apitrail.flush(0.2)
child = os.fork()
if not child:
    say(2)
    os._exit(0 if apitrail.flush(20) and apitrail.stats().stored == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
assert apitrail.flush(20) and apitrail.stats().stored == 1
"""
    _, err = program.start(SAYING + code).communicate(timeout=60)
    assert (numbers(server), len(server.received)) == ([1, 2], 2), err


def test_an_exit_by_an_exception_is_flushed_too(program: Any, server: Any) -> None:
    started = program.start(SAYING + "say(1); raise SystemExit(3)")
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (3, "", "")
    assert numbers(server) == [1]


def test_a_kill_after_a_second_loses_nothing(program: Any, server: Any, tmp_path: Path) -> None:
    # The server is away, so that what is proved is the spool.
    program.environment["APITRAIL_URL"] = ""
    killed = program.start(
        SAYING
        + "import time\nfor number in range(50): say(number)\ntime.sleep(1); print('now', flush=True); time.sleep(60)"
    )
    assert killed.stdout.readline() == "now\n"
    killed.kill()
    killed.communicate()
    program.environment["APITRAIL_URL"] = server.url
    program.run(SAYING + "assert apitrail.flush(10)")
    assert numbers(server) == list(range(50))


def test_two_processes_that_share_a_spool_send_everything_once(program: Any, server: Any) -> None:
    both = [
        program.start(
            SAYING + f"import time\nfor number in range({first}, {first + 100}): say(number); time.sleep(0.001)"
        )
        for first in (0, 100)
    ]
    for one in both:
        _, err = one.communicate(timeout=60)
        assert (one.returncode, err) == (0, "")
    program.run(SAYING + "assert apitrail.flush(10)")
    assert numbers(server) == list(range(200))
    assert len(server.received) == 200


def test_a_forked_child_records_on_its_own_and_its_parent_goes_on(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + """
import os, time
say(0)
assert apitrail.flush(10)
say(1)
child = os.fork()
if child == 0:
    say(2)
    assert apitrail.flush(10)
    assert apitrail.stats().spooled == 1
    sys.exit(0)
say(3)
assert os.waitpid(child, 0)[1] == 0
assert apitrail.flush(10)
"""
    )
    assert numbers(server) == [0, 1, 2, 3]
    assert len(server.received) == 4
    by_recorder: dict[str, list[int]] = {}
    for one in server.stored.values():
        by_recorder.setdefault(one.recorder.id, []).append(one.recorder.sequence)
    assert sorted(sorted(sequences) for sequences in by_recorder.values()) == [[1], [1, 2, 3]]


def test_a_program_that_raises_the_signal_that_kills_it_is_flushed_first(program: Any, server: Any) -> None:
    # So uvicorn ends, once it has shut down. A handler of the host's goes on, and so does the recorder.
    code = """
import signal
say(0)
signal.signal(signal.SIGHUP, lambda *_: say(1))
signal.raise_signal(signal.SIGHUP)
signal.raise_signal(signal.SIGTERM)
"""
    started = program.start(SAYING + code)
    assert (started.communicate(timeout=60), started.returncode) == (("", ""), -15)
    assert numbers(server) == [0, 1]


def test_forking_while_threads_record_neither_hangs_nor_loses(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + """
import os, threading, time
apitrail.configure()
stop = threading.Event()
count = 0
def saying():
    global count
    while not stop.is_set():
        say(count); count += 1
        time.sleep(0.002)  # a child waits for what the others have spooled, too
thread = threading.Thread(target=saying, daemon=True)  # what fails below ends the program
thread.start()
children = []
for number in range(10):
    child = os.fork()
    if child == 0:
        stop.set()
        say(100000 + number)
        assert apitrail.flush(20)
        os._exit(0)
    children.append(child)
    time.sleep(0.02)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
stop.set(); thread.join()
assert apitrail.flush(20)
say(200000 + count)
"""
    )
    found = numbers(server)
    total = next(number - 200000 for number in found if number >= 200000)
    assert found == [*range(total), *range(100000, 100010), 200000 + total]


def test_a_child_of_multiprocessing_is_flushed_when_it_ends(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + """
import multiprocessing
say(0)
context = multiprocessing.get_context("fork")
workers = [context.Process(target=say, args=(number,)) for number in (1, 2, 3)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""
    )
    program.run(SAYING + "assert apitrail.flush(10)")
    assert numbers(server) == [0, 1, 2, 3]


def test_an_interrupt_while_a_child_leaves_does_not_bring_it_back_to_life(program: Any, server: Any) -> None:
    code = """
import os, signal, socket
silent = socket.create_server(("127.0.0.1", 0))
apitrail.configure(url="http://127.0.0.1:%d" % silent.getsockname()[1])
def interrupt(*_):
    raise KeyboardInterrupt
say(0)
child = os.fork()
if not child:
    signal.signal(signal.SIGALRM, interrupt)
    try:
        say(1)
        apitrail.recorder.process.recorder()._worker.flush(10)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        os._exit(7)
    except KeyboardInterrupt:
        os.execvp(sys.executable, [sys.executable, "-c", "print('alive')"])
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert program.run(SAYING + "import apitrail.recorder.process\n" + code) == "7\n"


HALF = """
import apitrail, os, socket, sys, threading, urllib.request
apitrail.configure()
apitrail.instrument()
listening = socket.create_server(("127.0.0.1", 0))
url = "http://127.0.0.1:%d" % listening.getsockname()[1]
kept = []
def serving():
    while True:
        connection, _ = listening.accept()
        kept.append(connection)
        if b" /never" not in connection.recv(65536):
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 8\\r\\n\\r\\nhalf")
threading.Thread(target=serving, daemon=True).start()
def label(page, data=None):
    kept.append(urllib.request.urlopen(f"{url}/{page}?page=1", data))
    kept[-1].read(4)
"""
"""A platform that sends one half of its answers, and programs that keep what they have got."""


def halves(server: Any) -> list[tuple[str, int | None, str | None]]:
    """Pages asked for, with status and what had come."""
    return sorted(
        (one.url.rpartition("/")[2], one.status, one.response.body.decode() if one.response else None)
        for one in server.stored.values()
    )


def test_answers_that_are_open_at_the_interpreters_exit_are_sent_as_far_as_they_have_come(
    program: Any, server: Any
) -> None:
    program.run(HALF + "label('a'); label('b', b'order=1'); sys.exit(0)")
    assert halves(server) == [("a?page=1", 200, "half"), ("b?page=1", 200, "half")]
    one, other = sorted(server.stored.values(), key=lambda exchange: exchange.url)
    assert one.response.incomplete
    assert other.request.body == b"order=1"
    assert (one.error, other.error, server.losses) == (None, None, [])


def test_calls_of_threads_that_the_exit_ends_are_sent_as_far_as_they_have_come(program: Any, server: Any) -> None:
    program.run(
        HALF
        + """
import time
threading.Thread(target=lambda: (label("whole"), kept[-1].read()), daemon=True).start()
threading.Thread(target=label, args=("never",), daemon=True).start()
while len(kept) < 3: time.sleep(0.01)
"""
    )
    assert halves(server) == [("never?page=1", None, None), ("whole?page=1", 200, "half")]
    (never,) = [one for one in server.stored.values() if one.status is None]
    assert (never.error.type, never.error.text) == ("ProgramEnded", "the program ended before the answer came")


def test_an_answer_that_is_open_at_a_fork_is_the_parents(program: Any, server: Any) -> None:
    program.run(
        HALF
        + """
label("a")
child = os.fork()
if not child:
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    )
    assert halves(server) == [("a?page=1", 200, "half")]
    assert len(server.received) == 1


def test_an_answer_that_is_open_when_a_child_leaves_is_the_childs(program: Any, server: Any) -> None:
    program.run(
        HALF
        + """
label("a"); kept.pop().close()
assert apitrail.flush(10)
child = os.fork()
if not child:
    threading.Thread(target=serving, daemon=True).start()
    label("b")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    )
    assert halves(server) == [("a?page=1", 200, "half"), ("b?page=1", 200, "half")]


def test_the_only_call_of_a_child_that_is_open_when_it_leaves_is_recorded(program: Any, server: Any) -> None:
    program.run(
        HALF
        + """
child = os.fork()
if not child:
    threading.Thread(target=serving, daemon=True).start()
    label("a")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    )
    program.run(SAYING + "assert apitrail.flush(10)")
    assert halves(server) == [("a?page=1", 200, "half")]


def test_what_is_open_at_the_exit_is_spooled_where_no_thread_can_begin_any_more(program: Any, server: Any) -> None:
    program.run(
        HALF
        + """
import atexit
def begins_no_more(self):
    raise RuntimeError("can't create new thread at interpreter shutdown")
@atexit.register
def ending():
    threading.Thread.start = begins_no_more
label("a")
"""
    )
    assert halves(server) == []
    program.run(SAYING + "assert apitrail.flush(10)")
    assert halves(server) == [("a?page=1", 200, "half")]
