"""What earlier runs have left in the output, and what is left to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.plan import RunPlan
from transforms.errors import UsageError
from transforms.file_systems import masked_url
from transforms.sink.earlier_part import RETRIED_STATUSES
from transforms.sink.footers import PartFooter, is_done
from transforms.sink.recipe import Recipe
from transforms.source.discovery import deleted_inputs
from transforms.source.work_units import UnitGroup, WorkUnit


@dataclass(frozen=True)
class Resumption:
    """The parts there are, held against the plan.

    Attributes:
        left_groups: Unit groups without the units that are done.
        obsolete: Parts of the same input files that no unit has any more (other slices, or redone with --overwrite),
            and of input files that were removed.
        removed: Addresses of these files.
        retried: Names of parts of which only the failed rows are left.
        before: The footers as they were.
    """

    left_groups: tuple[UnitGroup, ...]
    obsolete: tuple[str, ...]
    removed: tuple[str, ...]
    retried: frozenset[str]
    before: Mapping[str, PartFooter | None]

    @property
    def left(self) -> tuple[WorkUnit, ...]:
        """Units that are to be written."""
        return tuple(unit for group in self.left_groups for unit in group)

    def is_new(self, name: str, footer: PartFooter) -> bool:
        """Return whether a part was written after the comparison: each run leaves its identifier in the footer."""
        before = self.before.get(name)
        return before is None or before.run_id != footer.run_id


def compare(
    plan: RunPlan, recipe: Recipe, overwrite: bool, retry_failed: bool = False, limited: bool = False
) -> Resumption:
    """Finds out which units are done.

    Args:
        plan: The units that are wanted.
        recipe: What it is made with; without a digest it agrees with every digest.
        overwrite: Whether nothing counts as done.
        retry_failed: Whether a part with failed rows is to be done again, but for its other rows.
        limited: Whether only the first rows of the input are wanted.

    Raises:
        UsageError: If parts were made with another recipe, or have more rows than are wanted now, and are not to be
            overwritten.
    """
    parts = plan.output.existing_parts()
    if not overwrite:
        _refuse_other_recipe(plan, recipe, parts)
        if limited:
            _refuse_loss(plan, parts)
    done = set() if overwrite else {unit for unit in plan.units if _is_done(plan, unit, recipe, parts)}
    retried = {unit for unit in done if retry_failed and _has_failures(parts[unit.part_name])}
    done -= retried
    left_groups = (tuple(unit for unit in group if unit not in done) for group in plan.groups)
    sources = {masked_url(unit.source.url) for unit in plan.units}
    others = {footer.source for footer in parts.values() if footer is not None} - sources
    removed = deleted_inputs(plan.inputs, sorted(others))
    wanted = {unit.part_name for unit in plan.units}
    obsolete = tuple(
        name
        for name, footer in parts.items()
        if footer is not None
        if footer.source in removed or (footer.source in sources and (name not in wanted or overwrite))
    )
    return Resumption(
        tuple(group for group in left_groups if group),
        obsolete,
        tuple(removed),
        frozenset(unit.part_name for unit in retried),
        parts,
    )


def _is_done(plan: RunPlan, unit: WorkUnit, recipe: Recipe, parts: Mapping[str, PartFooter | None]) -> bool:
    footer = parts.get(unit.part_name)
    return footer is not None and is_done(footer, unit, recipe, plan.schemas[unit.source.url])


def _has_failures(footer: PartFooter | None) -> bool:
    return footer is not None and any(footer.statistics.statuses[status] for status in RETRIED_STATUSES)


def _refuse_loss(plan: RunPlan, parts: Mapping[str, PartFooter | None]) -> None:
    """A look at the first rows must not cost the others what is there of them already."""
    sources = {masked_url(unit.source.url) for unit in plan.units}
    there = sum(footer.statistics.rows for footer in parts.values() if footer is not None and footer.source in sources)
    if there > plan.rows:
        raise UsageError(
            f"{plan.output} holds {there} rows of this input, of which --limit would leave {plan.rows}: choose another "
            "--output for a look at the first rows, or --overwrite if the others are to go"
        )


def _refuse_other_recipe(plan: RunPlan, recipe: Recipe, parts: Mapping[str, PartFooter | None]) -> None:
    others = [footer for footer in parts.values() if footer is not None and not recipe.matches(footer.recipe)]
    if others:
        differences = "; ".join(recipe.differences(others[0].recipe))
        raise UsageError(
            f"{plan.output} holds {len(others)} part{'s' * (len(others) > 1)} made with other settings: {differences}. "
            "Choose another --output, or --overwrite to translate everything again"
        )
