"""Programs of the Java engines, as processes of a test, and the worker that they start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.conftest import ROOT
from tests.ports import free_port, wait_for_port

_OPENED = ("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.text")
_OPENED_TOO = ("java.time", "java.util", "java.util.concurrent", "java.util.concurrent.atomic")
_OPENED_OF_SUN = ("sun.net.util", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar")
_JAVA = (
    "java",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    *(
        word
        for name in (*_OPENED, *_OPENED_TOO, *_OPENED_OF_SUN)
        for word in ("--add-opens", f"java.base/{name}=ALL-UNNAMED")
    ),
)


class JavaPrograms:
    """Programs of one engine; each is the leader of a process group, and ``stop`` ends its workers, too.

    Args:
        libraries: The directory with the engine's jars.
        place: A directory for logs.
        memory: Limit of each program's heap, such as ``600m``.
    """

    def __init__(self, libraries: Path, place: Path, memory: str) -> None:
        self._java = (*_JAVA, f"-Xmx{memory}", "-cp", f"{libraries}/*")
        self._place = place
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, entry: str, *arguments: str, properties: Sequence[str] = ()) -> None:
        """Start a program.

        Args:
            name: Names the log, and the program for ``kill``.
            entry: Its main class.
            arguments: Arguments of the main class.
            properties: Options of Java.
        """
        with (self._place / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [self._java[0], *properties, *self._java[1:], entry, *arguments],
                cwd=self._place,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_for(self, port: int) -> None:
        """Wait until something listens on a port, or a program has failed."""
        wait_for_port(port, {self._place / f"{name}.log": process for name, process in self._processes.items()})

    def kill(self, name: str) -> None:
        """End a program as a lost machine would, with the workers that it started."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End all programs."""
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            # An engine may leave its workers behind.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()


class JobServer:
    """Beam's job server for an engine: it takes the graph of the command, and the engine runs it.

    Args:
        programs: The programs of the engine; it becomes one of them.
        boot: The program that starts a worker of the Python SDK.
        place: A directory for the workers' files.
    """

    def __init__(self, programs: JavaPrograms, boot: Path, place: Path) -> None:
        self._programs = programs
        self._boot = boot
        self._place = place
        self._port, self._artifact_port = free_port(), free_port()

    def start(self, driver: str, *arguments: str, properties: Sequence[str] = ()) -> None:
        """Start it, and wait until it listens.

        Args:
            driver: The engine's main class for it.
            arguments: Arguments of that engine only.
            properties: Options of Java.
        """
        self._programs.start(
            "jobserver",
            driver,
            "--job-host=127.0.0.1",
            f"--job-port={self._port}",
            f"--artifact-port={self._artifact_port}",
            "--expansion-port=0",
            *arguments,
            properties=properties,
        )
        for port in (self._port, self._artifact_port):
            self._programs.wait_for(port)

    def options(self, environment: str) -> list[str]:
        """Return the options of the command with which its graph runs on the engine.

        Args:
            environment: ``LOOPBACK`` for workers in the command's process, ``PROCESS`` for processes of their own.
        """
        options = [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{self._port}",
            f"--artifact_endpoint=localhost:{self._artifact_port}",
            f"--environment_type={environment}",
            "--parallelism=2",
        ]
        if environment == "PROCESS":
            command = {"command": str(_worker_script(self._boot, self._place))}
            options.append(f"--environment_config={json.dumps(command)}")
        return options


def _worker_script(boot: Path, place: Path) -> Path:
    """A script that starts a worker in this environment."""
    script = place / "boot.sh"
    if not script.exists():
        (place / "pool").mkdir()
        python_path = f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"
        script.write_text(
            "#!/bin/sh\n"
            f"export PATH='{Path(sys.executable).parent}':$PATH PYTHONPATH='{python_path}'\n"
            "export RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1\n"
            f"cd '{place / 'pool'}'\n"
            f"exec '{boot}' --semi_persist_dir='{place / 'pool'}' \"$@\" >>'{place / 'boot.log'}' 2>&1\n"
        )
        script.chmod(0o755)
    return script
