"""The files of a deployment agree with each other and with the settings, and hold no secret."""

import json
import os
import re
import runpy
import shutil
import subprocess
import threading
import time
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

import territory

ROOT = Path(__file__).resolve().parent.parent
APP = ("web", "worker", "beat", "backup", "migrate")
ENDS = ("migrate",)
PINNED = re.compile(r"^[a-z]+:[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z0-9.]+)?$")

# Read by the compose file and the scripts of deploy/, not by the settings.
OF_THE_COMPOSE_FILE = {"POSTGRES_PASSWORD", "APP_PASSWORD", "REDIS_PASSWORD", "BACKUP_HOUR", "BACKUP_KEEP"}

# Of one machine, or set by the web process itself: nobody who serves others sets them.
NOT_TO_BE_SET = {"HOST", "PORT", "DEBUG", "STATEMENT_SECONDS"}


def text(name: str) -> str:
    return (ROOT / name).read_text()


def compose() -> dict:
    return yaml.safe_load(text("docker-compose.yml"))


def services() -> dict:
    return compose()["services"]


def read_by_settings() -> set[str]:
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text("territory/settings.py")))


def example() -> dict[str, str]:
    """Every variable of the example, those behind a # too."""
    return dict(re.findall(r"(?m)^#?([A-Z_]+)=(.*)$", text(".env.example")))


def kept_by(service: dict, told: dict[str, str]) -> dict[str, str]:
    """The environment of a container, where .env tells this: what has no value there is of .env, or is not there."""
    found = dict(told) if "env_file" in service else {}
    for name, value in service.get("environment", {}).items():
        if value is not None:
            found[name] = re.sub(r"\$\{([A-Z_]+)[^}]*\}", lambda variable: told[variable[1]], value)
        elif name in told:
            found[name] = told[name]
    return found


def of_the_image() -> set[str]:
    return set(re.findall(r"([A-Z_]+)=", " ".join(rest for word, rest in instructions() if word == "ENV")))


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", text("Dockerfile")))
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line.strip()]


