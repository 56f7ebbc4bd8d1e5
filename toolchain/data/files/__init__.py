"""Readers of sounds, tables and pictures: to raw samples as a kit takes them."""
