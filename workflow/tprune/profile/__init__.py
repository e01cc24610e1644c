"""The sparsity profile: what the BSSL sweep says about where a model's lines can go."""
