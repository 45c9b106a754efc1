"""Clean-up at the end of a run: parts and dead letters that nobody needs any more are removed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from pipeline.resume import Resumption
from transforms.sink import dead_letters
from transforms.sink.footers import PartFooter
from transforms.sink.moved_inputs import replaced_parts
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.part_index import write_index
from transforms.sink.published import take_published

LOG = logging.getLogger(__name__)


def clean_up(
    output: OutputDirectory, resumption: Resumption, run_id: str, stopped: bool
) -> Mapping[str, PartFooter | None]:
    """Remove obsolete parts, parts of moved inputs and stale dead letters, and write the index of sound parts.

    Args:
        output: Directory of the parts.
        resumption: What the run found and had to do.
        run_id: Identifier of the run.
        stopped: Whether the run was stopped early; then obsolete parts stay.

    Returns:
        The footers of the parts that are left.

    Raises:
        RunFailed: The directory cannot be read or written.
    """
    wrote = bool(resumption.left)
    footers = _footers_now(output, run_id) if wrote else dict(resumption.before)
    sound = {
        name: footer
        for name, footer in footers.items()
        if footer is not None and (resumption.is_new(name, footer) or resumption.before.get(name) is not None)
    }
    written = {unit.part_name: sound[unit.part_name] for unit in resumption.left if unit.part_name in sound}
    planned = {name: sound[name] for name in resumption.planned if name in sound}
    # With --overwrite, obsolete parts were removed before the run, and some were written again.
    obsolete = {name for name in resumption.obsolete if (old := footers.get(name)) and not resumption.is_new(name, old)}
    unneeded = set() if stopped else obsolete
    if replaced := replaced_parts(output, resumption.moved, resumption.before, planned, written):
        LOG.info("removed %d parts of inputs that were moved; their rows are in other parts now", len(replaced))
    unneeded.update(replaced)
    remove_parts(output, unneeded)
    for name in unneeded:
        footers.pop(name, None)
        sound.pop(name, None)
    if wrote or unneeded:
        letters = {name: 0 if footer is None else footer.dead_letters for name, footer in footers.items()}
        output.remove_all(dead_letters.stale_files(output.names_in(dead_letters.FOLDER), letters))
    write_index(output, sound)
    return footers


def _footers_now(output: OutputDirectory, run_id: str) -> dict[str, PartFooter | None]:
    files = output.list_parts()
    published = take_published(run_id)
    rest = output.read_footers({name: file for name, file in files.items() if name not in published})
    return {name: published.get(name) or rest[name] for name in files}


def remove_parts(output: OutputDirectory, names: Iterable[str]) -> None:
    """Remove parts with their dead letters.

    Raises:
        RunFailed: A file cannot be removed.
    """
    parts = list(names)
    if not parts:
        return
    output.remove_all(parts)
    letters = {dead_letters.file_name(name) for name in parts}
    output.remove_all(letters & {f"{dead_letters.FOLDER}/{name}" for name in output.names_in(dead_letters.FOLDER)})
