# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock: `make help` says what there is.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# The kernel to build the module for: its release, or its build directory.
ifdef KVER
KDIR ?= /lib/modules/$(KVER)/build
else
KDIR ?= /lib/modules/$(shell uname -r)/build
KVER := $(or $(shell cat "$(KDIR)/include/config/kernel.release" 2>/dev/null),$(shell uname -r))
endif

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CFLAGS  ?= -O2 -g
V       ?=

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

# ---------------------------------------------------------------- module
# A farm of links per kernel keeps the objects out of the sources, so that one
# tree builds for several kernels at once.
FARM    := $(BUILD)/$(KVER)
SOURCES := Kbuild $(wildcard kernel/*.[ch])
LINKS   := $(addprefix $(FARM)/,$(SOURCES) include)

-include userspace/build.mk
-include tests/helpers/build.mk
-include tests/torture/build.mk
-include tests/bad/build.mk
-include tests/fuzz/build.mk
-include tests/bench/build.mk

.PHONY: all module tools programs
all: module tools pages ## build module, tools and manual (V=1 shows the commands)

module: $(LINKS) ## build the module for KVER=RELEASE or KDIR=DIRECTORY
	@test -e "$(KDIR)/Makefile" || { echo "make: no kernel headers in $(KDIR);\
 install linux-headers-$(KVER), or choose others by KVER= or KDIR=" >&2; exit 1; }
	$(say) MODULE $(FARM)/aimlock.ko
	$(Q)$(MAKE) -C "$(KDIR)" M="$(CURDIR)/$(FARM)" $(if $(Q),-s) V=$(V) \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules

$(LINKS): $(FARM)/%: | %
	@mkdir -p $(@D)
	@ln -sfnr $* $@

tools: ## build the command line tool
	@:

programs: $(HELPER_PROGS) ## build the programs that the tests use
	@:

# ---------------------------------------------------------------- tests
.PHONY: check test test-all test-debug coverage test-dkms test-service test-fleet deb test-deb torture fuzz bench table demo vm
check: ## static checks: warnings as errors, sparse, style, interfaces in step
	$(Q)tests/check/run

test: ## boot each kernel and run the cases (KERNEL=6.12, CASE=03 choose)
	$(Q)tests/vm/run $(KERNEL)

test-all: ## the same on every kernel of tests/vm/kernels
	$(Q)tests/vm/run all

test-debug: ## the same on kernels that look for mistakes (the first time builds them)
	$(Q)tests/vm/debug $(KERNEL)

coverage: ## the lines of module and tool that the cases run, on a debug kernel
	$(Q)tests/vm/coverage $(KERNEL)

test-dkms: ## DKMS on a Debian that boots (SUITE=bookworm)
	$(Q)tests/vm/dkms $(SUITE)

test-service: ## aimlockd as a service of a Debian that boots (SUITE=bookworm)
	$(Q)tests/vm/service $(SUITE)

deb: ## Debian packages, built in a root of SUITE=bookworm, into build/deb
	$(Q)tests/vm/deb $(SUITE)

test-deb: ## install, upgrade and purge them on a Debian that boots (SUITE=bookworm)
	$(Q)tests/vm/packages $(SUITE)

test-fleet: ## Ansible sets up a Debian that boots, Prometheus asks it (SUITE=bookworm)
	$(Q)tests/vm/fleet $(SUITE)

torture: ## a thousand lockers and four clearers at once (KERNEL=, MINUTES=10)
	$(Q)tests/vm/torture $(KERNEL)

fuzz: ## inputs by chance: all parsers, then the module (INPUTS=, SEED=, KERNEL= choose)
	$(Q)tests/fuzz/parsers
	$(Q)tests/fuzz/guest-run $(KERNEL)

bench: ## measure against lslocks, lsof, fuser, flock and etcd (BENCH_QUICK=1 tries it)
	$(Q)tests/bench/run $(KERNEL)

table: ## what today's tools show of such locks: run it, and put it into README
	$(Q)tests/vm/table $(KERNEL)

demo: ## the story in three minutes, in a throw-away virtual machine
	$(Q)tests/vm/demo $(KERNEL)

vm: ## a root shell in such a machine, module loaded (KERNEL=6.1 chooses)
	$(Q)tests/vm/shell $(KERNEL)

export CASE FLAVOUR INPUTS MINUTES RESULTS RUNS SEED V BENCH_QUICK BENCH_REPEAT BENCH_README PARTS

# ---------------------------------------------------------------- installation
.PHONY: install install-module uninstall uninstall-module clean help
install: install-module ## install module, tool, man page, completion (DESTDIR, PREFIX)
# Not by the kernel's modules_install: with Debian's headers it wants a signing
# key and a System.map that are not there.
install-module: module
	$(Q)install -Dm644 $(FARM)/aimlock.ko \
		"$(DESTDIR)/lib/modules/$(KVER)/extra/aimlock.ko"
	$(Q)$(if $(DESTDIR),:,depmod $(KVER))

uninstall: uninstall-module ## remove what install put there
uninstall-module:
	$(Q)rm -f "$(DESTDIR)/lib/modules/$(KVER)/extra/aimlock.ko"*
	$(Q)$(if $(DESTDIR),:,depmod $(KVER))

# What DKMS builds from, and nothing else of the tree.
DKMS_SOURCES := dkms.conf LICENSE $(SOURCES) $(wildcard include/uapi/linux/*.h)
DKMS_DIR = $(DESTDIR)/usr/src/aimlock-$(VERSION)

.PHONY: install-dkms uninstall-dkms
install-dkms: uninstall-dkms ## give the sources to DKMS instead, which follows the kernel
	$(Q)for file in $(DKMS_SOURCES); do \
		install -Dm644 $$file "$(DKMS_DIR)/$$file" || exit 1; done
	$(Q)$(if $(DESTDIR),:,dkms install -m aimlock -v $(VERSION) -k $(KVER))

uninstall-dkms:
	$(Q)$(if $(DESTDIR),:,[ -z "$$(dkms status -m aimlock -v $(VERSION))" ] || \
		dkms remove -m aimlock -v $(VERSION) --all)
	$(Q)rm -rf "$(DKMS_DIR)"

clean: ## remove everything that was built
	$(Q)rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) |\
		awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'
