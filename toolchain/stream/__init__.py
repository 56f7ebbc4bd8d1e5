"""Live answers of a board: what it is fed with, what it says, recordings of it."""
