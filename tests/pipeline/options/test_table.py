from __future__ import annotations

import pytest

from pipeline.options.run import RUN, RunOptions
from pipeline.options.table import misspelt_variables
from pipeline.sandbox.options import SandboxOptions
from tests.pipeline.options.arguments import NEEDED, other_arguments, refused


def test_the_command_line_comes_before_the_environment() -> None:
    environ = {"TRANSLATE_NUM_CTX": "8192", "TRANSLATE_TEXT_COLUMN": "a,b", "TRANSLATE_HOSTS": "gpu1"}
    options = RUN.parse([*NEEDED, "--num_ctx=2048", "--text_column=c", "--hosts=gpu0"], environ)
    assert (options.num_ctx, options.text_column) == (2048, ("c",))
    assert [host.url for host in options.hosts] == ["http://gpu0:11434"]
    assert RUN.parse(NEEDED, environ).num_ctx == 8192


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


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("false", False), ("No", False)]
)
def test_flags_in_the_environment(text: str, value: bool) -> None:
    assert RUN.parse(NEEDED, {"TRANSLATE_OVERWRITE": text}).overwrite is value


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


def test_misspelt_variables_are_told() -> None:
    environ = {"TRANSLATE_MODLE": "x", "TRANSLATE_MODEL": "y", "TRANSLATE_TEST_HOSTS": "z", "TRANSLATE_PORT": "1"}
    assert misspelt_variables(environ, (RunOptions, SandboxOptions)) == [
        "ignored the unknown variable TRANSLATE_MODLE: did you mean TRANSLATE_MODEL?"
    ]
