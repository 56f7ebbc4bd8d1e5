"""A look at a kit's data before anything is trained: figures, what is odd, a picture."""
