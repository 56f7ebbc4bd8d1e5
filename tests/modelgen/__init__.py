"""Generators of small ``.tflite`` files for tests."""
