# Carillon's only makefile. Goals for people:
#
#   run             build, and run in the foreground with a web server of its own; see conf/quickstart.sh
#   start, stop     the same in the background
#   check           everything that proves it: lint, unit, test
#   lint            format, layers, headers, README
#   unit, unit-X    the C tests, or tests/unit/test_X.c alone
#   test            the whole service from outside; T=tests/api/test_api3.py for one file, or any words for pytest
#   oracle          due times against a second implementation, at length
#   fuzz            libFuzzer on each target of tests/fuzz, SECONDS=60 of them; FUZZ="cron json" for some
#   torture         a thousand schedules for ten simulated years, ten minutes of the real service, and each policy broken on
#                   purpose; an hour
#   format, clean
#
#   PORT=8080 STATE=run   of run, start and stop
#   WEB=apache            of run, start, check and test: Apache instead of nginx
#   BUILD=dir             where objects and programs go (default build)
#   SAN=1                 AddressSanitizer and UndefinedBehaviorSanitizer, in build-san
#   DEPS=no               install nothing
#   V=1                   show the command lines
#
# A file config.mak beside this one may set them for good.

-include config.mak

SAN   ?=
BUILD ?= $(if $(SAN),build-san,build)
DEPS  ?= yes
CC    ?= cc

# What a rule does is said in a word; V=1 shows how.
SAY = @$(if $(V),:,printf '  %-5s %s\n')
DO  = $(if $(V),,@)

CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
       -Wvla -Wformat=2 -Wundef -Wwrite-strings -Wpointer-arith -Wno-missing-field-initializers
HARD = -fstack-protector-strong -fPIE -fno-strict-aliasing
ifeq ($(SAN),)
HARD += -D_FORTIFY_SOURCE=2
else
HARD += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDSAN = -fsanitize=address,undefined
# Instrumented code hides from the compiler what bounds a text.
WARN += -Wno-format-truncation
endif
XML_CFLAGS := -I/usr/include/libxml2
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Ilib -Ifcgi $(XML_CFLAGS) -include base/banned.h \
             $(WARN) -Werror $(HARD) $(CFLAGS) -MMD -MP
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDSAN) $(LDFLAGS)
LIBS = -lfcgi -lxml2 -lyajl -ldb-5.3 -lsodium -lical -lmd -lev -lcurl -lpthread

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
	$(SAY) LINK $@
	$(DO)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %main.o,$^) $(BUILD)/libparts.a $(BUILD)/libcarillon.a $(LIBS)

# Archives are made anew each time: a member whose source is gone must go too.
$(BUILD)/libcarillon.a: $(lib_obj)
	$(SAY) AR $@
	$(DO)rm -f $@ && ar rcsP $@ $(lib_obj)
$(BUILD)/libparts.a: $(part_obj)
	$(SAY) AR $@
	$(DO)rm -f $@ && ar rcsP $@ $(part_obj)

$(BUILD)/tests/fuzz/%.o: ALL_CFLAGS += -Itests
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(DO)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# It carries the file within: fcgi/faces/api3/openapi.c.
$(BUILD)/fcgi/faces/api3/openapi.o: fcgi/openapi.yaml

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libparts.a $(BUILD)/libcarillon.a
	$(SAY) LINK $@
	$(DO)$(CC) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libparts.a $(BUILD)/libcarillon.a -lcmocka $(LIBS)

# The simulation makes commits fail and hears what is logged: tests/unit/simulation.h.
simulated := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_engine*.c)) $(BUILD)/tests/test_schedules $(BUILD)/tests/test_jobs
$(simulated): LDFLAGS += -Wl,--wrap=store_run,--wrap=log_warn,--wrap=log_error

# The runner's tests speak to the real program.
$(BUILD)/tests/test_runner $(BUILD)/tests/test_runner_death $(BUILD)/tests/test_runner_results \
$(BUILD)/tests/test_runner_process $(BUILD)/tests/test_runner_escape $(BUILD)/tests/test_runner_cgroup: $(BUILD)/carillon-runner

# What tests/calendar asks, and what asks for a run in the past.
helpers := $(BUILD)/tests/due $(BUILD)/tests/excluded $(BUILD)/tests/past
$(BUILD)/tests/due: $(BUILD)/tests/calendar/due.o
$(BUILD)/tests/excluded: $(BUILD)/tests/calendar/excluded.o
$(BUILD)/tests/past: $(BUILD)/tests/support/past.o
$(helpers): $(BUILD)/libcarillon.a
	$(SAY) LINK $@
	$(DO)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libcarillon.a $(LIBS)

# A world under a clock that is a number, for tests/simulation.
player := $(BUILD)/tests/play
$(player): LDFLAGS += -Wl,--wrap=store_run,--wrap=log_warn,--wrap=log_error
$(player): $(BUILD)/tests/simulation/play.o $(BUILD)/libparts.a $(BUILD)/libcarillon.a
	$(SAY) LINK $@
	$(DO)$(CC) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libparts.a $(BUILD)/libcarillon.a $(LIBS)

# Passwords are hashed with the least of work there: tests/unit/access_support.h.
$(BUILD)/tests/test_access $(BUILD)/tests/test_sign_in: LDFLAGS += -Wl,--wrap=crypto_pwhash_str,--wrap=crypto_pwhash_str_verify

# One unit test alone: make unit-NAME for tests/unit/test_NAME.c.
unit-%: $(BUILD)/tests/test_%
	@$< >$<.log 2>&1 || { cat $<.log; exit 1; }
	$(SAY) TEST "$* ($$(sed -n 's/^\[  PASSED  \] \([0-9]*\) .*/\1/p' $<.log | paste -sd+ -))"

