# make all      the default study: environment, models, tables, figures, results/report.html
# make rivals   the same with group lasso and models from scratch in its tables
# make study    the study of config/study.yaml: methods at several operating points (hours)
# make study-docs   puts its tables and figures into docs/study
# Both take another study by STUDY, STUDY_RESULTS and STUDY_DOCS: see config/study_layers.yaml
# make test     the tests
#
# Variables: PYTHON (3.11 or 3.12), CORES, and SNAKEMAKE_ARGS with REPORT for a study of your own:
#   make all SNAKEMAKE_ARGS="--configfile config/mine.yaml" REPORT=results/mine/report.html

PYTHON = python3
CORES = all
SNAKEMAKE_ARGS =
REPORT = results/report.html
STUDY = config/study.yaml
STUDY_RESULTS = results/study
STUDY_DOCS = docs/study
BIN = .venv/bin
SUPPORTED = 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'

.PHONY: all rivals study study-docs test clean-env

all rivals: .venv/.installed
	$(BIN)/snakemake $@ --cores $(CORES) $(SNAKEMAKE_ARGS)
	$(BIN)/snakemake $@ --cores $(CORES) $(SNAKEMAKE_ARGS) --report $(REPORT)

study: .venv/.installed
	$(BIN)/snakemake study --cores $(CORES) --configfile $(STUDY) $(SNAKEMAKE_ARGS)

# What was there stays until the new folder is whole.
study-docs:
	@test -d $(STUDY_RESULTS)/study/docs || { echo "$(STUDY_RESULTS)/study/docs is missing: run make study first" >&2; exit 1; }
	rm -rf $(STUDY_DOCS).new
	cp -r $(STUDY_RESULTS)/study/docs $(STUDY_DOCS).new
	rm -f $(STUDY_DOCS).new/.snakemake_timestamp
	rm -rf $(STUDY_DOCS)
	mv $(STUDY_DOCS).new $(STUDY_DOCS)

# Two processes, as many tests wait more than they compute: tests/conftest.py says which goes to which. With --capture=sys
# the programs that tests start show their progress.
test: .venv/.installed
	$(BIN)/python -m pytest --verbose --capture=sys --durations=10 --numprocesses=2

clean-env:
	rm -rf .venv

# Of pip's hundreds of lines, those are shown that tell it is at work; its warnings and errors all are.
.venv/.installed: envs/requirements.txt workflow/pyproject.toml
	@for python in $(PYTHON) python3.12 python3.11; do \
	  if $$python -c $(SUPPORTED) 2>/dev/null; then break; fi; \
	  python=; \
	done; \
	if test -z "$$python"; then \
	  echo "Python 3.11 or 3.12 is needed; $(PYTHON) is `$(PYTHON) --version 2>&1`. Install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
	  exit 1; \
	fi; \
	echo "Setting up .venv with `$$python --version` from envs/requirements.txt: a few minutes, once"; \
	$$python -m venv .venv
	@rm -f .venv/.installed .venv/.packages
	@{ $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
	     --requirement envs/requirements.txt && touch .venv/.packages; } \
	  | awk '/^Collecting/ && ++found % 10 == 0 { print "  " found " packages found"; fflush() } \
	         /Downloading .*MB\)/ { print "  fetching " $$2 " " $$3 " " $$4; fflush() } \
	         /^Installing/ { print "  installing"; fflush() }'
	@test -f .venv/.packages
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation \
	  --editable workflow
	@touch .venv/.installed
	@echo "  .venv is ready"
