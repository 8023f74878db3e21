# make            says what there is to make
# make demo       from nothing to a reinterpretation; needs Python 3.11 or newer and the Python package index, no more

SHELL := /bin/sh
PY := .venv/bin/python
TRAILER := sample_media/trailer.mp4
# Without what it asks for, see docs/dependencies.md: so it cannot stand among the dependencies in pyproject.toml.
RAPIDOCR := rapidocr==3.10.0

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all lint types constraints clean

help:
	@echo "make demo         install, collect sample footage, and turn its trailer into another film"
	@echo "make test         the quick tests"
	@echo "make test-all     the slow ones too"
	@echo "make lint         style"
	@echo "make types        types"
	@echo "make install      only the virtual environment in .venv, with everything in it"
	@echo "make constraints  choose the newest versions to test against, and write them to constraints.txt"
	@echo "make clean        remove what was made: out, the sample footage, caches (.venv stays)"

install: .venv/installed

# The newest Python that the constraints were made for comes first, so that every package has a wheel for it.
define find_python
for candidate in "$$PYTHON" python3 python3.13 python3.12 python3.11; do \
  test -n "$$candidate" && "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
    >/dev/null 2>&1 && echo "$$candidate" && exit 0; \
done; \
for candidate in "$$PYTHON" python3; do \
  test -n "$$candidate" && "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    >/dev/null 2>&1 && echo "$$candidate" && exit 0; \
done; true
endef

# uv installs in a fraction of pip's time, but does not read pip's settings: they are handed on, and should uv not be
# there for this machine, or not find its way, pip does the work.
define from_pip
value() { "$(PY)" -m pip config get "install.$$1" 2>/dev/null || "$(PY)" -m pip config get "global.$$1" 2>/dev/null; }; \
words() { echo $$1 | tr ' ' "$$2"; }; \
index="$${PIP_INDEX_URL:-$$(value index-url)}"; \
extra="$${PIP_EXTRA_INDEX_URL:-$$(value extra-index-url)}"; \
links="$${PIP_FIND_LINKS:-$$(value find-links)}"; \
cert="$${PIP_CERT:-$$(value cert)}"; \
if test -n "$$index" && test -z "$$UV_DEFAULT_INDEX"; then export UV_DEFAULT_INDEX="$$index"; fi; \
if test -n "$$extra" && test -z "$$UV_INDEX"; then \
  export UV_INDEX="$$(words "$$extra" ' ')" UV_INDEX_STRATEGY="$${UV_INDEX_STRATEGY:-unsafe-best-match}"; fi; \
if test -n "$$links" && test -z "$$UV_FIND_LINKS"; then export UV_FIND_LINKS="$$(words "$$links" ',')"; fi; \
if test -n "$$cert" && test -z "$$SSL_CERT_FILE"; then export SSL_CERT_FILE="$$cert"; fi
endef

.venv/bin/python:
	@python=$$($(find_python)); \
	if test -z "$$python"; then \
	  echo "error: no Python 3.11 or newer was found: install one, or name it with make PYTHON=/path/to/python3" >&2; \
	  exit 1; fi; \
	echo "1/4 making .venv with $$("$$python" -V 2>&1) ..."; \
	if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	  echo "error: $$python cannot make virtual environments: install its venv part" \
	    "(on Debian and Ubuntu the package python3-venv), then run make again" >&2; \
	  exit 1; fi; \
	rm -rf .venv && "$$python" -m venv .venv || { rm -rf .venv; exit 1; }

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@if ! $(PY) -c 'import pip' >/dev/null 2>&1; then \
	  echo "error: .venv does not work any more: remove it (rm -r .venv) and run make again" >&2; exit 1; fi
	@echo "2/4 installing uv, which installs the rest ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --only-binary :all: -c constraints.txt uv \
	  || echo "uv cannot be had for this machine: pip will do, it only takes longer"
	@echo "3/4 installing reinterpret and what it needs (on Linux about 3 GB to fetch, most of it PyTorch's CUDA) ..."
	@$(from_pip); test -t 2 && quiet= || quiet=--quiet; \
	{ $(PY) -c 'import uv' >/dev/null 2>&1 \
	  && $(PY) -m uv pip install $$quiet --compile-bytecode --python $(PY) -c constraints.txt --group dev -e .; } \
	|| { echo "going on with pip instead of uv ..."; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" \
	  && $(PY) -m pip install --disable-pip-version-check -c constraints.txt --group dev -e .; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps "$(RAPIDOCR)" \
	  || echo "$(RAPIDOCR) cannot be had: lettering in pictures will not be looked for"
# opencv-python draws windows and so loads libGL, libxcb and libgthread, which servers and containers seldom have.
# The build of the same version without them does as well for all but the window of `webcam`.
	@echo "4/4 checking ..."
	@if ! $(PY) -c 'import cv2' >/dev/null 2>&1; then \
	  version=$$($(PY) -c 'from importlib.metadata import version; print(version("opencv-python"))') || exit 1; \
	  echo "opencv-python cannot be loaded, as this system has no libGL or libxcb:" \
	    "putting opencv-python-headless $$version in its place"; \
	  $(PY) -m pip uninstall --quiet --yes opencv-python \
	  && $(PY) -m pip install --quiet --disable-pip-version-check --no-deps "opencv-python-headless==$$version" \
	  && $(PY) -c 'import cv2' || exit 1; fi
	@touch $@

demo: install
	@echo "demo 1/4: sample footage"
	@$(PY) sample_media/collect.py
	@mkdir -p out
	@echo "demo 2/4: indexing the archive"
	.venv/bin/reinterpret index sample_media/archive -L out/library
	@echo "demo 3/4: the trailer, seen through the archive"
	.venv/bin/reinterpret trailer $(TRAILER) -L out/library -o out/demo.mp4 --layout both --sheet out/demo-sheet.jpg
	@echo "demo 4/4: what in the archive resembles its first moments"
	.venv/bin/reinterpret grid -L out/library -o out/grid.png --video $(TRAILER) --at 1
	@for file in out/demo.mp4 out/demo.side-by-side.mp4 out/demo-sheet.jpg out/grid.png; do \
	  test -s "$$file" || { echo "error: $$file was not made" >&2; exit 1; }; done
	@echo
	@echo "out/demo.mp4               the reinterpretation, under the trailer's own sound"
	@echo "out/demo.side-by-side.mp4  the trailer on one side, the reinterpretation on the other"
	@echo "out/demo-sheet.jpg         every trailer shot beside its match"
	@echo "out/grid.png               the archive shots closest to one moment of the trailer"

# Side by side; each process holds PyTorch and films of its own, so not as many as there are cores.
test: install
	.venv/bin/python -m pytest -m "not slow" -n auto --maxprocesses 4 --dist worksteal

test-all: install
	.venv/bin/python -m pytest

lint: install
	.venv/bin/python -m ruff check .

types: install
	.venv/bin/python -m mypy

constraints: | .venv/bin/python
	@$(PY) -c 'import uv' >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(from_pip); unset UV_FIND_LINKS; \
	$(PY) -m uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --quiet \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o constraints.txt
	@echo "constraints.txt: $$(grep -c == constraints.txt) versions"

clean:
	rm -rf out build .pytest_cache .mypy_cache .ruff_cache *.egg-info
	rm -rf sample_media/archive sample_media/trailer.mp4 sample_media/trailer.answers.json sample_media/.manifest.json
	find reinterpret tests benchmarks sample_media -name __pycache__ -type d -prune -exec rm -rf {} +
