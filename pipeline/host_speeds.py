"""Measure the hosts with a few made-up requests: how many each processes at a time, and how fast."""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.options.run import RunOptions
from transforms.configuration import TranslationSettings
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.probe import MAX_AT_ONCE, Speed, measure
from transforms.fleet.http.answers import Answer
from transforms.fleet.http.client import HostClient
from transforms.fleet.settings import FleetSettings, GenerateRequest
from transforms.text.request.budget import estimate_tokens
from transforms.text.request.prompt_profile import PromptProfile
from transforms.text.request.prompts import render
from transforms.time_limits import limited

LOG = logging.getLogger(__name__)

LONGEST_TEXT = 1200
"""Longer texts would take minutes on slow hosts; their time is extrapolated."""

REQUESTS_PER_SLOT = 6
LEAST_REQUESTS = 12
MOST_REQUESTS = 24

SENTENCES = (
    "Le technicien numéro {} a contrôlé la pompe de la chaudière, remplacé un joint et noté la pression.",
    "La cliente demande un nouveau rendez-vous avant la fin du mois.",
    "Le bâtiment {} a été visité mardi matin, et le gardien a signalé une fuite sous le toit.",
    "Aucune pièce ne manque, mais le câble de la commande doit être changé lors de la prochaine visite.",
    "Le rapport complet sera envoyé au responsable de la maintenance sous huit jours.",
)


@dataclass(frozen=True)
class HostSpeed:
    """The measured speed of one host.

    Attributes:
        url: Address of the host.
        slots: Requests that it processes at a time.
        seconds_per_character: How long one slot takes per character of source text, while all slots are busy.
        tokens_per_character: Output tokens per character of source text; None if the host does not report tokens.
        requests: Number of requests that were sent.
    """

    url: str
    slots: int
    seconds_per_character: float
    tokens_per_character: float | None
    requests: int

    @property
    def characters_per_second(self) -> float:
        """The speed of all slots together, in characters of source text."""
        return self.slots / self.seconds_per_character


def made_up_text(number: int, characters: int) -> str:
    """Return a French text of about ``characters`` characters, different for each ``number``."""
    text, sentence = "", number
    while not text or len(text) + len(SENTENCES[sentence % len(SENTENCES)]) / 2 < characters:
        text = f"{text} {SENTENCES[sentence % len(SENTENCES)].format(number)}".strip()
        sentence += 1
    return text


def probe_lengths(lengths: Sequence[int], count: int) -> list[int]:
    """Return ``count`` quantiles of ``lengths``, evenly spaced, none above ``LONGEST_TEXT``."""
    ordered = sorted(lengths) or [0]
    return [min(LONGEST_TEXT, ordered[int((2 * index + 1) * len(ordered) / (2 * count))]) for index in range(count)]


def measure_hosts(
    options: RunOptions, settings: TranslationSettings, urls: Sequence[str], lengths: Sequence[int]
) -> list[HostSpeed]:
    """Measure the hosts concurrently; hosts that fail are logged and missing from the result.

    Args:
        options: Options of the run.
        settings: Prompt of the run.
        urls: Addresses of the usable hosts.
        lengths: Number of characters of some texts of the input; the made-up texts have about these lengths.
    """
    addresses = [address for address in options.hosts if address.url in urls]
    return asyncio.run(_measure_all(options, settings, addresses, lengths))


async def _measure_all(
    options: RunOptions, settings: TranslationSettings, addresses: Sequence[HostAddress], lengths: Sequence[int]
) -> list[HostSpeed]:
    speeds = await asyncio.gather(*(_measured(options, settings, address, lengths) for address in addresses))
    return [speed for speed in speeds if speed is not None]


async def _measured(
    options: RunOptions, settings: TranslationSettings, address: HostAddress, lengths: Sequence[int]
) -> HostSpeed | None:
    client = HostClient(address, options.use_proxy)
    try:
        return await _Measurement(client, options, settings, lengths).speed()
    except RequestFailed as failed:
        LOG.warning("cannot measure %s: %s", address.url, failed)
        return None
    finally:
        await client.close()


