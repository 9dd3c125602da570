"""flowcore: draw a Kubernetes application as a graph, render it, compare it, keep it."""
