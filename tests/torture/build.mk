# SPDX-License-Identifier: GPL-2.0-or-later
# Included by the top Makefile after userspace/build.mk and tests/helpers/build.mk:
# one program, which talks to the module by the library of the command.

TORTURE := $(BUILD)/tests/torture
TORTURE_SOURCES := $(wildcard tests/torture/*.c)
TORTURE_LIB := $(patsubst %,$(BUILD)/tools/lib/%.o,client model netlink)

HELPER_PROGS += $(TORTURE)

$(TORTURE): $(TORTURE_SOURCES) $(wildcard tests/torture/*.h) tests/helpers/scm.h $(TORTURE_LIB)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS) -D_GNU_SOURCE -Iinclude/uapi -Iuserspace $(CFLAGS) $(HELPER_CFLAGS) \
		$(LDFLAGS) -o $@ $(TORTURE_SOURCES) $(TORTURE_LIB) \
		$$($(PKG_CONFIG) --libs libnl-3.0 libnl-genl-3.0)
