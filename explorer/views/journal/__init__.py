"""The Journal page: dreams that were kept, and their files."""
