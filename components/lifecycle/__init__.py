"""What watches over an environment from its creation to its end."""
