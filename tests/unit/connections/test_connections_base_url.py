"""FHIR base URLs as people type them: what is repaired, what is refused, and that it happens once."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.connections.base_url import is_refused, normalise, proposals

GOOD = "https://ehr.example/Interconnect-PRD/api/FHIR/R4"


@pytest.mark.parametrize(
    ("typed", "url", "repairs"),
    [
        (GOOD, GOOD, ()),
        (f"{GOOD}/", GOOD, ("slash_removed",)),
        (f"{GOOD}///", GOOD, ("slash_removed",)),
        (f"  {GOOD}\r\n", GOOD, ("white_space_removed",)),
        (f"\ufeff{GOOD}\u200b", GOOD, ("white_space_removed",)),
        (f"\u202a{GOOD}\u202c", GOOD, ("white_space_removed",)),
        ("https://ehr.example/Interconnect-PRD/\n  api/FHIR/R4", GOOD, ("white_space_removed",)),
        ("https://ehr.\u00adexample/Interconnect-PRD/api/FHIR/R4\u00a0", GOOD, ("white_space_removed",)),
        (GOOD.removeprefix("https://"), GOOD, ("scheme_added",)),
        ("ehr.example:443/Interconnect-PRD/api/FHIR/R4", GOOD, ("scheme_added", "host_normalised")),
        (f"{GOOD}/metadata", GOOD, ("pasted_tail_removed",)),
        (f"{GOOD}/metadata/", GOOD, ("pasted_tail_removed",)),
        (f"{GOOD}//metadata", GOOD, ("pasted_tail_removed", "slash_removed")),
        (f"{GOOD}/metadata/metadata", GOOD, ("pasted_tail_removed", "pasted_tail_removed")),
        (f"{GOOD}/.well-known/smart-configuration", GOOD, ("pasted_tail_removed",)),
        (f"{GOOD}/metadata?_format=json", GOOD, ("pasted_tail_removed", "query_removed")),
        (f"{GOOD}?x=1", GOOD, ("query_removed",)),
        (f"{GOOD}#top", GOOD, ("query_removed",)),
        ("https://EHR.Example/Interconnect-PRD/api/FHIR/R4", GOOD, ("host_normalised",)),
        ("https://ehr.example:443/Interconnect-PRD/api/FHIR/R4", GOOD, ("host_normalised",)),
        ("https://ehr.example:0443/Interconnect-PRD/api/FHIR/R4", GOOD, ("host_normalised",)),
        ("https://ehr.example:/Interconnect-PRD/api/FHIR/R4", GOOD, ("host_normalised",)),
        ("HTTPS://ehr.example/Interconnect-PRD/api/FHIR/R4", GOOD, ()),
        ("https://ehr.example", "https://ehr.example", ()),
        ("https://xn--hpital-yxa.example/R4", "https://xn--hpital-yxa.example/R4", ()),
    ],
)
def test_what_can_be_meant_is_repaired(typed: str, url: str, repairs: tuple[str, ...]) -> None:
    found = normalise(typed, allow_loopback=False)
    assert (found.url, found.repairs, found.refusals) == (url, repairs, ())


@pytest.mark.parametrize("path", ["/FHIRProxy/api/fhir/r4", "/A/B/C/D/E/F/api/FHIR/R4", "/arr-fhir-prd/api/FHIR/R4"])
def test_the_letter_case_of_a_path_stays(path: str) -> None:
    assert normalise(f"https://EHR.example{path}", allow_loopback=False).url == f"https://ehr.example{path}"


IP_LITERALS = [
    "127.0.0.1",
    "10.0.0.1",
    "8.8.8.8",
    "127.1",
    "127.0.1",
    "2130706433",
    "0",
    "0x7f000001",
    "0x7F.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.01",
    "127.0.0.1.",
    "999.999.999.999",
    "[::1]",
    "[::]",
    "[fe80::1%25eth0]",
    "[::ffff:10.0.0.1]",
    "[::ffff:0a00:1]",
    "[2606:4700::1]",
]


@pytest.mark.parametrize("loopback", [False, True])
@pytest.mark.parametrize("host", IP_LITERALS)
def test_an_ip_address_is_refused_in_every_spelling(host: str, *, loopback: bool) -> None:
    for port in ("", ":443"):
        found = normalise(f"https://{host}{port}/api/FHIR/R4", allow_loopback=loopback)
        assert (found.url, found.refusals) == ("", ("ip_literal",))


@pytest.mark.parametrize(
    ("typed", "refusals"),
    [
        ("http://ehr.example/R4", ("not_https",)),
        ("ftp://ehr.example/R4", ("not_https",)),
        ("file://ehr.example/etc/passwd", ("not_https",)),
        ("javascript://ehr.example/%0aalert(1)", ("not_https",)),
        ("https://user@ehr.example/R4", ("user_info",)),
        ("https://user:secret@ehr.example/R4", ("user_info",)),
        ("https://:@ehr.example/R4", ("user_info",)),
        ("https://@ehr.example/R4", ("user_info",)),
        ("https://ehr.example@10.0.0.1/R4", ("user_info", "ip_literal")),
        ("https://ehr.example:8443/R4", ("other_port",)),
        ("https://ehr.example:80/R4", ("other_port",)),
        ("https://ehr.example:0/R4", ("other_port",)),
        ("http://user@127.0.0.1:7081/R4", ("user_info", "not_https", "ip_literal", "other_port")),
        ("https://localhost/R4", ("local_name",)),
        ("https://LOCALHOST/R4", ("local_name",)),
        ("https://ehr.localhost/R4", ("local_name",)),
        ("https://ehr.local/R4", ("local_name",)),
        ("https://ehr.internal/R4", ("local_name",)),
        ("https://metadata.google.internal/", ("local_name",)),
        ("https://ehr.localdomain/R4", ("local_name",)),
        ("https://interconnect/R4", ("local_name",)),
    ],
)
def test_what_must_not_be_called_is_refused(typed: str, refusals: tuple[str, ...]) -> None:
    found = normalise(typed, allow_loopback=False)
    assert (found.url, found.refusals) == ("", refusals)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "https://",
        "https:///R4",
        "//ehr.example/R4",
        "https://ehr.example:port/R4",
        "https://ehr.example:99999/R4",
        "https://ehr.example:443:443/R4",
        "https://::1/R4",
        "https://[::1/R4",
        "https://ehr.example\\@10.0.0.1/R4",
        "https://ehr.example\\R4",
        "https://ehr_example.example/R4",
        "https://-ehr.example/R4",
        "https://ehr..example/R4",
        "https://ehr.example./R4",
        "https://.ehr.example/R4",
        f"https://{'a' * 64}.example/R4",
        f"https://{'a.' * 130}example/R4",
        "https://ehr%2eexample/R4",
        "https://h\u00f4pital.example/R4",
        "https://\u212aehr.example/R4",
        "https://ehr\uff0eexample/R4",
        "https://\u2488example/R4",
        "https://\uff11\uff12\uff17.0.0.1/R4",
        "https://ehr.example/R4\x00",
        "https://ehr.example/R\x1b4",
        "https://ehr.example/R4\ud800",
        "https://ehr.example/caf\u00e9",
        'https://ehr.example/"R4"',
        "https://ehr.example/<R4>",
        "https://ehr.example/" + "x" * 500,
    ],
)
def test_what_is_no_url_is_refused_as_that(typed: str) -> None:
    found = normalise(typed, allow_loopback=False)
    assert (found.url, found.refusals) == ("", ("not_a_url",))


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://localhost:7081/E/api/FHIR/R4/", "http://localhost:7081/E/api/FHIR/R4"),
        ("http://LOCALHOST:7081/E", "http://localhost:7081/E"),
        ("http://localhost:80/E", "http://localhost/E"),
        ("https://localhost:7081/E", "https://localhost:7081/E"),
        ("http://ehr.localhost:7081/E", "http://ehr.localhost:7081/E"),
    ],
)
def test_local_work_may_use_this_machine_by_name(typed: str, url: str) -> None:
    assert normalise(typed, allow_loopback=True).url == url
    assert normalise(typed, allow_loopback=False).url == ""
    assert is_refused(url, allow_loopback=False)
    assert not is_refused(url, allow_loopback=True)


@pytest.mark.parametrize("typed", ["http://ehr.example/R4", "https://ehr.example:8443/R4", "https://ehr.local/R4"])
def test_local_work_opens_nothing_else(typed: str) -> None:
    assert normalise(typed, allow_loopback=True).url == ""
    assert is_refused(typed, allow_loopback=True)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://ehr.example/api/FHIR", ("https://ehr.example/api/FHIR/R4",)),
        ("https://ehr.example/api/fhir", ("https://ehr.example/api/fhir/R4",)),
        ("https://ehr.example/api/FHIR/DSTU2", ("https://ehr.example/api/FHIR/R4",)),
        ("https://ehr.example/api/FHIR/stu3", ("https://ehr.example/api/FHIR/R4",)),
        ("https://ehr.example/api/FHIR/R4", ()),
        ("https://ehr.example/fhir/auth", ()),
    ],
)
def test_r4_is_proposed_where_it_is_missing(url: str, meant: tuple[str, ...]) -> None:
    assert proposals(url) == meant


HOSTS = st.one_of(
    st.from_regex(r"[A-Za-z0-9\-.]{1,20}", fullmatch=True),
    st.sampled_from(["ehr.example", "EHR.Example:443", "localhost:7081", "10.0.0.1", "[::1]", "u@ehr.example"]),
)
PIECES = st.sampled_from(
    ["/", "//", "/metadata", "/.well-known/smart-configuration", "/R4", "/api/FHIR", "/..", "/%2e", "?q=1", "#f", " "]
)
PATHS = st.lists(PIECES | st.text(max_size=5), max_size=6).map("".join)
URLS = st.builds("{}{}{}".format, st.sampled_from(["https://", "http://", "HTTPS://", "", "ftp://"]), HOSTS, PATHS)


@given(URLS | st.text(max_size=60), st.booleans())
@example("https://ehr.example/.well-known/smart-configuration/metadata", False)
@example("https://ehr.example/metadata?#", False)
def test_normalising_is_done_once_and_leads_to_a_plain_url(typed: str, loopback: bool) -> None:  # noqa: FBT001
    found = normalise(typed, allow_loopback=loopback)
    assert bool(found.url) != bool(found.refusals)
    if not found.url:
        return
    again = normalise(found.url, allow_loopback=loopback)
    assert (again.url, again.repairs) == (found.url, ())
    assert not is_refused(found.url, allow_loopback=loopback)
    parts = urlsplit(found.url)
    assert parts.scheme == "https" or (loopback and "localhost" in (parts.hostname or ""))
    assert parts.hostname
    assert parts.hostname == parts.hostname.lower()
    assert parts.port is None or loopback
    assert not parts.query
    assert not parts.fragment
    assert "@" not in parts.netloc
    assert not parts.path.endswith(("/", "/metadata"))
    assert found.url == f"{parts.scheme}://{parts.netloc}{parts.path}"
    assert found.url.isascii()


@given(st.text(max_size=80) | URLS, st.booleans())
def test_no_endpoint_that_an_ehr_names_is_more_than_refused(url: str, loopback: bool) -> None:  # noqa: FBT001
    assert is_refused(url, allow_loopback=loopback) in {True, False}
