"""What a message quotes may come from anywhere; it can be shown anywhere all the same."""

import io
import sys

import pytest

from pad_core.errors import PadError, printable, shortened, tolerate_unprintable_output

HOSTILE = "a\x1b[31mb\x07\x9b\u202ec\u2028d\ud800\udcffe"


def test_a_printable_text_stays_as_it_is():
    for text in ("λ′ = 0.5, é, 目, 👀", "", "-" * 5000, "שלום \u200f"):
        assert printable(text) == text


def test_what_a_terminal_obeys_or_no_page_can_hold_is_marked():
    assert printable(HOSTILE) == "a�[31mb��" + "�c�d��e"
    assert printable("a\tb\nc\x00", keep="\n\t") == "a\tb\nc�"
    printable(HOSTILE).encode()


def test_messages_are_printable_and_not_endless():
    message = str(PadError(f"Cannot read {HOSTILE}{'x' * 100_000}: it is a folder."))
    assert len(message) == 1200
    assert message.startswith("Cannot read a�[31mb")
    assert message.endswith("xxx: it is a folder.")
    assert "�c" in message and " … " in message
    assert shortened("abc", 3) == "abc"


def test_what_an_output_cannot_hold_is_marked_there(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    with pytest.raises(UnicodeEncodeError):
        print("λ\udcff")
    tolerate_unprintable_output()
    print("λ\udcff")
    narrow.flush()
    assert narrow.buffer.getvalue() == b"??\n"
