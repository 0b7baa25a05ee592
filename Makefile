# Everything a fresh machine needs: Python 3.11, make and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CUTS ?= 200
SEED ?= 1

.PHONY: setup setup-dev system demo test lint bench bench-map soak cuts translations lock clean

# Qt needs a few system libraries that a bare Debian lacks.
SYSTEM_LIBRARIES := libglib2.0-0 libatomic1 libegl1 libgl1 libopengl0 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libpulse0 \
  libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1
# Debian's own Python comes without the part that makes virtual environments.
SYSTEM_LIBRARIES += $(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)

setup: system $(VENV)/.installed

setup-dev: system $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新版本 / Python 3.11 or newer is needed"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

system:
	@sh .ci/system-libraries $(SYSTEM_LIBRARIES)

demo: setup
	$(BIN)/fieldsurvey demo

test: setup-dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 2 --dist loadfile -q --benchmark-disable

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-dev
	@for file in benchmarks/bench_*.py; do echo "== $$file"; QT_QPA_PLATFORM=offscreen $(BIN)/python $$file || exit 1; done

# The map at x1, x10 and x100, against QGIS where it is installed.
bench-map: setup-dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python benchmarks/bench_map.py

# Hours: every history, kill and mutated package that the releases are judged by.
soak: setup-dev cuts
	$(BIN)/python -m fieldsurvey.sync.simulate --seed 1 --histories 100000 --jobs $$(getconf _NPROCESSORS_ONLN)
	$(BIN)/python -m tests.faults.killing saves 400
	$(BIN)/python -m tests.faults.killing imports 100
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.faults.monkey --minutes 30 --seed 1
	$(BIN)/python -m tests.faults.damaged --count 3000 --seed 1
	FIELDSURVEY_SOAK=1 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q -p no:xdist --timeout 7200 -o faulthandler_timeout=0 \
	  --durations=8 tests/property tests/faults --ignore tests/faults/test_store_crash.py \
	  tests/unit/fieldsurvey/test_sync_simulation.py tests/unit/fieldsurvey/test_sync_package.py

# Pull the plug of the real window 200 times: whatever it acknowledged must be there.
cuts: setup-dev
	$(BIN)/python -m tests.faults.cutting $(CUTS) $(SEED)

translations: setup-dev
	$(BIN)/python -m tests.architecture.catalogues

# Pinned versions with hashes, for every platform; no index address may stand in them. What users get is what was tested.
lock: setup-dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --no-header --generate-hashes --python-version 3.11 pyproject.toml --extra dev -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --no-header --generate-hashes --python-version 3.11 pyproject.toml -c requirements-dev.lock -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
