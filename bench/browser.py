"""A browser without a screen: one connection, cookies, forms."""

import http.client
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from time import perf_counter
from urllib.parse import urlencode

from bench.place import PORT

PATIENCE = 30


@dataclass(frozen=True)
class Answer:
    """What came back; `seconds` from the sending of the request to the last byte of the answer."""

    status: int
    body: bytes
    seconds: float
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """Keeps its connection and its cookies; follows nothing by itself."""

    def __init__(self, port: str = PORT, cookies: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
        self.cookies = dict(cookies or {})

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        token = next((value for name, value in self.cookies.items() if name.startswith("csrf")), "")
        body = urlencode([*fields, ("csrfmiddlewaretoken", token)])
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def sign_in(self, email: str, password: str) -> None:
        self.get("/accounts/login/")
        answer = self.post("/accounts/login/", [("login", email), ("password", password)])
        if answer.status != 302:
            raise SystemExit(f"{email} cannot sign in: {answer.status}")

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        try:
            return self._once(method, path, body, sent)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # The server closes a connection that was idle for some seconds.
            self._connection.close()
            return self._once(method, path, body, sent)

    def _once(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        start = perf_counter()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        seconds = perf_counter() - start
        for line in response.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return Answer(response.status, content, seconds, dict(response.headers.items()))


class Form(HTMLParser):
    """What a browser would send of the page's first form that is sent by POST to `action`."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.action = action
        self.fields: list[tuple[str, str]] = []
        self._inside = False
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = found.get("method") == "post" and found.get("action", "").startswith(self.action)
        if not self._inside or "disabled" in found:
            return
        if tag == "select":
            self._select = found.get("name", "")
        elif tag == "option" and "selected" in found:
            self.fields.append((self._select, found.get("value", "")))
        elif tag == "textarea" and found.get("name"):
            self.fields.append((found["name"], ""))
        elif tag == "input" and found.get("name") and found["name"] != "csrfmiddlewaretoken":
            if found.get("type") in ("radio", "checkbox") and "checked" not in found:
                return
            self.fields.append((found["name"], found.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def filled(self, **values: str) -> list[tuple[str, str]]:
        """The fields with these values instead of, or beside, what stands in them."""
        return [pair for pair in self.fields if pair[0] not in values] + list(values.items())
