"""The service mesh, and the way into the cluster from outside."""
