"""What is asked of the hosts before the first row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeHost
from tests.transforms.fleet.raw_host import RawHost, reply
from transforms.errors import NoHostLeft, RunFailed
from transforms.fleet.addresses import HostAddress, HostsFile
from transforms.fleet.host import preflight


def test_while_no_host_answers_the_hosts_file_is_read_again(
    sandbox_host: MakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, path = sandbox_host(digest="ab" * 32), tmp_path / "hosts"
    path.write_text("http://127.0.0.1:9")
    contents = iter(["gpu0:eleven", host.url])  # half written, then whole
    monkeypatch.setattr("transforms.fleet.host.preflight.time.sleep", lambda seconds: path.write_text(next(contents)))
    hosts = (HostAddress("http://127.0.0.1:9"),)
    found = preflight.find_hosts(hosts, ["mistral"], False, False, 60.0, HostsFile(str(path)))
    assert found.digests == {"mistral:latest": "ab" * 32}


def not_waited(seconds: float) -> None:
    raise AssertionError("a fault that does not pass by itself was waited for")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (reply(b"<html>Sign in</html>"), "HTML"),
        (reply({"error": "unauthorized"}, "HTTP/1.1 401 Unauthorized"), "--header"),
        (reply(b"", "HTTP/1.1 302 Found", "Location: https://gpu0.example/login\r\n"), "redirects are not followed"),
        (reply(b"404 page not found", "HTTP/1.1 404 Not Found"), "no Ollama answers"),
    ],
)
def test_faults_of_the_set_up_end_the_run_at_once_with_a_remedy(
    sent: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.fleet.host.preflight.time.sleep", not_waited)
    with RawHost(lambda path, body: sent) as host, pytest.raises(RunFailed, match=words) as caught:
        preflight.find_hosts([HostAddress(host.url)], ["mistral"], False, False, 1800.0)
    assert host.url in str(caught.value)


def test_a_refused_connection_is_waited_for_and_the_message_says_how_long_and_what_to_do(
    sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    host = sandbox_host(listening=False)
    monkeypatch.setattr("transforms.fleet.host.preflight.time.sleep", lambda seconds: host.control(listening=True))
    found = preflight.find_hosts([HostAddress(host.url)], ["mistral"], False, False, 1800.0)
    assert list(found.versions) == [host.url]
    (message,) = caplog.messages
    for word in ("waiting up to 1800 s (--max_outage)", "ollama serve", "doctor", "refused"):
        assert word in message


def test_other_hosts_with_faults_are_told_but_do_not_matter(sandbox_host: MakeHost) -> None:
    good, lacking = sandbox_host(), sandbox_host(models=["llama3:latest"])
    hosts = [HostAddress(host.url) for host in (good, lacking)]
    found = preflight.find_hosts(hosts, ["mistral"], False, False, 0.0)
    assert list(found.versions) == [good.url]
    assert "'mistral' not found" in found.problems[lacking.url].text
    with pytest.raises(RunFailed, match="no host has the model 'qwen3:8b'"):
        preflight.find_hosts(hosts, ["mistral", "qwen3:8b"], False, False, 0.0)
    with pytest.raises(NoHostLeft, match="doctor"):
        preflight.find_hosts([HostAddress("http://127.0.0.1:9")], ["mistral"], False, False, -1.0)


def test_where_rows_name_their_models_a_host_needs_any_one(sandbox_host: MakeHost) -> None:
    host = sandbox_host(models=["llama3:latest"])
    found = preflight.find_hosts([HostAddress(host.url)], ["mistral"], True, False, 0.0)
    assert list(found.digests) == ["llama3:latest"]
    assert (found.versions, found.problems) == ({}, {})
    empty = [HostAddress(sandbox_host(models=[]).url)]
    with pytest.raises(RunFailed, match="no models installed"):
        preflight.find_hosts(empty, ["mistral"], True, False, 0.0)


def test_a_second_model_may_be_on_a_host_that_does_not_answer_yet(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    hosts = [HostAddress(host.url), HostAddress("http://127.0.0.1:9")]
    found = preflight.find_hosts(hosts, ["mistral", "qwen3:8b"], False, False, 0.0)
    assert list(found.versions) == [host.url]
    assert "'qwen3:8b' not found" in found.problems[host.url].text


def test_the_wait_is_announced_once(
    sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    host, pauses = sandbox_host(listening=False), list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            host.control(listening=True)

    monkeypatch.setattr("transforms.fleet.host.preflight.time.sleep", sleep)
    preflight.find_hosts([HostAddress(host.url)], ["mistral"], False, False, 1800.0)
    assert pauses == [preflight.PAUSE_SECONDS] * 3
    assert len(caplog.messages) == 1
