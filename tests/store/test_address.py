"""Addresses of a ClickHouse server, and what is said of those that cannot be used."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from apitrail.store import StoreError, StoreUnavailable, open_store
from apitrail.store.address import PASSWORD, PASSWORD_FILE, USER, read


@pytest.mark.parametrize(
    ("address", "host", "port", "secure", "database"),
    [
        ("clickhouse://h", "h", 8123, False, "apitrail"),
        ("clickhouse://u:p@h:9000/log", "h", 9000, False, "log"),
        ("clickhouses://h/log", "h", 8443, True, "log"),
        ("https://[::1]:1234/", "::1", 1234, True, "apitrail"),
        ("http://u@h/a_1", "h", 8123, False, "a_1"),
        (" ClickHouse://u:p[1]@h?cluster=c", "h", 8123, False, "apitrail"),
    ],
)
def test_an_address_is_taken_apart(address: str, host: str, port: int, secure: bool, database: str) -> None:
    target = read(address, {})
    assert (target.hosts, target.secure, target.database) == (((host, port),), secure, database)


def test_a_password_may_hold_anything_and_is_never_shown() -> None:
    target = read("clickhouse://shop%40x:p%40ss%2F%3A%25@h/log", {})
    assert (target.user, target.password) == ("shop@x", "p@ss/:%")
    assert target.place == "clickhouse://h:8123/log"


def test_a_cluster_has_several_hosts_a_name_and_options() -> None:
    target = read("clickhouses://u:p@one,[::1]:9443,three:8444/log?cluster=east-1&quorum=2", {})
    assert target.hosts == (("one", 8443), ("::1", 9443), ("three", 8444))
    assert (target.cluster, target.quorum) == ("east-1", 2)
    assert target.place == "clickhouses://one:8443,[::1]:9443,three:8444/log?cluster=east-1"


def test_who_asks_may_stand_in_the_environment_and_the_address_goes_first(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    given = {USER: "envy", PASSWORD: "e/n@v"}
    target = read("clickhouse://h/log", given)
    assert (target.user, target.password) == ("envy", "e/n@v")
    target = read("clickhouse://u@h/log", given)
    assert (target.user, target.password) == ("u", "e/n@v")
    target = read("clickhouse://u:p@h/log", given)
    assert (target.user, target.password) == ("u", "p")
    assert read("clickhouse://h", {PASSWORD_FILE: str(secret)}).password == "from a file"
    assert read("clickhouse://h", {}).user == "default"
    with pytest.raises(StoreError, match=PASSWORD_FILE):
        read("clickhouse://h", {PASSWORD_FILE: str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgres://u:secret@h/x", "postgres://h/x: this is not the address of a store. Write it as clickhouse://"),
        ("clickhouse://", "not the address of a store"),
        ("clickhouse://u:secret@[::1/x", "'[::1' is not a host"),
        ("clickhouse://u:secret@h/x#y", "not the address of a store"),
        ("clickhouse://u:secret@h:99999/x", "clickhouse://h:99999/x: 'h:99999' is not a host, with or without a port"),
        ("clickhouse://u:secret@h,/x", "'' is not a host"),
        ("clickhouse://u:secret@h/x?clutser=c", "'clutser' is not an option. Use one of: cluster, ca, quorum"),
        ("clickhouse://u:secret@h/x?cluster=c'", "it may contain only letters, digits, underscores and dashes"),
        ("clickhouse://u:secret@h/x?quorum=2", "give a number of replicas (0 to 9), and the option cluster"),
        ("clickhouses://u:secret@h/x?ca=/no/such.pem", "ca is '/no/such.pem', and this file does not exist"),
        ("clickhouse://u:secret@h/x;drop", "database is 'x;drop'; its name may contain only letters"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_password(address: str, said: str) -> None:
    with pytest.raises(StoreError) as refused:
        open_store(address)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = taken.getsockname()[1]
        with pytest.raises(StoreUnavailable) as refused:
            open_store(f"clickhouse://u:secret@127.0.0.1:{port}/log")
    assert f"clickhouse://127.0.0.1:{port}/log: the store is not available" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_wrong_password_is_said_to_be_one(server: str) -> None:
    with pytest.raises(StoreError, match=r"Authentication failed") as refused:
        open_store(server.replace("p%40ss", "guess") + "/log")
    assert "guess" not in str(refused.value)
