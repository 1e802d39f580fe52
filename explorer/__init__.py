"""The PAD dream explorer: ``streamlit run explorer/app.py``."""
