"""The installed command, ``beam-ollama-translate``; also ``python -m beam_ollama_translate``.

This module has a name that is unlikely to occur twice. The packages ``pipeline`` and ``transforms`` have common names:
a file or folder of the user's with such a name, in the current directory or on PYTHONPATH, would be imported instead of
them. The command says so before it imports either.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("pipeline", "transforms")
USAGE_EXIT_CODE = 2
"""As in ``pipeline.exit_codes``, which may be the very module that is shadowed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; see ``pipeline.cli.main``."""
    problem = shadowing()
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return USAGE_EXIT_CODE
    from pipeline.cli import main as run

    return run(argv)


def shadowing() -> str | None:
    """Say which package of this project another file or folder hides; None if there is none."""
    home = Path(__file__).resolve().parent
    for name in PACKAGES:
        found = _location(name)
        if found is not None and found != home / name:
            return (
                f"{found} hides the package {name!r} of beam-ollama-translate ({home / name}). Run the command "
                "beam-ollama-translate from another directory, rename that file or folder, or take its directory out "
                "of PYTHONPATH"
            )
    return None


def _location(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return None if spec.origin is None else Path(spec.origin).resolve()


if __name__ == "__main__":
    sys.exit(main())
