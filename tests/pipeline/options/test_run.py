from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.options.run import RUN, RunOptions, echo, validate
from pipeline.options.table import options_of
from tests.pipeline.options.arguments import HOSTS_FILE, NEEDED, other_arguments, refused
from transforms.errors import UsageError
from transforms.fleet.addresses import DEFAULT_HOST, HostAddress, parse_hosts

SAMPLES: dict[str, tuple[str, Any]] = {
    "input": ("a.parquet", ("a.parquet",)),
    "output": ("other", "other"),
    "text_column": ("body", ("body",)),
    "text_encoding": ("latin-1", "iso8859-1"),
    "schema": ("code:string", "code:string"),
    "unit_rows": ("100", 100),
    "memory": ("off", "off"),
    "overwrite": ("true", True),
    "retry_failed": ("true", True),
    "limit": ("10", 10),
    "dry_run": ("true", True),
    "watch": ("60", 60.0),
    "hosts": ("gpu0", parse_hosts("gpu0")),
    "hosts_file": (str(HOSTS_FILE), str(HOSTS_FILE)),
    "slots": ("4", 4),
    "header": ("X-Team: night", None),
    "allow_insecure_auth": ("true", True),
    "use_proxy": ("true", True),
    "keep_alive": ("5m", "5m"),
    "request_timeout": ("60", 60.0),
    "max_outage": ("1h30m", 5400.0),
    "workers": ("2", 2),
    "sandbox": ("3", 3),
    "model": ("llama3:8b", "llama3:8b"),
    "fallback_model": ("qwen3:8b", "qwen3:8b"),
    "model_column": ("engine", "engine"),
    "allow_mixed_digests": ("true", True),
    "prompt": ("simple", "simple"),
    "prompt_file": (__file__, __file__),
    "domain": ("incident reports", "incident reports"),
    "field_names": ("true", True),
    "glossary": (__file__, __file__),
    "spelling": ("british", "british"),
    "num_ctx": ("2048", 2048),
    "chunk_chars": ("1500", 1500),
    "context_chars": ("300", 300),
    "think": ("low", "low"),
    "temperature": ("0.5", 0.5),
    "seed": ("7", 7),
    "repeat_penalty": ("1.1", 1.1),
    "top_k": ("20", 20),
    "top_p": ("0.9", 0.9),
    "checks": ("flag", "flag"),
    "english": ("translate", "translate"),
    "other_language": ("fail", "fail"),
    "evidence": ("true", True),
    "confidence": ("true", True),
    "langid": ("lingua", "lingua"),
    "max_failed_ratio": ("0.2", 0.2),
    "skip_exit_code": ("99", 99),
    "summary_file": ("summary.json", "summary.json"),
    "summary_format": ("table", "table"),
    "report": ("true", True),
    "report_texts": ("20", 20),
    "dead_letter_texts": ("true", True),
    "metrics_port": ("9464", 9464),
    "metrics_address": ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - only parsed
    "progress": ("off", "off"),
    "log_format": ("json", "json"),
    "log_level": ("debug", "debug"),
}


def test_there_is_a_sample_of_every_option() -> None:
    assert sorted(SAMPLES) == sorted(options_of(RunOptions))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_option_is_read_in_all_its_forms(name: str) -> None:
    text, expected = SAMPLES[name]
    kebab = name.replace("_", "-")
    is_flag = not options_of(RunOptions)[name].metavar
    forms = (
        [[f"--{name}"], [f"--{kebab}"]]
        if is_flag
        else [[f"--{name}={text}"], [f"--{name}", text], [f"--{kebab}={text}"], [f"--{kebab}", text]]
    )
    read = [getattr(RUN.parse([*other_arguments(name), *form], {}), name) for form in forms]
    read.append(getattr(RUN.parse(other_arguments(name), {f"TRANSLATE_{name.upper()}": text}), name))
    assert all(value == read[0] for value in read)
    assert read[0] != getattr(RunOptions(), name)
    if name != "header":
        assert read[0] == expected
        assert type(read[0]) is type(expected)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_help_shows_every_option_with_variables_and_default(name: str) -> None:
    help_text = " ".join(RUN.help("").split())
    described = options_of(RunOptions)[name]
    assert f"--{name} " in help_text
    assert f"env: {', '.join(described.variables)})" in help_text
    default = getattr(RunOptions(), name)
    if isinstance(default, (str, int)) and not isinstance(default, bool) and default != "":
        assert f"default: {default};" in help_text


def test_the_help_is_grouped_and_names_commands_and_exit_codes() -> None:
    help_text = RUN.help("Commands:\n  run")
    headings = ["Commands:", "Input and output:", "Hosts:", "Model and prompt:", "Results and reports:", "Exit codes:"]
    places = [help_text.index(heading) for heading in headings]
    assert places == sorted(places)


def test_defaults() -> None:
    options = RUN.parse(NEEDED, {})
    assert options.hosts == (HostAddress(DEFAULT_HOST),)
    assert (options.model, options.num_ctx, options.temperature, options.slots) == ("mistral", 4096, None, None)
    assert (options.max_failed_ratio, options.keep_alive, options.max_outage) == (0.01, "30m", 1800.0)
    assert options.beam_arguments == ("--runner=FnApiRunner",)
    assert options.notices == ()


def test_the_name_of_a_column_may_begin_or_end_with_a_space() -> None:
    options = RUN.parse([*NEEDED, "--text_column", " body ", "--model_column=model "], {})
    assert (options.text_column, options.model_column) == ((" body ",), "model ")
    assert RUN.parse(NEEDED, {"TRANSLATE_TEXT_COLUMN": " body "}).text_column == ("body",)


