"""A Kubernetes API simulator on loopback; it runs no containers and says so."""
