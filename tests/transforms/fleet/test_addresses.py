from __future__ import annotations

import base64
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ollama._client import _parse_host

from transforms.errors import UsageError
from transforms.fleet.addresses import (
    Header,
    HostAddress,
    lacking_key,
    parse_header,
    parse_host,
    parse_hosts,
    parse_slots,
    with_headers,
    without_credentials,
)
from transforms.fleet.model_names import is_cloud_model

FORMS = {
    "gpu0": "http://gpu0:11434",
    "gpu0:11434": "http://gpu0:11434",
    "GPU0.lan": "http://gpu0.lan:11434",
    "gpu_0": "http://gpu_0:11434",
    "gpu0:": "http://gpu0:11434",
    "gpu0/": "http://gpu0:11434",
    "10.0.0.5": "http://10.0.0.5:11434",
    ":8080": "http://127.0.0.1:8080",
    "0.0.0.0": "http://127.0.0.1:11434",  # noqa: S104
    "0.0.0.0:8080": "http://127.0.0.1:8080",
    "[::1]:11434": "http://[::1]:11434",
    "[::]": "http://[::1]:11434",
    "[0001:002:003:0004::1]": "http://[1:2:3:4::1]:11434",
    "http://gpu0": "http://gpu0:80",
    "HTTP://gpu0": "http://gpu0:80",
    "https://gpu0": "https://gpu0:443",
    "http://gpu0:11434/": "http://gpu0:11434",
    "http://gpu0:11434/prefix": "http://gpu0:11434/prefix",
    "gpu0/a/b/": "http://gpu0:11434/a/b",
    "https://[fd00::2]:8443/x": "https://[fd00::2]:8443/x",
}

WRONG = {
    "http://gpu0:eleven": "port must be a number from 1 to 65535",
    "gpu0:0": "port must be a number",
    "gpu0:65536": "port must be a number",
    "gpu0:-1": "port must be a number",
    "[::1]:x": "port must be a number",
    "::1": "in brackets",
    "fe80::1:11434": "in brackets",
    "[::1": "IPv6",
    "[gpu0]": "IPv6",
    "[fe80::1%eth0]": "zone",
    "ftp://gpu0": "http:// or https://",
    "http:/gpu0": "two slashes",
    "http://": "names no host",
    "": "names no host",
    "gpu 0": "letters, digits",
    "gpü": "letters, digits",
    "gpu0?model=x": "plain path",
    "http://gpu0/#x": "plain path",
    "http://gpu0/a b": "plain path",
    "ollama.com": "cloud",
    "https://api.OLLAMA.com.:443/v1": "cloud",
    "registry.ollama.ai": "cloud",
}


@pytest.mark.parametrize(("text", "url"), FORMS.items())
def test_every_form_is_normalised(text: str, url: str) -> None:
    assert parse_host(text) == HostAddress(url)


@pytest.mark.parametrize("text", [text for text in FORMS if not re.match(r"0\.0|\[::\]|\[0", text)])
def test_the_rule_is_that_of_ollamas_client(text: str) -> None:
    assert parse_host(text).url.lower() == _parse_host(text.lower())


@pytest.mark.parametrize(("text", "reason"), WRONG.items())
def test_wrong_addresses_are_named_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_host(text)
    assert reason in str(caught.value)
    assert repr(re.split("[?#]", text)[0])[:-1] in str(caught.value)


NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
ADDRESSES = NAMES | st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map("[{}]".format)


@given(
    scheme=st.sampled_from(["", "http://", "https://", "HTTP://"]),
    credentials=st.sampled_from(["", "user@", "user:geheim@"]),
    name=ADDRESSES.filter(lambda name: name.lower().rstrip(".") not in ("http", "https")),
    port=st.none() | st.integers(1, 65535),
    path=st.from_regex(r"(/[A-Za-z0-9._~-]{0,8}){0,3}", fullmatch=True),
)
def test_a_normalised_address_stays_as_it_is(
    scheme: str, credentials: str, name: str, port: int | None, path: str
) -> None:
    host = parse_host(f"{scheme}{credentials}{name}{f':{port}' if port else ''}{path}")
    assert parse_host(host.url).url == host.url
    assert not host.url.endswith("/")
    assert "@" not in host.url
    assert f":{port or (443 if 'https' in scheme else 80 if scheme else 11434)}" in host.url
    assert "geheim" not in repr(host)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    try:
        host = parse_host(text)
    except UsageError:
        return
    assert parse_host(host.url).url == host.url


def test_a_list_keeps_its_order_and_drops_duplicates() -> None:
    hosts = parse_hosts("gpu1, gpu0\n http://gpu1:11434/ ,,gpu2:80 http://gpu2")
    assert [host.url for host in hosts] == ["http://gpu1:11434", "http://gpu0:11434", "http://gpu2:80"]


@pytest.mark.parametrize("text", ["", " , \n"])
def test_a_list_without_hosts_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="no host"):
        parse_hosts(text)


def test_credentials_become_a_header_and_are_never_shown() -> None:
    host = parse_host("https://user:p%40ss@gpu0")
    assert host.url == "https://gpu0:443"
    ((name, value),) = host.headers
    assert (name, value) == ("Authorization", f"Basic {base64.b64encode(b'user:p@ss').decode()}")
    assert repr(host) == str(host) == "HostAddress(https://gpu0:443, Authorization: ***)"
    assert pickle.loads(pickle.dumps(host)) == host  # noqa: S301 - our own


