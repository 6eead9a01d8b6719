"""The open-source virtual waiting room for Python shops."""

__version__ = "0.1.0"
