"""What people do with stacks."""
