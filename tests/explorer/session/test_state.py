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

drawn = st.session_state.setdefault("drawn", [])


def panel(name, *widgets):
    @st.fragment(key=name)
    def draw():
        drawn.append(name)
        for widget in widgets:
            value = state.chosen().value(widget)
            key = state.fresh(widget, value)
            st.slider(widget, 0.0, 1.0, value, key=key, on_change=state.take,
                      args=(widget, key, ("plane",)))

    draw()


state.follow_address()
drawn.append("page")
panel("rem", "lam")
panel("nrem", "intensity")
panel("plane")
"""


def drawn(at: AppTest) -> list[str]:
    """What has been drawn since this was asked before."""
    now = [*at.session_state["drawn"]]
    at.session_state["drawn"].clear()
    return now


def test_less_than_the_page_is_drawn_only_where_one_widget_asked() -> None:
    at = AppTest.from_string(PANELS, default_timeout=30).run()
    assert drawn(at) == ["page", "rem", "nrem", "plane"]

    lam = at.slider[0].set_value(0.25)
    run_as_from_a_browser(lam)
    assert drawn(at) == ["plane"]
    at.run()
    drawn(at)

    # The other widget's panel would stay as it is.
    lam, intensity = at.slider[0].set_value(0.5), at.slider[1].set_value(0.75)
    run_as_from_a_browser(lam, intensity)
    assert drawn(at) == ["page", "rem", "nrem", "plane"]

    at.slider[0].set_value(0.75).run()  # the whole page is asked for, with new images, say
    assert drawn(at) == ["page", "rem", "nrem", "plane"]
    assert at.session_state["choices"].dream.lam == 0.75
    assert at.session_state["choices"].dream.intensity == 0.75
