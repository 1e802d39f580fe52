"""Files of a chart or table: SVG, PNG, PDF, CSV, and the Python that makes it."""
