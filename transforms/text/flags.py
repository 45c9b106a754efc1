"""The names of flags and their effect on a row's status."""

from __future__ import annotations

from typing import Final

EMPTY_OUTPUT: Final = "empty_output"
OUTPUT_TRUNCATED: Final = "output_truncated"
GENERATION_ABORTED: Final = "generation_aborted"
INPUT_TOO_LONG: Final = "input_too_long"
UNTRANSLATED: Final = "untranslated"
WRONG_LANGUAGE: Final = "wrong_language"
NON_LATIN_OUTPUT: Final = "non_latin_output"
PARTLY_UNTRANSLATED: Final = "partly_untranslated"
REPETITION: Final = "repetition"
LENGTH_RATIO_HARD: Final = "length_ratio_hard"
REFUSAL: Final = "refusal"
PROMPT_LEAK: Final = "prompt_leak"
MULTIPLE_OPTIONS: Final = "multiple_options"

PREAMBLE_STRIPPED: Final = "preamble_stripped"
QUOTES_STRIPPED: Final = "quotes_stripped"
THINK_STRIPPED: Final = "think_stripped"
LENGTH_RATIO: Final = "length_ratio"
UNFINISHED: Final = "unfinished"
NUMBER_MISSING: Final = "number_missing"
NUMBER_ADDED: Final = "number_added"
PLACEHOLDER_MISMATCH: Final = "placeholder_mismatch"
URL_MISMATCH: Final = "url_mismatch"
MARKUP_MISMATCH: Final = "markup_mismatch"
LINE_COUNT: Final = "line_count"
GLOSSARY_MISS: Final = "glossary_miss"
QUESTION_LOST: Final = "question_lost"
QUESTION_ADDED: Final = "question_added"
FRENCH_LEFT: Final = "french_left"
CONTENT_MISMATCH: Final = "content_mismatch"
SENTENCE_MISSING: Final = "sentence_missing"
SENTENCE_ADDED: Final = "sentence_added"
SENTENCE_REPEATED: Final = "sentence_repeated"
CHARACTERS_DAMAGED: Final = "characters_damaged"
CAPITALS: Final = "capitals"
EMOJI_MISMATCH: Final = "emoji_mismatch"
UNIT_MISMATCH: Final = "unit_mismatch"
TOKENS_STRIPPED: Final = "tokens_stripped"
INJECTION_SUSPECTED: Final = "injection_suspected"

SRC_EMPTY: Final = "src_empty"
SRC_NON_LINGUISTIC: Final = "src_non_linguistic"
SRC_ENGLISH: Final = "src_english"
SRC_OTHER_LANGUAGE: Final = "src_other_language"
SRC_SHORT: Final = "src_short"
SRC_ENCODING_FIXED: Final = "src_encoding_fixed"
SRC_MISFIT: Final = "src_misfit"
SRC_RUNS_MASKED: Final = "src_runs_masked"
CHUNKED: Final = "chunked"
CACHE_HIT: Final = "cache_hit"
FALLBACK_USED: Final = "fallback_used"

HARD: Final = frozenset(
    {
        EMPTY_OUTPUT,
        OUTPUT_TRUNCATED,
        GENERATION_ABORTED,
        INPUT_TOO_LONG,
        UNTRANSLATED,
        WRONG_LANGUAGE,
        NON_LATIN_OUTPUT,
        PARTLY_UNTRANSLATED,
        REPETITION,
        LENGTH_RATIO_HARD,
        REFUSAL,
        PROMPT_LEAK,
        MULTIPLE_OPTIONS,
    }
)
"""Flags with which a candidate is rejected."""

SOFT: Final = frozenset(
    {
        PREAMBLE_STRIPPED,
        QUOTES_STRIPPED,
        THINK_STRIPPED,
        LENGTH_RATIO,
        UNFINISHED,
        NUMBER_MISSING,
        NUMBER_ADDED,
        PLACEHOLDER_MISMATCH,
        URL_MISMATCH,
        MARKUP_MISMATCH,
        LINE_COUNT,
        GLOSSARY_MISS,
        QUESTION_LOST,
        QUESTION_ADDED,
        FRENCH_LEFT,
        CONTENT_MISMATCH,
        SENTENCE_MISSING,
        SENTENCE_ADDED,
        SENTENCE_REPEATED,
        CHARACTERS_DAMAGED,
        CAPITALS,
        EMOJI_MISMATCH,
        UNIT_MISMATCH,
        TOKENS_STRIPPED,
        INJECTION_SUSPECTED,
    }
)
"""Flags that give an accepted row the status ``warn``."""

SOURCE: Final = frozenset(
    {
        SRC_EMPTY,
        SRC_NON_LINGUISTIC,
        SRC_ENGLISH,
        SRC_OTHER_LANGUAGE,
        SRC_SHORT,
        SRC_ENCODING_FIXED,
        SRC_MISFIT,
        SRC_RUNS_MASKED,
        CHUNKED,
        CACHE_HIT,
        FALLBACK_USED,
    }
)
"""Informational flags about the source or the way of its translation; they never affect the status."""
