# SPDX-License-Identifier: GPL-2.0-or-later
# What the benchmark runs in the guest, in $(BUILD)/tests/bench-NAME.

BENCH_PROGS := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench-%,$(wildcard tests/bench/*.c))

# Those that ask for leases do it as the tools do.
BENCH_LEASE_PROGS := $(BUILD)/tests/bench-pairs $(BUILD)/tests/bench-wake
BENCH_LEASE_OBJECTS := $(BUILD)/tools/lib/lease.o $(BUILD)/tools/lib/netlink.o
$(BENCH_LEASE_PROGS): $(BENCH_LEASE_OBJECTS) $(wildcard userspace/lib/*.h)
$(BENCH_LEASE_PROGS): BENCH_LIBS = $(BENCH_LEASE_OBJECTS) \
	$$($(PKG_CONFIG) --libs libnl-3.0 libnl-genl-3.0)

programs: $(BENCH_PROGS)

$(BUILD)/tests/bench-%: tests/bench/%.c include/uapi/linux/aimlock.h
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS) -Iinclude/uapi -Iuserspace $(CFLAGS) $(HELPER_CFLAGS) $(LDFLAGS) \
		-o $@ $< $(BENCH_LIBS)