# The inputs that are kept for tests/fuzz/fuzz_NAME.c, one after the other: make replay-NAME.
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_all := $(fuzz_src:tests/fuzz/fuzz_%.c=%)
fuzz_bin := $(fuzz_all:%=$(BUILD)/tests/fuzz_%)
$(BUILD)/tests/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libparts.a $(BUILD)/libcarillon.a
	$(SAY) LINK $@
	$(DO)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libparts.a $(BUILD)/libcarillon.a $(LIBS)

replay-%: $(BUILD)/tests/fuzz_%
	@$< tests/fuzz/seeds/$* tests/fuzz/findings/$* >$<.log 2>&1 || { tail -n 20 $<.log; exit 1; }
	$(SAY) TEST "$* ($$(sed -n 's/^\[  PASSED  \] //p' $<.log), fuzz)"

# All of them, as many at a time as make may (-j). What they print stands beside the programs.
unit: $(unit_src:tests/unit/test_%.c=unit-%) $(fuzz_all:%=replay-%)

# ---- the quickstart ----

PORT  ?= 8080
STATE ?= run
WEB   ?= nginx
export PORT STATE BUILD DEPS WEB

# Installing and building are steps of their own: what is built depends on what was installed.
run start: deps
	@$(MAKE) --no-print-directory all
	@exec conf/quickstart.sh $@

stop:
	@exec conf/quickstart.sh $@

deps:
	@conf/deps.sh build run

deps-test:
	@conf/deps.sh build run test

# ---- the gate ----

PYTHON = /usr/bin/python3
T     ?= tests

# The closing line is pytest's count.
check: deps-test
	@$(MAKE) --no-print-directory -j2 all $(unit_bin) $(fuzz_bin)
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j2 unit
	@$(MAKE) --no-print-directory test

test: all node_modules $(helpers) $(player)
	$(PYTHON) -m pytest -q -p no:cacheprovider $(T)

# Ten thousand expressions with a thousand due times each: an hour or more.
oracle: $(BUILD)/tests/due
	ORACLE_CASES=10000 ORACLE_DUE=1000 $(PYTHON) -m pytest -q -p no:cacheprovider tests/calendar

# What make check does with fewer and shorter histories, and what breaks the code: tests/simulation.
torture: all $(player)
	$(PYTHON) tests/simulation/play.py 1 1000 10
	LIVE_SECONDS=600 $(PYTHON) -m pytest -q -p no:cacheprovider tests/simulation/test_live.py
	$(PYTHON) tests/simulation/mutate.py

# libFuzzer is clang's, so that all is built once more; what it finds stands in tests/fuzz/findings.
FUZZ    ?= $(fuzz_all)
SECONDS ?= 60
FUZZERS := build-fuzz
fuzz: $(FUZZ:%=fuzz-%)
fuzz-%:
	@$(MAKE) --no-print-directory BUILD=$(FUZZERS) CC=clang CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
		LDFLAGS='-fsanitize=fuzzer,address,undefined' $(FUZZERS)/tests/fuzzer_$*
	@mkdir -p $(FUZZERS)/corpus/$* tests/fuzz/findings/$*
	ASAN_OPTIONS=quarantine_size_mb=1:malloc_context_size=4 \
		$(FUZZERS)/tests/fuzzer_$* -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=$(or $(FUZZ_LEN_$*),4096) \
		$(if $(wildcard tests/fuzz/$*.dict),-dict=tests/fuzz/$*.dict) -artifact_prefix=tests/fuzz/findings/$*/ -print_final_stats=1 \
		$(FUZZERS)/corpus/$* tests/fuzz/seeds/$*
$(BUILD)/tests/fuzzer_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libparts.a $(BUILD)/libcarillon.a
	$(SAY) LINK $@
	$(DO)$(CC) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libparts.a $(BUILD)/libcarillon.a $(LIBS)

node_modules: tests/browser/node_modules/.installed tests/clients/node_modules/.installed
tests/%/node_modules/.installed: tests/%/package-lock.json
	cd tests/$* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

c_src    := $(wildcard lib/*/*.[ch] fcgi/*/*.[ch] fcgi/faces/*/*.[ch] tests/unit/*.[ch] tests/*/*.[ch])
headers  := $(wildcard lib/*/*.h fcgi/*/*.h fcgi/faces/*/*.h)
alone    := $(headers:%.h=$(BUILD)/alone/%.ok)
CLANG_FORMAT ?= clang-format-14

lint: lint-format lint-layers lint-readme lint-scripts $(alone)

lint-format:
	@$(CLANG_FORMAT) --dry-run -Werror $(sort $(c_src))

lint-layers:
	@$(PYTHON) tests/tools/layers.py

lint-readme:
	@$(PYTHON) tests/tools/readme.py

lint-scripts:
	@for f in conf/*.sh .ci/run; do bash -n $$f || exit 1; done
	@xmllint --noout conf/*.xml conf/*.rng fcgi/*.rng
	@$(PYTHON) -m compileall -q tests >/dev/null

# A header can be used without opening its .c, and without knowing what to include before it.
$(BUILD)/alone/%.ok: %.h
	@mkdir -p $(@D)
	@printf '#include "%s"\nextern int not_empty;\n' '$<' | \
		$(CC) $(ALL_CFLAGS) -I. -fsyntax-only -x c - -MF $(@:.ok=.d) -MT $@
	@touch $@

format:
	$(CLANG_FORMAT) -i $(sort $(c_src))

clean:
	rm -rf build build-san build-fuzz tests/*/node_modules

.PHONY: all unit run start stop deps deps-test check test oracle fuzz torture node_modules lint lint-format lint-layers lint-readme \
	lint-scripts format clean
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
