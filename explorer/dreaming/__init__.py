"""Dreams and walks: from networks and choices to pictures and numbers, without Streamlit."""
