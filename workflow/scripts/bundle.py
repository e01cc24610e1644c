"""Makes bundle.tar.gz and its manifest: Python and CTranslate2 for aarch64, out of packages."""

from tprune import logs
from tprune.latency.bundle_archive import make_bundle
from tprune.latency.bundle_packages import default_cache

logs.start(snakemake.log[0])
make_bundle(snakemake.output.archive, snakemake.params.ctranslate2, default_cache())
