from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.fleet.dispatch.verdicts import (
    MOST_MISSING,
    MOST_UNCLEAR,
    Circumstances,
    HostCharge,
    Verdict,
    charge_of,
    verdict_of,
)
from transforms.fleet.faults import Blame


@pytest.mark.parametrize(
    ("failed", "verdict", "charge"),
    [
        (Circumstances(Blame.HOST), Verdict.RETRY, HostCharge.FAULT),
        (Circumstances(Blame.HOST, convicted=True), Verdict.REJECT, HostCharge.FAULT),
        (Circumstances(Blame.HOST, excused=True), Verdict.RETRY, HostCharge.NONE),
        (Circumstances(Blame.HOST, hedged=True, convicted=True), Verdict.WAIT, HostCharge.FAULT),
        (Circumstances(Blame.HOST, health_check=True), Verdict.WAIT, HostCharge.FAULT),
        (Circumstances(Blame.ROW), Verdict.REJECT, HostCharge.ANSWERED),
        (Circumstances(Blame.ROW, hedged=True), Verdict.REJECT, HostCharge.ANSWERED),
        (Circumstances(Blame.UNCLEAR, repeats=MOST_UNCLEAR - 1), Verdict.RETRY, HostCharge.SUSPECTED),
        (Circumstances(Blame.UNCLEAR, repeats=MOST_UNCLEAR), Verdict.REJECT, HostCharge.SUSPECTED),
        (Circumstances(Blame.MODEL), Verdict.RETRY, HostCharge.NONE),
        (Circumstances(Blame.MODEL, repeats=MOST_MISSING - 1), Verdict.RETRY, HostCharge.NONE),
        (Circumstances(Blame.MODEL, repeats=MOST_MISSING), Verdict.REJECT, HostCharge.NONE),
        (Circumstances(Blame.SIZE), Verdict.RETRY, HostCharge.FAULT),
        (Circumstances(Blame.SIZE, convicted=True), Verdict.REJECT, HostCharge.FAULT),
        (Circumstances(Blame.SIZE, excused=True), Verdict.RETRY, HostCharge.FAULT),
        (Circumstances(Blame.SIZE, larger=True, untried=True), Verdict.RETRY, HostCharge.SUSPECTED),
        (Circumstances(Blame.SIZE, larger=True), Verdict.REJECT, HostCharge.SUSPECTED),
        (Circumstances(Blame.REQUEST, model_works=False), Verdict.STOP_RUN, HostCharge.SUSPECTED),
        (Circumstances(Blame.REQUEST, model_works=False, hedged=True), Verdict.STOP_RUN, HostCharge.SUSPECTED),
        (Circumstances(Blame.REQUEST, model_works=False, untried=True), Verdict.RETRY, HostCharge.SUSPECTED),
        (Circumstances(Blame.REQUEST, repeats=MOST_UNCLEAR - 1), Verdict.RETRY, HostCharge.SUSPECTED),
        (Circumstances(Blame.REQUEST, repeats=MOST_UNCLEAR), Verdict.REJECT, HostCharge.SUSPECTED),
        (Circumstances(Blame.REQUEST, repeats=MOST_UNCLEAR, untried=True), Verdict.RETRY, HostCharge.SUSPECTED),
    ],
)
def test_the_table(failed: Circumstances, verdict: Verdict, charge: HostCharge) -> None:
    assert (verdict_of(failed), charge_of(failed)) == (verdict, charge)


flags = st.booleans()
circumstances = st.builds(
    Circumstances, st.sampled_from(Blame), flags, flags, flags, st.integers(1, 20), flags, flags, flags, flags
)


@given(circumstances)
def test_what_is_never_decided(failed: Circumstances) -> None:
    verdict, charge = verdict_of(failed), charge_of(failed)
    assert (verdict is Verdict.STOP_RUN) <= (failed.blame is Blame.REQUEST and not failed.model_works)
    assert (charge is HostCharge.FAULT) <= (failed.blame in (Blame.HOST, Blame.SIZE))
    assert (charge is HostCharge.ANSWERED) == (failed.blame is Blame.ROW)
    if failed.hedged and failed.blame not in (Blame.ROW, Blame.REQUEST):
        assert verdict is Verdict.WAIT, "the other request may be answered yet"
