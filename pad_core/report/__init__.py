"""The paper's claims, tables and figures, drawn from checkpoints."""
