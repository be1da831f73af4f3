"""Networks at AWS."""
