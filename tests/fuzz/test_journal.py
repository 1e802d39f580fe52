"""Whatever stands in a journal, a manifest or an address, it can be shown, or is refused."""

import base64
import io
import json
import zipfile
from dataclasses import replace
from functools import partial
from html import escape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.journal import store
from explorer.journal.archive import differing_versions, dreams_of, pack, unpack
from explorer.journal.entry import Kept
from explorer.journal.exports import Export, make, read_manifest
from explorer.session.choices import PARAMETERS, PICTURE, Choices
from pad_core.checkpoint.file import load
from pad_core.data.images import png_bytes
from pad_core.errors import PadError
from tests.explorer.pages import write_checkpoint
from tests.fuzz.strategies import TEXTS, VALUES, damaged, damaged_json, edits, is_shown


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return load(write_checkpoint(tmp_path_factory.mktemp("fuzz") / "a.safetensors"))


@pytest.fixture(scope="module")
def kept(network):
    one = Kept.now(network, Choices.of(seed=3), "A title", "a note\nof two lines")
    grey = base64.b64encode(png_bytes(np.full((32, 32, 3), 127, np.uint8)))
    choices = {**one.choices, "first": str(PICTURE)}
    return replace(one, choices=choices, pictures={"first": grey.decode()})


@pytest.fixture(scope="module")
def files(network, kept):
    """A file of each kind, small."""
    exports = [
        Export.of("picture", kept, scale=1, gap_px=0),
        Export.of("walk", kept, steps=2, scale=1),
        Export.of("table", kept),
    ]
    made = [make(export, network) for export in exports]
    manifest = json.dumps(exports[0].manifest()).encode()
    return [*made, manifest, pack([kept], exports[:1], lambda source: network)]


def check_shown(kept):
    for text in (kept.heading, *kept.facts, *kept.classes, *kept.previous_classes):
        assert is_shown(text)
    escape(kept.note).encode()
    assert len(kept.classes) == len(kept.previous_classes) in range(1, 9)
    assert Kept.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


@given(data=st.data())
def test_dreams(kept, data):
    given_dream = data.draw(damaged_json(json.loads(json.dumps(kept.to_dict()))))
    try:
        check_shown(Kept.from_dict(json.loads(json.dumps(given_dream))))
    except PadError as error:
        assert is_shown(str(error))


@given(data=st.data())
def test_lines_of_a_journal(tmp_path_factory, kept, data):
    line = json.dumps(kept.to_dict()).encode()
    lines = data.draw(
        st.lists(edits(len(line)).map(partial(damaged, line))
                 | damaged_json(kept.to_dict()).map(json.dumps)
                 | st.binary(max_size=50), max_size=4)
    )  # fmt: skip
    content = b"\n".join(one.encode() if isinstance(one, str) else one for one in [*lines, line])
    parsed = store.parse(content, "a.jsonl")
    path = tmp_path_factory.mktemp("journal") / "a.sqlite3"
    path.with_suffix(".jsonl").write_bytes(content + b"\n")
    journal = store.read(path)
    assert (journal.dreams, journal.deleted) == (parsed.dreams, parsed.deleted)
    assert kept.id in journal.dreams
    for one in (*journal.dreams.values(), *journal.deleted.values()):
        check_shown(one)
    assert all(map(is_shown, journal.problems))
    page = store.look(path)
    assert page.n_damaged == len(journal.problems)
    store.write(path, list(journal.dreams.values()), deleted=True)
    assert not store.read(path).dreams


@given(data=st.data())
def test_files_of_the_explorer(files, data):
    good = files[data.draw(st.integers(0, len(files) - 1))]
    content = damaged(good, data.draw(edits(len(good), 3_000)))
    try:
        manifest = unpack(content) if content[:4] == b"PK\x03\x04" else read_manifest(content)
        for one in dreams_of(manifest):
            check_shown(one)
        assert all(map(is_shown, differing_versions(manifest)))
    except PadError as error:
        assert is_shown(str(error))


@given(data=st.data())
def test_manifests(kept, data):
    export = Export.of("walk", kept).manifest()
    archive = {**export, "kind": "archive", "dreams": [kept.to_dict()], "files": []}
    manifest = data.draw(st.sampled_from([export, archive]).flatmap(damaged_json))
    text = json.dumps(manifest)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as file:
        file.writestr("manifest.json", text)
    for read, content in ((read_manifest, text.encode()), (unpack, zipped.getvalue())):
        try:
            found = read(content)
            for one in dreams_of(found):
                check_shown(one)
            assert all(map(is_shown, differing_versions(found)))
        except PadError as error:
            assert is_shown(str(error))


@given(
    query=st.dictionaries(
        st.sampled_from(PARAMETERS),
        TEXTS | st.lists(TEXTS, max_size=3) | VALUES.map(str),
    )
)
def test_addresses(query):
    choices = Choices.from_query(query)
    again = choices.to_query()
    assert Choices.from_query(again) == choices
