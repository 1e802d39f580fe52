"""Run folders: who holds one, and the wish that they stop."""

import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pad_core.checkpoint.training_config import Recipe
from pad_core.errors import PadError
from pad_core.model.condition import PAD
from pad_core.training.lock import ask_to_stop, asked_to_stop, is_occupied, occupied
from pad_core.training.loop import train

HOLD = """import pathlib, sys, time
from pad_core.training.lock import occupied
with occupied(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path):
    """A folder that another process holds, and the process."""
    folder = tmp_path / "run"
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield folder, process
        process.kill()


def test_a_folder_is_free_until_it_is_held_and_as_soon_as_its_holder_is_killed(held, tmp_path):
    folder, process = held
    assert not is_occupied(tmp_path / "never")
    assert not (tmp_path / "never").exists()
    assert is_occupied(folder)
    with pytest.raises(PadError, match="Another process is training in"), occupied(folder):
        pass
    process.kill()
    process.wait()
    assert not is_occupied(folder)
    with occupied(folder):
        assert is_occupied(folder)


def test_a_folder_in_which_nothing_was_written_goes_again(tmp_path):
    (tmp_path / "there").mkdir()
    for name in ("new", "there", "used"):
        with pytest.raises(PadError, match="refused"), occupied(tmp_path / name):
            with occupied(tmp_path / name):
                pass
            assert (tmp_path / name).is_dir()
            if name == "used":
                (tmp_path / name / "run.json").write_text("{}")
            raise PadError("refused")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "used"]
    with occupied(tmp_path / "new"):
        assert is_occupied(tmp_path / "new")


def test_a_wish_of_old_does_not_stop_the_next_one(tmp_path):
    with occupied(tmp_path):
        pass
    ask_to_stop(tmp_path)
    with occupied(tmp_path):
        assert not asked_to_stop(tmp_path)
        ask_to_stop(tmp_path)
        with occupied(tmp_path):  # within: it is still the same one
            assert asked_to_stop(tmp_path)
        assert asked_to_stop(tmp_path)
        assert is_occupied(tmp_path)
    assert not asked_to_stop(tmp_path)
    assert not is_occupied(tmp_path)


def test_a_training_asked_to_stop_stops_and_goes_on_when_resumed(tiny, tmp_path):
    recipe = Recipe("fashion-mini", PAD, epochs=2, batch_size=16)
    run = train(tmp_path, recipe, tiny, on_epoch=lambda entry: ask_to_stop(tmp_path))
    assert (run.epoch, run.step) == (1, 1)
    assert not asked_to_stop(tmp_path)
    assert train(tmp_path, replace(recipe), tiny, resume=True).epoch == 2


def test_looking_does_not_hold_up_a_training_that_starts(tmp_path):
    with occupied(tmp_path):
        pass
    started = time.monotonic()
    while time.monotonic() - started < 0.3:
        assert not is_occupied(tmp_path)
        with occupied(tmp_path):
            pass


def test_a_folder_that_can_not_be_made_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PadError, match="Cannot use the folder"), occupied(tmp_path / "file/run"):
        pass
    with pytest.raises(PadError, match="Cannot write in"):
        ask_to_stop(tmp_path / "nowhere")


# --- File systems without locks -------------------------------------------------------------------

WITHOUT_LOCKS = """import errno, fcntl, os, sys
number = getattr(errno, {name!r})
def flock(descriptor, operation):
    raise OSError(number, os.strerror(number))
fcntl.flock = flock
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="there are always locks on Windows")


@posix
@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_stands_in_for_a_lock_where_there_is_none(name, tmp_path, monkeypatch, capsys):
    import errno
    import fcntl

    def flock(descriptor, operation):
        raise OSError(getattr(errno, name), "no locks here")

    monkeypatch.setattr(fcntl, "flock", flock)
    folder = tmp_path / "run"
    command = [sys.executable, "-c", WITHOUT_LOCKS.format(name=name) + HOLD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout.readline() == "held\n"
        assert is_occupied(folder)
        with pytest.raises(PadError, match="if there is none, remove"), occupied(folder):
            pass
        it.kill()
        said = it.stderr.read()
    assert "has no locks" in said and "one machine at a time" in said
    assert not is_occupied(folder)  # its holder is gone, however it ended
    with occupied(folder):
        assert is_occupied(folder)
        with occupied(folder):
            pass
        assert is_occupied(folder)
    assert not is_occupied(folder)
    assert capsys.readouterr().err.count("has no locks") == 1


@posix
def test_other_errors_of_a_lock_are_not_taken_for_lacking_ones(tmp_path, monkeypatch):
    import errno
    import fcntl

    def flock(descriptor, operation):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(PadError, match="Cannot use the folder"), occupied(tmp_path):
        pass
    assert not (tmp_path / ".lock-file").exists()
