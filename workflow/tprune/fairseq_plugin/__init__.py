"""Our task, model, criterion and optimiser, registered with fairseq by being imported."""

import argparse

import torch

from tprune.fairseq_plugin import criterion, model, optimizer, task  # noqa: F401

# fairseq keeps its options in every checkpoint as a Namespace, plain data; torch loads nothing but
# plain data by default and has to be told that this is some, or no training would resume.
torch.serialization.add_safe_globals([argparse.Namespace])
