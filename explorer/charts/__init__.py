"""From arrays and tables to Plotly figures; knows nothing of torch."""
