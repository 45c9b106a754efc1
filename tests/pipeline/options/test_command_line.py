from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.options.beam import beam_arguments
from pipeline.options.run import RUN, RunOptions, echo, validate
from pipeline.options.table import misspelt_variables, options_of
from pipeline.sandbox.options import SandboxOptions
from transforms.errors import UsageError
from transforms.fleet.hosts import DEFAULT_HOST, HostAddress, parse_hosts

HOSTS_FILE = Path(__file__).parents[2] / "hosts.txt"
NEEDED = ["--input=reports.parquet", "--output=english"]

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
    "langid": ("lingua", "lingua"),
    "max_failed_ratio": ("0.2", 0.2),
    "skip_exit_code": ("99", 99),
    "summary_file": ("summary.json", "summary.json"),
    "summary_format": ("table", "table"),
    "report": ("true", True),
    "report_texts": ("20", 20),
    "metrics_port": ("9464", 9464),
    "metrics_address": ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - only parsed
    "progress": ("off", "off"),
    "log_format": ("json", "json"),
    "log_level": ("debug", "debug"),
}


def refused(arguments: list[str], environ: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        RUN.parse(arguments, environ or {})
    message = str(caught.value)
    assert "\n" not in message
    return message


def other_arguments(name: str) -> list[str]:
    return [argument for argument in NEEDED if not argument.startswith(f"--{name}=")]


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


def test_the_command_line_comes_before_the_environment() -> None:
    environ = {"TRANSLATE_NUM_CTX": "8192", "TRANSLATE_TEXT_COLUMN": "a,b", "TRANSLATE_HOSTS": "gpu1"}
    options = RUN.parse([*NEEDED, "--num_ctx=2048", "--text_column=c", "--hosts=gpu0"], environ)
    assert (options.num_ctx, options.text_column) == (2048, ("c",))
    assert [host.url for host in options.hosts] == ["http://gpu0:11434"]
    assert RUN.parse(NEEDED, environ).num_ctx == 8192


def test_a_file_of_hosts_comes_before_variables_and_gets_headers() -> None:
    environ = {"OLLAMA_HOSTS": "elsewhere"}
    options = RUN.parse([*NEEDED, f"--hosts_file={HOSTS_FILE}", "--header=X-Team: night", "--slots=gpu9=2"], environ)
    assert [host.url for host in options.hosts] == [f"http://gpu{number}:11434" for number in range(3)]
    assert dict(options.hosts[0].headers) == {"X-Team": "night"}
    assert options.hosts_from is not None
    assert options.hosts_from.read() == options.hosts
    assert echo(options)["hosts_file"] == str(HOSTS_FILE)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"TRANSLATE_HOSTS": "a", "OLLAMA_HOSTS": "b", "OLLAMA_HOST": "c"}, "http://a:11434"),
        ({"OLLAMA_HOSTS": "b", "OLLAMA_HOST": "c"}, "http://b:11434"),
        ({"OLLAMA_HOSTS": " ", "OLLAMA_HOST": "0.0.0.0"}, "http://127.0.0.1:11434"),  # noqa: S104
        ({}, "http://127.0.0.1:11434"),
    ],
)
def test_where_hosts_come_from(environ: dict[str, str], url: str) -> None:
    assert [host.url for host in RUN.parse(NEEDED, environ).hosts] == [url]


def test_repeated_options_add_up_and_the_last_of_others_counts() -> None:
    options = RUN.parse(
        ["--input=a,b", "--input", "c", "--input=c", "--output=x", "--output=y", "--hosts=a,b", "--hosts=b,c"], {}
    )
    assert options.input == ("a,b", "c")
    assert options.output == "y"
    assert [host.url for host in options.hosts] == ["http://a:11434", "http://b:11434", "http://c:11434"]


def test_variables_hold_several_values() -> None:
    environ = {
        "TRANSLATE_INPUT": "a, b,,c",
        "TRANSLATE_HEADER": "X-A: 1, 2\nX-B: 3\n",
        "TRANSLATE_TEXT_COLUMN": "x,y\nz",
    }
    options = RUN.parse(["--output=x"], environ)
    assert options.input == ("a", "b", "c")
    assert [(header.name, header.value) for header in options.header] == [("X-A", "1, 2"), ("X-B", "3")]
    assert options.text_column == ("x,y", "z")


def test_the_name_of_a_column_may_begin_or_end_with_a_space() -> None:
    options = RUN.parse([*NEEDED, "--text_column", " body ", "--model_column=model "], {})
    assert (options.text_column, options.model_column) == ((" body ",), "model ")
    assert RUN.parse(NEEDED, {"TRANSLATE_TEXT_COLUMN": " body "}).text_column == ("body",)


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("false", False), ("No", False)]
)
def test_flags_in_the_environment(text: str, value: bool) -> None:
    assert RUN.parse(NEEDED, {"TRANSLATE_OVERWRITE": text}).overwrite is value


def test_a_bare_sandbox_means_two_hosts_of_its_own() -> None:
    options = RUN.parse([*NEEDED, "--sandbox", "--progress=off"], {"OLLAMA_HOST": "gpu0", "OLLAMA_API_KEY": "geheim"})
    assert (options.sandbox, options.hosts, options.notices) == (2, (), ())
    assert RUN.parse([*NEEDED, "--sandbox=3"], {}).sandbox == 3


