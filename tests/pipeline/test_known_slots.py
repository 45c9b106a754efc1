from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import known_slots
from pipeline.known_slots import FILE, MAX_DIGESTS, MAX_HOSTS, MAX_SLOTS, keep_known_slots, read_known_slots
from transforms.fleet.host.host_state import HostView
from transforms.memory.addresses import cache_directory

URL, OTHER = "http://gpu0:11434", "http://gpu1:11434"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def view(url: str, slots: int | None, digest: str = "ab", model: str = "mistral:latest") -> HostView:
    return HostView(url, "healthy", 0, 9, model, digest=digest, slots=slots)


def test_slots_are_remembered_for_each_host_and_digest() -> None:
    assert read_known_slots("ab") == {}
    keep_known_slots("mistral:latest", [view(URL, 4), view(OTHER, None), view(OTHER, 7, "ef", "qwen3:8b")])
    assert read_known_slots("ab") == {URL: 4}
    keep_known_slots("mistral:latest", [view(URL, 8, "cd"), view(OTHER, 2)])
    assert read_known_slots("ab") == {URL: 4, OTHER: 2}
    assert read_known_slots("cd") == {URL: 8}
    assert read_known_slots("ef") == read_known_slots(None) == {}


def test_only_numbers_that_can_be_slots_are_known() -> None:
    slots = {"none": 0, "one": 1, "most": MAX_SLOTS, "more": MAX_SLOTS + 1, "true": True, "text": "4"}
    cache_directory().mkdir(parents=True)
    (cache_directory() / FILE).write_text(json.dumps({"ab": slots}))
    assert read_known_slots("ab") == {"one": 1, "most": MAX_SLOTS}


def test_a_model_without_a_digest_is_not_remembered() -> None:
    keep_known_slots("mistral:latest", [view(URL, 4, digest="")])
    assert read_known_slots("") == {}
    assert not (cache_directory() / FILE).exists()


def test_a_model_that_is_used_again_is_kept_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_slots, "MAX_DIGESTS", 2)
    for digest in ("first", "second", "first", "third"):
        keep_known_slots("mistral:latest", [view(URL, 4, digest)])
    assert [read_known_slots(digest) for digest in ("first", "second", "third")] == [{URL: 4}, {}, {URL: 4}]
    assert [path.name for path in cache_directory().iterdir()] == [FILE]


def test_models_of_long_ago_are_forgotten() -> None:
    for number in range(MAX_DIGESTS + 1):
        keep_known_slots("mistral:latest", [view(URL, 4, f"{number:064}")])
    assert not read_known_slots(f"{0:064}")
    assert read_known_slots(f"{MAX_DIGESTS:064}")


def test_hosts_of_long_ago_are_forgotten() -> None:
    keep_known_slots("mistral:latest", [view(f"http://gpu{number}:11434", 4) for number in range(MAX_HOSTS)])
    keep_known_slots("mistral:latest", [view(URL, 2), view("http://late:11434", 6)])
    known = read_known_slots("ab")
    assert len(known) == MAX_HOSTS
    assert (known[URL], known["http://late:11434"]) == (2, 6)
    assert "http://gpu1:11434" not in known


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"ab": 4}', '{"ab": {"http://gpu0:11434": "8"}}', '{"ab": {"x": 1e9}}']
)
def test_a_damaged_file_is_no_knowledge(content: str) -> None:
    cache_directory().mkdir(parents=True)
    (cache_directory() / FILE).write_text(content)
    assert read_known_slots("ab") == {}
    keep_known_slots("mistral:latest", [view(URL, 4)])
    assert read_known_slots("ab")[URL] == 4


def test_a_cache_that_cannot_be_written_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    keep_known_slots("mistral:latest", [view(URL, 4)])
    assert read_known_slots("ab") == {}
