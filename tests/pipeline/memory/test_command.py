from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.memory.command import show_and_prune
from pipeline.memory.options import MEMORY
from tests.transforms.memory.stores import entries, redis_server
from transforms.errors import RunFailed, UsageError
from transforms.memory.addresses import open_store


def main(arguments: Sequence[str]) -> int:
    return show_and_prune(MEMORY.parse(arguments, {}))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(arguments) == 0
    return dict(json.loads(capsys.readouterr().out))


def fill(place: str) -> None:
    store = open_store(place)
    store.add(entries(0, 30))
    store.close()


def test_what_a_file_holds_and_pruning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "_state").mkdir()
    place = tmp_path / "_state" / "memory.sqlite"
    fill(str(place))
    shown = told(capsys, "--output", str(tmp_path))
    assert (shown["entries"], shown["memory"]) == (30, str(place))
    assert shown["oldest"]
    assert told(capsys, "--memory", str(place), "--prune-days", "1")["pruned"] == 0
    assert told(capsys, "--memory", str(place), "--prune_days", "1")["entries"] == 30
    # "Before now" has to be a later second than that of writing.
    store = open_store(str(place))
    store._connection().execute("UPDATE entries SET written_at = written_at - 90000")  # type: ignore[attr-defined]
    store.close()
    assert told(capsys, "--memory", str(place), "--prune_days", "1")["pruned"] == 30


def test_a_file_that_is_something_else_stays_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "reports.parquet"
    place.write_bytes(b"PAR1" * 100)
    with pytest.raises(UsageError, match="not a translation memory"):
        main(["--memory", str(place)])
    assert [path.name for path in tmp_path.iterdir()] == ["reports.parquet"]


def test_redis_is_shown_without_its_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with redis_server(tmp_path) as url:
        fill(url)
        shown = told(capsys, "--memory", url.replace("redis://", "redis://default:@"))
        assert shown["entries"] == 30
        assert str(shown["memory"]).startswith("redis://***@")
    with pytest.raises(RunFailed, match="cannot be used"):
        main(["--memory", url])


def test_a_place_without_a_memory_is_named() -> None:
    with pytest.raises(UsageError, match=r"no translation memory at nowhere\.sqlite"):
        main(["--memory=nowhere.sqlite"])
