# SPDX-License-Identifier: GPL-2.0-or-later
# The module that shows that a debug kernel sees mistakes.

BAD       := $(BUILD)/$(KVER)/bad
BAD_LINKS := $(patsubst tests/bad/%,$(BAD)/%,tests/bad/Kbuild $(wildcard tests/bad/*.c))

.PHONY: bad
bad: $(BAD_LINKS)
	$(say) MODULE $(BAD)/bad.ko
	$(Q)$(MAKE) -C "$(KDIR)" M="$(CURDIR)/$(BAD)" $(if $(Q),-s) V=$(V) \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules

$(BAD_LINKS): $(BAD)/%: tests/bad/%
	@mkdir -p $(@D)
	@ln -sfnr $< $@
