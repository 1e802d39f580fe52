"""What comes from the browser while the program goes from one page to another."""

from streamlit.testing.v1 import AppTest


def test_a_widget_whose_page_is_gone_says_nothing():
    def script():
        import streamlit as st

        from explorer.session.state import reported

        def take():
            st.session_state["heard"] = (reported("box"), reported("gone"))

        st.checkbox("Box", key="box", on_change=take)

    at = AppTest.from_function(script).run()
    at.checkbox[0].check().run()
    assert not at.exception
    assert at.session_state["heard"] == (True, None)


def test_a_view_that_was_opened_is_wanted_until_its_page_is_there():
    def script():
        import streamlit as st

        from explorer.session.choices import Choices
        from explorer.session.state import bound_for, open_view

        st.session_state["asked"] = [bound_for("dream")]
        open_view("wall", Choices.at_first())
        # The second run that was to switch is ended by a request from the former page.
        st.session_state["asked"] += [
            bound_for(here) for here in ("dream", "dream", "wall", "dream")
        ]

    at = AppTest.from_function(script).run()
    assert not at.exception
    assert at.session_state["asked"] == [None, "wall", "wall", None, None]
