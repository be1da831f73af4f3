"""The twin: stands in for AWS and Kubernetes, so that an environment can be rehearsed by the real engine."""
