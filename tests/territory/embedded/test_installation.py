"""Before anything starts: the folder, the port, the database, the demo."""

import os
import socket
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from territory.company.models import Company
from territory.embedded import installation, private_redis
from territory.embedded.places import private_redis_url, redis_socket


def test_a_second_start_on_the_same_data_is_refused(tmp_path, settings):
    settings.SITE_URL = "http://localhost:8123"
    with installation.data_of_our_own(tmp_path):
        refused = pytest.raises(CommandError, match=r"already runs on .* at http://localhost:8123")
        with refused, installation.data_of_our_own(tmp_path):
            pass
    with installation.data_of_our_own(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "data").write_text("a file, not a folder")
    refused = pytest.raises(CommandError, match=r"DATA_DIR .*data cannot be written")
    with refused, installation.data_of_our_own(tmp_path / "data"):
        pass


def test_a_taken_port_is_named_with_a_free_one_to_try():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"PORT {port} is taken"):
            installation.check_port("127.0.0.1", port)


@pytest.mark.django_db
def test_an_empty_start_over_the_demo_is_refused_with_a_way_out():
    Company.objects.create(name="Demo", is_demo=True)
    with pytest.raises(CommandError, match=r"DATA_DIR=/some/folder \./run --empty"):
        installation.first_content(empty=True)


@pytest.mark.django_db
def test_the_demo_is_loaded_on_the_first_start_only(monkeypatch):
    loaded = []
    monkeypatch.setattr(installation, "load_demo", lambda: loaded.append("demo"))
    installation.first_content(empty=True)
    assert loaded == []
    installation.first_content(empty=False)
    assert loaded == ["demo"]
    Company.objects.create(name="Acme")
    installation.first_content(empty=False)
    assert loaded == ["demo"]


@pytest.mark.django_db
def test_sign_ins_are_kept_for_their_owner_alone(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("planning.demo.load", lambda now: [("Salesperson", "nell@demo.example", "a b c")])
    Company.objects.create(name="Demo", is_demo=True)
    installation.load_demo()
    assert (tmp_path / "sign-ins.txt").stat().st_mode & 0o777 == 0o600
    assert installation.sign_in_lines() == [f"{'Salesperson':<15}{'nell@demo.example':<38}a b c"]


@pytest.mark.django_db
def test_without_a_company_the_next_step_is_named():
    assert installation.sign_in_lines() == [
        "No company yet: open the address to set yours up, or run  ./run manage setup"
    ]


def test_production_is_not_started_this_way(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="local profile"):
        call_command("up")


def test_a_socket_s_path_is_never_too_long(tmp_path):
    deep = tmp_path / ("x" * 100)
    assert redis_socket(tmp_path) == tmp_path / "redis.sock"
    assert len(os.fsencode(redis_socket(deep))) < 100
    assert redis_socket(deep) == redis_socket(deep)
    assert private_redis_url(Path("/data")) == "redis+socket:///data/redis.sock"


def test_the_packaged_redis_server_does_where_the_machine_has_none(monkeypatch):
    monkeypatch.setattr(private_redis.shutil, "which", lambda name: None)
    assert Path(private_redis.find_redis_server()).is_file()


def test_a_redis_that_is_not_there_does_not_answer(tmp_path):
    assert not private_redis.answers(private_redis_url(tmp_path))
