"""Names of flags, and what they mean for a row's status."""

from __future__ import annotations

from typing import Final

EMPTY_OUTPUT: Final = "empty_output"
THINK_STRIPPED: Final = "think_stripped"
SRC_EMPTY: Final = "src_empty"
SRC_NON_LINGUISTIC: Final = "src_non_linguistic"
SRC_SHORT: Final = "src_short"
SRC_ENCODING_FIXED: Final = "src_encoding_fixed"
CHUNKED: Final = "chunked"

HARD: Final = frozenset({EMPTY_OUTPUT})
"""A candidate with one of these is not accepted."""

SOFT: Final = frozenset({THINK_STRIPPED})
"""The row is ``warn``."""

SOURCE: Final = frozenset({SRC_EMPTY, SRC_NON_LINGUISTIC, SRC_SHORT, SRC_ENCODING_FIXED, CHUNKED})
"""Said of the source; the status does not depend on them."""
