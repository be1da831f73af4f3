"""Events from Kafka to a curated table of the lake: made, cleaned, deduplicated, checked and compacted."""
