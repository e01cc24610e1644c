"""Our task, model, criterion and optimiser, registered with fairseq by being imported."""

from tprune.fairseq_plugin import criterion, model, optimizer, task  # noqa: F401
