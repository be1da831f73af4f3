"""From events to a curated table."""