def test_every_variable_is_one_that_is_read():
    known = read_by_settings()
    assert {"SITE_URL", "SECRET_KEY", "DATABASE_URL", "STATIC_ROOT"} <= known
    given = {name for service in APP for name in services()[service].get("environment", {})}

    assert set(example()) - known - OF_THE_COMPOSE_FILE == set()
    assert given - known == {"BACKUP_HOUR", "BACKUP_KEEP"}
    assert of_the_image() - known == {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert set(re.findall(r"\$\{([A-Z_]+)", text("docker-compose.yml"))) <= set(example())
    assert set(re.findall(r"\$\{([A-Z_]+)", text("deploy/nightly"))) <= set(example())


def test_every_setting_can_be_found_by_who_deploys():
    described = text("docs/deploy.md")
    assert sorted(name for name in read_by_settings() - NOT_TO_BE_SET if f"`{name}`" not in described) == []
    assert sorted(name for name in OF_THE_COMPOSE_FILE if f"`{name}`" not in described) == []


def test_no_secret_is_shipped():
    assert {name for name, value in example().items() if name.endswith(("KEY", "PASSWORD")) and value} == set()
    for name in ("docker-compose.yml", "Dockerfile", "deploy/Caddyfile"):
        asked_for = re.sub(r"\$\{[^}]*\}", "$", text(name))
        given = re.findall(r'(?:PASSWORD|_KEY|AUTH):? +"?([^"\s]+)|requirepass,? "([^"]+)|://\w*:([^@\s]+)@', asked_for)
        assert {value for values in given for value in values if value} <= {"$"}, name
    assert text("docker-compose.yml").count("${REDIS_PASSWORD") == 3
    ignored = text(".dockerignore").splitlines()
    assert ".*" in ignored  # .env, .git
    assert "data" in ignored
    assert ".env" in text(".gitignore").splitlines()


def test_images_are_pinned_and_of_this_version():
    images = {name: service["image"] for name, service in services().items() if "build" not in service}
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert [image for image in [*images.values(), *bases] if not PINNED.match(image)] == []
    assert images["db"].startswith("postgres:15.")
    assert images["broker"].startswith("redis:7.")
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert territory.__version__ == version
    assert compose()["x-app"]["image"] == f"territory:{version}"
    assert services()["proxy"]["image"] == f"territory-proxy:{version}"


def test_every_service_says_whether_it_is_well_and_comes_back():
    for name, service in services().items():
        if name in ENDS:
            assert service["healthcheck"] == {"disable": True}
            assert service["restart"] == "on-failure"
            continue
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        assert service["logging"]["options"]["max-size"], name
    assert any(word == "HEALTHCHECK" for word, _ in instructions())


def test_the_application_is_nobody_in_particular():
    users = [rest for word, rest in instructions() if word == "USER"]
    assert users == ["10001:10001", "10001:10001"]  # of the proxy and of the application
    assert next(word for word, rest in reversed(instructions()) if word in ("USER", "COPY", "RUN")) == "USER"
    for name in APP:
        service = services()[name]
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "user" not in service, name


def test_the_proxy_is_nobody_in_particular_either():
    proxy = services()["proxy"]
    stages = re.split(r"(?m)^FROM ", text("Dockerfile"))
    (stage,) = [stage for stage in stages if stage.partition("\n")[0].endswith(f" AS {proxy['build']['target']}")]
    assert "\nUSER 10001:10001\n" in stage
    assert "chown -R 10001:10001 /data /config" in stage
    assert proxy["sysctls"] == {"net.ipv4.ip_unprivileged_port_start": 0}
    assert (proxy["cap_drop"], proxy["cap_add"]) == (["ALL"], ["NET_BIND_SERVICE"])
    assert "user" not in proxy


def test_no_build_tools_in_the_image_that_runs():
    last = max(number for number, (word, _) in enumerate(instructions()) if word == "FROM")
    final = " ".join(rest for _, rest in instructions()[last:])
    assert "build-essential" not in final
    assert "pip install" not in final
    assert "--from=build" in final


def test_only_the_proxy_can_be_reached_and_the_data_is_inside():
    assert [name for name, service in services().items() if service.get("ports")] == ["proxy"]
    assert compose()["networks"]["inside"] == {"internal": True}
    assert services()["db"]["networks"] == services()["broker"]["networks"] == ["inside"]
    assert "inside" not in services()["proxy"]["networks"]
    command = " ".join(services()["broker"]["command"])
    for wanted in ("--appendonly yes", "--maxmemory-policy noeviction", "--requirepass ${REDIS_PASSWORD"):
        assert wanted in command
    named = set(compose()["volumes"])
    used = {volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])}
    assert named == {name for name in used if not name.startswith(".")}


def test_who_serves_people_does_not_own_the_tables():
    roles = {name: services()[name]["environment"]["DATABASE_URL"].split(":")[1] for name in APP}
    assert roles == {
        "web": "//territory_app",
        "worker": "//territory_app",
        "beat": "//territory_app",
        "backup": "//territory",
        "migrate": "//territory",
    }


def test_only_who_owns_the_tables_is_told_the_password_of_the_owner():
    told = {name: f"this is {name}" for name in example()}
    told["POSTGRES_PASSWORD"] = "of the owner"
    told_it = {
        name
        for name, service in services().items()
        if any("of the owner" in value for value in kept_by(service, told).values())
    }
    assert told_it == {"backup", "migrate", "db"}
    for name in services():
        assert "env_file" not in services()[name], f"{name} would be told all of .env"


def test_each_setting_of_the_administrator_reaches_who_reads_it():
    told = {name: f"this is {name}" for name in example()}
    wanted = read_by_settings() - NOT_TO_BE_SET
    for name in APP:
        kept = kept_by(services()[name], told)
        assert wanted - set(kept) - of_the_image() == set(), name
        for variable in (read_by_settings() & set(example())) - {"DATABASE_URL", "REDIS_URL"}:
            assert kept[variable] == told[variable], (name, variable)
    backup = kept_by(services()["backup"], told)
    asked_for = set(re.findall(r"\$\{([A-Z_]+)", text("deploy/nightly")))
    assert {name: backup[name] for name in asked_for} == {name: told[name] for name in asked_for}


