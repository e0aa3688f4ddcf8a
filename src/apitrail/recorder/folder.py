"""The folder of the spool on this host, and the key that may lie in it."""

from __future__ import annotations

import hmac
import os
from contextlib import suppress
from pathlib import Path

from apitrail.recorder.settings import default_spool_folders


def spool_folder(given: str | None) -> Path:
    """Where the spool lies: what was given, else the first of the default places that this user may write."""
    if given is not None:
        return Path(given)
    for folder in default_spool_folders():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            info = folder.stat()
        except OSError:
            continue
        # A folder in a shared place may have been laid there by somebody else.
        if os.access(folder, os.W_OK) and (not hasattr(os, "getuid") or info.st_uid == os.getuid()):
            return folder
    return default_spool_folders()[0]


def fingerprint_key(token: str | None, folder: Path) -> bytes:
    """The key of the fingerprints of masked secrets.

    From the token, so that all hosts of one installation give the same secret the same fingerprint. Without one,
    a random key of this host, kept beside the spool.
    """
    if token:
        return hmac.digest(token.encode(), b"apitrail fingerprint 1", "sha256")
    path = folder / "fingerprint.key"
    with suppress(OSError):  # it may be there where nothing can be written any more
        return path.read_bytes()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(own, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
                file.write(os.urandom(32))
            os.link(own, path)  # whole or not at all, and the first process wins
        except FileExistsError:
            pass
        finally:
            own.unlink(missing_ok=True)
        return path.read_bytes()
    except OSError:
        return os.urandom(32)
