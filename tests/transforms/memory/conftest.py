from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.transforms.memory.stores import redis_server


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Redis server; the tests of one module share it."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url
