"""The Pulumi engine: finding one, driving it, and telling what it did."""
