from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest

from transforms.errors import UsageError
from transforms.memory.addresses import cache_file, forget_claims, is_redis, open_claims, open_store


def test_redis_is_recognised_by_its_scheme() -> None:
    assert all(map(is_redis, ("redis://gpu0", "rediss://gpu0:6380/1", "unix:///run/redis.sock")))
    assert not any(map(is_redis, ("/data/redis", "s3://bucket/redis", "redis")))


def test_each_remote_output_has_its_own_memory_in_the_users_cache(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    one = cache_file("s3://bucket/english", environ)
    assert one == cache_file("s3://bucket/english/", environ) != cache_file("s3://bucket/other", environ)
    assert one.parent == tmp_path / "beam-ollama-translate"
    assert cache_file("s3://bucket/english", {}).is_relative_to(Path.home() / ".cache")


def test_a_new_file_is_private_and_an_existing_one_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    store = open_store(str(path))
    store.add([(bytes(32), b"private")])
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in tmp_path.glob("memory.sqlite*")}
    store.close()
    del modes["memory.sqlite.lock"]
    assert set(modes.values()) == {0o600}
    path.chmod(0o660)
    open_store(str(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_an_unsuitable_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="s3:// cannot hold a translation memory"):
        open_store("s3://key:secret@bucket/memory.sqlite")
    report = tmp_path / "report.txt"
    report.write_text("a file of the user's")
    with pytest.raises(UsageError, match="not a translation memory and was not changed"):
        open_store(str(report), named=True)
    assert report.read_text() == "a file of the user's"


def test_claims_of_a_dead_run_can_be_forgotten(tmp_path: Path) -> None:
    path, key = str(tmp_path / "memory.sqlite"), bytes(32)
    forget_claims(path)
    with closing(open_claims(path)) as dead:
        assert dead.claim([key], "dead", 60.0) == {key}
    with closing(open_claims(path)) as living:
        assert living.claim([key], "living", 60.0) == set()
    (tmp_path / "memory.sqlite-claims-journal").write_bytes(b"half")
    forget_claims(path)
    assert not list(tmp_path.glob("memory.sqlite-claims*"))
    with closing(open_claims(path)) as living:
        assert living.claim([key], "living", 60.0) == {key}
