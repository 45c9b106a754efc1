"""``--dry_run``: say what a run would do, and estimate how long it would take."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.console.streams import json_text
from pipeline.estimate import TextSample, sample_texts
from pipeline.host_speeds import HostSpeed, measure_hosts
from pipeline.options.run import RunOptions
from pipeline.resume import ResumedPlan
from transforms.configuration import TranslationSettings
from transforms.masking import mask_values

REPAIRS_SHARE = {"off": 0.0, "flag": 0.0, "repair": 0.03}
"""Extra requests for texts whose first answer fails a check, per text, by ``--checks``; as measured on small models."""

BYTES_PER_CHARACTER = 0.6
"""Compressed size of source and translation together in a part."""

UNCERTAINTY = 0.15
"""Relative error of the estimate that many measured requests would leave: machines do not hold their speed exactly."""

SPREAD = 0.5
"""Relative standard deviation of the time per character from text to text."""


@dataclass(frozen=True)
class Estimate:
    """What a run would cost.

    Attributes:
        rows, texts: Rows and texts that are left.
        texts_requested: Texts that need requests: neither empty, nor non-linguistic, nor equal to another one.
        characters: Characters of these texts.
        output_tokens: Tokens that the model would write; None if no host reports tokens.
        repairs_share: Assumed extra requests per text.
        seconds: Duration; None if no host could be measured.
        least_seconds, most_seconds: A range that should contain the duration.
        output_bytes: Size of the parts.
    """

    rows: int
    texts: int
    texts_requested: int
    characters: int
    output_tokens: int | None
    repairs_share: float
    seconds: float | None
    least_seconds: float | None
    most_seconds: float | None
    output_bytes: int


def estimate(
    rows: int, text_columns: int, sample: TextSample, speeds: Sequence[HostSpeed], repairs_share: float
) -> Estimate:
    """Combine the sizes of the input and the speeds of the hosts.

    Args:
        rows: Number of rows that are left.
        text_columns: Number of columns to translate.
        sample: Texts of the input.
        speeds: Measured hosts.
        repairs_share: Extra requests per text.
    """
    texts = rows * text_columns
    requested = round(texts * sample.requested_share)
    characters = requested * sample.mean_length
    speed = sum(host.characters_per_second for host in speeds)
    seconds = margin = None
    if speed:
        # The last text of each slot ends alone: half of a mean text on average.
        slowest = max(host.seconds_per_character for host in speeds)
        seconds = characters * (1 + repairs_share) / speed + slowest * sample.mean_length / 2 * bool(requested)
        measured = sum(host.requests for host in speeds)
        margin = math.hypot(UNCERTAINTY, 2 * SPREAD / math.sqrt(measured))
    ratios = [host.tokens_per_character for host in speeds if host.tokens_per_character is not None]
    return Estimate(
        rows=rows,
        texts=texts,
        texts_requested=requested,
        characters=round(characters),
        output_tokens=round(characters * sum(ratios) / len(ratios)) if ratios else None,
        repairs_share=repairs_share,
        seconds=seconds,
        least_seconds=None if seconds is None or margin is None else seconds / (1 + margin),
        most_seconds=None if seconds is None or margin is None else seconds * (1 + margin),
        output_bytes=round(BYTES_PER_CHARACTER * texts * sample.mean_characters),
    )


def dry_run(options: RunOptions, settings: TranslationSettings, resumed: ResumedPlan) -> None:
    """Measure the hosts with made-up requests, and print what is left to do as one line of JSON on stdout."""
    plan, resumption = resumed.plan, resumed.resumption
    rows = sum(unit.rows for unit in resumption.left)
    sample = sample_texts(resumption.left_groups, plan.schemas, plan.text_columns, options.text_encoding or "utf-8")
    speeds = measure_hosts(options, settings, list(resumed.hosts.versions), sample.lengths) if sample.lengths else []
    found = estimate(rows, len(plan.text_columns), sample, speeds, REPAIRS_SHARE[options.checks])
    print(json_text(mask_values(_line(resumed, found, speeds)), sys.stdout))


def _line(resumed: ResumedPlan, found: Estimate, speeds: Sequence[HostSpeed]) -> dict[str, Any]:
    plan, left = resumed.plan, resumed.resumption.left
    return {
        "dry_run": True,
        "output": str(plan.output),
        "model_digest": resumed.recipe.model_digest,
        "text_columns": list(plan.text_columns),
        "files": len({unit.source.url for unit in plan.units}),
        "units": len(plan.units),
        "units_left": len(left),
        "rows": plan.rows,
        "rows_left": found.rows,
        "texts_left": found.texts,
        "texts_requested": found.texts_requested,
        "characters": found.characters,
        "expected_output_tokens": found.output_tokens,
        "assumed_repairs_share": found.repairs_share,
        "estimated_seconds": _rounded(found.seconds),
        "estimated_seconds_range": None
        if found.seconds is None
        else [_rounded(found.least_seconds), _rounded(found.most_seconds)],
        "estimated_output_bytes": found.output_bytes,
        "hosts": {
            host.url: {
                "slots": host.slots,
                "characters_per_second": round(host.characters_per_second, 1),
                "requests": host.requests,
            }
            for host in speeds
        },
        "unusable_hosts": {url: problem.text for url, problem in resumed.hosts.problems.items()},
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
