"""From networks and choices to arrays and tables; knows nothing of Streamlit."""
