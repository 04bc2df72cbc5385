# SPDX-License-Identifier: GPL-2.0-or-later
# Included by the top Makefile: the command line tool, in $(BUILD)/tools/.

VERSION ?= 0.1.0
PKG_CONFIG ?= pkg-config
TOOL_PACKAGES := libnl-3.0 libnl-genl-3.0 smartcols json-c
TOOL_CFLAGS := -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wformat=2 -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -D_GNU_SOURCE -DAIMLOCK_VERSION='"$(VERSION)"' \
	-Iinclude/uapi

TOOL := $(BUILD)/tools/aimlock
TOOL_SOURCES := $(wildcard userspace/lib/*.c userspace/cli/*.c userspace/diagnose/*.c)
TOOL_METRICS := userspace/metrics/aimlock.rules.yml userspace/metrics/aimlock-dashboard.json
TOOL_OBJECTS := $(TOOL_SOURCES:userspace/%.c=$(BUILD)/tools/%.o)

tools: $(TOOL) $(TOOL).8

$(TOOL): $(TOOL_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(TOOL_PACKAGES)) $(LDLIBS)

$(TOOL).8: userspace/man/aimlock.8.in userspace/man/generate $(TOOL)
	$(say) MAN $@
	$(Q)userspace/man/generate $(TOOL) $< >$@

$(BUILD)/tools/%.o: userspace/%.c userspace/build.mk
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(TOOL_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP \
		$$($(PKG_CONFIG) --cflags $(TOOL_PACKAGES)) -c -o $@ $<

-include $(TOOL_OBJECTS:.o=.d)

.PHONY: install-tools uninstall-tools
install: install-tools
install-tools: tools
	$(Q)install -Dm755 $(TOOL) "$(DESTDIR)$(PREFIX)/sbin/aimlock"
	$(Q)install -Dm644 $(TOOL).8 "$(DESTDIR)$(PREFIX)/share/man/man8/aimlock.8"
	$(Q)install -Dm644 userspace/completion/aimlock \
		"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/aimlock"
	$(Q)install -Dm644 -t "$(DESTDIR)$(PREFIX)/share/aimlock" $(TOOL_METRICS)

uninstall: uninstall-tools
uninstall-tools:
	$(Q)rm -f "$(DESTDIR)$(PREFIX)/sbin/aimlock" \
		"$(DESTDIR)$(PREFIX)/share/man/man8/aimlock.8" \
		$(patsubst %,"$(DESTDIR)$(PREFIX)/share/aimlock/%",$(notdir $(TOOL_METRICS))) \
		"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/aimlock"
