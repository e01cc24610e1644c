"""Translations of the test set by the artefact that ships, their scores and what a difference is worth."""
