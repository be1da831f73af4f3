"""What an environment takes from the internet, and how it gets into a registry of one's own."""
