# session-fcgi: `make help` lists the targets.

VERSION    := 0.1.0
PREFIX     ?= /usr/local
DESTDIR    ?=
BUILD      ?= build
CC         ?= cc
PKG_CONFIG ?= pkg-config

# What each part of the program is built against; packages are installed by `make packages`.
MSGPACK    := $(shell $(PKG_CONFIG) --exists msgpack-c 2>/dev/null && echo msgpack-c || echo msgpack)
LIBRARIES  := fcgi libmemcached libcrypto $(MSGPACK)

WARNINGS   := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings -Wformat=2
CPPFLAGS   += -D_GNU_SOURCE -DSESSION_FCGI_VERSION='"$(VERSION)"' -DSESSION_FCGI_TEMPLATES='"$(PREFIX)/share/session-fcgi/templates"' -Ishared
CFLAGS     ?= -O2 -g
ALL_CFLAGS := -std=c11 $(WARNINGS) $(WERROR) $(CFLAGS)
ifdef SANITIZE
  HARDENING := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
  HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
  LDFLAGS   += -pie -Wl,-z,relro,-z,now
endif
LIBRARY_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
LIBRARY_LIBS   = $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)

SHARED_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard shared/*.c))
WORKER_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard worker/*.c))
UNIT_TESTS     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*.c))
ARCHIVE        := $(BUILD)/libsession-fcgi.a
PROGRAM        := $(BUILD)/session-fcgi

.PHONY: all
all: $(PROGRAM)

# V=1 shows the commands whole.
QUIET = $(if $(V),,@echo '  $(1) $(2)';)

$(PROGRAM): $(WORKER_OBJECTS) $(ARCHIVE)
	$(call QUIET,LINK,$@)$(CC) $(ALL_CFLAGS) $(HARDENING) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(ARCHIVE): $(SHARED_OBJECTS)
	@rm -f $@
	$(call QUIET,AR,$@)ar rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@$(if $(LIBRARY_LIBS),:,echo 'libraries or pkg-config are missing; install them: make packages' >&2; exit 1)
	@mkdir -p $(@D)
	$(call QUIET,CC,$<)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(HARDENING) $(LIBRARY_CFLAGS) -MMD -MP -c -o $@ $<

# A unit test is one file; it may use every room but main.
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(filter-out %/main.o,$(WORKER_OBJECTS)) $(ARCHIVE)
	$(call QUIET,LINK,$@)$(CC) $(ALL_CFLAGS) $(HARDENING) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS) -lcmocka

# The two commands of the README -------------------------------------------------------------------------------

.PHONY: run
run: ## install what is missing, build, and serve on http://127.0.0.1:8080/ (FRONT=lighttpd PORT= WORKERS=)
	@deploy/install-packages build $(if $(filter lighttpd,$(FRONT)),run-lighttpd,run)
	@$(MAKE) --no-print-directory -j2 all
	@exec env FRONT='$(FRONT)' PORT='$(PORT)' WORKERS='$(WORKERS)' deploy/run $(PROGRAM)

.PHONY: test
test: ## install what is missing, build, and run all tests (NAMES="one_test another")
	@deploy/install-packages test
	@$(MAKE) --no-print-directory -j2 all unit-tests
	@tests/run --unit-dir $(BUILD)/tests/unit --program $(PROGRAM) $(NAMES)

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

# Other targets ------------------------------------------------------------------------------------------------

SOURCES := $(wildcard shared/*.[ch] worker/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c tests/bench/*.c)

.PHONY: lint
lint: ## warnings as errors with gcc and clang, clang-format, cppcheck, one includer for each library
	@deploy/install-packages test lint
	@$(MAKE) --no-print-directory -j2 all unit-tests BUILD=build/lint-gcc CC=gcc WERROR=-Werror
	@$(MAKE) --no-print-directory -j2 all unit-tests BUILD=build/lint-clang CC=clang WERROR=-Werror
	clang-format --dry-run --Werror $(SOURCES)
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 \
	    -D_GNU_SOURCE -DSESSION_FCGI_VERSION='""' -DSESSION_FCGI_TEMPLATES='""' -Ishared shared worker
	tests/one-includer

FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS      ?= 300

.PHONY: fuzz
fuzz: ## run each fuzz target for SECONDS= (300) on its corpus
	@deploy/install-packages fuzz
	@for target in $(FUZZ_TARGETS); do \
	    $(MAKE) --no-print-directory build/fuzz/$$target && \
	    tests/fuzz/run build/fuzz/$$target tests/fuzz/corpus/$$target $(SECONDS) || exit 1; \
	done

build/fuzz/%: tests/fuzz/fuzz_%.c $(wildcard shared/*.[ch])
	@mkdir -p $(@D)
	$(call QUIET,CC,$@)clang $(CPPFLAGS) -std=c11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    $(LIBRARY_CFLAGS) -o $@ $< $(wildcard shared/*.c) $(LIBRARY_LIBS)

.PHONY: packages
packages: ## install what building, running and testing need
	@deploy/install-packages build run test

.PHONY: install
install: all ## install below $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/session-fcgi/templates \
	    $(DESTDIR)$(PREFIX)/share/doc/session-fcgi/deploy
	install -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/session-fcgi
	install -m 0644 templates/*.html $(DESTDIR)$(PREFIX)/share/session-fcgi/templates
	install -m 0644 README.md CHANGELOG.md LICENSE spawn-fcgi.conf $(DESTDIR)$(PREFIX)/share/doc/session-fcgi
	install -m 0644 deploy/*.conf deploy/*.socket deploy/*.service \
	    $(DESTDIR)$(PREFIX)/share/doc/session-fcgi/deploy

.PHONY: clean
clean: ## remove what was built
	rm -rf build

.PHONY: help
help: ## list the targets
	@echo 'make [all]        build $(PROGRAM)'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
	    printf 'make %-12s %s\n' "$$name" "$$text"; \
	done

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
