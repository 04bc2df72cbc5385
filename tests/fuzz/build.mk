# SPDX-License-Identifier: GPL-2.0-or-later
# libFuzzer targets: one source each, linked with all of the tool.  $(BUILD),
# $(say), $(Q) and TOOL_* come from the Makefile that includes this.

FUZZ_TARGETS := text column args model cli
FUZZ := $(BUILD)/fuzz
FUZZ_SANITIZE := address,undefined
FUZZ_CFLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined -Iuserspace

# The tool's way out, its socket, its pauses, its files and processes lead to common.c.
FUZZ_HOOKS := -Dmain=aimlock_main -Dexit=fuzz_exit -Dgenl_connect=fuzz_connect \
	-Dgenl_ctrl_resolve=fuzz_resolve -Dgenl_ctrl_resolve_grp=fuzz_resolve_grp \
	-Dnanosleep=fuzz_nanosleep -Dppoll=fuzz_ppoll -Dmkostemp=fuzz_mkostemp \
	-Dfork=fuzz_fork

FUZZ_TOOL_OBJECTS := $(TOOL_SOURCES:userspace/%.c=$(FUZZ)/tool/%.o)
FUZZ_PROGS := $(FUZZ_TARGETS:%=$(FUZZ)/%)

.PHONY: fuzzers
fuzzers: $(FUZZ_PROGS)

$(FUZZ)/tool/%.o: userspace/%.c
	@mkdir -p $(@D)
	$(say) FUZZ-CC $@
	$(Q)clang $(TOOL_CFLAGS) -Wno-missing-prototypes $(FUZZ_HOOKS) $(FUZZ_CFLAGS) -MMD -MP \
		-fsanitize=fuzzer-no-link,$(FUZZ_SANITIZE) \
		$$($(PKG_CONFIG) --cflags $(TOOL_PACKAGES)) -c -o $@ $<

$(FUZZ)/%.o: tests/fuzz/%.c tests/fuzz/fuzz.h
	@mkdir -p $(@D)
	$(say) FUZZ-CC $@
	$(Q)clang $(TOOL_CFLAGS) $(FUZZ_CFLAGS) -Werror -MMD -MP \
		-fsanitize=fuzzer-no-link,$(FUZZ_SANITIZE) \
		$$($(PKG_CONFIG) --cflags $(TOOL_PACKAGES)) -c -o $@ $<

$(FUZZ_PROGS): $(FUZZ)/%: $(FUZZ)/%.o $(FUZZ)/common.o $(FUZZ_TOOL_OBJECTS)
	$(say) FUZZ-LD $@
	$(Q)clang -fsanitize=fuzzer,$(FUZZ_SANITIZE) -o $@ $^ \
		$$($(PKG_CONFIG) --libs $(TOOL_PACKAGES))

-include $(FUZZ_TOOL_OBJECTS:.o=.d) $(FUZZ_PROGS:=.d)

# What runs in the guest, beside the cases' helpers; its tables come from the specification.
GUEST_FUZZ := $(BUILD)/tests/guest-fuzz
GUEST_FUZZ_OBJECTS := $(patsubst tests/fuzz/guest/%.c,$(BUILD)/tests/guest/%.o,\
	$(wildcard tests/fuzz/guest/*.c))

.PHONY: guest-tables
guest-tables: $(BUILD)/tests/guest/protocol.h
programs: $(GUEST_FUZZ)

$(GUEST_FUZZ): $(GUEST_FUZZ_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/guest/protocol.h: tests/fuzz/guest/protocol include/netlink/aimlock.yaml
	@mkdir -p $(@D)
	$(Q)$^ >$@

$(BUILD)/tests/guest/%.o: tests/fuzz/guest/%.c $(BUILD)/tests/guest/protocol.h \
		$(wildcard tests/fuzz/guest/*.h)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS) -Iinclude/uapi -I$(BUILD)/tests/guest -Itests/helpers $(CFLAGS) $(HELPER_CFLAGS) \
		-D_GNU_SOURCE -c -o $@ $<
