from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.transforms.text.texts import HARD, anything, mixtures
from transforms.errors import UsageError
from transforms.text.request import prompts
from transforms.text.request.budget import Budget, estimate_tokens

BUDGET = Budget.of(prompts.GENERAL, 4096)

PROSE = (
    "Le technicien est intervenu sur la pompe : la garniture était usée, d’où la fuite constatée lundi. Il a remplacé "
    "le joint, contrôlé la pression et remis l'installation en service ; « aucune anomalie » selon le client."
)
COUNTED = {
    PROSE: 69,
    "LE VEHICULE EST ARRIVE EN RETARD AU DEPOT, LE CHAUFFEUR SIGNALE UN PNEU CREVE SUR L'AUTOROUTE": 43,
    "À L'ÉTÉ, LA FENÊTRE DE L'HÔPITAL ÉTAIT DÉJÀ ABÎMÉE": 33,
    "RAS. TA 13/8, T° 38,5 °C, parac. 500 mg 1 cp x3/j pdt 5 j ; ECG nl ; rdv ds 3 sem. CRP 12.": 59,
    "slt jé pa reçu ma cmd c pa nrml!!! svp répondé vit jvé porté plainte ptdr tkt": 32,
    "Cholécystectomie cœlioscopique, œsogastroduodénoscopie, spondylarthrite ankylosante, électroencéphalogramme": 46,
    "M. Krzysztof Wojciechowski, Mme Nguyễn Thị Hương, Dr Öztürk, Guðmundsdóttir": 40,
    "| Poste | Montant |\n|---|---|\n| Énergie | 1 250 € |\n| Eau | 310,75 € |\n": 40,
    "https://www.exemple.fr/fr/produits/aide.html?id=7&utm_source=lettre&sid=8fa9c2#haut": 42,
    "<p>Le bail est <b>résilié</b> au 31&nbsp;décembre.</p><br/>": 31,
    '{"statut": "clos", "lignes": [{"id": 1, "qte": 2.5}]}': 29,
    "FR76 3000 6000 0112 3456 7890 189 BNPAFRPP": 37,
    "Le matÃ©riel a Ã©tÃ© livrÃ© en retard Ã\u00a0 lâ€™entrepÃ´t, cÅ“ur abÃ®mÃ©": 42,
    "le mate\u0301riel livre\u0301 est tre\u0300s abi\u0302me\u0301": 16,
    "«\u202foui\u202f» 12\u202f500\u00a0€, n°\u00a03\u202f!": 30,
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO": 59,
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08": 60,
    "客户对产品质量不满意，要求退货。": 17,
    "قام الفني باستبدال المضخة واختبار النظام": 34,
    "Техник заменил насос и проверил систему": 16,
    "Ο τεχνικός αντικατέστησε την αντλία": 36,
    "הטכנאי החליף את המשאבה": 23,
    "기술자가 펌프를 교체했습니다": 20,
    "👨‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👍🏽 🫠": 57,
    "𝔏𝔢 𝔱𝔢𝔵𝔱𝔢": 30,
    "ଓଡ଼ିଆ ꡁꡂ ᚠᚢ": 30,
    "x\nx\nx\n-----\t....\n\n\n": 12,
}
"""Texts with the highest token count among the tokenizers of Mistral 7B (v0.1 and v0.3), Qwen and Llama 3."""


@pytest.mark.parametrize(("text", "tokens"), COUNTED.items())
def test_the_estimate_is_an_upper_bound_of_real_token_counts(text: str, tokens: int) -> None:
    # SentencePiece adds one token before any text; the reserve for the chat template covers the small difference.
    assert estimate_tokens(text) >= 0.95 * (tokens - 1)


def test_the_estimate_leaves_room_for_a_page_of_prose() -> None:
    assert estimate_tokens(PROSE) <= 1.45 * COUNTED[PROSE]
    assert BUDGET.fits((PROSE * 14)[:2500])


def test_a_typographic_apostrophe_is_one_token() -> None:
    assert estimate_tokens("’" * 12) == estimate_tokens("'" * 12) == 12


@given(mixtures, mixtures)
@example("a" * 31, "a" * 31)
def test_the_estimates_of_two_pieces_add_up_to_nearly_the_whole(one: str, other: str) -> None:
    assert estimate_tokens(one) + estimate_tokens(other) >= estimate_tokens(one + other) - 42


@given(mixtures, anything)
def test_more_text_never_lowers_the_estimate(text: str, more: str) -> None:
    assert estimate_tokens(text) <= estimate_tokens(text + more)
    assert estimate_tokens(text) <= estimate_tokens(more + text)


@given(anything)
def test_the_estimate_is_at_most_four_tokens_per_character(text: str) -> None:
    assert len(text) / 3.01 <= estimate_tokens(text) <= 4 * len(text)


@given(st.integers(0, 2000), st.sampled_from([600, 1024, 4096, 32768]))
def test_prompt_and_answer_fit_the_context_together(tokens: int, num_ctx: int) -> None:
    budget = Budget.of(prompts.GENERAL, num_ctx)
    tokens = min(tokens, budget.max_source_tokens)
    assert budget.num_predict_for(tokens) == 2 * tokens + 128
    assert budget.num_predict_for(tokens) <= budget.max_predict_for(tokens)
    assert budget.overhead_tokens + tokens + budget.max_predict_for(tokens) == num_ctx


def test_num_predict_is_never_zero() -> None:
    assert BUDGET.num_predict_for(100_000) == BUDGET.max_predict_for(100_000) == 1


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_overhead_and_text_cover_the_rendered_prompt(text: str) -> None:
    rendered = prompts.render(prompts.GENERAL, text)
    whole = estimate_tokens((rendered.system or "") + rendered.prompt)
    assert whole <= BUDGET.overhead_tokens + estimate_tokens(text)


def test_a_context_without_room_for_a_text_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"--num_ctx 512 leaves no room .* set it to at least (\d+)") as raised:
        Budget.of(prompts.GENERAL, 512)
    least = int(str(raised.value).split()[-1])
    assert Budget.of(prompts.GENERAL, least).max_source_tokens == 64
    with pytest.raises(UsageError):
        Budget.of(prompts.GENERAL, least - 1)


@pytest.mark.parametrize(
    ("counted", "share", "cut"),
    [
        (1.0, 0.1, True),  # up to Ollama 0.24 the cut prompt fills the context
        (1.2, 0.1, True),
        (0.999, 0.99, False),
        (0.5, 0.99, False),  # from 0.30.11 on it fills half the context and some tokens more
        (0.5 + 1 / 4096, 0.99, True),
        (0.5 + 6 / 4096, 0.99, True),
        (0.5 + 7 / 4096, 0.99, False),
        (0.5 + 1 / 4096, 0.5, False),  # a short prompt that has about half the context by chance
    ],
)
def test_a_prompt_was_cut_if_it_fills_the_context_or_half_of_it_although_it_is_longer(
    counted: float, share: float, cut: bool
) -> None:
    budget = Budget(4096, overhead_tokens=100)
    assert budget.was_cut(round(counted * 4096), round(share * 4096) - 100) is cut


def test_a_host_that_counts_no_tokens_is_not_taken_to_cut_prompts() -> None:
    assert not BUDGET.was_cut(None, 4000)
