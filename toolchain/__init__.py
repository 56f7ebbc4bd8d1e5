"""TinyML deployment toolchain: from data to a firmware image that is proved on the device."""

__version__ = "0.1.0"
