from __future__ import annotations

import shlex

import yaml

from pipeline.commands import COMMANDS
from pipeline.options.run import RunOptions
from pipeline.tune.layouts import Layout
from pipeline.tune.set_up import SetUp, set_up
from tests.pipeline.tune.trials import sample

TWO = Layout((("0",), ("1",)), 4, True, "q8_0")
OVER_ALL = Layout((("0", "1"),), 8)
ANYWHERE = Layout(((),), 2)


def lines_for(layout: Layout) -> SetUp:
    return set_up(layout, "/usr/local/bin/ollama", "0.24.0", ["my reports"], sample(), ["--text_column", "body"])


def test_the_shell_starts_each_server_with_its_variables() -> None:
    comment, *lines = lines_for(TWO).shell.splitlines()
    assert comment.startswith("#")
    for number, line in enumerate(lines):
        words = shlex.split(line)
        assert words[-3:] == ["/usr/local/bin/ollama", "serve", "&"]
        variables = dict(word.split("=", 1) for word in words[:-3])
        assert variables == {"OLLAMA_HOST": f"127.0.0.1:{11434 + number}", **TWO.variables(number)}


def test_further_servers_use_the_store_of_the_trials() -> None:
    lines = set_up(TWO, "ollama", "0.24.0", [], sample(), models="/srv/my models")
    assert lines.shell.count("OLLAMA_MODELS='/srv/my models' ") == 2
    assert lines.systemd.count('Environment="OLLAMA_MODELS=/srv/my models"') == 2
    assert "OLLAMA_MODELS" not in lines.compose  # its containers share a volume
    assert "OLLAMA_MODELS" not in lines_for(TWO).shell


def test_systemd_gets_a_drop_in_and_a_unit_for_each_further_server() -> None:
    text = lines_for(TWO).systemd
    drop_in, unit = text.split("# /etc/systemd/system/ollama-1.service")
    assert drop_in.startswith("# /etc/systemd/system/ollama.service.d/tune.conf\n[Service]\n")
    assert 'Environment="CUDA_VISIBLE_DEVICES=0"' in drop_in
    assert 'Environment="OLLAMA_HOST=127.0.0.1:11435"' in unit
    assert "ExecStart=/usr/local/bin/ollama serve" in unit
    assert "systemctl restart ollama ollama-1" in unit
    assert "ExecStart" not in lines_for(OVER_ALL).systemd


def test_compose_gives_each_service_its_gpus() -> None:
    services = yaml.safe_load(lines_for(TWO).compose)["services"]
    assert list(services) == ["ollama0", "ollama1"]
    for number, service in enumerate(services.values()):
        (device,) = service["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "device_ids": [str(number)], "capabilities": [["gpu"]][0]}
        assert service["ports"] == [f"127.0.0.1:{11434 + number}:11434"]
        assert service["environment"]["OLLAMA_NUM_PARALLEL"] == "4"
        assert "CUDA_VISIBLE_DEVICES" not in service["environment"]
        assert service["image"] == "ollama/ollama:0.24.0"
    (only,) = yaml.safe_load(lines_for(OVER_ALL).compose)["services"].values()
    assert only["deploy"]["resources"]["reservations"]["devices"][0]["device_ids"] == ["0", "1"]
    assert set_up(ANYWHERE, "ollama", "0.0.0", [], sample()).compose.count("image: ollama/ollama:latest") == 1
    assert "deploy" not in yaml.safe_load(lines_for(ANYWHERE).compose)["services"]["ollama0"]


def test_the_run_is_a_valid_command() -> None:
    program, *arguments = shlex.split(lines_for(TWO).run)
    assert program == "beam-ollama-translate"
    options = COMMANDS["run"].line.parse(arguments, {})
    assert isinstance(options, RunOptions)
    assert [host.url for host in options.hosts] == ["http://127.0.0.1:11434", "http://127.0.0.1:11435"]
    assert (options.slots, options.num_ctx, options.input) == (5, 2048, ("my reports",))
    assert options.text_column == ("body",)
