"""What models say around translations, put together from parts, so that no list of wordings can know all of it."""

from __future__ import annotations

import random
from typing import Final

_OPENINGS: Final = (
    "Apologies in advance",
    "Forgive me",
    "I must admit that I am not certain of every term",
    "Please bear with me",
    "Regrettably, parts of this are hard to follow",
    "I'm afraid some of the abbreviations escape me",
    "My knowledge of this field is limited",
    "I would rather not repeat everything in this text word for word",
    "I can only offer a partial translation",
    "Sorry if this sounds a bit stiff",
    "I am sorry, but I could not make out each word",
    "With the caveat that I am no lawyer",
    "I hesitate to translate this in full",
    "I do not feel entirely comfortable with this text",
)
_TURNS: Final = (
    "here is my attempt",
    "this is the closest I can get in English",
    "this is how I would put it in English",
    "I have done my best with the translation below",
    "what follows is a careful rendering",
    "you will find my version below",
    "the text could be put this way",
    "my rendering reads as follows",
)
_SUBJECTS: Final = (
    "The abbreviations in the original",
    "Company names",
    "The French quotation marks",
    "The tone of the source text",
    "One idiomatic expression",
    "The dates",
    "All measurements in the text",
    "Two ambiguous words of the source",
    "The punctuation of the French sentence",
    "The writer's informal wording",
)
_TREATMENTS: Final = (
    "remain as they are in the source",
    "have no exact counterpart in English",
    "were smoothed for English readers",
    "follow British usage here",
    "could be rendered differently depending on the context",
    "may need to be checked by a native speaker",
    "have been adapted rather than translated literally",
    "stay untouched on purpose",
)
_OFFERS: Final = (
    "Tell me if you want a more formal version of this translation.",
    "I can go through the remaining text as well if you wish.",
    "Should you prefer American spelling, just say so and I will adapt it.",
    "I trust this translation serves your purpose.",
    "Do not hesitate to send me the next text.",
    "Would a more literal wording suit you better?",
    "That is all I could translate from the text you gave me.",
    "A second opinion on this translation would not hurt.",
)


def apology(rng: random.Random) -> str:
    """An apology or partial refusal before a translation, with the white space after it."""
    opening, turn = rng.choice(_OPENINGS), rng.choice(_TURNS)
    joint = rng.choice((", but ", ". Still, ", "; "))
    end = rng.choice((":\n\n", ".\n\n", ": "))
    return f"{opening}{joint}{turn}{end}"


def remark(rng: random.Random) -> str:
    """A note, explanation or offer after a translation, with the white space before it."""
    note = f"{rng.choice(_SUBJECTS)} {rng.choice(_TREATMENTS)}."
    offer = rng.choice(_OFFERS)
    said = rng.choice((note, offer, f"{note} {offer}", f"Note on the translation: {note}"))
    return rng.choice(("\n\n{}", "\n\n({})", "\n\n---\n{}", "\n\n*{}*", " ({})")).format(said)
