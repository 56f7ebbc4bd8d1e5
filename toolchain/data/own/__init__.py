"""A user's own recordings: read from whatever they are in, kept in the kit's folder ``data`` in one plain form."""
