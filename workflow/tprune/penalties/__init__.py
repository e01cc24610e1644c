"""Penalties that make lines die: group lasso, and group Hoyer-square."""
