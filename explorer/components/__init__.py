"""Controls of our own, for what Streamlit has none."""
