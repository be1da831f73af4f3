"""Examples, as their users get them."""
