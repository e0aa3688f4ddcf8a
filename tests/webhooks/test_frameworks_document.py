"""docs/frameworks.md: every program in it runs as it stands there, and what it does arrives."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.clients.conftest import Platform, platform
from tests.processes.test_processes import answers, end, port
from tests.recorder.conftest import Server, server, until

__all__ = ["platform", "port", "server"]

BLOCK = re.compile(r"```python\n# ([\w.]+)(?:: ([^\n]*))?\n(.*?)```", re.DOTALL)
ORDER = "2611239KQ4XW7P"
PROJECT = {
    "settings.py": "SECRET_KEY = 'for tests'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'urls'\n",
    "urls.py": """
import urllib.request, os, apitrail
from django.http import HttpResponse
from django.urls import path
def order_changed(request):
    request.body
    with apitrail.action("order.get", source=("order", "2611239KQ4XW7P")):
        urllib.request.urlopen(os.environ["SHOPEE"]).read()
    return HttpResponse(status=204)
urlpatterns = [path("hooks/shopee", order_changed)]
""",
    "site_wsgi.py": """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.wsgi import get_wsgi_application
app = get_wsgi_application()
""",
}
DJANGO = "gunicorn --workers 2 --bind 127.0.0.1:8000 site_wsgi:app"


class Desk:
    """A folder with the document's files, and the programs that were started there."""

    def __init__(self, folder: Path, document: str, server: Server, platform: Platform) -> None:
        self.folder = folder
        self.commands: dict[str, str] = {}
        self.running: list[subprocess.Popen[bytes]] = []
        for name, command, code in BLOCK.findall(document):
            (folder / name).write_text(PROJECT.get(name, "") + code)
            self.commands[name] = command
        for name in PROJECT.keys() - self.commands.keys():
            (folder / name).write_text(PROJECT[name])
        self.environment = os.environ | {
            "APITRAIL_URL": server.url,
            "APITRAIL_SPOOL": str(folder / "spool"),
            "SHOPEE": f"{platform.url}/echo?",  # whatever is asked for
            "NO_PROXY": "*",
            "PYTHONWARNINGS": "ignore",
        }

    def start(self, command: str) -> subprocess.Popen[bytes]:
        program, *arguments = command.split()
        module = [] if program == "python" else ["-m", program]
        with (self.folder / "output").open("ab") as out:
            started = subprocess.Popen(
                [sys.executable, *module, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(started)
        return started

    def output(self) -> str:
        return (self.folder / "output").read_text()


@pytest.fixture
def desk(tmp_path: Path, pytestconfig: pytest.Config, server: Server, platform: Platform) -> Iterator[Desk]:
    made = Desk(tmp_path, (pytestconfig.rootpath / "docs/frameworks.md").read_text(), server, platform)
    yield made
    end(made.running)


@pytest.mark.parametrize(
    ("name", "needs"),
    [("shop_flask.py", "flask gunicorn"), ("shop_fastapi.py", "fastapi"), ("settings.py", "django gunicorn")],
)
def test_a_webhook_and_the_call_that_its_handler_makes_arrive(
    desk: Desk, server: Server, port: int, name: str, needs: str
) -> None:
    for module in needs.split():
        pytest.importorskip(module)
    command = desk.commands[name] or DJANGO
    assert "8000" in command
    started = desk.start(command.replace("8000", str(port)))
    until(lambda: started.poll() is not None or answers(port), 30)
    answer = httpx.post(f"http://127.0.0.1:{port}/hooks/shopee", json={"ordersn": ORDER}, timeout=30)
    assert answer.status_code == 204, desk.output()
    until(lambda: len(server.stored) == 2)
    webhook, call = sorted(server.stored.values(), key=lambda exchange: exchange.direction)
    assert webhook.stated is not None
    assert webhook.stated.ec_integration is not None
    assert (webhook.direction, webhook.status, webhook.stated.ec_integration.id) == ("inbound", 204, "shopee-tw-01")
    assert ORDER.encode() in webhook.request.body
    assert call.stated is not None
    assert call.stated.source is not None
    assert (call.direction, call.stated.source.id) == ("outbound", ORDER)


def test_a_celery_task_arrives(desk: Desk, server: Server, port: int, tmp_path: Path) -> None:
    pytest.importorskip("celery")
    desk.environment["BROKER"] = f"redis://127.0.0.1:{port}"
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path), "--daemonize", "no"]
    with subprocess.Popen(["redis-server", *settings], stdout=subprocess.DEVNULL) as broker:
        try:
            until(lambda: answers(port), 30)
            (tmp_path / "ask.py").write_text(f"import tasks\ntasks.fetch.delay({ORDER!r})")
            assert desk.start("python ask.py").wait(60) == 0, desk.output()
            desk.start(desk.commands["tasks.py"])
            until(lambda: server.stored, 30)
        finally:
            broker.terminate()
    (call,) = server.stored.values()
    assert call.stated is not None
    assert (call.stated.action, call.stated.platform) == ("order.get", "shopee")


def test_a_script_arrives(desk: Desk, server: Server) -> None:
    assert desk.start(desk.commands["fetch_orders.py"]).wait(60) == 0, desk.output()
    (call,) = server.stored.values()
    assert call.stated is not None
    assert call.stated.action == "order.list"


def test_a_script_that_is_stopped_loses_nothing(desk: Desk, server: Server, tmp_path: Path) -> None:
    script = tmp_path / "fetch_orders.py"
    script.write_text(script.read_text() + "print('now', flush=True)\nimport time\ntime.sleep(60)")
    started = desk.start(desk.commands["fetch_orders.py"])
    until(lambda: started.poll() is not None or "now" in desk.output())
    started.send_signal(signal.SIGTERM)
    assert started.wait(60) == 0, desk.output()
    assert len(server.stored) == 1


def test_tests_of_the_users_pass_and_send_nothing(desk: Desk, server: Server) -> None:
    pytest.importorskip("flask")
    assert desk.start(f"{desk.commands['test_shop.py']} -p no:cacheprovider").wait(60) == 0, desk.output()
    assert server.stored == {}
    assert not (desk.folder / "spool").exists()
