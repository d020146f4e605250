# Three commands for a fresh machine: `make run`, `make demo` and `make test`. Python 3.11 or newer with pip is all they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Many tests wait for a process or a socket, so there are more workers than cores.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 2)
PIP := $(BIN)/pip --disable-pip-version-check install -qq -c constraints.txt

# The files of tests lie in memory where a gigabyte is left; what a disk does to them is tried by the campaigns.
SCRATCH := $(or $(TMPDIR),$(shell df -kP /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 1000000 { print "/dev/shm" }'))

# Packages of node: where the registry does not answer, npm fails after a minute instead of trying on.
NPM := npm --fetch-retries=1 --fetch-timeout=60000

# Hundreds of tests start Python: none of these processes should compile everything anew, whatever the caller set.
export PYTHONDONTWRITEBYTECODE :=

# The files that have tests of a kind; all others need not be read to find them.
marked = $$(grep -rl --include='test_*.py' 'mark\.$(1)\b' tests)

.PHONY: run demo test api cli browser gateway planted-defences diagrams servers model-checking documents drawings exchange mermaid recordings planted-bugs planted-promises benchmark-forms crash channels power-cuts system-calls full-disk concurrent-reads mutations edge fuzz cancellation typed-programs benchmark-storage benchmark-machines benchmark-actors benchmark-search benchmark-gateway benchmark-starting benchmark-retention benchmark-counting lint types clean

# A gateway with the conversation of the demo, and its dashboard: `make run PORT=8000` at another port than 7420.
STATE ?= $(CURDIR)/.state
PORT ?= 7420
run: $(VENV)/.gateway
	@sh examples/run.sh $(BIN) $(STATE) $(PORT)

demo: $(VENV)/.product
	@sh examples/demo.sh $(BIN)

# One person on Telegram and Discord, another beside her, and a gateway, without an account: both are servers of this machine.
.PHONY: demo-channels
demo-channels: $(VENV)/.channels
	@PORT=$(if $(filter file,$(origin PORT)),0,$(PORT)) $(BIN)/python examples/channels.py

# Everything that needs no server and no data from elsewhere; on one process more than there are cores, for some wait.
test: $(VENV)/.tools
	TMPDIR=$(SCRATCH) $(BIN)/pytest -q -n $(WORKERS) --dist worksteal -m "not server and not data and not campaign and not spin and not graphviz and not documents and not exchange and not mermaid and not browser and not gateway"

# What needs a server: the tests start it themselves; and npm, for a tokenizer.
servers: $(VENV)/.tools
	$(PIP) --group servers
	$(NPM) install --silent --no-package-lock --prefix $(VENV)-tokenizer @anthropic-ai/tokenizer@0.0.4
	$(BIN)/pytest -q -m server $(call marked,server)

# What Spin proves of the lifecycles, a second opinion: it needs `spin` and a C compiler (Debian's packages spin, gcc).
model-checking: $(VENV)/.tools
	$(BIN)/pytest -q -m spin $(call marked,spin)

# What Graphviz makes of machines drawn as DOT: it needs `dot` (Debian's package graphviz).
drawings: $(VENV)/.tools
	$(BIN)/pytest -q -m graphviz $(call marked,graphviz)

# Documents with pictures of machines, built by Sphinx, MkDocs and Jupyter, which this installs.
documents: $(VENV)/.tools
	$(PIP) --group documents
	$(BIN)/pytest -q -m documents $(call marked,documents)

# Gateways and chats in processes of their own, and attacks on the former (docs/security.md): 4,000 new sessions, or 100,000 with LONG=1.
gateway: $(VENV)/.tools
	TMPDIR=$(SCRATCH) LONG=$(LONG) $(BIN)/pytest -q -m gateway tests/gateway/attacks $(call marked,gateway)

# Defences of a gateway taken out, one at a time: the attack against each has to succeed. A third of them, another one at
# each second, or all with LONG=1.
planted-defences: $(VENV)/.tools
	TMPDIR=$(SCRATCH) ARGENT_TURN=$(if $(LONG),,$(shell date +%s)) $(BIN)/pytest -q tests/gateway/attacks/test_defences.py

# The dashboard in a real browser: it needs Debian's package chromium, and npm, which fetches axe. Two files at a time,
# each with one gateway.
browser: $(VENV)/.tools
	$(NPM) install --silent --no-package-lock --no-save --prefix $(VENV)-browser axe-core@4
	TMPDIR=$(SCRATCH) $(BIN)/pytest -q -n 2 --dist loadfile -m browser tests/browser

# What is written as XState's JSON and as SCXML, run by XState and by SCION: it needs node and npm, and fetches both.
exchange: $(VENV)/.tools
	$(NPM) install --silent --no-package-lock --prefix $(VENV)-exchange xstate@5 @scion-scxml/scxml@4
	LONG=$(LONG) $(BIN)/pytest -q -m exchange $(call marked,exchange)

# What mermaid itself draws, and refuses: 800 texts, or 40,000 with LONG=1; it needs node and npm, and fetches mermaid.
mermaid: $(VENV)/.tools
	$(NPM) install --silent --no-package-lock --prefix $(VENV)-mermaid mermaid@11 jsdom
	LONG=$(LONG) $(BIN)/pytest -q -m mermaid $(call marked,mermaid)

# What needs real recordings: in ../shared/data, or where ARGENT_DATA says.
recordings: $(VENV)/.tools
	$(BIN)/pytest -q -m data $(call marked,data)

# Bugs planted into the shipped modules, each found by what generated lives see, which find nothing without: a third of
# them, another one at each second, or all with LONG=1, and then also 60 bugs in programs written by
# hand, under ten seeds; and bugs planted into a store, found by the suite for stores.
planted-bugs: $(VENV)/.tools
	TMPDIR=$(SCRATCH) ARGENT_SEEDS=4 ARGENT_TURN=$(if $(LONG),,$(shell date +%s)) $(BIN)/pytest -q -n $(WORKERS) --dist worksteal tests/lifecycle$(if $(LONG), tests/machines/testing/test_planted_bugs.py,/test_planted_bugs.py) tests/storage/test_own_store.py::test_what_is_wrong_with_a_store_is_found

# Lives of senders, generated from pairing.mmd, with guilds, accounts and restarts: 100, or 10,000 with LONG=1 (half an hour of a core).
.PHONY: pairings
pairings: $(VENV)/.tools
	TMPDIR=$(SCRATCH) ARGENT_SEEDS=$(if $(LONG),500,5) $(BIN)/pytest -q -n $(WORKERS) tests/actors/pairing/test_pairing_lives.py

# Guards of docs/promises.md taken out, one at a time: the test that the page names has to notice.
planted-promises: $(VENV)/.tools
	$(BIN)/pytest -q tests/promises

# The benchmarks of the actors still run, each in its shortest form.
benchmark-forms: $(VENV)/.tools
	$(BIN)/pytest -q tests/test_benchmarks.py

# Killed with -9 at every moment: 300 lives, or 10,000 with LONG=1; and 15 or 150 while tools run.
crash: $(VENV)/.tools
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_crash.py tests/campaigns/test_calls.py tests/campaigns/test_going_back.py

# Gateways that are connected to a platform, killed with -9 between a message and its acknowledgement, a reply and its
# delivery, a delivery and its record: 8 times, or 200 with LONG=1; and while a reply is shown that is being made: 3 or 60.
channels: $(VENV)/.tools
	TMPDIR=$(SCRATCH) $(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_channels.py

# The power cut under ext4 and XFS, as root on Linux: 100 cuts, or 1,000 with LONG=1.
power-cuts: $(VENV)/.tools
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_power_cut.py

# Every system call of the store fails once, by strace, on Linux; LONG=1 for each of them in every way.
system-calls: $(VENV)/.tools
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_system_calls.py

# Disks with too little room: every page, every inode, every third byte, or every byte with LONG=1.
full-disk: $(VENV)/.tools
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_full_disk.py

# Files are read while they are written: 30,000 times, or 300,000 with LONG=1.
concurrent-reads: $(VENV)/.tools
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_reads.py

# Damaged journals and files: 750, or 7,500 with LONG=1.
mutations: $(VENV)/.tools
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_mutations.py

# Nonsense at the public methods, the control socket and machines, killed now and then: 1,000 calls, or 20,000 with LONG=1.
edge: $(VENV)/.tools
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_edge.py

# All that the description of the HTTP API allows, and more: 2,000 requests, or 20,000 with LONG=1.
fuzz: $(VENV)/.tools
	$(PIP) --group fuzz
	$(BIN)/pytest -q -s $(if $(LONG),--long) tests/campaigns/test_fuzz.py

# Programs that use the installed package, as a wheel or editable, pass mypy and pyright strictly.
typed-programs: $(VENV)/.tools
	$(BIN)/pytest -q tests/test_typed_programs.py

# Cancelled at every moment: on files at some of them, as in `make test`, or at all with LONG=1.
cancellation: $(VENV)/.tools
	$(BIN)/python -m pytest -q --timeout 1200 -p tests.campaigns.conftest $(if $(LONG),--long) $$(find tests/actors -name "test_cancel*.py")

# What storing costs, beside peers (docs/benchmarks.md): a smoke run, or all of it, half an hour, with LONG=1.
benchmark-storage: $(VENV)-benchmarks/.ready
	$(VENV)-benchmarks/bin/python -m benchmarks.storage $(if $(LONG),,--quick) $(BENCHMARK)

# What deciding costs, beside peers (docs/benchmarks.md): two minutes; XState too, where node and npm are installed.
benchmark-machines: $(VENV)-benchmarks/.ready
	$(VENV)-benchmarks/bin/python -m benchmarks.machines $(BENCHMARK)

# What a session in memory costs, beside peers, and what it does to others (docs/benchmarks.md): a smoke run, or all of
# it, half an hour, with LONG=1; BENCHMARK="soak" for the twenty minutes of the soak.
benchmark-actors: $(VENV)-benchmarks/.ready
	$(VENV)-benchmarks/bin/python -m benchmarks.actors $(if $(LONG),,--quick) $(BENCHMARK)

# What lists and searches of ten thousand sessions cost (docs/benchmarks.md): ten minutes, or a smoke run.
benchmark-search: $(VENV)/.tools
	$(BIN)/python -m benchmarks.search $(if $(LONG),,--quick) $(BENCHMARK)

# What a gateway adds to the time until a reply begins, while a thousand clients listen (docs/benchmarks.md): two
# minutes on a machine that does nothing else, or a smoke run.
benchmark-gateway: $(VENV)/.tools
	$(BIN)/python -m benchmarks.gateway $(if $(LONG),,--quick) $(BENCHMARK)

# How long `argent` takes to start, beside Python itself (docs/benchmarks.md): ten seconds.
benchmark-starting: $(VENV)/.tools
	$(BIN)/python -m benchmarks.starting --check $(BENCHMARK)

# How much of planted facts an extract keeps after 1, 5 and 20 compactions (docs/benchmarks.md): some minutes.
benchmark-retention: $(VENV)/.tools
	$(BIN)/python -m benchmarks.retention $(BENCHMARK)

# How far the estimate of a context is from what three tokenizers count (docs/benchmarks.md): three minutes.
benchmark-counting: $(VENV)/.tools
	$(BIN)/python -m benchmarks.counting $(BENCHMARK)

# The page of the public API, docs/api.md, written from the docstrings.
api: $(VENV)/.tools
	$(BIN)/python docs/generate_api.py

# The page of the command line, docs/cli.md, written from its help.
cli: $(VENV)/.product
	$(BIN)/python docs/generate_cli.py

# The diagrams in the documents are those of the program.
diagrams: $(VENV)/.product
	$(BIN)/argent diagram check *.md docs/*.md

lint: $(VENV)/.tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/bandit -q -r -lll argentos/*.py actors concurrency gateway llm machines storage # nothing of high severity

types: $(VENV)/.tools
	$(BIN)/mypy
	$(BIN)/mypy docs/generate_api.py
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pyright --pythonpath $(BIN)/python docs/generate_api.py
	PATH=$(abspath $(BIN)):$$PATH $(BIN)/pyright --verifytypes argentos --ignoreexternal # fails below 100 %

$(VENV)/.product: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) pip
	$(PIP) --editable .
	@touch $@

$(VENV)/.gateway: $(VENV)/.product
	$(PIP) --editable '.[chat,gateway]'
	@touch $@

$(VENV)/.channels: $(VENV)/.product
	$(PIP) --editable '.[discord,telegram]'
	@touch $@

$(VENV)/.tools: $(VENV)/.product
	$(PIP) --group test --group lint
	@touch $@

$(VENV)-benchmarks/.ready: pyproject.toml benchmarks/constraints.txt
	$(PYTHON) -m venv $(VENV)-benchmarks
	$(VENV)-benchmarks/bin/pip --disable-pip-version-check install -qq -c benchmarks/constraints.txt pip
	$(VENV)-benchmarks/bin/pip --disable-pip-version-check install -qq -c benchmarks/constraints.txt --editable . --group benchmarks
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-benchmarks build *.egg-info
