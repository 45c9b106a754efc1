"""The job server of Beam with a real Spark in its process, on free ports of this machine."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tests.runners.java import JavaPrograms, JobServer

_PROPERTIES = ("-Dspark.ui.enabled=false", "-Dspark.driver.bindAddress=127.0.0.1", "-Dspark.driver.host=127.0.0.1")


class SparkServer:
    """Spark with two executor threads; stopped when the context ends.

    Args:
        installed: The directory that ``engines/install.sh spark`` filled.
        place: A directory for logs and temporary files.
    """

    def __init__(self, installed: Path, place: Path) -> None:
        self._place = place
        self._programs = JavaPrograms(installed / "spark" / "lib", place, "900m")
        self._job_server = JobServer(self._programs, installed / "bin" / "boot", place)

    def __enter__(self) -> SparkServer:
        self._place.mkdir(parents=True)
        try:
            self._job_server.start(
                "org.apache.beam.runners.spark.SparkJobServerDriver",
                "--spark-master-url=local[2]",
                properties=_PROPERTIES,
            )
        except BaseException:
            self._programs.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._programs.stop()

    def options(self, environment: str) -> list[str]:
        """Return the options of the command; see ``JobServer.options``."""
        return self._job_server.options(environment)