BAD_VALUES = [
    ("num_ctx", "beaucoup", "a whole number of at least 512"),
    ("num_ctx", "511", "at least 512"),
    ("num_ctx", "4096.0", "at least 512"),
    ("num_ctx", "٤٠٩٦", "at least 512"),
    ("unit_rows", "0", "at least 1"),
    ("limit", "-5", "at least 1"),
    ("temperature", "2.1", "from 0 to 2"),
    ("temperature", "nan", "from 0 to 2"),
    ("top_p", "0", "above 0 and at most 1"),
    ("repeat_penalty", "0.0", "above 0"),
    ("seed", "-1", "from 0 to 2147483647"),
    ("max_failed_ratio", "1.01", "from 0 to 1"),
    ("max_failed_ratio", "5%", "from 0 to 1"),
    ("skip_exit_code", "98", "must be 99"),
    ("prompt", "simpel", "auto, general, simple"),
    ("progress", "none", "auto, rich, plain, off"),
    ("log_level", "verbose", "debug, info, warning, error"),
    ("request_timeout", "0.5", "from 1 to"),
    ("request_timeout", "5 minutes", "duration"),
    ("max_outage", "-1s", "from 0 to"),
    ("keep_alive", "0", "0 is refused"),
    ("keep_alive", "forever", "negative means forever"),
    ("slots", "many", "auto, a whole number"),
    ("sandbox", "17", "from 1 to 16"),
    ("model", " ", "must not be empty"),
    ("input", "", "must not be empty"),
    ("hosts", "http://gpu0:eleven", "port must be a number"),
    ("hosts", "https://ollama.com", "cloud"),
    ("prompt_file", "/no/such/file", "no such file"),
]


@pytest.mark.parametrize(("name", "value", "reason"), BAD_VALUES)
def test_wrong_values_are_named_with_option_value_and_reason(name: str, value: str, reason: str) -> None:
    message = refused([*other_arguments(name), f"--{name}={value}"])
    assert message.startswith(f"--{name}")
    assert repr(value) in message
    assert reason in message
    if value.strip():
        message = refused(other_arguments(name), {f"TRANSLATE_{name.upper()}": value})
        assert message.startswith(f"TRANSLATE_{name.upper()}")
        assert repr(value) in message


def test_a_wrong_value_is_blamed_on_the_variable_that_was_read() -> None:
    assert refused(NEEDED, {"OLLAMA_HOST": "gpu0:x"}).startswith("OLLAMA_HOST: host 'gpu0:x'")
    assert refused(NEEDED, {"TRANSLATE_OVERWRITE": "maybe"}).startswith("TRANSLATE_OVERWRITE must be one of 1, true")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--modle", "mistral"], "unknown option --modle: did you mean --model?"),
        (["--modle=mistral"], "unknown option --modle: did you mean --model?"),
        (["--num-ctxt=4096"], "unknown option --num-ctxt: did you mean --num_ctx?"),
        (["--text", "body"], "unknown option --text: did you mean --text_column or --text_encoding?"),
        (["--in=x"], "unknown option --in: did you mean --input?"),
        (["--OUTPUT=x"], "unknown option --OUTPUT: did you mean --output?"),
        (["--direct_num_worker=2"], "unknown option --direct_num_worker: did you mean --direct_num_workers?"),
        (["--runer=DirectRunner"], "unknown option --runer: did you mean --runner?"),
        (["--hepl"], "unknown option --hepl: did you mean --help?"),
        (["--zzzzzz=1"], "unknown option --zzzzzz, see --help"),
        (["-q"], "unknown option -q, see --help"),
        (["--overwrite=1"], "--overwrite takes no value, but has '1'"),
        (["--model"], "--model needs a value"),
        (["--model", "--overwrite"], "--model needs a value"),
        (["--runner=Flnk"], "--runner: Beam has no runner 'Flnk': did you mean Flink?"),
        (["--direct_num_workers=two"], "--direct_num_workers: invalid int value: 'two' (an option of Beam)"),
    ],
)
def test_unknown_options_get_a_proposal(arguments: list[str], message: str) -> None:
    assert refused([*NEEDED, *arguments]) == message


def test_stray_arguments_are_refused() -> None:
    assert "unexpected argument 'b.parquet'" in refused(["--input", "a.parquet", "b.parquet", "--output=x"])
    assert "unexpected argument 'true'" in refused([*NEEDED, "--save_main_session", "true"])


def test_streaming_is_refused_with_the_way_out() -> None:
    message = refused([*NEEDED, "--streaming"])
    assert message.startswith("--streaming is not supported")
    assert "rerun the same command" in message


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


def test_the_key_goes_to_https_hosts_and_a_notice_tells_of_the_others() -> None:
    environ = {"OLLAMA_API_KEY": "geheim"}
    options = RUN.parse([*NEEDED, "--hosts=https://gpu0,gpu1"], environ)
    assert [len(host.headers) for host in options.hosts] == [1, 0]
    (notice,) = options.notices
    assert "OLLAMA_API_KEY is not sent to http://gpu1:11434" in notice
    allowed = RUN.parse([*NEEDED, "--hosts=https://gpu0,gpu1", "--allow_insecure_auth"], environ)
    assert [len(host.headers) for host in allowed.hosts] == [1, 1]
    assert allowed.notices == ()


def test_misspelt_variables_are_told() -> None:
    environ = {"TRANSLATE_MODLE": "x", "TRANSLATE_MODEL": "y", "TRANSLATE_TEST_HOSTS": "z", "TRANSLATE_PORT": "1"}
    assert misspelt_variables(environ, (RunOptions, SandboxOptions)) == [
        "ignored the unknown variable TRANSLATE_MODLE: did you mean TRANSLATE_MODEL?"
    ]


def test_ours_win_over_options_of_beam_with_the_same_name() -> None:
    assert RUN.parse([*NEEDED, "--dry-run", "--labels=a=b"], {}).beam_arguments == (
        "--runner=FnApiRunner",
        "--labels=a=b",
    )