def test_what_the_proxy_answers_itself_tells_browsers_what_they_may_do():
    own = text("deploy/Caddyfile").partition("handle_errors {")[2]
    for wanted in (
        "Content-Security-Policy \"default-src 'none'; frame-ancestors 'none'\"",
        'Strict-Transport-Security "max-age=31536000',
        "X-Content-Type-Options nosniff",
    ):
        assert wanted in own


def test_commands_are_those_that_one_machine_runs(settings):
    from territory.management.commands.up import commands

    local = commands()
    worker = services()["worker"]["command"]
    assert worker == ["celery", *local["worker"][3:]]
    assert services()["beat"]["command"] == ["celery", *local["beat"][3:]]
    assert json.loads(instructions()[-1][1])[:2] == ["gunicorn", "territory.wsgi"]
    assert "--no-control-socket" in instructions()[-1][1]


def test_the_first_start_makes_secrets_once(tmp_path):
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    shutil.copy(ROOT / ".env.example", tmp_path)

    def first_start(*arguments):
        command = ["sh", str(tmp_path / "deploy" / "first-start"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})

    assert first_start("http://crm.example.org").returncode == 2
    assert first_start("https://crm.example.org").returncode == 0
    made = (tmp_path / ".env").read_text()
    values = dict(re.findall(r"(?m)^([A-Z_]+)=(.*)$", made))
    assert values["SITE_URL"] == "https://crm.example.org"
    assert {
        name: len(values[name]) for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "APP_PASSWORD", "REDIS_PASSWORD")
    } == {
        "SECRET_KEY": 64,
        "POSTGRES_PASSWORD": 40,
        "APP_PASSWORD": 40,
        "REDIS_PASSWORD": 40,
    }
    assert len({*values.values()}) == len(values)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert first_start("https://crm.example.org").returncode == 1
    assert (tmp_path / ".env").read_text() == made


class Says(BaseHTTPRequestHandler):
    """A web process that says of its health what a test wants it to."""

    answer: tuple[int, dict] = (200, {})
    hosts: list[str] = []

    def do_GET(self):
        self.hosts.append(self.headers["Host"])
        status, said = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *args):
        """Quiet."""


@pytest.mark.parametrize(
    ("part", "answer", "well"),
    [
        ("web", (200, {"database": "ok", "failing": []}), True),
        ("web", (503, {"database": "ok", "failing": ["broker", "beat"]}), True),
        ("web", (503, {"database": "does not answer", "failing": ["database"]}), False),
        ("web", (400, {}), False),
        ("worker", (503, {"database": "ok", "failing": ["worker"]}), False),
        ("beat", (200, {"database": "ok", "failing": []}), True),
    ],
)
def test_what_a_container_asks_of_itself(monkeypatch, part, answer, well):
    monkeypatch.setenv("SITE_URL", "https://crm.example.org")
    monkeypatch.setattr(Says, "answer", answer)
    monkeypatch.setattr(Says, "hosts", [])
    with HTTPServer(("127.0.0.1", 0), Says) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            is_healthy = runpy.run_path(str(ROOT / "deploy" / "healthy"))["is_healthy"]
            assert is_healthy(part, f"http://127.0.0.1:{server.server_port}") is well
        finally:
            server.shutdown()
            thread.join()
    assert Says.hosts == ["crm.example.org"]


def test_a_backup_of_the_day_before_yesterday_is_none(tmp_path):
    is_healthy = runpy.run_path(str(ROOT / "deploy" / "healthy"))["is_healthy"]
    assert not is_healthy("backup", str(tmp_path))
    file = tmp_path / "territory-2026-06-08-020000.zip"
    file.touch()
    assert is_healthy("backup", str(tmp_path))
    old = time.time() - 27 * 3600
    os.utime(file, (old, old))
    assert not is_healthy("backup", str(tmp_path))


def test_no_header_of_a_request_says_where_the_application_lies():
    """A proxy on the same machine is trusted by gunicorn, and may hand on what a client sent."""
    from gunicorn.config import Config
    from gunicorn.http.parser import RequestParser

    config = Config()
    config.set("forwarder_headers", runpy.run_path(str(ROOT / "gunicorn.conf.py"))["forwarder_headers"])
    sent = b"GET /customers/ HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /elsewhere\r\n\r\n"
    request = next(RequestParser(config, iter([sent]), ("127.0.0.1", 1)))
    assert dict(request.headers) == {"HOST": "x"}
