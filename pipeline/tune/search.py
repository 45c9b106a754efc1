"""The order in which layouts are tried. Without I/O: the caller tries them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from pipeline.tune.layouts import MAX_PARALLEL, Layout, placements
from pipeline.tune.time_limit import TimeIsUp
from pipeline.tune.trial import Trial

LEAST_GAIN = 1.05
"""A layout has to be so many times as fast as a simpler one; less is within the noise of short measurements."""

SMALLER_CACHES = ("q8_0", "q4_0")


class Search:
    """A search in stages.

    Args:
        devices: GPUs, as ``CUDA_VISIBLE_DEVICES`` names them; none if servers find their devices themselves.
        attempt: Tries a layout. It may raise ``TimeIsUp``.

    Attributes:
        trials: All trials, in order.
        untried: The layout for which there was no time, and after which others may have followed; None if all stages
            were done.
    """

    def __init__(self, devices: Sequence[str], attempt: Callable[[Layout], Awaitable[Trial]]) -> None:
        self._devices = devices
        self._attempt = attempt
        self.trials: list[Trial] = []
        self.untried: Layout | None = None

    @property
    def best(self) -> Trial | None:
        """The fastest trial so far; an earlier one, unless a later one is clearly faster. None if none worked."""
        best: Trial | None = None
        for trial in self.trials:
            if trial.rate and (best is None or trial.rate >= LEAST_GAIN * best.rate):
                best = trial
        return best

    async def run(self) -> None:
        """Try placements and slots, then flash attention, then smaller KV caches."""
        with suppress(TimeIsUp):  # the trials so far are the result then
            await self._placements()
            await self._flash_attention()
            await self._smaller_caches()

    async def _placements(self) -> None:
        each, *others = placements(self._devices)
        await self._double(Layout(each))
        for servers in others:
            # More GPUs per server help a model that is too large for fewer; otherwise only all of them are compared.
            if servers is others[-1] or self.best is None or not self.best.fits:
                # What fewer GPUs per server needed is where more of them start, as they have more memory.
                await self._double(Layout(servers, self.best.layout.num_parallel if self.best else 1))

    async def _double(self, layout: Layout, rate: float = 0.0) -> None:
        """Double the slots until throughput no longer grows, or the model no longer fits.

        Args:
            layout: The first layout to try.
            rate: Rows per second with half of its slots; 0 if unknown.
        """
        while layout.num_parallel <= MAX_PARALLEL:
            trial = await self._try(layout)
            if not trial.fits or trial.rate < LEAST_GAIN * rate:
                return
            rate = trial.rate
            layout = layout.doubled()

    async def _flash_attention(self) -> None:
        if self.best is not None:
            await self._try(replace(self.best.layout, flash_attention=True))

    async def _smaller_caches(self) -> None:
        """Try smaller KV caches, which need flash attention, and use the memory that they free for more slots."""
        for kind in SMALLER_CACHES:
            before = self.best
            if before is None:
                return
            smaller = replace(before.layout, flash_attention=True, kv_cache_type=kind)
            trial = await self._try(smaller)
            if trial.fits and self._short_of_memory(before):
                await self._double(smaller.doubled(), trial.rate)
            if self.best is before:
                return

    def _short_of_memory(self, trial: Trial) -> bool:
        """Whether memory is what keeps a layout from having more slots."""
        layout = trial.layout
        return not trial.fits or any(
            each.layout.servers == layout.servers
            and each.layout.num_parallel == 2 * layout.num_parallel
            and not each.fits
            for each in self.trials
        )

    async def _try(self, layout: Layout) -> Trial:
        self.untried = layout
        trial = await self._attempt(layout)
        self.untried = None
        self.trials.append(trial)
        return trial
