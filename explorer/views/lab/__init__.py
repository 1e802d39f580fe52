"""The Lab page: dreams that are looked for, a sight each."""
