"""What watches an environment."""
