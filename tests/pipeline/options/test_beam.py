from __future__ import annotations

import pytest

from pipeline.options.beam import beam_arguments
from pipeline.options.run import RUN
from tests.pipeline.options.arguments import NEEDED, refused


def test_streaming_is_refused_with_the_way_out() -> None:
    message = refused([*NEEDED, "--streaming"])
    assert message.startswith("--streaming is not supported")
    assert "rerun the same command" in message


def test_a_mode_that_hangs_is_refused_with_the_reason() -> None:
    message = refused([*NEEDED, "--direct_running_mode=multi_processing"])
    assert "waits forever for a worker process that has died" in message
    assert "--workers" in message
    assert RUN.parse([*NEEDED, "--direct_running_mode=multi_threading"], {}).beam_arguments[1:] == (
        "--direct_running_mode=multi_threading",
    )


@pytest.mark.parametrize("endpoint", ["localhost", "localhost:", ":8099", "http://localhost:x"])
def test_an_endpoint_without_a_port_is_refused(endpoint: str) -> None:
    message = refused([*NEEDED, "--runner=PortableRunner", f"--job_endpoint={endpoint}"])
    assert message == f"--job_endpoint must be HOST:PORT, such as localhost:8099, got {endpoint!r}"


@pytest.mark.parametrize("runner", ["DirectRunner", "directrunner", "direct", "SwitchingDirectRunner", "FnApiRunner"])
def test_direct_runner_means_fn_api_runner(runner: str) -> None:
    # As Airflow calls it.
    options = RUN.parse([f"--runner={runner}", "--labels=airflow-version=v3-1", *NEEDED], {})
    assert options.runner == "FnApiRunner"
    assert options.beam_arguments == ("--runner=FnApiRunner", "--labels=airflow-version=v3-1")


def test_beams_options_are_passed_on_in_both_forms() -> None:
    options = RUN.parse(
        ["--runner", "PrismRunner", *NEEDED, "--job-name", "x", "--experiments=a", "--setup_file=./setup.py"], {}
    )
    assert options.runner == "PrismRunner"
    assert options.beam_arguments == (
        "--runner=PrismRunner",
        "--job_name",
        "x",
        "--experiments=a",
        "--setup_file=./setup.py",
    )
    assert options.input == ("reports.parquet",)


def test_beam_understands_what_is_passed_on() -> None:
    from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, StandardOptions

    passed = RUN.parse(["--runner=DirectRunner", "--labels=a=b", "--labels=c=d", *NEEDED], {}).beam_arguments
    beam = PipelineOptions(list(passed))
    assert beam.view_as(StandardOptions).runner == "FnApiRunner"
    assert beam.view_as(GoogleCloudOptions).labels == ["a=b", "c=d"]


FLINK = [
    "--max_bundle_size=10",
    "--max_bundle_time_mills",
    "1000",
    "--object_reuse",
    "--state_backend=rocksdb",
    "--checkpointing_interval=5",
    "--savepoint_path=x",
    "--execution_mode_for_batch=x",
    "--faster_copy",
    "--latency_tracking_interval=1",
    "--parallelism=2",
    "--disable_metrics",
    "--auto_watermark_interval=1",
]


@pytest.mark.parametrize("runner", ["FlinkRunner", "flink", "PortableRunner"])
def test_options_of_a_job_server_are_passed_on_to_it_alone(runner: str) -> None:
    foreign = ["--job_endpoint=server:8099", *FLINK]
    options = RUN.parse([f"--runner={runner}", *NEEDED, *foreign], {})
    assert options.beam_arguments[1:] == tuple(foreign)
    assert "unknown option --max_bundle_size" in refused([*NEEDED, "--max_bundle_size=10"])


def test_misspelt_options_of_ours_are_refused_with_a_job_server_too() -> None:
    arguments = ["--runner=FlinkRunner", *NEEDED]
    assert refused([*arguments, "--max_failed_raito=0.5"]).endswith("did you mean --max_failed_ratio?")
    assert "unexpected argument 'c'" in refused([*arguments, "--max_bundle_size", "10", "c"])


def test_without_foreign_arguments_only_the_runner_goes_to_beam() -> None:
    assert beam_arguments([], ["model"]).arguments == ("--runner=FnApiRunner",)


def test_ours_win_over_options_of_beam_with_the_same_name() -> None:
    assert RUN.parse([*NEEDED, "--dry-run", "--labels=a=b"], {}).beam_arguments == (
        "--runner=FnApiRunner",
        "--labels=a=b",
    )
