"""The ground floor and the front door. The version is that of pyproject.toml."""

__version__ = "0.1.0"
