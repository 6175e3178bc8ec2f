# `make help` lists the targets. HOST, PORT, DATA_DIR and MODELS_DIR come from the environment or the command line
# (`make run PORT=9000`) and reach every manage.py command.

PY := .venv/bin/python
STAMPS := .venv/stamps
export PYTHONUNBUFFERED := 1
# Otherwise each of the many processes of the site and of the tests compiles our modules again.
unexport PYTHONDONTWRITEBYTECODE
# The name of a stamp contains the hash of what was installed: a second `make run` installs nothing and needs no network.
hash = $(shell cat $(1) 2>/dev/null | sha256sum | cut -c1-20)
SITE := $(STAMPS)/site-$(call hash,requirements.txt)
DEV := $(STAMPS)/dev-$(call hash,requirements.txt requirements/dev.txt)
FRONT := node_modules/.stamp-$(call hash,package.json package-lock.json .npmrc)
FRONT_DEV := $(FRONT)-dev
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
COMPILE := .venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help run setup test quick walk fuzz test-diffusion lint bench samples lock dev chromium

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s  %s\n", $$1, $$2}' Makefile

run: $(SITE) $(FRONT)  ## Set everything up, serve the site and print its URL
	@exec $(PY) manage.py up --with-parent

setup: $(SITE) $(FRONT)  ## Set everything up without serving
	@$(PY) manage.py prepare

test: dev $(FRONT_DEV) chromium  ## Run all tests: unit, contract, system, browser
	@$(PY) manage.py install_models
	@$(PY) -m pytest -n 4 --dist loadgroup

quick: dev $(FRONT_DEV)  ## Run all tests except slow and browser tests, in under two minutes
	@$(PY) manage.py install_models
	@$(PY) -m pytest -n 3 --dist loadgroup -m "not slow and not browser"

# In one process: the pages share a site and a browser.
walk: export WALK := full
walk: export WALK_DIR ?= $(CURDIR)/build/walk
walk: dev $(FRONT_DEV) chromium  ## Check every page in all widths, schemes and states, and keep a picture of each
	@$(PY) manage.py install_models
	@$(PY) -m pytest tests/browser/test_walk.py; status=$$?; echo "The pictures are in $$WALK_DIR."; exit $$status

# Another seed each time; the run prints it, and what it finds can be repeated with it.
fuzz: export FUZZ_REQUESTS ?= 5000
fuzz: export FUZZ_SEED ?= $(shell date +%s)
fuzz: dev  ## Send 5,000 random requests to the API and the site (FUZZ_REQUESTS, FUZZ_SEED)
	@$(PY) -m pytest tests/fuzz --show-capture=no

# Otherwise the threads of torch and ncnn would busy-wait for each other.
test-diffusion: export OMP_WAIT_POLICY := PASSIVE
test-diffusion: dev  ## Run the tests of Stable Diffusion in a separate environment, .venv-diffusion
	@$(PY) manage.py install_models
	@$(PY) -m venv .venv-diffusion
	@.venv-diffusion/bin/pip install --quiet --disable-pip-version-check -r requirements/diffusion.in
	@echo '$(CURDIR)/.venv/lib/python3.11/site-packages' > .venv-diffusion/lib/python3.11/site-packages/site.pth
	@.venv-diffusion/bin/python -m pytest tests/engine/processing/diffusion -v

# An empty database in memory: the check of the migrations would open the installation's.
lint: export DATABASE_URL := sqlite://:memory:
lint: dev $(FRONT_DEV)  ## Check style, types, templates, scripts, style sheets, imports between rooms and migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/djlint templates --check --lint --quiet
	@.ci/run-node node node_modules/eslint/bin/eslint.js --max-warnings 0 static .ci eslint.config.js
	@.ci/run-node node .ci/unused-classes.mjs
	@.venv/bin/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run

bench: dev  ## Measure the engine's speed and quality on this machine
	@$(PY) manage.py install_models
	@$(PY) -m bench

samples: dev  ## Create the before-and-after pictures for docs/models.md
	@$(PY) manage.py install_models
	@$(PY) -m bench.samples
	@$(PY) -m bench.style_sheet
	@$(PY) -m bench.training_sheets

lock: dev  ## Lock the requirements with hashes
	$(COMPILE) -o requirements.txt requirements/base.in
	$(COMPILE) -o requirements/dev.txt requirements/dev.in
	$(COMPILE) -o requirements/node.txt requirements/node.in
	$(COMPILE) -o requirements/diffusion.txt -c requirements.txt requirements/diffusion.in
	$(COMPILE) -o requirements/training.txt requirements/training.in

dev: $(DEV)

chromium:
	@.ci/install-chromium

$(PY):
	@.ci/make-venv

$(SITE): | $(PY)
	@.ci/quietly "Installing the Python packages (a minute or two)" $(PIP) -r requirements.txt
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/site-* && touch $@

$(DEV): $(SITE)
	@.ci/quietly "Installing the packages for tests and checks" $(PIP) -r requirements/dev.txt
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/dev-* && touch $@

$(FRONT): | $(PY)
	@.ci/install-front-end --omit=dev
	@rm -f node_modules/.stamp-* && touch $@

# Contains everything `make run` needs, so both stamps are set.
$(FRONT_DEV): | $(PY)
	@.ci/install-front-end
	@rm -f node_modules/.stamp-* && touch $(FRONT) $@
