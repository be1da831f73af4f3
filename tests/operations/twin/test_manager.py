"""A real daemon, without an engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from operations.twin.edition import edition
from operations.twin.given import Given, GivenVpc
from operations.twin.manager import Running, Twin, TwinFailed
from operations.twin.server import READY

ACCOUNT = "111122223333"


@pytest.fixture
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    monkeypatch.setenv("MLCLUSTER_TWIN_KUBERNETES", "memory")  # control planes have tests of their own
    made = Twin("probe", tmp_path / "twins" / "probe")
    yield made
    made.reset()


def ec2(running: Running) -> Any:
    settings = running.aws_environment(ACCOUNT)
    return boto3.client(
        "ec2",
        region_name="us-east-1",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )


def vpc(running: Running) -> str:
    made: str = ec2(running).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return made


def vpcs(running: Running) -> list[str]:
    mine = [{"Name": "is-default", "Values": ["false"]}]
    return [found["VpcId"] for found in ec2(running).describe_vpcs(Filters=mine)["Vpcs"]]


def test_what_is_taken_for_granted_is_there_and_stays_after_a_restart(twin: Twin) -> None:
    peer = GivenVpc(account=ACCOUNT, region="us-east-1", id="vpc-0000000a", cidr="10.90.0.0/16")
    twin.give(Given(vpcs=(peer,), gateways=((ACCOUNT, "us-east-1", "tgw-0000000a"),)).told())
    assert vpcs(twin.start()) == ["vpc-0000000a"]
    assert twin.inventory() == ()
    twin.stop()
    assert vpcs(twin.start()) == ["vpc-0000000a"]


def test_one_daemon_for_each_twin(twin: Twin) -> None:
    assert not twin.status().running
    assert not twin.folder.exists(), "asking creates nothing"
    running = twin.start()
    assert twin.start() == running == Twin("probe", twin.folder).start()
    status = twin.status()
    assert (status.running, status.pid, status.ports) == (True, running.pid, running.ports)
    assert set(running.ports) == {"aws", "kubernetes", "endpoint", "control"}
    assert running.env == {
        "PULUMI_DEBUG_PROVIDERS": f"aws:{running.ports['aws']},kubernetes:{running.ports['kubernetes']}"
    }
    assert os.getsid(running.pid) == running.pid, "it must survive the terminal it was started from"
    assert {found.ip.removeprefix("::ffff:") for found in addresses(running.pid)} == {"127.0.0.1"}
    command = [sys.executable, "-m", "operations.twin.server", str(twin.folder)]
    second = int(subprocess.run(command, capture_output=True, check=True).stdout)
    deadline = time.monotonic() + 20
    while psutil.pid_exists(second) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(second), "a second daemon gives way"
    assert twin.start() == running


def addresses(pid: int) -> list[Any]:
    found = psutil.Process(pid).net_connections("inet")
    return [connection.laddr for connection in found if connection.status == psutil.CONN_LISTEN]


def test_twins_do_not_see_each_other(twin: Twin, tmp_path: Path) -> None:
    other = Twin("other", tmp_path / "twins" / "other")
    try:
        made = vpc(twin.start())
        assert vpcs(other.start()) == []
        assert [(item.service, item.type, item.id) for item in twin.inventory()] == [("ec2", "vpc", made)]
        assert other.inventory() == ()
        assert twin.status().counts == {"ec2 vpc": 1}
    finally:
        other.reset()
    assert vpcs(twin.start()) == [made]


def test_a_stopped_twin_comes_back_as_it_was(twin: Twin) -> None:
    made = vpc(twin.start())
    twin.stop()
    assert not twin.status().running
    twin.stop()
    assert vpcs(twin.start()) == [made]


def test_a_daemon_of_another_edition_makes_way(twin: Twin) -> None:
    running = twin.start()
    made = vpc(running)
    assert not twin.renew()
    assert twin.start().pid == running.pid
    ready = twin.folder / READY
    ready.write_text(json.dumps({**json.loads(ready.read_text()), "edition": "an older one"}))
    assert twin.renew()
    again = twin.start()
    assert again.pid != running.pid
    assert vpcs(again) == [made]


def test_an_edition_is_of_the_files_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "operations" / "twin" / "one.py"
    file.parent.mkdir(parents=True)
    file.write_text("a = 1")
    before = edition.__wrapped__(tmp_path)
    assert edition.__wrapped__(tmp_path) == before
    file.write_text("a = 10")
    assert edition.__wrapped__(tmp_path) != before


def test_a_killed_twin_comes_back_as_it_was_saved(twin: Twin) -> None:
    running = twin.start()
    made = vpc(running)
    twin.save()
    os.kill(running.pid, signal.SIGKILL)
    again = twin.start()
    assert again.pid != running.pid
    assert vpcs(again) == [made]


def test_a_twin_saves_itself(twin: Twin) -> None:
    running = twin.start()
    made = vpc(running)
    file = twin.folder / "aws.snapshot"
    deadline = time.monotonic() + 20
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(running.pid, signal.SIGKILL)
    assert vpcs(twin.start()) == [made]


def test_a_terminated_twin_saves_first(twin: Twin) -> None:
    running = twin.start()
    made = vpc(running)
    process = psutil.Process(running.pid)
    process.terminate()
    process.wait(20)
    assert vpcs(twin.start()) == [made]


def test_a_reset_forgets_everything(twin: Twin) -> None:
    vpc(twin.start())
    twin.save()
    twin.reset()
    assert not twin.folder.exists()
    assert vpcs(twin.start()) == []


def test_a_ready_file_of_another_process_counts_for_nothing(twin: Twin) -> None:
    twin.folder.mkdir(parents=True)
    ports = {"aws": 1, "kubernetes": 1, "endpoint": 1, "control": 1}
    ready = {"pid": os.getpid(), "since": "", "token": "x", "ports": ports}
    (twin.folder / "ready.json").write_text(json.dumps(ready))
    assert not twin.status().running
    assert twin.start().pid != os.getpid()
    assert (twin.folder / "ready.json").stat().st_mode & 0o077 == 0


def test_a_damaged_snapshot_is_told_with_the_way_out(twin: Twin) -> None:
    twin.folder.mkdir(parents=True)
    (twin.folder / "aws.snapshot").write_bytes(b"garbage")
    with pytest.raises(
        TwinFailed, match=r"aws\.snapshot: is not a snapshot of a twin; `mlcluster twin reset probe`"
    ):
        twin.start()
    twin.reset()
    assert twin.start().pid


def test_faults_wait_across_a_restart(twin: Twin) -> None:
    twin.fail("aws:ec2/vpc:Vpc", "VpcLimitExceeded", nth=3)
    twin.stop()
    twin.start()
    assert twin.faults() == (
        {
            "type": "aws:ec2/vpc:Vpc",
            "code": "VpcLimitExceeded",
            "message": "rehearsed fault",
            "nth": 3,
            "partly": False,
        },
    )
    with pytest.raises(TwinFailed, match=r"fault: .*unexpected keyword argument 'wrong'"):
        twin.fail("aws:ec2/vpc:Vpc", "X", wrong=1)
