"""A real Flink session cluster with the job server of Beam, on free ports of this machine."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tests.ports import free_port
from tests.runners.java import JavaPrograms, JobServer

# A lost TaskManager is known after two heartbeats. The job must not use up its attempts on its slots until then.
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
heartbeat: {{interval: 1000, timeout: 240000}}
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


class FlinkCluster:
    """One JobManager, two TaskManagers with one slot each, and the job server; stopped when the context ends.

    Args:
        installed: The directory that ``engines/install.sh flink`` filled.
        place: A directory for configuration, logs and temporary files.
    """

    def __init__(self, installed: Path, place: Path) -> None:
        self._place = place
        self._programs = JavaPrograms(installed / "flink" / "lib", place, "600m")
        self._job_server = JobServer(self._programs, installed / "bin" / "boot", place)
        self._rpc, self._rest = free_port(), free_port()

    def __enter__(self) -> FlinkCluster:
        (self._place / "tmp").mkdir(parents=True)
        configuration = _CONFIGURATION.format(rpc=self._rpc, rest=self._rest, temporary=self._place / "tmp")
        (self._place / "config.yaml").write_text(configuration)
        entry = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        try:
            self._programs.start("jobmanager", entry, "--configDir", str(self._place))
            for number in range(2):
                self.start_task_manager(number)
            self._job_server.start(
                "org.apache.beam.runners.flink.FlinkJobServerDriver", f"--flink-master=localhost:{self._rest}"
            )
            self._programs.wait_for(self._rest)
        except BaseException:
            self._programs.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._programs.stop()

    def start_task_manager(self, number: int) -> None:
        """Start a TaskManager with one slot."""
        settings = [word for name, value in _TASK_MANAGER_MEMORY.items() for word in ("-D", f"{name}={value}")]
        entry = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
        self._programs.start(f"taskmanager{number}", entry, "--configDir", str(self._place), *settings)

    def kill_task_manager(self, number: int) -> None:
        """End a TaskManager as a lost machine would, with the workers that it started."""
        self._programs.kill(f"taskmanager{number}")

    def options(self, environment: str) -> list[str]:
        """Return the options of the command; see ``JobServer.options``."""
        return self._job_server.options(environment)
