"""Names of networks in menus: short, and never the same for two."""

from explorer.library import networks
from explorer.widgets.network_menu import _likeness, _version
from pad_core.checkpoint import file as checkpoint
from pad_core.model.condition import find_condition
from tests.explorer.pages import repository, write_checkpoint


def listing(root, monkeypatch, *made):
    repository(root, monkeypatch, {})
    for place, (condition, seed) in enumerate(made):
        path = root / "checkpoints" / f"{place}.safetensors"
        path.parent.mkdir(exist_ok=True)
        write_checkpoint(path, condition, seed)
    return networks.list_checkpoints("", None)


def test_the_first_of_a_condition_goes_by_it_and_others_say_what_differs(tmp_path, monkeypatch):
    found = listing(tmp_path, monkeypatch, ("pad", 0), ("pad", 1), ("wo_rem", 0), ("pad", 1))
    names = found.beside("checkpoints/0.safetensors")
    assert sorted(names.values()) == [
        "PAD", "PAD, seed 1", "PAD, seed 1 (checkpoints/3.safetensors)", "w/o REM",
    ]  # fmt: skip


def test_a_condition_of_ones_own_is_named_by_what_it_changes(tmp_path, monkeypatch):
    from dataclasses import replace

    found = listing(tmp_path, monkeypatch, ("pad", 0), ("pad", 1))
    header = found.headers["checkpoints/1.safetensors"]
    own = replace(header, condition=find_condition("pad", {"lam_prime": "0.8"}))
    both = networks.Listing(found.headers | {"checkpoints/1.safetensors": own}, ())
    assert both.condition_names["checkpoints/1.safetensors"] == "PAD, λ′ = 0.8"
    same = replace(own, condition=replace(own.condition, lam=0.1))
    three = networks.Listing(both.headers | {"runs/x/latest.safetensors": same}, ())
    assert len(set(three.condition_names.values())) == 3


def test_another_data_set_leads_to_the_network_most_like_the_one_before(tmp_path, monkeypatch):
    found = listing(tmp_path, monkeypatch, ("pad", 0), ("pad", 1), ("wo_rem", 1))
    keys = [f"checkpoints/{i}.safetensors" for i in range(3)]
    assert max(keys[1:], key=lambda key: _likeness(found, key, keys[0])) == keys[1]
    assert _version(found, keys[1], keys[:2]) == "1 epoch, seed 1"
    assert checkpoint.load_header(tmp_path / keys[1]).seed == 1