@pytest.mark.parametrize(
    "text",
    [
        "http://user:geheim@gpu0:eleven",
        "user:geheim@gpu0:eleven",
        "http://user:geh/eim@gpu0",
        "http://user:geh?eim@gpu0",
        "http://user:geh#eim@gpu0",
        "http://user:geh,eim@gpu0",
        "http://user:geh eim@gpu0",
        "http://user:gehei@m@[gpu0",
    ],
)
def test_errors_do_not_tell_credentials(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_hosts(text)
    assert "geh" not in str(caught.value)
    assert "eim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://key:secret@bucket/x", "s3://***@bucket/x"),
        ("user:secret@gpu0", "***@gpu0"),
        ("gpu0:11434", "gpu0:11434"),
    ],
)
def test_credentials_of_any_url_can_be_masked(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_a_header_is_parsed_and_its_value_never_shown() -> None:
    header = parse_header(" X-Api-Key :  geheim: 1 ")
    assert header == Header("X-Api-Key", "geheim: 1")
    assert "geheim" not in f"{header!r}{header}"


@pytest.mark.parametrize("text", ["geheim", "geh eim: 1", ": geheim", "X-A: geheim\nX-B: 2", "X-A: géheim", "X-A:"])
def test_wrong_headers_are_refused_without_their_value(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_header(text)
    assert "geheim" not in str(caught.value)
    assert "géheim" not in str(caught.value)


@pytest.mark.parametrize("name", ["Content-Type", "host", "User-Agent"])
def test_headers_of_the_client_itself_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        parse_header(f"{name}: x")


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "Cookie", "Proxy-Authorization", "X-Auth-Token"])
def test_a_secret_header_goes_over_plain_http_only_if_allowed(name: str) -> None:
    hosts = parse_hosts("https://gpu0,http://gpu1")
    headers = [Header(name, "geheim")]
    with pytest.raises(UsageError, match=rf"{name}.*http://gpu1:80.*--allow_insecure_auth") as caught:
        with_headers(hosts, headers, None)
    assert "geheim" not in str(caught.value)
    assert all(host.headers == ((name, "geheim"),) for host in with_headers(hosts, headers, None, True))
    assert with_headers(hosts[:1], headers, None)[0].headers == ((name, "geheim"),)


def test_other_headers_go_to_all_hosts() -> None:
    hosts = with_headers(parse_hosts("https://gpu0,gpu1"), [Header("X-Team", "night")], None)
    assert [host.headers for host in hosts] == [(("X-Team", "night"),)] * 2


def test_the_key_goes_to_https_hosts_only_unless_allowed() -> None:
    hosts = parse_hosts("https://gpu0,gpu1")
    sent = with_headers(hosts, [], "geheim")
    assert [host.headers for host in sent] == [(("Authorization", "Bearer geheim"),), ()]
    assert lacking_key(sent) == ["http://gpu1:11434"]
    allowed = with_headers(hosts, [], "geheim", True)
    assert [host.headers for host in allowed] == [(("Authorization", "Bearer geheim"),)] * 2
    assert lacking_key(allowed) == []
    assert "geheim" not in repr(sent)


@pytest.mark.parametrize("key", ["geheim\r\nX-Team: night", "geheim\n", "geh\u00e9im"])
def test_a_key_that_would_not_fit_into_one_header_is_refused_unseen(key: str) -> None:
    with pytest.raises(UsageError, match="OLLAMA_API_KEY") as refused:
        with_headers(parse_hosts("https://gpu0"), [], key)
    assert "geh" not in str(refused.value)


def test_a_hosts_own_credentials_come_before_the_header_and_the_header_before_the_key() -> None:
    hosts = with_headers(
        parse_hosts("https://user:own@gpu0,https://gpu1"), [Header("authorization", "Bearer header")], "key"
    )
    assert hosts[0].headers[0][1].startswith("Basic ")
    assert [len(host.headers) for host in hosts] == [1, 1]
    assert hosts[1].headers == (("authorization", "Bearer header"),)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("auto", None),
        (" AUTO ", None),
        ("4", 4),
        ("gpu0=4", {"http://gpu0:11434": 4}),
        ("gpu0=4,http://gpu1:80/x=12", {"http://gpu0:11434": 4, "http://gpu1:80/x": 12}),
    ],
)
def test_slots(text: str, slots: int | dict[str, int] | None) -> None:
    assert parse_slots(text) == slots


@pytest.mark.parametrize(
    "text", ["0", "-1", "many", "4.0", "", "10000", "gpu0=", "gpu0=x", "=4", "gpu0:x=4", "user:geheim@gpu0"]
)
def test_wrong_slots_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_slots(text)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "cloud"),
    [
        ("gpt-oss:120b-cloud", True),
        ("glm-4.6:cloud", True),
        ("x:CLOUD", True),
        ("mistral", False),
        ("cloud:7b", False),
        ("mistral:latest", False),
    ],
)
def test_models_of_the_cloud_are_told_by_their_suffix(model: str, cloud: bool) -> None:
    assert is_cloud_model(model) is cloud
