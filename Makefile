# Carillon's only makefile. Goals for people: run, start, stop, check, unit, lint, format, clean.
#
#   BUILD=dir   where objects and programs go (default build)
#   SAN=1       AddressSanitizer and UndefinedBehaviorSanitizer, in build-san
#   DEPS=no     install nothing
#   PORT, STATE of run, start and stop: see conf/quickstart.sh
# A file config.mak beside this one may set them for good.

-include config.mak

SAN   ?=
BUILD ?= $(if $(SAN),build-san,build)
DEPS  ?= yes
CC    ?= cc

CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
       -Wvla -Wformat=2 -Wundef -Wwrite-strings -Wpointer-arith -Wno-missing-field-initializers
HARD = -fstack-protector-strong -fPIE -fno-strict-aliasing
ifeq ($(SAN),)
HARD += -D_FORTIFY_SOURCE=2
else
HARD += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDSAN = -fsanitize=address,undefined
endif
XML_CFLAGS := -I/usr/include/libxml2
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Ilib -Ifcgi $(XML_CFLAGS) -include base/banned.h \
             $(WARN) -Werror $(HARD) $(CFLAGS) -MMD -MP
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDSAN) $(LDFLAGS)
LIBS = -lfcgi -lxml2 -lyajl -ldb-5.3 -lsodium -lev -lpthread

lib_src   := $(wildcard lib/*/*.c)
part_src  := $(filter-out %/main.c,$(wildcard fcgi/*/*.c fcgi/faces/*/*.c))
unit_src  := $(wildcard tests/unit/test_*.c)
lib_obj   := $(lib_src:%.c=$(BUILD)/%.o)
part_obj  := $(part_src:%.c=$(BUILD)/%.o)
unit_bin  := $(unit_src:tests/unit/%.c=$(BUILD)/tests/%)
programs  := $(BUILD)/carillon $(BUILD)/carillon-scheduler $(BUILD)/carillon-runner $(BUILD)/carillonctl

all: $(programs)

$(BUILD)/carillon: $(BUILD)/fcgi/app/main.o
$(BUILD)/carillon-scheduler: $(BUILD)/fcgi/scheduler/main.o
$(BUILD)/carillon-runner: $(BUILD)/fcgi/runner/main.o
$(BUILD)/carillonctl: $(BUILD)/fcgi/ctl/main.o
$(programs): $(BUILD)/libparts.a $(BUILD)/libcarillon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %main.o,$^) $(BUILD)/libparts.a $(BUILD)/libcarillon.a $(LIBS)

# Archives are made anew each time: a member whose source is gone must go too.
$(BUILD)/libcarillon.a: $(lib_obj)
	@rm -f $@
	ar rcsP $@ $(lib_obj)
$(BUILD)/libparts.a: $(part_obj)
	@rm -f $@
	ar rcsP $@ $(part_obj)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libparts.a $(BUILD)/libcarillon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libparts.a $(BUILD)/libcarillon.a -lcmocka $(LIBS)

# One unit test alone: make unit-NAME for tests/unit/test_NAME.c.
unit-%: $(BUILD)/tests/test_%
	$<

unit: $(unit_bin)
	@for t in $(unit_bin); do $$t || exit 1; done

clean:
	rm -rf build build-san

.PHONY: all unit clean
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
