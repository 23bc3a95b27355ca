"""Route templates."""

import pytest

from sandbox.host.routes import RouteError, RouteTable, compile_template, decode_path

ANY: frozenset[str] = frozenset()


def table(*templates: str) -> RouteTable[str]:
    return RouteTable([(template, ANY, template) for template in templates])


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("api/visits", "/api/visits", {}),
        ("api/visits", "/API/Visits/", {}),
        ("api/visits", "/api/visit", None),
        ("api/visits", "/api/visits/1", None),
        ("visits/{id}", "/visits/A1", {"id": "A1"}),
        ("visits/{id}", "/visits", None),
        ("visits/{id?}", "/visits", {}),
        ("visits/{id?}", "/visits/7", {"id": "7"}),
        ("visits/{page=1}", "/visits", {"page": "1"}),
        ("visits/{page:int=1}", "/visits/22", {"page": "22"}),
        ("visits/{id:int}", "/visits/x", None),
        ("visits/{id:int}", "/visits/2147483648", None),
        ("visits/{id:long}", "/visits/2147483648", {"id": "2147483648"}),
        ("visits/{name:alpha?}", "/visits", {}),
        ("visits/{name:alpha}", "/visits/a1", None),
        ("v/{id:guid}", "/v/6b0d4f1e-8a0e-4a53-9a43-000000000001", {"id": "6b0d4f1e-8a0e-4a53-9a43-000000000001"}),
        ("v/{id:guid}", "/v/6b0d", None),
        ("v/{on:bool}", "/v/TRUE", {"on": "TRUE"}),
        ("v/{n:range(3,5)}", "/v/6", None),
        ("v/{n:min(3)}", "/v/3", {"n": "3"}),
        ("v/{n:max(3)}", "/v/4", None),
        ("v/{n:length(2)}", "/v/ab", {"n": "ab"}),
        ("v/{n:length(2)}", "/v/abc", None),
        ("v/{n:minlength(2):maxlength(3)}", "/v/abcd", None),
        ("v/{n:regex(^a:\\d{{2}}$)}", "/v/a:12", {"n": "a:12"}),
        ("v/{n:regex(^a:\\d{{2}}$)}", "/v/a:1", None),
        ("v/{at:datetime}", "/v/2027-01-01", {"at": "2027-01-01"}),
        ("v/{x:double}", "/v/1.5", {"x": "1.5"}),
        ("v/{x:decimal}", "/v/one", None),
        ("files/{*rest}", "/files/a/b.txt", {"rest": "a/b.txt"}),
        ("files/{*rest}", "/files", {}),
        ("files/{name}.{extension}", "/files/a.b.txt", {"name": "a", "extension": "b.txt"}),
        ("keys/v{version:int}/jwks.json", "/keys/v2/jwks.json", {"version": "2"}),
        ("keys/v{version:int}/jwks.json", "/keys/vx/jwks.json", None),
        ("{*all}", "/", {}),
        ("{*all}", "/a/b", {"all": "a/b"}),
    ],
)
def test_match(template: str, path: str, expected: dict[str, str] | None) -> None:
    found = table(template).find("GET", path)
    assert (found and found[1]) == expected


def test_the_most_exact_route_wins_whatever_the_order() -> None:
    routes = table("{*all}", "a/{x}", "a/{x:int}", "a/literal", "a/pre{x}")
    answers = {path: routes.find("GET", path) for path in ("a/literal", "a/7", "a/word", "a/pre1", "b")}
    assert {path: found and found[0] for path, found in answers.items()} == {
        "a/literal": "a/literal",
        "a/7": "a/{x:int}",
        "a/word": "a/{x}",
        "a/pre1": "a/pre{x}",
        "b": "{*all}",
    }


def test_methods_choose_between_functions_of_one_route() -> None:
    routes = RouteTable(
        [("a", frozenset({"GET"}), "read"), ("a", frozenset({"POST"}), "write"), ("{x}", frozenset({"PUT"}), "put")]
    )
    assert [routes.find(method, "/a") for method in ("GET", "POST", "PUT", "DELETE", "HEAD")] == [
        ("read", {}),
        ("write", {}),
        ("put", {"x": "a"}),
        None,
        None,
    ]


def test_an_encoded_slash_does_not_cut_a_segment() -> None:
    path = decode_path(b"/v/a%2Fb%20c%2fd")
    assert path == "/v/a%2Fb c%2Fd"
    assert table("v/{x}").find("GET", path) == ("v/{x}", {"x": "a%2Fb c%2Fd"})


@pytest.mark.parametrize("template", ["a/{x", "a/x}", "a/{}", "a/{x:no}", "a/{x:range(a)}", "{x}/{X}", "a/{x:odd(1)}"])
def test_what_cannot_be_read(template: str) -> None:
    with pytest.raises(RouteError, match=r"route"):
        compile_template(template)
