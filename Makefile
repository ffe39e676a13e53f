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
unit-tests: $(UNIT_TESTS) ## build the unit tests (for tests/run NAME)

# Other targets ------------------------------------------------------------------------------------------------

SOURCES := $(wildcard shared/*.[ch] worker/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c tests/bench/*.c tests/library/*.c)

# cppcheck takes an output argument for a use of something uninitialised, bsearch's result for an integer, and does not
# see libmemcached's version.
CPPCHECK := cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 \
    --suppress=ctuuninitvar --suppress=CastIntegerToAddressAtReturn --suppress=preprocessorErrorDirective

.PHONY: lint
lint: ## warnings as errors with gcc and clang, clang-format, cppcheck, one includer for each library
	@deploy/install-packages test lint
	@$(MAKE) --no-print-directory -j2 all unit-tests BUILD=build/lint-gcc CC=gcc WERROR=-Werror
	@$(MAKE) --no-print-directory -j2 all unit-tests BUILD=build/lint-clang CC=clang WERROR=-Werror
	@clang-format --dry-run --Werror $(SOURCES)
	@$(CPPCHECK) \
	    -D_GNU_SOURCE -DSESSION_FCGI_VERSION='""' -DSESSION_FCGI_TEMPLATES='""' -Ishared shared worker
	tests/one-includer

FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS      ?= 300

.PHONY: fuzz
fuzz: ## run each fuzz target for SECONDS= (300) on its corpus
	@deploy/install-packages fuzz
	@$(MAKE) --no-print-directory -j2 $(FUZZ_TARGETS:%=fuzz-%)

fuzz-%: build/fuzz/%
	@tests/fuzz/run $< tests/fuzz/corpus/$* $(SECONDS)

build/fuzz/%: tests/fuzz/fuzz_%.c $(wildcard shared/*.[ch])
	@mkdir -p $(@D)
	$(call QUIET,CC,$@)clang $(CPPFLAGS) -std=c11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    $(LIBRARY_CFLAGS) -o $@ $< $(wildcard shared/*.c) $(LIBRARY_LIBS)

# These programs link with nothing but libfcgi, so that the empty one is no larger than its author would have it.
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))

.PHONY: bench
bench: ## measure against an empty program and php-fpm; results in build/bench (QUICK=1, SOAK=1)
	@deploy/install-packages bench
	@$(MAKE) --no-print-directory -j2 all $(BENCH_PROGRAMS)
	@QUICK='$(QUICK)' SOAK='$(SOAK)' tests/bench/run --program $(PROGRAM) --helpers $(BUILD)/tests/bench \
	    --results build/bench

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o
	$(call QUIET,LINK,$@)$(CC) $(ALL_CFLAGS) $(HARDENING) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs fcgi)

.PHONY: packages
packages: ## install what building, running and testing need
	@deploy/install-packages build run test

# Installing ---------------------------------------------------------------------------------------------------

LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR := $(PREFIX)/include/session-fcgi
DATADIR    := $(PREFIX)/share/session-fcgi
DOCDIR     := $(PREFIX)/share/doc/session-fcgi
MANDIR     := $(PREFIX)/share/man

# Headers that only the library's own files include.
PRIVATE_HEADERS := $(wildcard shared/*_internal.h) \
    $(addprefix shared/,http_text.h store_address.h store_breaker.h store_connection.h)
PUBLIC_HEADERS  := $(filter-out $(PRIVATE_HEADERS),$(wildcard shared/*.h))
# The scripts work on a checkout only.
DEPLOYED        := $(filter-out %/front-config %/install-packages %/run %.cgi,$(shell find deploy -maxdepth 1 -type f))

# The program knows where its templates are: another PREFIX builds that part anew.
$(BUILD)/worker/settings.o: $(BUILD)/prefix
$(BUILD)/prefix: ALWAYS
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@
.PHONY: ALWAYS
ALWAYS:

# $(call INSTALL_TEXT,FILE,FOLDER[,SED COMMANDS]): texts name the places below /usr/local; they get those of PREFIX.
# Manuals end in the program's name; its version comes from here.
INSTALL_TEXT = sed -e 's|/usr/local|$(PREFIX)|g' -e 's|^\.Os session-fcgi$$|& $(VERSION)|' $(3) $(1) | \
    install -m 0644 /dev/stdin $(DESTDIR)$(2)/$(notdir $(1:.in=))

.PHONY: install
install: install-program install-library ## install below $(DESTDIR)$(PREFIX): program, library, manuals

.PHONY: install-program
install-program: $(PROGRAM)
	install -d $(addprefix $(DESTDIR),$(PREFIX)/bin $(PREFIX)/lib/session-fcgi $(DATADIR)/templates $(DOCDIR)/deploy \
	    $(MANDIR)/man8)
	install -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/session-fcgi
	install -m 0644 templates/*.html $(DESTDIR)$(DATADIR)/templates
	install -m 0755 deploy/cgi-fcgi.cgi $(DESTDIR)$(PREFIX)/lib/session-fcgi
	install -m 0644 CHANGELOG.md LICENSE $(DESTDIR)$(DOCDIR)
	install -m 0644 $(DEPLOYED) $(DESTDIR)$(DOCDIR)/deploy
	$(foreach text,$(shell grep -lI /usr/local $(DEPLOYED)),$(call INSTALL_TEXT,$(text),$(DOCDIR)/deploy) &&) true
	$(call INSTALL_TEXT,README.md,$(DOCDIR),-e 's|tests/library/counter\.c|examples/counter.c|g')
	$(call INSTALL_TEXT,spawn-fcgi.conf,$(DOCDIR))
	$(call INSTALL_TEXT,deploy/man/session-fcgi.8,$(MANDIR)/man8)

# Enough for programs that want to have sessions themselves.
.PHONY: install-library
install-library: $(ARCHIVE)
	install -d $(addprefix $(DESTDIR),$(LIBDIR)/pkgconfig $(INCLUDEDIR) $(MANDIR)/man3 $(DOCDIR)/examples)
	install -m 0644 $(ARCHIVE) $(DESTDIR)$(LIBDIR)
	install -m 0644 $(PUBLIC_HEADERS) $(DESTDIR)$(INCLUDEDIR)
	install -m 0644 tests/library/counter.c $(DESTDIR)$(DOCDIR)/examples
	$(foreach text,$(wildcard deploy/man/*.3),$(call INSTALL_TEXT,$(text),$(MANDIR)/man3) &&) true
	$(call INSTALL_TEXT,shared/session-fcgi.pc.in,$(LIBDIR)/pkgconfig,-e 's|@PREFIX@|$(PREFIX)|' \
	    -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@REQUIRES@|$(LIBRARIES)|')

.PHONY: uninstall
uninstall: ## remove what `make install` with the same PREFIX and DESTDIR installed
	rm -f $(DESTDIR)$(PREFIX)/bin/session-fcgi $(DESTDIR)$(MANDIR)/man8/session-fcgi.8 \
	    $(patsubst deploy/man/%,$(DESTDIR)$(MANDIR)/man3/%,$(wildcard deploy/man/*.3)) \
	    $(DESTDIR)$(LIBDIR)/$(notdir $(ARCHIVE)) $(DESTDIR)$(LIBDIR)/pkgconfig/session-fcgi.pc
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR) $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(PREFIX)/lib/session-fcgi

# The Debian packages: a copy of the sources with deploy/debian as its debian/, built with Debian's own tools.
DEB         := $(BUILD)/deb
DEB_SOURCES := $(shell find Makefile README.md CHANGELOG.md LICENSE spawn-fcgi.conf deploy shared templates tests/library \
    worker -type f)

.PHONY: deb
deb: ## build the Debian packages in build/deb, and let lintian look at them
	@deploy/install-packages build deb
	@$(MAKE) --no-print-directory $(DEB)/built

$(DEB)/built: $(DEB_SOURCES)
	rm -rf $(DEB)
	mkdir -p $(DEB)/session-fcgi
	cp -R --parents $(DEB_SOURCES) $(DEB)/session-fcgi
	cp -R deploy/debian $(DEB)/session-fcgi/debian
	cd $(DEB)/session-fcgi && test '$(VERSION)' = "$$(dpkg-parsechangelog -S Version)" || \
	    { echo 'deploy/debian/changelog: the newest version is not $(VERSION)' >&2; exit 1; }
	cd $(DEB)/session-fcgi && env -i PATH="$$PATH" HOME=/nonexistent dpkg-buildpackage -us -uc -b -j2
	lintian --allow-root --fail-on error,warning $(DEB)/*.changes
	touch $@

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