def test_a_bare_sandbox_means_two_hosts_of_its_own() -> None:
    options = RUN.parse([*NEEDED, "--sandbox", "--progress=off"], {"OLLAMA_HOST": "gpu0", "OLLAMA_API_KEY": "geheim"})
    assert (options.sandbox, options.hosts, options.notices) == (2, (), ())
    assert RUN.parse([*NEEDED, "--sandbox=3"], {}).sandbox == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output=x"], "--input"),
        (["--input=x"], "--output"),
        ([*NEEDED, "--model=gpt-oss:120b-cloud"], "--model 'gpt-oss:120b-cloud' runs in Ollama's cloud"),
        ([*NEEDED, "--prompt=simple", f"--prompt_file={__file__}"], "--prompt and --prompt_file cannot be combined"),
        ([*NEEDED, "--hosts=gpu0,gpu1", "--slots=gpu0=4,gpu2=4"], "--slots names http://gpu2:11434, but the hosts are"),
        ([*NEEDED, "--watch=60", "--overwrite"], "--watch and --overwrite cannot be combined"),
        ([*NEEDED, "--watch=60", "--limit=3"], "--watch and --limit cannot be combined"),
        ([*NEEDED, "--overwrite", "--retry_failed"], "--overwrite and --retry_failed cannot be combined"),
        ([*NEEDED, "--sandbox", "--hosts=gpu0"], "remove --hosts"),
        ([*NEEDED, "--runner=PortableRunner"], "add --job_endpoint HOST:PORT"),
        ([*NEEDED, "--sandbox", f"--hosts_file={HOSTS_FILE}"], "remove --hosts_file"),
        ([*NEEDED, "--sandbox", "--model_column=engine"], "remove --model_column"),
        ([*NEEDED, "--hosts=gpu0", f"--hosts_file={HOSTS_FILE}"], "--hosts and --hosts_file cannot be combined"),
        ([*NEEDED, "--hosts_file=nothing.txt"], "nothing.txt can't be read"),
        ([*NEEDED, "--fallback_model=mistral:latest"], "is the same model as --model"),
        ([*NEEDED, "--fallback_model=big:cloud"], "cloud"),
        ([*NEEDED, "--sandbox", "--slots=gpu0=4"], "--slots must be auto or a number"),
    ],
)
def test_options_that_do_not_fit_together(arguments: list[str], words: str) -> None:
    assert words in refused(arguments)


def test_slots_by_host() -> None:
    options = RUN.parse([*NEEDED, "--hosts=gpu0,gpu1", "--slots=gpu1:11434=4"], {})
    assert options.slots == {"http://gpu1:11434": 4}


def test_paths_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("")
    folder = str(tmp_path)
    message = refused(["--input=x", f"--output={folder}/a_file/english"])
    assert message == f"--output: cannot create '{folder}/a_file/english': '{folder}/a_file' is a file"
    assert "is a file" in refused(["--input=x", f"--output=file://{folder}/a_file"])
    assert "File name too long" in refused(["--input=x", f"--output={folder}/{'x' * 300}/y"])
    assert f"--summary_file: '{folder}' is a directory" in refused([*NEEDED, f"--summary_file={folder}"])
    assert "is a file" in refused([*NEEDED, f"--summary_file={folder}/a_file/x/summary.json"])
    fine = ["--input=x", f"--output={folder}/new/english", f"--summary_file={folder}/a_file"]
    assert RUN.parse(fine, {}).output == f"{folder}/new/english"
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]
    assert RUN.parse(["--input=x", "--output=s3://bucket/x", "--summary_file=memory://x"], {}).output == "s3://bucket/x"


def test_options_made_without_a_command_line_can_be_validated() -> None:
    validate(RunOptions(input=("x",), output="y"))
    with pytest.raises(UsageError, match="--model"):
        validate(RunOptions(input=("x",), output="y", model="x:cloud"))


SECRETS = [
    "--hosts=https://user:geheim1@gpu0",
    "--header=X-Api-Key: geheim2",
    "--input=s3://key:geheim3@bucket/x",
    "--output=s3://key:geheim4@bucket/y",
    "--s3_secret_access_key=geheim5",
    "--memory=redis://:geheim8@cache:6379/0",
    "--summary_file=simplecache::ftp://u:geheim9@store/summary.json",
    "--s3_session_token",
    "geheim6",
]


def test_secrets_are_neither_in_repr_nor_in_the_echo() -> None:
    options = RUN.parse(SECRETS, {"OLLAMA_API_KEY": "geheim7"})
    shown = f"{options!r}{options}{json.dumps(echo(options))}{options.notices}"
    assert "geheim" not in shown
    assert {"https://gpu0:443", "X-Api-Key: ***", "s3://***@bucket/x"} <= set(
        echo(options)["hosts"] + echo(options)["header"] + echo(options)["input"]
    )
    # They do reach their places.
    assert dict(options.hosts[0].headers)["X-Api-Key"] == "geheim2"
    assert "--s3_secret_access_key=geheim5" in options.beam_arguments
    assert options.input == ("s3://key:geheim3@bucket/x",)


def test_secrets_are_not_in_errors() -> None:
    for arguments in (["--hosts=http://user:geheim@gpu0:x"], ["--header=geheim"], ["--header=Cookie: geheim"]):
        assert "geheim" not in refused([*NEEDED, *arguments])
    assert "geheim" not in refused(NEEDED, {"OLLAMA_HOST": "http://user:geheim@gpu0:x"})


def test_the_echo_has_what_is_in_force() -> None:
    shown = echo(RUN.parse([*NEEDED, "--slots=4"], {}))
    json.dumps(shown)
    assert (shown["slots"], shown["model"], shown["hosts"]) == (4, "mistral", [DEFAULT_HOST])
    assert "limit" not in shown
    assert {each.name for each in dataclasses.fields(RunOptions)} >= set(shown)
