"""``--dry_run``: say what a run would do."""

from __future__ import annotations

import sys

from pipeline.console.streams import json_text
from pipeline.execute import ResumedPlan
from transforms.masking import mask_values


def show_dry_run(resumed: ResumedPlan) -> None:
    """Print what is left to do as one line of JSON on stdout."""
    plan, left = resumed.plan, resumed.resumption.left
    line = {
        "dry_run": True,
        "output": str(plan.output),
        "model_digest": resumed.recipe.model_digest,
        "text_columns": list(plan.text_columns),
        "files": len({unit.source.url for unit in plan.units}),
        "units": len(plan.units),
        "units_left": len(left),
        "rows": plan.rows,
        "rows_left": sum(unit.rows for unit in left),
    }
    print(json_text(mask_values(line), sys.stdout))
