"""The one exception a user is meant to read."""


class TPruneError(Exception):
    """A problem the user can mend; its text names the file or key, what was found and what to do."""
