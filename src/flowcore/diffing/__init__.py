"""What differs between two values, and between two versions of a drawing."""
