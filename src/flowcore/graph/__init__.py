"""Questions about the shape of a drawing: what comes before what, and where it runs in a circle."""
