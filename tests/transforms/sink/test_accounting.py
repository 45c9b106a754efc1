from __future__ import annotations

import pyarrow as pa

from transforms.engine.outcome import Outcome, RepairCost, RequestLog, TextResult
from transforms.fleet.faults import Failure
from transforms.fleet.jobs import Attempt
from transforms.sink.accounting import bad_line_result, count, dead_letters, flag_misfits, output_records
from transforms.sink.columns import ADDED, column_name, output_schema
from transforms.sink.statistics import RepairStatistics
from transforms.source.work_units import BadLine, Batch, MisfitValue, SourceFile, WorkUnit

HOST, OTHER = "http://gpu0:11434", "http://gpu1:11434"
UNIT = WorkUnit(SourceFile("/in/a.jsonl", "jsonl", None, 100, "f"), 0, 0, 100, 3)


def ok(*attempts: Attempt, host: str = HOST) -> TextResult:
    outcome = Outcome(
        "English",
        "ok",
        origin="generated",
        attempts=len(attempts),
        chunks=1,
        host=host,
        total_duration_ns=3_000_000_000,
        queue_duration_ns=1_000_000_000,
        prompt_eval_count=10,
        eval_count=20,
    )
    return TextResult(outcome, requests=RequestLog(list(attempts)))


def failed(error: str) -> TextResult:
    requests = RequestLog([Attempt(HOST, Failure.OUTPUT_TRUNCATED), Attempt(HOST, Failure.OUTPUT_TRUNCATED)])
    return TextResult(Outcome(None, "failed", error=error, attempts=2, chunks=1, host=HOST), "Half of it", requests)


SKIPPED = TextResult(Outcome(None, "skipped", flags=("src_empty",)))


def test_a_row_has_the_worst_status_of_its_texts() -> None:
    warned = TextResult(Outcome("English", "warn", flags=("think_stripped",), origin="generated"))
    first = [ok(Attempt(HOST, None)), SKIPPED, SKIPPED, warned]
    second = [failed("output_truncated: cut"), SKIPPED, ok(Attempt(HOST, None)), ok(Attempt(HOST, None))]
    statistics = count([first, second], 4)
    assert statistics.rows == 4
    assert dict(statistics.statuses) == {"failed": 1, "skipped": 1, "ok": 1, "warn": 1}
    assert dict(statistics.failed_rows) == {"output_truncated": 1}
    assert dict(statistics.origins) == {"generated": 4}
    assert dict(statistics.flags) == {"src_empty": 3, "think_stripped": 1}


def test_requests_count_for_every_host_and_rows_for_the_answering_one() -> None:
    attempts = (Attempt(OTHER, Failure.BUSY), Attempt(HOST, None), Attempt(OTHER, Failure.SUPERSEDED))
    statistics = count([[ok(*attempts)]], 1)
    assert (statistics.requests, statistics.repeated_requests) == (3, 2)
    assert dict(statistics.failures) == {"busy": 1}
    host, other = statistics.hosts[HOST], statistics.hosts[OTHER]
    assert (host.rows, host.requests, host.prompt_tokens, host.output_tokens, host.busy_seconds) == (1, 1, 10, 20, 2.0)
    assert (other.rows, other.requests, dict(other.faults)) == (0, 2, {"busy": 1})


def test_costs_of_repairs_are_summed_by_fault_and_a_text_is_better_once() -> None:
    costs = {"untranslated": RepairCost(3, 4.5, better=2, omitted=1), "number_missing": RepairCost(1, 0.5)}
    texts = [TextResult(Outcome("a", "ok"), requests=RequestLog([], costs, repaired=True)) for _ in range(2)]
    statistics = count([texts], 2)
    assert statistics.repair_kinds == {
        "untranslated": RepairStatistics(6, 9.0, 2, 2),
        "number_missing": RepairStatistics(2, 1.0, 0, 0),
    }
    assert statistics.repairs == {"texts": 2, "requests": 8, "better": 2}