@dataclass(frozen=True)
class _Measurement:
    client: HostClient
    options: RunOptions
    settings: TranslationSettings
    lengths: Sequence[int]

    async def speed(self) -> HostSpeed | None:
        """Load the model, find the slots, then keep all of them busy with texts of representative lengths."""
        fleet = self._fleet_settings()
        loading = self.client.load(fleet.model, fleet.options, fleet.keep_alive)
        try:
            await limited(loading, self.options.request_timeout)
        except asyncio.TimeoutError:
            seconds = self.options.request_timeout
            raise RequestFailed(
                Failure.TIMEOUT, f"the model did not load within {seconds:.0f} s", self.client.url
            ) from None
        typical = round(statistics.median(probe_lengths(self.lengths, LEAST_REQUESTS)))
        texts = [made_up_text(number, typical) for number in range(MAX_AT_ONCE)]
        found = await measure(self.client, self._body, texts, self.options.request_timeout)
        if found.slots is None:
            LOG.warning("cannot measure %s: it reports no durations; set --slots", self.client.url)
            return None
        count = min(MOST_REQUESTS, max(LEAST_REQUESTS, REQUESTS_PER_SLOT * found.slots))
        lengths = probe_lengths(self.lengths, count)
        texts = [made_up_text(MAX_AT_ONCE + number, length) for number, length in enumerate(lengths)]
        answers = await asyncio.gather(*(self._answer(self._body(text)) for text in texts))
        timed = [(len(text), answer) for text, answer in zip(texts, answers, strict=True) if answer is not None]
        slots = self._slots(busy_slots([answer for _, answer in timed]) or found.slots)
        return host_speed(self.client.url, slots, timed, found)

    async def _answer(self, body: Mapping[str, object]) -> Answer | None:
        """Return the answer; None if it was cut or otherwise not accepted, which says nothing about the host."""
        try:
            return await limited(self.client.generate(body), self.options.request_timeout)
        except (RequestFailed, asyncio.TimeoutError):
            return None

    def _slots(self, found: int) -> int:
        slots = self.options.slots
        if isinstance(slots, Mapping):
            return slots.get(self.client.url, found)
        return found if slots is None else slots

    def _fleet_settings(self) -> FleetSettings:
        constant = {"num_ctx": self.options.num_ctx, "seed": self.options.seed}
        return FleetSettings(self.options.model, constant, self.options.keep_alive)

    def _body(self, text: str) -> Mapping[str, object]:
        return probe_body(self.settings.profiles.profile(self.options.model), self._fleet_settings(), text)


def probe_body(profile: PromptProfile, settings: FleetSettings, text: str, factor: int = 1) -> Mapping[str, object]:
    """Return the body of a measuring request, which is that of a run for the same text.

    Args:
        profile: Prompt profile of the model.
        settings: What all requests have in common.
        text: A made-up text.
        factor: Multiplies the room for the answer, within the context.
    """
    rendered = render(profile.template, text)
    source_tokens = estimate_tokens(text)
    room = profile.budget.max_predict_for(source_tokens)
    request = GenerateRequest(
        prompt=rendered.prompt,
        system=rendered.system,
        num_predict=min(room, factor * profile.budget.num_predict_for(source_tokens)) + profile.think_tokens,
        options=dict(profile.sampling),
        size=len(text),
        raw=profile.template.raw,
        think=profile.think,
    )
    return request.body(settings)


def busy_slots(answers: Sequence[Answer]) -> int | None:
    """Return how many of some requests that were sent at the same time were processed at a time.

    Until the last request leaves the queue, all slots are busy: their number is the mean of the requests in process.

    Returns:
        None if hardly any request had to wait, or if the host reports no durations.
    """
    spans = [
        (answer.waited_ns, answer.service_duration_ns)
        for answer in answers
        if answer.waited_ns is not None and answer.service_duration_ns
    ]
    last_start = max((queued for queued, _ in spans), default=0)
    if not spans or last_start < statistics.mean(service for _, service in spans):
        return None
    return max(1, round(sum(min(service, last_start - queued) for queued, service in spans) / last_start))


def host_speed(url: str, slots: int, answers: Sequence[tuple[int, Answer]], found: Speed) -> HostSpeed | None:
    """Combine what was measured while all slots were busy; None if no answer has a duration.

    Args:
        url: Address of the host.
        slots: Requests that it processes at a time.
        answers: Length of the source text, in characters, and answer of each request of representative length.
        found: What was measured while the slots were searched for; its last burst counts, too.
    """
    timed = [
        (length, answer.service_duration_ns / 1e9, answer.eval_count)
        for length, answer in answers
        if answer.service_duration_ns
    ]
    if not timed:
        return None
    characters = float(sum(length for length, _, _ in timed))
    seconds = sum(duration for _, duration, _ in timed)
    if found.slots and found.characters_per_second:
        burst = (found.requests + 1) // 2 * characters / len(timed)
        characters, seconds = characters + burst, seconds + burst * found.slots / found.characters_per_second
    counted = [(length, tokens) for length, _, tokens in timed if tokens]
    ratio = sum(tokens for _, tokens in counted) / sum(length for length, _ in counted) if counted else None
    return HostSpeed(url, slots, seconds / characters, ratio, found.requests + len(answers))
