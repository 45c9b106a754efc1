"""The files for containers: valid by their schemas, with options that the command knows, and a working entrypoint."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.options.run import RUN
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose.*.yaml"))


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_compose_files_follow_the_compose_specification(path: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_every_command_in_a_header_has_valid_options(path: Path, tmp_path: Path) -> None:
    header = "".join(line[1:] for line in path.read_text().splitlines(keepends=True) if line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", header)
    commands = [line.strip() for line in joined.splitlines() if "--input" in line]
    assert commands
    for command in commands:
        words = shlex.split(command)
        start = next(i for i, word in enumerate(words) if word in ("translate", "beam-ollama-translate")) + 1
        RUN.parse([word.replace("/data/", f"{tmp_path}/") for word in words[start:]], {})


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_every_service_that_is_waited_for_exists(path: Path) -> None:
    services: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["services"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        hosts = service.get("environment", {}).get("OLLAMA_HOSTS", "")
        assert {host.partition(":")[0] for host in hosts.split(",") if host} <= set(services)


def test_the_kubernetes_job_passes_valid_options_and_outlives_a_drain(tmp_path: Path) -> None:
    job = yaml.safe_load((DEPLOY / "kubernetes-job.yaml").read_text())
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    options = RUN.parse(
        [argument.replace("/data/", f"{tmp_path}/") for argument in container["args"]],
        {each["name"]: each["value"] for each in container["env"]},
    )
    assert [host.url for host in options.hosts] == ["http://ollama-0.ollama:11434", "http://ollama-1.ollama:11434"]
    assert pod["terminationGracePeriodSeconds"] > 10
    [rule] = job["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert {volume["name"] for volume in pod["volumes"]} == {mount["name"] for mount in container["volumeMounts"]}


@pytest.mark.parametrize(
    ("arguments", "started"),
    [
        (["--input", "a b", "--output=c"], "command --input|a b|--output=c"),
        (["doctor", "--hosts", "gpu0"], "command doctor|--hosts|gpu0"),
        (["--worker_pool"], "boot --worker_pool"),
        (["--id=1-1", "--provision_endpoint=localhost:9"], "boot --id=1-1|--provision_endpoint=localhost:9"),
    ],
)
def test_the_entrypoint_starts_a_worker_only_for_a_runner(arguments: list[str], started: str, tmp_path: Path) -> None:
    for name, word in (("beam-ollama-translate", "command"), ("boot", "boot")):
        stub = tmp_path / name
        stub.write_text(f'#!/bin/sh\nIFS="|"; echo "{word} $*"\n')
        stub.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "BEAM_BOOT": str(tmp_path / "boot")}
    ended = subprocess.run(
        ["sh", str(DEPLOY / "entrypoint.sh"), *arguments], env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == started


def test_the_image_has_all_that_the_package_is_built_from() -> None:
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    assert {"pyproject.toml", "setup.py", "README.md", "pipeline", "transforms"} <= sources
    assert all((ROOT / source).exists() for source in sources)
