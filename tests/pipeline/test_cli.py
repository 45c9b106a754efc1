from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.cli import main
from pipeline.commands import COMMANDS
from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from tests.conftest import MakeHost
from transforms.errors import NoHostLeft, RunFailed, RunStopped, UsageError

NEEDED = ["--input=reports.parquet", "--output=english"]

Run = Callable[[RunOptions], ExitCode]
Install = Callable[[Run], None]


@pytest.fixture(autouse=True)
def _no_options_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("TRANSLATE_", "OLLAMA_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a function in the place of the run."""

    def put(run: Run) -> None:
        monkeypatch.setitem(sys.modules, "pipeline.start", SimpleNamespace(start=run))

    return put


def raising(error: BaseException) -> Run:
    def run(options: RunOptions) -> ExitCode:
        raise error

    return run


@pytest.mark.parametrize("word", [[], ["run"]])
@pytest.mark.parametrize("code", ExitCode)
def test_the_run_gets_the_options_and_its_code_is_returned(install: Install, word: list[str], code: ExitCode) -> None:
    seen: list[RunOptions] = []

    def run(options: RunOptions) -> ExitCode:
        seen.append(options)
        return code

    install(run)
    assert main([*word, *NEEDED, "--num-ctx=2048"]) == code
    assert [(options.input, options.num_ctx) for options in seen] == [(("reports.parquet",), 2048)]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such column"), 2),
        (RunFailed("disk full"), 1),
        (NoHostLeft("all are gone"), 1),
        (RunStopped("asked to stop"), 143),
    ],
)
def test_errors_of_ours_are_one_line_and_a_code(
    install: Install, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    install(raising(error))
    assert main([*NEEDED, "--log_level=warning"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert str(error) in line


def test_an_interrupt_is_told_and_has_its_code(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(raising(KeyboardInterrupt()))
    assert main(NEEDED) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_what_nobody_foresaw_is_logged_once_with_a_traceback(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(raising(ZeroDivisionError("division by zero")))
    assert main([*NEEDED, "--log_format=json"]) == 1
    *_, line = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert "please report this bug" in told["message"]
    assert told["exception"].count("Traceback") == 1


def test_the_options_in_force_are_logged_with_secrets_masked(
    install: Install, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "geheim1")
    monkeypatch.setenv("TRANSLATE_MODLE", "x")
    install(lambda options: ExitCode.DONE)
    arguments = ["--hosts=http://user:geheim2@gpu0,gpu1", "--header=X-Team: geheim3", "--output=s3://k:geheim4@b"]
    assert main([*NEEDED, *arguments, "--log_level=debug"]) == 0
    captured = capsys.readouterr()
    assert "geheim" not in captured.err
    lines = captured.err.splitlines()
    assert "OLLAMA_API_KEY is not sent to http://gpu1:11434" in lines[1]
    assert "TRANSLATE_MODLE: did you mean TRANSLATE_MODEL?" in lines[2]
    assert '"hosts": ["http://gpu0:80", "http://gpu1:11434"]' in lines[3]
    assert captured.out == ""


def test_log_options_take_effect(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(lambda options: ExitCode.DONE)
    assert main([*NEEDED, "--log_level=error"]) == 0
    assert capsys.readouterr().err == ""


def test_the_help_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["run", "-h"], [*NEEDED, "--help"]):
        assert main(arguments) == 0
        out = capsys.readouterr().out
        assert all(f"  {word} " in out for word in COMMANDS)
        assert "--num_ctx TOKENS" in out
    assert main(["sandbox", "--help"]) == 0
    assert "--num_parallel N" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("beam-ollama-translate ")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("runn", "did you mean run?"),
        ("sandbx", "did you mean sandbox?"),
        ("reports.parquet", "the commands are run, doctor, tune, memory, "),
    ],
)
def test_unknown_commands(capsys: pytest.CaptureFixture[str], word: str, hint: str) -> None:
    assert main([word, *NEEDED]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: unknown command '{word}'")
    assert hint in line


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--input=x", "--output=y", "--modle", "mistral"], {}, ["--modle", "did you mean --model?"]),
        (["--input=x", "--output=y", "--num_ctx", "beaucoup"], {}, ["num_ctx", "'beaucoup'"]),
        (["--output=y"], {}, ["--input"]),
        (["--runner=DirectRunner", "--labels=a=b", "--input=x", "--output=y", "--stray"], {}, ["--stray"]),
        (["--input=x", "--output=y"], {"OLLAMA_HOST": "http://gpu0:eleven"}, ["OLLAMA_HOST", "gpu0:eleven"]),
        (["--input=x", f"--output={__file__}/english"], {}, ["test_cli.py"]),
    ],
)
def test_mistakes_are_one_line_on_stderr_and_exit_code_2(
    arguments: list[str],
    environment: dict[str, str],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert all(word in line for word in words)


IN_ONE_PROCESS = """
import contextlib, io, json, sys
from pipeline.cli import main
seen = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        main(arguments)
    seen.append(("apache_beam" in sys.modules, errors.getvalue()))
print(json.dumps(seen))
"""


def without_beam(*commands: list[str]) -> list[str]:
    """Run command lines one after the other in a process of its own; return what each says on stderr."""
    command = [sys.executable, "-c", IN_ONE_PROCESS, json.dumps(commands)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    seen = json.loads(process.stdout.splitlines()[-1])
    assert [arguments for arguments, (imported, _) in zip(commands, seen, strict=True) if imported] == []
    return [errors for _, errors in seen]


def test_mistakes_and_help_are_told_without_importing_beam() -> None:
    expected = [
        (["--help"], ""),
        (["sandbox", "--help"], ""),
        ([*NEEDED, "--num_ctx=x"], "error: --num_ctx"),
        ([*NEEDED, "--bogus"], "error: unknown option --bogus"),
        ([*NEEDED, "--labels=a=b", "--modle=x"], "did you mean --model?"),
        (["--input", "a.jsonl", "b.jsonl", "--output=x"], "error: unexpected argument 'b.jsonl'"),
        (["--output=x", "--labels=a=b"], "error: missing --input"),
        (["--input=/no/such/file", "--output=x"], "error: --input /no/such/file does not exist"),
    ]
    said = without_beam(*(arguments for arguments, _ in expected))
    assert [words for (_, words), errors in zip(expected, said, strict=True) if words not in errors] == []


def test_a_run_that_is_refused_or_has_nothing_to_do_does_not_import_beam(
    sandbox_host: MakeHost, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Le pont est fermé."}\n')
    places = [f"--input={tmp_path}/in.jsonl", f"--output={tmp_path}/out"]
    hosts = f"--hosts={sandbox_host().url}"
    column, memory, refused = without_beam(
        [*places, "--text_column=corps"],
        [*places, "--sandbox=1", f"--memory={tmp_path}/in.jsonl"],
        [*places, "--hosts=127.0.0.1:9", "--max_outage=0"],
    )
    assert "has no column corps" in column
    assert "--memory" in memory
    assert "connection refused" in refused
    assert main([*places, hosts, "--progress=off"]) == 0
    nothing_left, other = without_beam([*places, hosts], [*places, hosts, "--num_ctx=2048"])
    assert "ERROR" not in nothing_left
    assert "made with other settings: num_ctx" in other


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_a_reader_of_stdout_that_has_gone_is_no_traceback(argument: str) -> None:
    read, write = os.pipe()
    os.close(read)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with os.fdopen(write, "wb") as gone:
        process = subprocess.run(
            [sys.executable, "-m", "pipeline", argument], stdout=gone, stderr=subprocess.PIPE, env=buffered, check=False
        )
    assert (process.returncode, process.stderr) == (1, b"")
