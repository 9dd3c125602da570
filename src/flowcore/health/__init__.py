"""Health of live objects, in Argo CD's words."""
