"""Spark, by its operator or by EMR."""
