"""Masks the secrets of exchanges that no recorder has masked yet: those of plain JSON senders and of files.

A recorder masks before anything touches its disk, and signs what it sends with its version (`recorder.version`).
Such an exchange is taken as it is. All others are masked here, before they are derived, stored, or given an id.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from apitrail.profiles.secrets import groups
from apitrail.recorder.redact import Redactor
from apitrail.server.problems import Problem

KEY_FILE = "fingerprint.key"
_KEY_BYTES = 32


def masked(exchange: Exchange, redactor: Redactor) -> Exchange:
    """The exchange without secrets. Masking what is masked already changes nothing."""
    if exchange.recorder is not None and exchange.recorder.version:
        return exchange
    return redactor.exchange(exchange)


def redactor(key: bytes, profiles: Profiles) -> Redactor:
    """Masks by the recorder's table and, beside it, by what profiles of the server's own declare as secret."""
    return Redactor(key, groups=groups(profiles.own))


def fingerprint_key(folder: Path, shared: str = "") -> bytes:
    """The key of the fingerprints that masked values carry: that of the file `shared`, which several servers have in
    common, else made once per data folder and readable by its owner only.

    It must stay the same: only then does the same secret have the same fingerprint, and the same file imported twice
    the same ids. Raises Problem where the key is damaged.
    """
    if shared:
        return _shared_key(shared)
    path = folder / KEY_FILE
    with suppress(FileExistsError):
        fresh = path.with_name(f"{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
        if not path.exists():
            _write_private(fresh, secrets.token_bytes(_KEY_BYTES))
            try:
                os.link(fresh, path)  # unlike a rename, it fails where another process was first
            finally:
                fresh.unlink()
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise Problem(
            f"holds {len(key)} bytes instead of {_KEY_BYTES}",
            field=str(path),
            fix="Restore it from a backup; or delete it, and fingerprints start anew.",
        )
    return key


def _shared_key(path: str) -> bytes:
    try:
        key = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise Problem(
            f"cannot be read ({error.strerror})",
            field="fingerprint_key_file",
            value=path,
            fix="Name a file that the server may read.",
        ) from error
    if len(key) == _KEY_BYTES:
        return key
    with suppress(ValueError):
        if len(bytes.fromhex(key.decode("ascii", "replace"))) == _KEY_BYTES:
            return bytes.fromhex(key.decode())
    raise Problem(
        "holds no key",
        field="fingerprint_key_file",
        value=path,
        fix=f"It must hold {_KEY_BYTES} bytes, or as many in hex: `openssl rand -hex {_KEY_BYTES}`.",
    )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
