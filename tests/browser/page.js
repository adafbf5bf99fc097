// The page that holds the vendor's sample, and what is known of how far it came. sample.js is the text as the vendor
// prints it; what is added around it is the host, and the array that the text uses but does not define.
'use strict';
const fs = require('fs');
const path = require('path');

const VENDOR_HOST = 'http://mysite.com';
const TASK_STATUS = [
    'pending', 'finished', 'finished_rendering', 'error', 'running', 'finished_with_errors',
    'stopped_without_running', 'during_lock', 'canceled', 'canceling', 'pending_for_evaluation',
    'during_lock_evaluation', 'running_evaluation', 'stopped_after_evaluation', 'evaluation_canceled', 'deleted',
];
const DEADLINE_MS = 30000;

function html(origin) {
    const sample = fs.readFileSync(path.join(__dirname, 'sample.js'), 'utf8').replace(VENDOR_HOST, origin);
    return '<!DOCTYPE html><title>sample</title><body>' +
        `<script>var executionStatus = ${JSON.stringify(TASK_STATUS)};</script><script>${sample}</script>`;
}

// Collects what the sample logs. It polls on one or two timers, both of which end with the line "task status is 1".
class Progress {
    constructor() {
        this.lines = [];
        this.errors = [];
        this.ended = new Promise((resolve) => { this.resolve = resolve; });
        setTimeout(() => this.fail(`no end within ${DEADLINE_MS} ms`), DEADLINE_MS).unref();
    }

    log(line) {
        this.lines.push(line);
        const ends = this.lines.filter((l) => l === 'task status is 1').length;
        const polls = this.lines.includes('executionId status is finished') ? 1 : 2;
        if (ends >= polls) {
            this.resolve();
        }
    }

    fail(error) {
        this.errors.push(String(error));
        this.resolve();
    }

    // What the test reads: one JSON object.
    report() {
        process.stdout.write(JSON.stringify({ lines: this.lines, errors: this.errors }) + '\n');
    }
}

module.exports = { html, Progress };
