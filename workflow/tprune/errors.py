"""The exceptions a user is meant to read."""


class TPruneError(Exception):
    """A problem the user can mend; its text names the file or key, what was found and what to do."""


class FinishedElsewhereError(TPruneError):
    """Another process made what was to be made here, to the end: nothing is left to do, or to mend."""
