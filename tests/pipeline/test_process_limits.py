from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.process_limits import SWITCH_SECONDS

PROGRAM = """
import ctypes, threading
from pipeline.process_limits import use_one_arena
assert use_one_arena() is True
def work():
    for _ in range(100):
        bytearray(50_000)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_all_threads_share_one_heap() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    if "AssertionError" in done.stderr:
        pytest.skip("the C library is not glibc")
    assert done.stderr.count("Arena ") == 1


def test_a_hidden_package_is_not_found_until_the_context_ends() -> None:
    code = """
from pipeline.process_limits import hidden
with hidden("another", "colorsys"):
    try:
        import colorsys
        print("found")
    except ImportError:
        print("hidden")
import colorsys
with hidden("colorsys"):
    import colorsys
print(colorsys.rgb_to_hsv(0, 0, 0))
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert process.stdout.split() == ["hidden", "(0.0,", "0.0,", "0)"]


def test_a_run_imports_no_package_that_it_does_not_need() -> None:
    code = """
import sys
from pipeline.process_limits import UNUSED
from pipeline.run import _executor
_executor()
print("apache_beam" in sys.modules, [package for package in UNUSED if package in sys.modules])
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert process.stdout.split("\n")[0] == "True []"


def test_threads_take_turns_often() -> None:
    code = """
import sys
from pipeline.run import _executor
_executor()
print(sys.getswitchinterval())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) == SWITCH_SECONDS


def test_what_is_imported_is_left_to_itself_by_the_collector_and_new_garbage_is_not() -> None:
    code = """
import gc, weakref
import pipeline.execute
from pipeline.process_limits import calm_collector
calm_collector()
print(gc.get_freeze_count() > 100_000 and len(gc.get_objects()) < 1_000)
class Node: pass
node = Node()
node.itself = node
left = weakref.ref(node)
del node
kept = [[] for _ in range(100_000)]
print(left() is None)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
