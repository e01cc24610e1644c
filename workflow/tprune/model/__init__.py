"""The Transformer whose every layer has its own sizes."""
