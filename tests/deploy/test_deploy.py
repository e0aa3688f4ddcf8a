"""What is in deploy/ names settings that there are, and hosts that there are."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement

from apitrail.server.settings_text import load, rows
from apitrail.store import address

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "apitrail"
VARIABLES = {row.variable for row in rows()} | {address.USER, address.PASSWORD, address.PASSWORD_FILE}
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


@pytest.mark.parametrize("path", [*FILES, ROOT / "docs" / "scale.md"], ids=lambda path: path.name)
def test_every_variable_that_is_named_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"\bAPITRAIL_[A-Z][A-Z_]*[A-Z]\b", path.read_text()))
    assert named <= VARIABLES


def test_the_settings_that_a_cluster_needs_are_given_everywhere() -> None:
    needed = {"APITRAIL_STORE", "APITRAIL_STORE_USER", "APITRAIL_STORE_PASSWORD", "APITRAIL_FINGERPRINT_KEY_FILE"}
    chart = (CHART / "templates" / "deployment.yaml").read_text()
    for name in ("apitrail-1", "apitrail-2"):
        assert needed <= set(compose()["services"][name]["environment"])
    assert needed <= set(re.findall(r"APITRAIL_[A-Z_]+", chart))


def test_the_values_in_the_compose_file_and_the_chart_are_read_as_settings() -> None:
    values = yaml.safe_load((CHART / "ci" / "test-values.yaml").read_text())
    load({}, values["settings"])
    given = compose()["services"]["apitrail-1"]["environment"]
    settings = load({}, given)
    read = address.read(settings.store, {})
    assert read.cluster == "apitrail"
    # The chart's example names a certificate that is on no other machine.
    assert address.read(values["store"]["url"].partition("&ca=")[0], {}).secure


def test_hosts_shards_and_replicas_are_the_same_in_the_compose_file_and_the_engines_configuration() -> None:
    services = compose()["services"]
    root = ET.parse(DEPLOY / "clickhouse" / "cluster.xml").getroot()
    configured = {
        replica.findtext("host"): str(number)
        for number, shard in enumerate(root.iterfind("remote_servers/apitrail/shard"), 1)
        for replica in shard.iterfind("replica")
    }
    started = {
        name: service["environment"]["SHARD"] for name, service in services.items() if name.startswith("clickhouse-")
    }
    assert configured == started
    assert sorted(started.values()) == ["1", "1", "2", "2"]
    assert len({services[name]["environment"]["REPLICA"] for name in started}) == 4
    hosts = address.read(services["apitrail-1"]["environment"]["APITRAIL_STORE"], {}).hosts
    assert {host for host, _ in hosts} == set(started)
    assert all(shard.findtext("internal_replication") == "true" for shard in root.iter("shard") if len(shard))
    [keeper] = [node.findtext("host") for node in root.iterfind("zookeeper/node")]
    assert keeper in services


def test_every_image_is_pinned_by_a_version() -> None:
    images = [service["image"] for service in compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for image in images:
        assert re.search(r":(cluster$|\d+\.\d+)", image), image


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_the_image_takes_each_package_in_the_one_version_that_the_lock_names_for_its_python(python: str) -> None:
    command = re.search(r"^RUN (sed .*requirements\.lock) >", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert command is not None
    run = subprocess.run(command[1], shell=True, cwd=ROOT, check=True, capture_output=True, text=True)
    listed = [Requirement(line) for line in run.stdout.splitlines()]
    where = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": "linux",
        "os_name": "posix",
    }
    taken = Counter(one.name for one in listed if one.marker is None or one.marker.evaluate(where))
    assert taken.keys() >= {"litestar", "uvicorn", "chdb-core", "numpy", "mypy", "setuptools"}
    assert set(taken.values()) == {1}


def test_the_image_runs_as_nobody_in_particular_with_a_health_check_as_do_its_containers() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    assert compose()["services"]["apitrail-1"]["read_only"] is True
    assert "runAsNonRoot: true" in (CHART / "templates" / "deployment.yaml").read_text()


def test_the_chart_is_of_this_version_and_takes_no_password_in_its_address() -> None:
    from apitrail import __version__

    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == __version__
    schema = json.loads((CHART / "values.schema.json").read_text())
    pattern = schema["properties"]["store"]["properties"]["url"]["pattern"]
    assert re.search(pattern, "clickhouse://one,two/log?cluster=c")
    assert not re.search(pattern, "clickhouse://user:secret@one/log")
    assert not re.search(pattern, "")


def test_the_chart_takes_no_setting_by_which_its_own_parts_would_miss_the_server() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    refused = schema["properties"]["settings"]["propertyNames"]["not"]["enum"]
    chart = (CHART / "templates" / "deployment.yaml").read_text()
    image = (DEPLOY / "Dockerfile").read_text()
    own = set(re.findall(r"name: (APITRAIL_[A-Z]+), value", chart)) | set(re.findall(r"(APITRAIL_[A-Z]+)=", image))
    assert own | {"APITRAIL_PORT"} <= set(refused) <= VARIABLES
    assert f"containerPort: {load({}, {}).port}" in chart


def test_a_server_that_stops_has_longer_than_it_gives_to_requests() -> None:
    least = load({}, {}).stop_timeout + 10
    servers = {name: one for name, one in compose()["services"].items() if name.startswith("apitrail")}
    assert servers
    chart = (CHART / "templates" / "deployment.yaml").read_text()
    given = [
        *(str(one["stop_grace_period"]).removesuffix("s") for one in servers.values()),
        *(
            str(int(more) + int(stop) - _before_it_is_told(chart))
            for more, stop in re.findall(r'GracePeriodSeconds: {{ add (\d+) \(int \(default "(\d+)"', chart)
        ),
        *re.findall(r"docker run -d .*--stop-timeout (\d+) ", (ROOT / "docs" / "operating.md").read_text()),
    ]
    given += re.findall(r"TimeoutStopSec=(\d+)", (ROOT / "docs" / "operating.md").read_text())
    assert len(given) == len(servers) + 3
    assert all(int(seconds) >= least for seconds in given)


def test_no_request_is_refused_while_one_of_two_servers_stops() -> None:
    # A stopping server refuses connections before a check or a node has heard of it.
    assert re.search(r"^ +option redispatch 1$", (DEPLOY / "haproxy.cfg").read_text(), re.MULTILINE)
    assert _before_it_is_told((CHART / "templates" / "deployment.yaml").read_text()) >= 5


def test_a_start_that_brings_a_large_log_up_to_date_is_not_killed_in_the_middle() -> None:
    chart = (CHART / "templates" / "deployment.yaml").read_text()
    found = re.search(r"startupProbe:\n.*\n +periodSeconds: (\d+)\n +failureThreshold: (\d+)", chart)
    assert found is not None
    assert int(found[1]) * int(found[2]) >= 3600, "ten seconds for a million entries"


def test_the_ingress_takes_a_batch_as_large_as_the_server_does() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    size = values["ingress"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert int(size.removesuffix("m")) << 20 == load({}, {}).max_batch
    assert f"client_max_body_size {size};" in (ROOT / "docs" / "operating.md").read_text()


def _before_it_is_told(chart: str) -> int:
    """Seconds for which a pod that is to end goes on, so that nobody sends to it any more."""
    found = re.search(r'preStop:\n +exec: {command: \[sleep, "(\d+)"\]}', chart)
    return int(found[1]) if found else 0
