"""Fewer channels: the residual stream's width d_model is cut to the directions that carry most."""
