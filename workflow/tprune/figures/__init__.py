"""Figures: each drawn from one or two result tables, with a palette that the colour-blind can tell."""
