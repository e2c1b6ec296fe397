# Everything a developer runs. A machine needs make and either npm or Bun, nothing else.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BUN := .tools/bun
READY := node_modules/.ready
# With git's log: the program names its commit.
SOURCES := $(shell find src packaging -type f -not -path 'packaging/doc/*') package.json bun.lock tsconfig.json scripts/build.ts scripts/compile.ts scripts/toolchain.json $(wildcard .git/logs/HEAD)
HOST := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)

# Another Bun, or none, at .tools/bun: get the right one. It is known by its digest: another one is not run.
ifneq ($(shell scripts/bootstrap --check && echo pinned),pinned)
.PHONY: $(READY)
endif

.PHONY: help demo demo-remote check test lint build deb lerobot-plugin e2e bench bench-web bench-fleet bench-network bench-clients bench-record pictures links links-network chaos siege mutants release clean

help: ## say what can be made
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(READY) dist/so101-linux-$(HOST) ## teleoperate two simulated arms, live; ARMS=new: set them up on the page; Ctrl-C ends it
	@$(BUN) $(if $(ARMS),scripts/demo/new-arms.ts $(ARMS),scripts/demo.ts)

demo-remote: $(READY) dist/so101-linux-$(HOST) ## the same with each arm on a machine of its own, and a broker between; needs mosquitto
	@$(BUN) scripts/demo/two-machines.ts

# What a minute can tell: no simulated ports, no compiled program, no machines.
check: lint ## check format, lint, types and the fast tests, in some three minutes
	@$(BUN) test --only-failures test/architecture.test.ts $(addprefix test/,arm cli config daemon feetech host messages packaging teleop workflows)

# The program for the Pi is tested where it was built, and then not an old one.
test: $(READY) dist/so101-linux-$(HOST) $(wildcard dist/so101-linux-arm64) ## run all tests
	@$(BUN) scripts/run-tests.ts

lint: $(READY) ## check format, lint and types
	$(BUN) run --bun --silent biome check
	$(BUN) run --bun --silent tsc
	$(BUN) run --bun --silent tsc --project src/web/page

build: dist/so101-linux-x64 dist/so101-linux-arm64 ## compile the program, for this machine and for the Pi

deb: $(READY) dist/so101-linux-x64 dist/so101-linux-arm64 ## build the Debian packages, arm64 and amd64
	@$(BUN) packaging/build.ts

lerobot-plugin: $(READY) ## build the plugin for LeRobot's workstation, a Python wheel: it is in the Debian packages, too
	@$(BUN) packaging/lerobot/wheel.ts

# Both Debian releases, or those that SO101_SUITES names. The machines' disks are kept in .vm.
e2e: deb ## install the package on emulated machines, plug arms in, and make all go wrong; as root
	$(BUN) test ./test/vm/appliance.e2e.ts

bench: $(READY) dist/so101-linux-$(HOST) ## measure latency, rate, start-up, CPU and memory
	@$(BUN) scripts/bench.ts

bench-web: $(READY) dist/so101-linux-$(HOST) ## measure the page in Chromium: its size, start, frames, delays, memory
	@$(BUN) scripts/bench-web.ts $(if $(ONLY),--only $(ONLY))

bench-fleet: $(READY) dist/so101-linux-$(HOST) ## measure what 200 machines at a broker cost who watches them; needs mosquitto
	@$(BUN) scripts/bench-fleet.ts

bench-network: $(READY) dist/so101-linux-$(HOST) ## measure what following a leader of another machine adds, over a broker on loopback
	@$(BUN) scripts/bench-network.ts $(if $(SECONDS),--seconds $(SECONDS))

bench-clients: $(READY) dist/so101-linux-$(HOST) ## measure how long a client's command takes to the follower's bus
	@$(BUN) scripts/bench-clients.ts $(if $(SECONDS),--seconds $(SECONDS)) $(if $(ONLY),--only '$(ONLY)')

bench-record: $(READY) dist/so101-linux-$(HOST) ## measure what recording costs the arms that are recorded
	@$(BUN) scripts/bench-record.ts $(if $(SECONDS),--seconds $(SECONDS))

pictures: $(READY) dist/so101-linux-$(HOST) ## take the manual's pictures of the page's screens anew
	@SO101_PICTURES=1 $(BUN) test ./test/e2e/web-screens.test.ts -t picture

links: $(READY) ## show what late replies do to rate and goals, beside LeRobot's loop
	@$(BUN) scripts/links.ts

links-network: $(READY) dist/so101-linux-$(HOST) ## follow a leader over bad networks and cuts of them, 10 minutes each; SECONDS=20: for so long; as root
	@$(BUN) scripts/links-network.ts $(if $(SECONDS),--seconds $(SECONDS)) $(if $(ONLY),--only '$(ONLY)') $(if $(LANES),--lanes)

chaos: $(READY) dist/so101-linux-$(HOST) ## beat the program with random faults for ten minutes; NETWORK=1: two machines of it; CLIENTS=1: clients and replays drive
	@$(BUN) scripts/chaos.ts --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(if $(NETWORK),--network) $(if $(CLIENTS),--clients)

siege: $(READY) dist/so101-linux-$(HOST) ## besiege the program with hostile input for five minutes; as root for all of it
	@$(BUN) scripts/siege.ts $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) $(if $(MINUTES),--minutes $(MINUTES))

release: $(READY) ## say what it takes to release VERSION=X.Y.Z; do it with COMMIT=1, sign it with SIGN=SSH_KEY
	@$(BUN) scripts/release.ts $(VERSION) $(if $(COMMIT),--commit) $(if $(SIGN),--sign '$(SIGN)')

mutants: $(READY) ## change the code in small ways, and see whether the tests notice
	@$(BUN) scripts/mutants.ts

clean: ## remove what was built; Bun and the packages stay
	rm -rf dist

dist/so101-linux-%: $(READY) $(SOURCES)
	@$(BUN) scripts/build.ts $*

$(READY): package.json bun.lock scripts/bootstrap scripts/toolchain.json
	@scripts/bootstrap
