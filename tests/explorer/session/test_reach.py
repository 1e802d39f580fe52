"""Who can reach the server, and which of its folders they may name then."""

import pytest
from streamlit import config

from explorer.session import reach
from pad_core.errors import PadError

OPTIONS = ("server.address", "server.allowedHosts", "server.corsAllowedOrigins")


@pytest.fixture
def setting():
    """Sets options of the server for one test."""
    before = {name: config.get_option(name) for name in OPTIONS}
    yield config.set_option
    for name, value in before.items():
        config.set_option(name, value)


@pytest.fixture
def opened(setting):
    setting("server.address", "0.0.0.0")


@pytest.mark.parametrize(
    ("option", "value", "is_open"),
    [
        ("server.address", None, False),  # no server at all
        ("server.address", "localhost", False),
        ("server.address", "127.0.0.1", False),
        ("server.address", "0.0.0.0", True),
        ("server.address", "10.0.0.7", True),
        ("server.allowedHosts", ["localhost", "::1"], False),
        ("server.allowedHosts", ["localhost", "dreams.example.org"], True),  # a proxy's
        ("server.allowedHosts", ["*"], True),
        ("server.corsAllowedOrigins", ["https://dreams.example.org"], True),
    ],
)
def test_a_server_is_open_where_others_may_call_it(setting, option, value, is_open):
    setting(option, value)
    assert reach.is_open() is is_open


@pytest.mark.parametrize(
    "folder", ["/", "/etc", "~", "", ".", "data", "/allowed/../etc", "/allowedtoo", "\0", "~nobody"]
)
def test_an_open_server_looks_into_no_folder_but_the_operator_s(opened, monkeypatch, folder):
    monkeypatch.setenv("PAD_DATA", "/allowed")
    with pytest.raises(PadError, match="PAD_DATA"):
        reach.check_folder(folder)


@pytest.mark.parametrize("folder", ["/allowed", "/allowed/below", "/own/x"])
def test_the_operator_s_folders_may_be_named(opened, monkeypatch, tmp_path, folder):
    monkeypatch.setenv("PAD_DATA", "/nowhere:/allowed")
    assert reach.may_name_folders()
    reach.check_folder(folder, tmp_path.__class__("/own"))


def test_this_computer_s_user_may_name_any(monkeypatch):
    monkeypatch.delenv("PAD_DATA", raising=False)
    reach.check_folder("/etc")
    assert reach.may_name_folders()


def test_who_sits_at_this_computer_may_put_data_on_its_disk(setting, monkeypatch):
    assert reach.may_drop_data()
    setting("server.address", "0.0.0.0")
    monkeypatch.setenv("PAD_DATA", "/allowed")
    assert not reach.may_drop_data()


def test_nobody_in_a_class_puts_data_on_its_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("PAD_EXPLORER_CLASS", str(tmp_path))
    assert not reach.may_drop_data()


def test_an_open_server_without_folders_offers_no_field(opened, monkeypatch):
    monkeypatch.delenv("PAD_DATA", raising=False)
    assert not reach.may_name_folders()


@pytest.mark.parametrize(
    "spec", ["folder:/etc", "parquet:../x", "idx:data/../../x", "/etc", "folder:'/etc'", "folder:~"]
)
def test_data_of_an_open_server_lie_in_its_folder_for_data(opened, tmp_path, spec):
    with pytest.raises(PadError, match="PAD_DATA"):
        reach.check_data(spec, tmp_path)


@pytest.mark.parametrize("spec", ["folder:data/cats", "data/cats", 'parquet:"data/cats"'])
def test_what_lies_in_that_folder_may_be_named(opened, tmp_path, spec):
    reach.check_data(spec, tmp_path)
