"""For Celery: the same call as a task, by a broker that is a folder."""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery
from tests.processes import work

folder = Path(os.environ["BROKER"])
app = Celery("tasks")
app.conf.update(
    broker_url="filesystem://",
    broker_transport_options={
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    },
    worker_hijack_root_logger=False,
)


@app.task  # type: ignore[misc,untyped-decorator,unused-ignore]
def call(number: int) -> int:
    return work.call(number)
