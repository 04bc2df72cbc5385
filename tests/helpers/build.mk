# SPDX-License-Identifier: GPL-2.0-or-later
# The programs that the cases run in the guest: one source each.  $(BUILD),
# $(say) and $(Q) come from the Makefile that includes this.

HELPER_CFLAGS ?= -std=gnu11 -Wall -Wextra -Werror -Wformat=2 -Wshadow -Wstrict-prototypes \
	-Wno-unused-parameter -Wno-missing-field-initializers
HELPER_PROGS := $(patsubst tests/helpers/%.c,$(BUILD)/tests/%,$(wildcard tests/helpers/*.c))

HELPER_HEADERS := $(wildcard tests/helpers/*.h)

.PHONY: helpers
programs helpers: $(HELPER_PROGS)

$(BUILD)/tests/%: tests/helpers/%.c $(HELPER_HEADERS) include/uapi/linux/aimlock.h
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS) -Iinclude/uapi $(CFLAGS) $(HELPER_CFLAGS) -pthread $(LDFLAGS) -o $@ $<
