# Two commands for a fresh machine: `make demo` and `make test`. Python 3.11 or newer with pip is all they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check install -qq -c constraints.txt

.PHONY: demo test servers recordings lint types clean

demo: $(VENV)/.product
	@sh examples/demo.sh $(BIN)

# Everything that needs no server and no data from elsewhere.
test: $(VENV)/.tools
	$(BIN)/pytest -q -m "not server and not data"

# What needs a server: the tests start it themselves.
servers: $(VENV)/.tools
	$(PIP) --group servers
	$(BIN)/pytest -q -m server

# What needs real recordings: in ../shared/data, or where ARGENT_DATA says.
recordings: $(VENV)/.tools
	$(BIN)/pytest -q -m data

lint: $(VENV)/.tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.tools
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

$(VENV)/.product: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) pip
	$(PIP) --editable .
	@touch $@

$(VENV)/.tools: $(VENV)/.product
	$(PIP) --group test --group lint
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info
