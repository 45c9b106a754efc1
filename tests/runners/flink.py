"""A real Flink session cluster with the job server of Beam, on free ports of this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

START_SECONDS = 120.0
POLL_SECONDS = 0.2

_OPENED = ("java.util", "java.lang", "java.net", "java.nio", "java.time", "sun.nio.ch", "java.util.concurrent")
_OPENED_TOO = ("java.util.concurrent.atomic", "java.lang.reflect", "java.io", "java.text", "sun.net.util")
_JAVA = (
    "java",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xmx600m",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    *(word for name in (*_OPENED, *_OPENED_TOO) for word in ("--add-opens", f"java.base/{name}=ALL-UNNAMED")),
)
_CONFIGURATION = """\
jobmanager:
  rpc: {{address: localhost, port: {rpc}}}
  bind-host: localhost
  memory: {{process: {{size: 1000m}}}}
taskmanager:
  host: localhost
  bind-host: localhost
  numberOfTaskSlots: 1
parallelism: {{default: 2}}
rest: {{address: localhost, port: {rest}, bind-address: localhost}}
classloader: {{resolve-order: parent-first, check-leaked-classloader: false}}
restart-strategy: {{type: fixed-delay, fixed-delay: {{attempts: 3, delay: 2 s}}}}
heartbeat: {{interval: 10000, timeout: 240000}}
io: {{tmp: {{dirs: {temporary}}}}}
pekko: {{ask: {{timeout: 240 s}}}}
"""
_TASK_MANAGER_MEMORY = {
    "taskmanager.memory.network.min": "67108864b",
    "taskmanager.memory.network.max": "67108864b",
    "taskmanager.cpu.cores": "1.0",
    "taskmanager.memory.task.off-heap.size": "0b",
    "taskmanager.memory.framework.heap.size": "134217728b",
    "taskmanager.memory.framework.off-heap.size": "134217728b",
    "taskmanager.memory.managed.size": "134217728b",
    "taskmanager.memory.task.heap.size": "268435456b",
    "taskmanager.memory.jvm-metaspace.size": "268435456b",
    "taskmanager.memory.jvm-overhead.max": "201326592b",
    "taskmanager.memory.jvm-overhead.min": "201326592b",
}


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port


class FlinkCluster:
    """One JobManager, two TaskManagers with one slot each, and the job server; stopped when the context ends.

    Args:
        installed: The directory that ``engines/install.sh flink`` filled.
        place: A directory for configuration, logs and temporary files.
    """

    def __init__(self, installed: Path, place: Path) -> None:
        self._installed = installed
        self._place = place
        self._classes = f"{installed / 'flink' / 'lib'}/*"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._rpc, self._rest, self.job_port, self._artifact_port = (free_port() for _ in range(4))

    def __enter__(self) -> FlinkCluster:
        (self._place / "tmp").mkdir(parents=True)
        configuration = _CONFIGURATION.format(rpc=self._rpc, rest=self._rest, temporary=self._place / "tmp")
        (self._place / "config.yaml").write_text(configuration)
        entry = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        try:
            self._start("jobmanager", entry, "--configDir", str(self._place))
            for number in range(2):
                self.start_task_manager(number)
            self._start(
                "jobserver",
                "org.apache.beam.runners.flink.FlinkJobServerDriver",
                "--job-host=127.0.0.1",
                f"--job-port={self.job_port}",
                f"--artifact-port={self._artifact_port}",
                "--expansion-port=0",
                f"--flink-master=localhost:{self._rest}",
            )
            for port in (self._rest, self.job_port, self._artifact_port):
                self._wait_for(port)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_task_manager(self, number: int) -> None:
        """Start a TaskManager with one slot."""
        settings = [word for name, value in _TASK_MANAGER_MEMORY.items() for word in ("-D", f"{name}={value}")]
        entry = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
        self._start(f"taskmanager{number}", entry, "--configDir", str(self._place), *settings)

    def kill_task_manager(self, number: int) -> None:
        """End a TaskManager as a lost machine would, with the workers that it started."""
        process = self._processes.pop(f"taskmanager{number}")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End all processes that this cluster started."""
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            # A TaskManager leaves its workers behind.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def options(self, environment: str) -> list[str]:
        """Return the options of the command with which its graph runs here.

        Args:
            environment: ``LOOPBACK`` for workers in the command's process, ``PROCESS`` for processes of their own.
        """
        options = [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{self.job_port}",
            f"--artifact_endpoint=localhost:{self._artifact_port}",
            f"--environment_type={environment}",
            "--parallelism=2",
        ]
        if environment == "PROCESS":
            options.append(f"--environment_config={json.dumps({'command': str(self._boot())})}")
        return options

    def _boot(self) -> Path:
        """A script that starts the boot program of the Python SDK in this environment."""
        script = self._place / "boot.sh"
        if not script.exists():
            (self._place / "pool").mkdir()
            python_path = os.environ.get("PYTHONPATH", "")
            script.write_text(
                "#!/bin/sh\n"
                f"export PATH='{Path(sys.executable).parent}':$PATH PYTHONPATH='{python_path}'\n"
                "export RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1\n"
                f"cd '{self._place / 'pool'}'\n"
                f"exec '{self._installed / 'bin' / 'boot'}' --semi_persist_dir='{self._place / 'pool'}' \"$@\" "
                f">>'{self._place / 'boot.log'}' 2>&1\n"
            )
            script.chmod(0o755)
        return script

    def _start(self, name: str, entry: str, *arguments: str) -> None:
        with (self._place / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [*_JAVA, "-cp", self._classes, entry, *arguments],
                cwd=self._place,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    log = (self._place / f"{name}.log").read_text("utf-8", "replace")
                    raise RuntimeError(f"{name} ended with {process.returncode}: {log[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(POLL_SECONDS)
        raise RuntimeError(f"nothing listens on port {port} after {START_SECONDS:.0f} s; see {self._place}")
