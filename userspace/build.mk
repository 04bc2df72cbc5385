# SPDX-License-Identifier: GPL-2.0-or-later
# Included by the top Makefile: the command line tool, in $(BUILD)/tools/.

PKG_CONFIG ?= pkg-config
TOOL_PACKAGES := libnl-3.0 libnl-genl-3.0 smartcols json-c
TOOL_CFLAGS := -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wformat=2 -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -D_GNU_SOURCE -DAIMLOCK_VERSION='"$(VERSION)"' \
	-Iinclude/uapi

TOOL := $(BUILD)/tools/aimlock
TOOL_SOURCES := $(wildcard userspace/lib/*.c userspace/cli/*.c userspace/diagnose/*.c)
TOOL_METRICS := userspace/metrics/aimlock.rules.yml userspace/metrics/aimlock-dashboard.json
TOOL_OBJECTS := $(TOOL_SOURCES:userspace/%.c=$(BUILD)/tools/%.o)

# The manual: pages made of what they describe.
PAGES := $(addprefix $(BUILD)/man/,aimlock.8 aimlock-sysfs.5 aimlock-netlink.7)
COMPLETION := userspace/completion/aimlock

tools: $(TOOL)

pages: $(PAGES) ## build the man pages
	@:

$(TOOL): $(TOOL_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(TOOL_PACKAGES)) $(LDLIBS)

$(BUILD)/man/aimlock.8: MAKE_PAGE = userspace/man/generate $(TOOL)
$(BUILD)/man/aimlock.8: userspace/man/generate $(TOOL)
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
		$$($(PKG_CONFIG) --cflags $(TOOL_PACKAGES)) -c -o $@ $<

-include $(TOOL_OBJECTS:.o=.d)

MAN_ROOT = $(DESTDIR)$(PREFIX)/share/man

.PHONY: pages install-tools uninstall-tools
install: install-tools
install-tools: tools pages ## install the tools, their manual and completion only
	$(Q)install -Dm755 -t "$(DESTDIR)$(PREFIX)/sbin" $(TOOL)
	$(Q)for page in $(PAGES); do \
		install -Dm644 -t "$(MAN_ROOT)/man$${page##*.}" $$page || exit 1; done
	$(Q)install -Dm644 -t "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" $(COMPLETION)
	$(Q)install -Dm644 -t "$(DESTDIR)$(PREFIX)/share/aimlock" $(TOOL_METRICS)

uninstall: uninstall-tools
uninstall-tools:
	$(Q)rm -f "$(DESTDIR)$(PREFIX)/sbin/$(notdir $(TOOL))" \
		$(foreach page,$(notdir $(PAGES)),"$(MAN_ROOT)/man$(subst .,,$(suffix $(page)))/$(page)") \
		$(patsubst %,"$(DESTDIR)$(PREFIX)/share/aimlock/%",$(notdir $(TOOL_METRICS))) \
		"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$(notdir $(COMPLETION))"
