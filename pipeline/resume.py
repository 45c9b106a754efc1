"""Compare existing parts with the planned units: what is left to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.plan import RunPlan
from transforms.errors import UsageError
from transforms.fleet.host.preflight import UsableHosts
from transforms.sink.earlier_part import RETRIED_STATUSES
from transforms.sink.footers import PartFooter, is_done
from transforms.sink.moved_inputs import NOTHING_MOVED, MovedParts, find_moved, is_gone
from transforms.sink.recipe import Recipe
from transforms.source.discovery import deleted_inputs
from transforms.source.work_units import UnitGroup, WorkUnit

SHOWN_SOURCES = 3


@dataclass(frozen=True)
class Resumption:
    """Comparison of the existing parts with the plan.

    Attributes:
        left_groups: Unit groups without the units that are complete.
        planned: Names of the parts of all units.
        obsolete: Parts of the same input files that no unit has any more (other slices, or redone with --overwrite),
            and of input files that were deleted.
        removed: Addresses of the deleted input files.
        moved: Parts of input files that may have been moved.
        retried: Names of parts of which only the failed rows are left.
        before: Footers of the existing parts.
    """

    left_groups: tuple[UnitGroup, ...]
    planned: tuple[str, ...]
    obsolete: tuple[str, ...]
    removed: tuple[str, ...]
    moved: MovedParts
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


@dataclass(frozen=True)
class ResumedPlan:
    """A plan with the recipe of the run and what earlier runs left of it.

    Attributes:
        plan: All units of the input.
        recipe: What the parts are made with.
        hosts: Usable hosts and the digests of their models; empty if no host was asked, as no unit is left.
        resumption: Units that are left, and parts that are obsolete.
    """

    plan: RunPlan
    recipe: Recipe
    hosts: UsableHosts
    resumption: Resumption


def compare(
    plan: RunPlan,
    recipe: Recipe,
    parts: Mapping[str, PartFooter | None],
    overwrite: bool,
    retry_failed: bool = False,
    limited: bool = False,
) -> Resumption:
    """Find the units that are left.

    Args:
        plan: Units that are wanted.
        recipe: What the parts are made with; without a digest, it agrees with every digest.
        parts: Footers of the existing parts.
        overwrite: Whether no part counts as complete.
        retry_failed: Whether the failed rows of complete parts are left.
        limited: Whether only the first rows of the input are wanted.

    Raises:
        UsageError: Parts were made with another recipe, or hold more rows than are wanted now, and are not to be
            overwritten.
    """
    if not overwrite:
        _refuse_other_recipe(plan, recipe, parts)
        if limited:
            _refuse_loss(plan, parts)
    done = set() if overwrite else {unit for unit in plan.units if _is_done(plan, unit, recipe, parts)}
    retried = {unit for unit in done if retry_failed and _has_failures(parts[unit.part_name])}
    done -= retried
    groups = (tuple(unit for unit in group if unit not in done) for group in plan.groups)
    left_groups = tuple(group for group in groups if group)
    sources = {unit.source.url for unit in plan.units}
    others = {footer.source for footer in parts.values() if footer is not None} - sources
    removed = deleted_inputs(plan.inputs, sorted(others))
    wanted = {unit.part_name for unit in plan.units}

    def is_obsolete(name: str, footer: PartFooter) -> bool:
        if footer.source in sources:
            return overwrite or name not in wanted
        # What can't be translated again must not block the output with another recipe for ever.
        return footer.source in removed or (overwrite and not recipe.matches(footer.recipe) and is_gone(footer.source))

    obsolete = tuple(name for name, footer in parts.items() if footer is not None and is_obsolete(name, footer))
    return Resumption(
        left_groups,
        tuple(unit.part_name for unit in plan.units),
        obsolete,
        tuple(removed),
        NOTHING_MOVED if limited else find_moved(parts, plan.units, (unit for group in left_groups for unit in group)),
        frozenset(unit.part_name for unit in retried),
        parts,
    )


def _is_done(plan: RunPlan, unit: WorkUnit, recipe: Recipe, parts: Mapping[str, PartFooter | None]) -> bool:
    footer = parts.get(unit.part_name)
    return footer is not None and is_done(footer, unit, recipe, plan.schemas[unit.source.url])


def _has_failures(footer: PartFooter | None) -> bool:
    return footer is not None and any(footer.statistics.statuses[status] for status in RETRIED_STATUSES)


def _refuse_loss(plan: RunPlan, parts: Mapping[str, PartFooter | None]) -> None:
    """Refuse --limit if it would discard translated rows."""
    sources = {unit.source.url for unit in plan.units}
    there = sum(footer.rows for footer in parts.values() if footer is not None and footer.source in sources)
    if there > plan.rows:
        raise UsageError(
            f"{plan.output} holds {there} translated rows of this input, of which --limit would keep {plan.rows}: "
            "choose another --output for a look at the first rows, or --overwrite to discard the others"
        )


def _refuse_other_recipe(plan: RunPlan, recipe: Recipe, parts: Mapping[str, PartFooter | None]) -> None:
    others = [footer for footer in parts.values() if footer is not None and not recipe.matches(footer.recipe)]
    if not others:
        return
    differences = "; ".join(recipe.differences(others[0].recipe))
    planned = {unit.source.url for unit in plan.units}
    elsewhere = sorted({footer.source for footer in others} - planned)
    remedy = "--overwrite to translate everything again"
    if elsewhere:
        more = ", …" if len(elsewhere) > SHOWN_SOURCES else ""
        remedy += f" (name these inputs, too: {', '.join(elsewhere[:SHOWN_SOURCES])}{more})"
    raise UsageError(
        f"{plan.output} holds {len(others)} part{'s' * (len(others) > 1)} made with other settings: {differences}. "
        f"Choose another --output, or {remedy}"
    )
