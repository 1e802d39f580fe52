"""What a viewer does is kept and shown, also when requests of the browser wait together."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.explorer.pages import run_as_from_a_browser

PAGE = """
import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from explorer.session import state


def while_another_waits(callback, *args):
    # what Streamlit's server does when the browser asks for a run of the page
    assert get_script_run_ctx().script_requests.request_rerun(RerunData())
    callback(*args)


state.follow_address()
for field, widget in (("lam", st.slider), ("seed", st.number_input)):
    value = state.chosen().value(field)
    low, high = (0.0, 1.0) if field == "lam" else (None, None)
    key = state.fresh(field, value)
    widget(field, low, high, value, key=key, on_change=while_another_waits,
           args=(state.take, field, key, ("panel",)))
st.button("next", on_click=while_another_waits, args=(state.step_by, "seed", 1, 0, 99))
st.write(state.chosen().to_query())
"""


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_string(PAGE, default_timeout=30).run()


def test_a_callback_ends_though_the_browser_asks_again(page: AppTest) -> None:
    page.slider[0].set_value(0.25).run()
    assert page.session_state["choices"].dream.lam == 0.25
    assert page.slider[0].value == 0.25
    page.number_input[0].set_value(7).run()
    assert page.session_state["choices"].dream.seed == 7
    page.button[0].click().run()
    page.button[0].click().run()
    assert page.session_state["choices"].dream.seed == 9
    assert page.query_params["seed"] == "9" and page.query_params["lam"] == "0.25"


def test_a_value_is_kept_before_its_correction_is_told(page: AppTest) -> None:
    page.number_input[0].set_value(-3).run()
    assert page.session_state["choices"].dream.seed == 0
    page.number_input[0].set_value(5).run()
    assert page.session_state["choices"].dream.seed == 5


PANELS = """
import streamlit as st

from explorer.session import state

state.follow_address()
drawn = st.session_state.setdefault("drawn", [])
drawn.append("page")


def panel(name, field, redraw):
    @st.fragment(key=name)
    def show():
        drawn.append(name)
        value = state.chosen().value(field)
        key = state.fresh(field, value)
        st.slider(field, 0.0, 1.0, value, key=key, on_change=state.take, args=(field, key, redraw))

    show()


panel("dial", "lam", ("rem", "footer"))
panel("other dial", "intensity", ())
panel("lost", "lam_prime", ("nowhere",))
for name in ("rem", "footer"):
    st.fragment(key=name)(lambda name=name: drawn.append(name))()
"""


@pytest.mark.parametrize(
    ("moved", "drawn"),
    [
        (["lam"], {"rem", "footer"}),  # what depends on the dial, which itself shows its value
        (["lam", "intensity"], {"page"}),  # the other dial's panel would stay as it is
        (["lam_prime"], {"page"}),  # a panel that is not on the page
    ],
)
def test_only_what_depends_on_a_dial_is_drawn_if_it_alone_was_moved(
    moved: list[str], drawn: set[str]
) -> None:
    at = AppTest.from_string(PANELS, default_timeout=30).run()
    panels = {"dial", "other dial", "lost", "rem", "footer"}
    assert set(at.session_state["drawn"]) == {"page", *panels}
    at.session_state["drawn"].clear()  # the same list: a panel keeps it from run to run
    dials = [next(dial for dial in at.slider if dial.label == name) for name in moved]
    run_as_from_a_browser(*(dial.set_value(0.25) for dial in dials))
    assert not at.exception
    assert all(at.session_state["choices"].value(name) == 0.25 for name in moved)
    assert set(at.session_state["drawn"]) == (drawn | panels if "page" in drawn else drawn)


def test_a_page_that_is_drawn_as_a_whole_is_drawn_once() -> None:
    at = AppTest.from_string(PANELS, default_timeout=30).run()
    at.session_state["drawn"].clear()  # the same list: a panel keeps it from run to run
    at.slider[0].set_value(0.25).run()  # AppTest asks for the whole page
    assert at.session_state["drawn"].count("page") == 1
    assert at.session_state["choices"].dream.lam == 0.25


AWAITED = """
import streamlit as st

from explorer.session import state

state.follow_address()
drawn = st.session_state.setdefault("drawn", [])
drawn.append("page")


@st.fragment(key="panel")
def panel():
    waiting = drawn.count("panel") == 0
    drawn.append("panel")

    @st.fragment(run_every=60 if waiting else None)
    def follow():
        drawn.append("follow")
        if waiting:
            state.draw_again_after_this(*wanted)

    follow()


wanted = ("panel",) if "lost" not in st.query_params else ("nowhere",)
panel()
"""


@pytest.mark.parametrize(
    ("query", "drawn"),
    [
        ({}, ["page", "panel", "follow", "panel", "follow"]),  # not the page, and once
        ({"lost": "1"}, ["page", "panel", "follow", "page", "panel", "follow"]),
    ],
)
def test_what_was_awaited_has_its_panel_drawn_again_alone(
    query: dict[str, str], drawn: list[str]
) -> None:
    at = AppTest.from_string(AWAITED, default_timeout=30)
    at.query_params.update(query)
    at.run()
    assert not at.exception
    assert at.session_state["drawn"] == drawn
