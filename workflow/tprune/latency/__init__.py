"""Measuring latency: the protocol, its engines, what the samples say and what the device was."""
