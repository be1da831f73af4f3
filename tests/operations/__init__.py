"""Tests of what people do with stacks."""
