"""What a viewer does is kept and shown, also when requests of the browser wait together."""

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer.session import state

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
    value = getattr(state.chosen(), field)
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
    assert page.session_state["choices"].lam == 0.25
    assert page.slider[0].value == 0.25
    page.number_input[0].set_value(7).run()
    assert page.session_state["choices"].seed == 7
    page.button[0].click().run()
    page.button[0].click().run()
    assert page.session_state["choices"].seed == 9
    assert page.query_params["seed"] == "9" and page.query_params["lam"] == "0.25"


def test_a_value_is_kept_before_its_correction_is_told(page: AppTest) -> None:
    page.number_input[0].set_value(-3).run()
    assert page.session_state["choices"].seed == 0
    page.number_input[0].set_value(5).run()
    assert page.session_state["choices"].seed == 5


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [
        ([], []),  # the whole page is drawn anyway
        (["of the dial"], [("plane", "rem")]),
        (["of the dial", "of another dial"], ["app"]),  # whose panels would stay as they are
    ],
)
def test_less_than_the_page_is_drawn_only_where_one_widget_asked(
    asked: list[str], drawn: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    reruns: list[object] = []
    monkeypatch.setattr(st, "rerun", reruns.append)
    context = SimpleNamespace(fragment_ids_this_run=asked)
    monkeypatch.setattr(state, "get_script_run_ctx", lambda: context)
    state._draw_again(("plane", "rem"))
    assert reruns == drawn
