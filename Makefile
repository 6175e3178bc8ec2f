.PHONY: lock
PY := .venv/bin/python

lock:  ## Lock the requirements with hashes
	.venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -o requirements.txt requirements/base.in
	.venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -o requirements/dev.txt requirements/dev.in
