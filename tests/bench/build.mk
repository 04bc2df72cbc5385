# SPDX-License-Identifier: GPL-2.0-or-later
# What the benchmark runs in the guest, in $(BUILD)/tests/bench-NAME.

BENCH_PROGS := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench-%,$(wildcard tests/bench/*.c))

programs: $(BENCH_PROGS)

$(BUILD)/tests/bench-%: tests/bench/%.c include/uapi/linux/aimlock.h
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS) -Iinclude/uapi $(CFLAGS) $(HELPER_CFLAGS) $(LDFLAGS) -o $@ $<
