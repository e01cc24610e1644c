"""The folder for `--user-dir`.

fairseq puts its parent on sys.path, so it stands where that parent shadows no module of others.
"""

import tprune.fairseq_plugin  # noqa: F401
