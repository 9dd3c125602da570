"""The catalogue of node kinds: one YAML file per kind."""