def test_the_added_columns_follow_the_input_columns() -> None:
    records = pa.record_batch({"id": [1, 2, 3], "text": ["un", None, "trois"]})
    schema = output_schema(records.schema, ["text"])
    results = [ok(Attempt(HOST, None)), SKIPPED, failed("empty_output: nothing")]
    out = output_records(Batch(UNIT, 0, records, True), schema, [results])
    assert out.schema.names == ["id", "text", *(column_name("text", name) for name in ADDED)]
    assert out.column("text_en").to_pylist() == ["English", None, None]
    assert out.column("text_en_flags").to_pylist() == [[], ["src_empty"], []]
    assert out.column("text_en_total_duration_ns").to_pylist() == [3_000_000_000, None, None]


def test_dead_letters_name_row_and_reason() -> None:
    records = pa.record_batch({"text": ["un", None, "trois"]})
    line = BadLine(1, "line is not JSON", b'{"text": ')
    results = [failed("output_truncated: cut"), bad_line_result(line), ok(Attempt(HOST, None))]
    letters = dead_letters(Batch(UNIT, 2, records, True, (line,), first_row=128), {"text": results})
    assert [(letter.row, letter.column, letter.error_class) for letter in letters] == [
        (129, None, "bad_line"),
        (128, "text", "output_truncated"),
    ]
    assert letters[0].raw == b'{"text": '
    assert (letters[1].candidate, letters[1].attempts, letters[1].host) == ("Half of it", 2, HOST)
    assert results[1].outcome.error == "bad_line: line is not JSON"


def test_a_lost_value_flags_its_row_and_fails_a_text_only_if_it_was_the_text() -> None:
    records = pa.RecordBatch.from_pylist([{"text": "a", "id": None}, {"text": None, "id": 2}, {"text": "c", "id": 3}])
    misfits = (
        MisfitValue(0, "id", "column id is string, not int64", b"first"),
        MisfitValue(0, "day", "column day is string, not int64", b"first"),
        MisfitValue(1, "text", "column text is integer, not string", b"second"),
        MisfitValue(2, "text", "key text is in the line twice", b"third"),
    )
    batch = Batch(UNIT, 0, records, True, first_row=10, misfits=misfits)
    results = {"text": [ok(Attempt(HOST, None)), SKIPPED, ok(Attempt(HOST, None))]}
    flag_misfits(results, batch)
    outcomes = [result.outcome for result in results["text"]]
    assert [(outcome.status, tuple(outcome.flags)) for outcome in outcomes] == [
        ("ok", ("src_misfit",)),
        ("failed", ()),
        ("ok", ("src_misfit",)),
    ]
    assert outcomes[1].error == "bad_text: column text is integer, not string"
    letters = [(letter.row, letter.column, letter.error_class, letter.raw) for letter in dead_letters(batch, results)]
    assert letters == [
        (10, "id", "src_misfit", b"first"),
        (10, "day", "src_misfit", b"first"),
        (11, "text", "src_misfit", b"second"),
        (12, "text", "src_misfit", b"third"),
    ]


def test_texts_count_for_every_version_of_their_model() -> None:
    results = []
    for digest in ("ab", "ab", "cd", "ab,cd"):
        result = ok(Attempt(HOST, None))
        result.outcome.model, result.outcome.model_digest = "mistral", digest
        results.append(result)
    statistics = count([[*results, SKIPPED, failed("empty_output: empty answer")]], 6)
    assert dict(statistics.digests) == {"mistral@ab": 3, "mistral@cd": 2}
    assert statistics.mixed_digests() == {"mistral": {"ab": 3, "cd": 2}}
    assert not count([results[:2]], 2).mixed_digests()


def test_only_texts_with_extra_requests_count_as_repaired() -> None:
    better = ok(Attempt(HOST, None), Attempt(HOST, None))
    better.requests.cost("untranslated").requests, better.requests.repaired = 1, True
    no_better = ok(*[Attempt(HOST, None)] * 3)
    no_better.requests.cost("untranslated").requests = 2
    statistics = count([[better, no_better, ok(Attempt(HOST, None))]], 3)
    assert dict(statistics.repairs) == {"texts": 2, "requests": 3, "better": 1}
    assert dict(count([[ok(Attempt(HOST, None))]], 1).repairs) == {}
