"""Short explanations of error classes and flags, and what to do about them."""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """An explanation for people, and a remedy; the remedy is empty if there is nothing to do."""

    text: str
    remedy: str = ""


_HOST = "Check the host with the doctor command."
_REVIEW = "Review these rows; try --retry_failed with another --model or a --fallback_model."

ERRORS: dict[str, Meaning] = {
    "connection_refused": Meaning("the host refused the connection", "Start Ollama there: ollama serve."),
    "connection_lost": Meaning("the connection broke during a request", _HOST),
    "name_not_found": Meaning("the host's name could not be resolved", "Check the address in --hosts."),
    "tls_failure": Meaning("the TLS connection failed", "Check the certificate, or set SSL_CERT_FILE."),
    "timeout": Meaning("no answer within the deadline", "Check the host's load, or raise --request_timeout."),
    "busy": Meaning("the host was busy (503)", "Other clients may use it, or its queue is too short."),
    "server_error": Meaning("the host answered with a server error (5xx)", "See the host's log."),
    "bad_gateway": Meaning("a proxy in front of the host failed (502)", "Check the proxy and its time-outs."),
    "not_json": Meaning("the answer was not JSON", "Check that the address leads to Ollama."),
    "forbidden": Meaning("the host refused access (401 or 403)", "Check --header and OLLAMA_ORIGINS."),
    "redirected": Meaning("the host redirected the request", "Use the address that it redirects to."),
    "not_ollama": Meaning("the address does not lead to Ollama", "Check the address in --hosts."),
    "unexpected_answer": Meaning("the answer was incomplete or of another model", _HOST),
    "model_missing": Meaning("the host does not have the model", "Run ollama pull on the host."),
    "bad_request": Meaning("the host rejected the request (400)", "See the host's log."),
    "invalid_options": Meaning("the host rejected the options", "Check the options and the host's version."),
    "input_too_long": Meaning("the text does not fit into the context", "Raise --num_ctx."),
    "output_truncated": Meaning("the answer was cut at its token limit", "Try another model, or raise --num_ctx."),
    "generation_aborted": Meaning("the model repeated one token until Ollama stopped it", _REVIEW),
    "superseded": Meaning("cancelled because another host was faster"),
    "model_crashed": Meaning("the text crashed the model", "Try another model for these rows."),
    "gateway_timeout": Meaning("a proxy in front of the host timed out (504)", "Raise the proxy's time-out."),
    "payload_too_large": Meaning("a proxy refused the size of the request (413)", "Raise the proxy's body limit."),
    "answer_too_large": Meaning("the answer was far larger than expected", _HOST),
    "only_thinking": Meaning("the model only thought and answered nothing", "Set --think, or use another model."),
    "bad_line": Meaning("the input line could not be read", "See _dead_letter/ for its content."),
    "bad_text": Meaning("the text could not be decoded", "See _dead_letter/; check --text_encoding."),
}

FLAGS: dict[str, Meaning] = {
    "empty_output": Meaning("the model answered nothing", _REVIEW),
    "output_truncated": ERRORS["output_truncated"],
    "generation_aborted": ERRORS["generation_aborted"],
    "input_too_long": ERRORS["input_too_long"],
    "untranslated": Meaning("the answer repeats the source", _REVIEW),
    "wrong_language": Meaning("the answer is not in English", _REVIEW),
    "non_latin_output": Meaning("the answer is in another script", _REVIEW),
    "partly_untranslated": Meaning("part of the answer is still French", _REVIEW),
    "repetition": Meaning("the answer repeats itself", _REVIEW),
    "length_ratio_hard": Meaning("the answer is far too short or too long", _REVIEW),
    "refusal": Meaning("the model refused to translate", "Try another model."),
    "prompt_leak": Meaning("the answer quotes the instructions", _REVIEW),
    "multiple_options": Meaning("the answer lists several translations", _REVIEW),
    "preamble_stripped": Meaning("an introduction of the model was removed"),
    "quotes_stripped": Meaning("quotation marks around the answer were removed"),
    "think_stripped": Meaning("thoughts of the model were removed"),
    "length_ratio": Meaning("the length of the translation is unusual"),
    "unfinished": Meaning("the translation ends without the source's final punctuation"),
    "number_missing": Meaning("a number of the source is missing"),
    "number_added": Meaning("a number is not in the source"),
    "placeholder_mismatch": Meaning("placeholders differ from the source"),
    "url_mismatch": Meaning("URLs or e-mail addresses differ from the source"),
    "markup_mismatch": Meaning("markup differs from the source"),
    "line_count": Meaning("the number of lines differs from the source"),
    "glossary_miss": Meaning("a term of the glossary was not used"),
    "question_lost": Meaning("a question is no longer a question"),
    "question_added": Meaning("a statement became a question"),
    "french_left": Meaning("words of the translation are still French"),
    "content_mismatch": Meaning("the translation seems to be of another text"),
    "sentence_missing": Meaning("a sentence of the source is missing"),
    "sentence_added": Meaning("a sentence is not in the source"),
    "sentence_repeated": Meaning("a sentence is repeated"),
    "characters_damaged": Meaning("characters of the translation are damaged"),
    "capitals": Meaning("the use of capitals differs from the source"),
    "emoji_mismatch": Meaning("emoji differ from the source"),
    "unit_mismatch": Meaning("a unit of measurement differs from the source"),
    "tokens_stripped": Meaning("control tokens of the model were removed"),
    "injection_suspected": Meaning("the source contains instructions to the model"),
    "src_empty": Meaning("the source is empty"),
    "src_non_linguistic": Meaning("the source has no words"),
    "src_english": Meaning("the source is already in English"),
    "src_other_language": Meaning("the source is in another language"),
    "src_short": Meaning("the source is very short"),
    "src_encoding_fixed": Meaning("the encoding of the source was repaired"),
    "src_runs_masked": Meaning("long runs of one character were shortened"),
    "src_misfit": Meaning("a value of another key did not fit and is null", "See _dead_letter/ for the line."),
    "chunked": Meaning("the text was translated in several chunks"),
    "cache_hit": Meaning("the translation came from the memory"),
    "fallback_used": Meaning("the fallback model translated it"),
}

UNKNOWN = Meaning("no description")


def error_meaning(name: str) -> Meaning:
    """The meaning of an error class, which may also be a flag."""
    return ERRORS.get(name) or FLAGS.get(name, UNKNOWN)


def flag_meaning(name: str) -> Meaning:
    """The meaning of a flag."""
    return FLAGS.get(name, UNKNOWN)
