from __future__ import annotations

import pytest

from pipeline.options.run import RUN, echo
from tests.pipeline.options.arguments import HOSTS_FILE, NEEDED


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


def test_the_key_goes_to_https_hosts_and_a_notice_tells_of_the_others() -> None:
    environ = {"OLLAMA_API_KEY": "geheim"}
    options = RUN.parse([*NEEDED, "--hosts=https://gpu0,gpu1"], environ)
    assert [len(host.headers) for host in options.hosts] == [1, 0]
    (notice,) = options.notices
    assert "OLLAMA_API_KEY is not sent to http://gpu1:11434" in notice
    allowed = RUN.parse([*NEEDED, "--hosts=https://gpu0,gpu1", "--allow_insecure_auth"], environ)
    assert [len(host.headers) for host in allowed.hosts] == [1, 1]
    assert allowed.notices == ()
