#!/usr/bin/python3
"""Breaks one policy after the other, and sees the checker find it.

    mutate.py [WORD…]       those whose names have one of the words; without any, all; `few`: a handful

Each mutation is a line of the code that is written otherwise, in a copy of the tree. It is caught when the checker
finds a fault in one of a few histories, or the broken engine does not come to their end. Exits with 1 when one is not
caught, or does not fit the code any more: then write it anew.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("BUILD", "build")
# Seed, schedules, years: most are found in the first.
HISTORIES = ((1, 40, .5), (2, 60, 1), (3, 60, 1), (4, 100, 1.5))
# `make check` tries these; `make torture` all.
FEW = ("misfire one runs all", "a calendar is not looked at", "a retry has no delay")

FIRE, RUN, CHANGE, SCHEDULE = "lib/service/fire.c", "lib/service/run.c", "lib/service/change.c", "lib/model/schedule.c"
RETRY = "lib/model/retry.c"

# What is broken, where, the code, and what stands there instead.
MUTATIONS = [
    ("suspension is not looked at", FIRE, "if (schedule_is_suspended(state, firing_us))", "if (!state)"),
    ("who suspended is forgotten", FIRE, "o.suspended_us = g->state->suspended_us;", ";"),
    ("resume does not end a suspension", CHANGE, "schedule_end_suspension(&c->state);\n\tif (!rc)",
     "if (!rc)"),
    ("until of a suspension is not looked at", SCHEDULE, "at_us < state->suspended_until_us)", "at_us < INSTANT_NEVER)"),
    ("nothing is late", FIRE, "if (late_us > FIRE_ON_TIME_US)", "if (late_us > 100000 * FIRE_ON_TIME_US)"),
    ("misfire skip runs the last", FIRE, "case MISFIRE_SKIP:", "case MISFIRE_SKIP: if (!last)"),
    ("misfire one runs all", FIRE, "if (last)", "if (last || in_window)"),
    ("misfire one runs the first and not the last", FIRE, "if (last)", "if (!last)"),
    ("misfireWindow is twice as long", FIRE, "late_us <= s->misfire_window_us", "late_us / 2 <= s->misfire_window_us"),
    ("overlap is not looked at", FIRE, "bool busy = state->active + state->waiting > 0", "bool busy = false"),
    ("overlap skip forgets what waits", FIRE, "bool busy = state->active + state->waiting > 0",
     "bool busy = state->active > 1"),
    ("overlap queueOne queues two", FIRE, "if (state->waiting == 0)", "if (state->waiting <= 1)"),
    ("two runs at a time", RUN, "s->overlap == OVERLAP_ALLOW || state->active == 0", "s->overlap == OVERLAP_ALLOW || state->active <= 1"),
    ("overlap allow waits", RUN, "s->overlap == OVERLAP_ALLOW || state->active == 0", "state->active == 0"),
    ("the last that waits has no turn", RUN, "state.waiting > 0 && state.active == 0", "state.waiting > 1 && state.active == 0"),
    ("misfire all looks at overlap", FIRE, "(j.origin == ORIGIN_CATCH_UP && g->s->misfire == MISFIRE_ALL)",
     "(j.origin == ORIGIN_BACKFILL)"),
    ("a skip names no run that stands in its way", FIRE, "rc = find_holder(g, &o.execution_id, err)", "rc = 0"),
    ("a range does not count", FIRE, "g->range.count++;", ";"),
    ("a catch-up is called a trigger", FIRE, ".origin = j->origin,", ".origin = ORIGIN_TRIGGER,"),
    ("a jump of the clock is called an outage", "lib/service/clock.c", "*verdict = VERDICT_MISSED_CLOCK;", ";"),
    ("a step back after one forward is not looked at", "lib/model/clock_step.c", "\t\t\tover = NULL;", "\t\t\t;"),
    ("what is due is not settled before a change", CHANGE, "return fire_settle(txn, &c->s, &c->state",
     "return c->deed.now_us ? 0 : fire_settle(txn, &c->s, &c->state"),
    ("after a step back an edit plans again what the ledger has", CHANGE, "if (!rc && o.to_us > after_us)", "if (!rc && o.to_us > after_us && !after_us)"),
    ("a schedule that is deleted goes on", CHANGE, "return rc ? rc : store_schedule_remove(txn, &c->s, err);", "return rc;"),
    ("what is deferred when its schedule is deleted has no entry", CHANGE,
     "rc = fire_drop_deferred(txn, &c->s, &c->state, c->deed.now_us,", "if (!c->deed.now_us) rc = fire_drop_deferred(txn, &c->s, &c->state, c->deed.now_us,"),
    ("what waits for its jitter when its schedule is deleted has no entry", FIRE,
     "if (state->deferred_us != INSTANT_NEVER || due_us > now_us)", "if (now_us)"),
    ("an edit leaves what waits for its jitter", CHANGE, "c->hasten ? FIRE_HASTEN : 0", "0"),
    ("jitter is none", SCHEDULE, "return s->jitter_us < step_us", "return s->id"),
    ("jitter is half", SCHEDULE, "(uint64_t)(s->jitter_us / step_us + 1)", "(uint64_t)(s->jitter_us / step_us / 2 + 1)"),
    ("within its jitter a due time is late", FIRE, "g->now_us - t->at_us - g->s->jitter_us", "g->now_us - t->at_us"),
    ("maxRuns is one more", SCHEDULE, "state->runs >= (uint64_t)s->max_runs", "state->runs > (uint64_t)s->max_runs"),
    ("maxRuns is not looked at", SCHEDULE, "return s->max_runs && state->runs", "return !s && state->runs"),
    ("a call counts for maxRuns", "lib/service/runs.c", "rc = run_make(txn, &request, &state, &c->execution_id, err);",
     "rc = run_make(txn, &request, &state, &c->execution_id, err), state.runs++;"),
    ("a calendar is not looked at", FIRE, "if (!calendars_exclude(&g->calendars, t->at_us, &by))\n\t\treturn;", "return;"),
    ("a calendar that is to skip defers", FIRE, "if (g->s->on_excluded == ON_EXCLUDED_SKIP)", "if (!g->s)"),
    ("a calendar that is to defer skips", FIRE, "if (g->s->on_excluded == ON_EXCLUDED_SKIP)", "if (g->s)"),
    ("of several that are deferred all run", FIRE, "} else if (next_us <= free_us) {", "} else if (next_us < t->at_us) {"),
    ("what is deferred runs at once", FIRE, "*wait_us = free_us;", ";"),
    ("a changed calendar leaves what is deferred", "lib/service/calendars.c", "rc || state.deferred_us == INSTANT_NEVER", "w->id || state.deferred_us == INSTANT_NEVER"),
    ("what is due is not settled before a calendar changes", "lib/service/calendars.c", "rc || state.next_due_us > w->deed.now_us", "w->id || state.next_due_us > w->deed.now_us"),
    ("an edit leaves what is deferred where it was", CHANGE, ": fire_defer_again(txn, s, &c->state, c->deed.sv->zones, c->deed.now_us, err);", ": 0;"),
    ("checkTriggers does not look at calendars", "lib/service/runs.c", "*no = !rc && calendars_exclude(", "*no = rc && calendars_exclude("),
    ("misfire one counts what a calendar excludes", FIRE, "runs = free_us == a->next_us ||", "runs = true ||"),
    ("overlap replace ends nobody", RUN, "return s->overlap == OVERLAP_REPLACE &&", "return s->overlap < OVERLAP_SKIP &&"),
    ("overlap replace leaves what waits", "lib/service/replace.c", "before = list[i].id;", "before = list[i].id; if (list[i].start_us == INSTANT_NEVER) continue;"),
    ("the entry of a run that was replaced says nothing", "lib/service/replace.c", "if (!e->replaced_by || e->due_us", "if (e->id || e->due_us"),
    ("a run that was replaced before it began is said to have run", "lib/service/replace.c", "began ? VERDICT_RAN : VERDICT_SKIPPED_OVERLAP", "VERDICT_RAN"),
    ("a retry has no delay", RETRY, "return ended_us + delay_us +", "return ended_us +"),
    ("retries do not become slower", RETRY, "backoff(r, t->retries)", "backoff(r, 0)"),
    ("maxDelay is not looked at", RETRY, "return delay_us < r->max_delay_us ? delay_us : r->max_delay_us;", "return delay_us;"),
    ("retry jitter is twice as long", RETRY, "(uint64_t)r->jitter_us + 1", "2 * (uint64_t)r->jitter_us + 1"),
    ("one retry more", RETRY, "t->retries >= r->max", "t->retries > r->max"),
    ("any failure is tried again", RETRY, "return r->on_count == 0;", "return true;"),
    ("no retry when codes are named", RETRY, "if (is_cause(r->on[i]", "if (!r->on[i] && is_cause(r->on[i]"),
    ("a run again has no retries left", "lib/service/rerun.c", "t.retries = 0;", ";"),
    ("a retry of a deleted schedule is made", RUN, "*may = *may && !rc;", ""),
    ("a lost attempt is tried again", RETRY, "(status != TASK_FAILED && status != TASK_TIMED_OUT)", "(status != TASK_FAILED && status != TASK_TIMED_OUT && status != TASK_LOST)"),
    ("an edit begins when the schedule was made", CHANGE, "int64_t after_us = c->deed.now_us, due_us;",
     "int64_t after_us = s->created_us, due_us;"),
    ("a one-shot that is past is forgotten", "lib/service/schedules.c", "t->kind == TRIGGER_AT && t->at_us < *due_us",
     "t->kind == TRIGGER_AT && !t->kind && t->at_us < *due_us"),
    ("endDate is not looked at", SCHEDULE, "if (*due_us >= s->end_us)", "if (s->end_us < 0)"),
    ("startDate is not looked at", SCHEDULE, "if (s->start_us > INT64_MIN && after_us < s->start_us - 1)", "if (s->end_us < 0)"),
    ("checkTriggers is not looked at", "lib/service/runs.c", "rc = trigger_says_no(txn, c, &s, &state, &request.stopped, err);",
     "rc = 0;"),
    ("the condition is always met", RUN, "bool met = condition->status == TASK_SUCCEEDED", "bool met = condition != NULL"),
    ("a condition that said no leaves the entry alone", RUN, ": note_unmet(txn, e, last, err);", ": 0;"),
    ("onLost fail runs again", RUN, "if (e.on_lost == ON_LOST_FAIL ||", "if ("),
    ("what is after a failed task runs", "lib/model/after.c", "status == TASK_SUCCEEDED", "status != TASK_SUCCEEDED"),
    ("a lost attempt is started again", "fcgi/scheduler/compare.c", "if (attempt->pid)", "if (attempt->pid < 0)"),
    ("a cancelled run goes on", "lib/service/cancel.c", "t->status = TASK_CANCELLING;", "return 0;"),
    ("dstGap skip is due after the gap", "lib/calendar/trigger.c", "if (t->dst_gap == DST_GAP_SKIP)", "if (!t)"),
    ("dstGap after is not due", "lib/calendar/trigger.c", "if (t->dst_gap == DST_GAP_SKIP)", "if (t)"),
    ("dstFold first is due twice", "lib/calendar/trigger.c", "return !occurs_before(zone, *s, us, civil_us);", "return true;"),
    ("dstFold second is the first", "lib/calendar/trigger.c", "return !occurs_behind(zone, *s, us, civil_us);",
     "return !occurs_before(zone, *s, us, civil_us);"),
]


def mutated(name, path, old, new):
    text = (ROOT / path).read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise LookupError(f"{name}: {path} has `{old}` {text.count(old)} times")
    return text.replace(old, new)


def misfits():
    """Mutations that do not fit the code any more."""
    for mutation in MUTATIONS:
        try:
            mutated(*mutation)
        except LookupError as reason:
            yield str(reason)


def copy_tree(folder):
    """Sources and what was made of them, so that little is made anew."""
    for part in ("lib", "fcgi", "tests/unit", "tests/simulation"):
        shutil.copytree(ROOT / part, folder / part)
    for part in ("lib", "fcgi", "tests/simulation"):
        shutil.copytree(ROOT / BUILD / part, folder / "build" / part)
    for archive in (ROOT / BUILD).glob("*.a"):
        shutil.copy2(archive, folder / "build")
    shutil.copy2(ROOT / "Makefile", folder)


def caught(folder, player):
    """By which history, and how; None: by none."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    import simulation

    for seed, schedules, years in HISTORIES:
        faults, _ = simulation.play(folder, seed, schedules, years, player=player)
        if faults:
            return f"seed {seed}, {schedules} schedules, {years} years: {len(faults)} faults, {faults[0][:150]}"
    return None


def try_one(mutation):
    """(name, how it was caught or None)."""
    with tempfile.TemporaryDirectory(prefix="carillon-mutant-") as scratch:
        folder = pathlib.Path(scratch)
        copy_tree(folder)
        (folder / mutation[1]).write_text(mutated(*mutation), encoding="utf-8")
        # What is broken may leave something unused.
        subprocess.run(["make", "-s", "-C", folder, "BUILD=build", "WARN=-w", "build/tests/play"], check=True,
                       stdout=subprocess.DEVNULL)
        return mutation[0], caught(folder, folder / "build" / "tests" / "play")


def main():
    words = sys.argv[1:]
    words = FEW if words == ["few"] else words
    chosen = [m for m in MUTATIONS if not words or any(word in m[0] for word in words)]
    wrong = list(misfits())
    for text in wrong:
        print(text)
    if wrong:
        return 1
    with concurrent.futures.ProcessPoolExecutor(max_workers=2) as pool:
        for name, how in pool.map(try_one, chosen):
            print(f"{'caught' if how else 'NOT CAUGHT'}: {name}{': ' + how if how else ''}", flush=True)
            wrong += [] if how else [name]
    print(f"{len(chosen)} mutations, {len(wrong)} not caught")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
