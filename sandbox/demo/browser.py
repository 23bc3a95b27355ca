"""A browser without a window: cookies, redirects one by one, forms. Enough for OAuth journeys."""

import re
import weakref
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

_MOST_HOPS = 20


@dataclass
class Form:
    """One form of a page: where it goes, what is in it, and its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif self.found and tag == "input" and "name" in given:
            self.found[-1].fields[given["name"]] = given.get("value", "")
        elif self.found and tag == "button" and "name" in given:
            self.found[-1].buttons.append((given["name"], given.get("value", "")))


class NoSuchButtonError(Exception):
    """The page has no such button."""


class _AsBrowsersRead(httpx.HTTPTransport):
    """Reads cookies as browsers do.

    An empty Domain is none; and http on localhost is as good as https for a Secure cookie.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.headers = httpx.Headers(
            [
                (name, re.sub(r";\s*(domain=|secure)(?=;|$)", "", value, flags=re.IGNORECASE))
                for name, value in answer.headers.multi_items()
            ]
        )
        return answer


class Browser:
    """One person's browser."""

    def __init__(self) -> None:
        self.http = httpx.Client(timeout=40.0, transport=_AsBrowsersRead())
        # A browser that nobody holds any more leaves no connection behind.
        weakref.finalize(self, self.http.close)
        self.hops: list[str] = []
        self.page = httpx.Response(204)

    def open(self, url: str) -> httpx.Response:
        """Open an address and follow where it leads; the hops are kept in `hops`."""
        self.hops = []
        return self._settle(self.http.get(url))

    def press(self, name: str, value: str, *, until: str = "") -> httpx.Response:
        """Press a button of the page; `value` may be the end of the button's value.

        The journey ends at a redirect to an address that holds `until`; that address is the last of `hops`.
        """
        forms = _Forms()
        forms.feed(self.page.text)
        for form in forms.found:
            for button in form.buttons:
                if button[0] == name and button[1].endswith(value):
                    target = urljoin(str(self.page.url), form.action or str(self.page.url))
                    sent = {**form.fields, button[0]: button[1]}
                    if form.method == "post":
                        return self._settle(self.http.post(target, data=sent), until)
                    return self._settle(self.http.get(target, params=sent), until)
        raise NoSuchButtonError(f"{name}={value} on {urlsplit(str(self.page.url)).path}")

    def _settle(self, answer: httpx.Response, until: str = "") -> httpx.Response:
        for _ in range(_MOST_HOPS):
            self.hops.append(f"{answer.status_code} {urlsplit(str(answer.url)).path}")
            if not answer.is_redirect:
                self.page = answer
                return answer
            onward = urljoin(str(answer.url), answer.headers["Location"])
            if until and until in onward:
                self.hops.append(onward)
                self.page = answer
                return answer
            answer = self.http.get(onward)
        raise httpx.TooManyRedirects("the journey has no end", request=answer.request)
