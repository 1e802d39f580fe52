"""What a viewer chose, to and from the page's address."""
