"""Working together: teams, grants, giving things away."""
