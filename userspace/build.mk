# SPDX-License-Identifier: GPL-2.0-or-later
# Included by the top Makefile: the command line tool and the daemon, in $(BUILD)/tools/.

PKG_CONFIG ?= pkg-config
TOOL_PACKAGES := libnl-3.0 libnl-genl-3.0 smartcols json-c inih
DAEMON_PACKAGES := libnl-3.0 libnl-genl-3.0 inih libsystemd libmicrohttpd
TOOL_CFLAGS := -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wformat=2 -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -D_GNU_SOURCE -DAIMLOCK_VERSION='"$(VERSION)"' \
	-Iinclude/uapi

TOOL := $(BUILD)/tools/aimlock
TOOL_SOURCES := $(wildcard userspace/lib/*.c userspace/cli/*.c userspace/diagnose/*.c)
TOOL_METRICS := userspace/metrics/aimlock.rules.yml userspace/metrics/aimlock-dashboard.json
TOOL_OBJECTS := $(TOOL_SOURCES:userspace/%.c=$(BUILD)/tools/%.o)

DAEMON := $(BUILD)/tools/aimlockd
# Of the library what it needs: no tables, no JSON.
DAEMON_SOURCES := $(wildcard userspace/daemon/*.c) $(patsubst %,userspace/lib/%.c,apply client \
	config event lease look metrics model netlink replace text)
DAEMON_OBJECTS := $(DAEMON_SOURCES:userspace/%.c=$(BUILD)/tools/%.o)
UNIT := userspace/daemon/aimlockd.service

# The manual: pages made of what they describe.
PAGES := $(addprefix $(BUILD)/man/,aimlock.8 aimlockd.8 aimlock.conf.5 aimlock-sysfs.5 \
	aimlock-netlink.7)
RULES := userspace/udev/60-aimlock.rules
COMPLETION := userspace/completion/aimlock userspace/completion/aimlockd

tools: $(TOOL) $(DAEMON)

pages: $(PAGES) ## build the man pages
	@:

$(TOOL): $(TOOL_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(TOOL_PACKAGES)) $(LDLIBS)

$(DAEMON): $(DAEMON_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(DAEMON_PACKAGES)) $(LDLIBS)

$(BUILD)/man/aimlock.8: MAKE_PAGE = userspace/man/generate $(TOOL)
$(BUILD)/man/aimlock.8: userspace/man/generate $(TOOL)
$(BUILD)/man/aimlockd.8 $(BUILD)/man/aimlock.conf.5: MAKE_PAGE = userspace/man/generate $(DAEMON)
$(BUILD)/man/aimlockd.8 $(BUILD)/man/aimlock.conf.5: userspace/man/generate $(DAEMON)
$(BUILD)/man/aimlock-sysfs.5: MAKE_PAGE = userspace/man/sysfs-page $(filter Documentation/%,$^)
$(BUILD)/man/aimlock-sysfs.5: userspace/man/sysfs-page Documentation/ABI/testing/sysfs-locks
$(BUILD)/man/aimlock-netlink.7: MAKE_PAGE = userspace/man/netlink-page $(filter %.yaml,$^)
$(BUILD)/man/aimlock-netlink.7: userspace/man/netlink-page include/netlink/aimlock.yaml
$(PAGES): $(BUILD)/man/%: userspace/man/%.in
	@mkdir -p $(@D)
	$(say) MAN $@
	$(Q)$(MAKE_PAGE) $< >$@

$(BUILD)/tools/%.o: userspace/%.c userspace/build.mk
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(TOOL_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP \
		$$($(PKG_CONFIG) --cflags $(TOOL_PACKAGES) $(DAEMON_PACKAGES)) -c -o $@ $<

-include $(TOOL_OBJECTS:.o=.d) $(DAEMON_OBJECTS:.o=.d)

# Where systemd looks for units and udev for rules, whatever the prefix; in /usr they are in
# its lib.
SYSTEM_LIB = $(if $(filter /usr,$(PREFIX)),/usr/lib,/etc)
UNITS = $(SYSTEM_LIB)/systemd/system
UDEV = $(SYSTEM_LIB)/udev/rules.d
MAN_ROOT = $(DESTDIR)$(PREFIX)/share/man

.PHONY: pages install-tools uninstall-tools
install: install-tools
install-tools: tools pages ## install the tools, their manual and completion only
	$(Q)install -Dm755 -t "$(DESTDIR)$(PREFIX)/sbin" $(TOOL) $(DAEMON)
	$(Q)install -d "$(DESTDIR)$(UNITS)"
	$(Q)sed 's|@SBIN@|$(PREFIX)/sbin|' $(UNIT).in >"$(DESTDIR)$(UNITS)/$(notdir $(UNIT))"
	$(Q)install -Dm644 -t "$(DESTDIR)$(UDEV)" $(RULES)
	$(Q)install -Dm644 userspace/daemon/aimlock.conf.example \
		"$(DESTDIR)$(PREFIX)/share/doc/aimlock/aimlock.conf.example"
	$(Q)for page in $(PAGES); do \
		install -Dm644 -t "$(MAN_ROOT)/man$${page##*.}" $$page || exit 1; done
	$(Q)install -Dm644 -t "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" $(COMPLETION)
	$(Q)install -Dm644 -t "$(DESTDIR)$(PREFIX)/share/aimlock" $(TOOL_METRICS)

uninstall: uninstall-tools
uninstall-tools:
	$(Q)rm -f "$(DESTDIR)$(PREFIX)/sbin/$(notdir $(TOOL))" \
		"$(DESTDIR)$(PREFIX)/sbin/$(notdir $(DAEMON))" "$(DESTDIR)$(UNITS)/$(notdir $(UNIT))" \
		"$(DESTDIR)$(UDEV)/$(notdir $(RULES))" \
		"$(DESTDIR)$(PREFIX)/share/doc/aimlock/aimlock.conf.example" \
		$(foreach page,$(notdir $(PAGES)),"$(MAN_ROOT)/man$(subst .,,$(suffix $(page)))/$(page)") \
		$(patsubst %,"$(DESTDIR)$(PREFIX)/share/aimlock/%",$(notdir $(TOOL_METRICS))) \
		$(patsubst %,"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/%",$(notdir $(COMPLETION)))
