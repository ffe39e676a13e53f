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

$(PROGRAM): $(WORKER_OBJECTS) $(ARCHIVE)
	$(CC) $(ALL_CFLAGS) $(HARDENING) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(ARCHIVE): $(SHARED_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(HARDENING) $(LIBRARY_CFLAGS) -MMD -MP -c -o $@ $<

# A unit test is one file; it may use every room but main.
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(filter-out %/main.o,$(WORKER_OBJECTS)) $(ARCHIVE)
	$(CC) $(ALL_CFLAGS) $(HARDENING) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS) -lcmocka

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
