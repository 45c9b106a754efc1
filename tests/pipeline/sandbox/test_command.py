from __future__ import annotations

import json
import subprocess
import sys
import urllib.request


def test_the_sandbox_serves_until_it_is_terminated() -> None:
    command = [sys.executable, "-m", "pipeline", "sandbox", "--port=0", "--model=llama3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            url = json.loads(process.stdout.readline())["url"]
            with urllib.request.urlopen(f"{url}/api/tags", timeout=10) as answer:  # noqa: S310 - our own host
                assert [model["name"] for model in json.load(answer)["models"]] == ["llama3:latest"]
        finally:
            process.terminate()
        errors = process.stderr.read()
        assert process.wait(timeout=60) == 0
    assert "NOT REAL" in errors
    assert "Traceback" not in errors
