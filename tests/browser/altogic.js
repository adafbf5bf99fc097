// The npm client `altogic` in a page of headless Chromium: node altogic.js PAGE_ORIGIN. The same orders as of
// ../clients/altogic.js, which the page carries out: it comes from PAGE_ORIGIN, and calls the service from there.
'use strict';
const path = require('path');
const readline = require('readline');
const { chromium } = require('playwright-core');

const CLIENT = path.join(__dirname, '..', 'clients', 'node_modules', 'altogic', 'dist', 'umd', 'altogic.js');
const DEADLINE_MS = Number(process.env.DEADLINE_MS || 20000);

// Runs in the page.
function make({ url, key, options }) {
    window.client = window.altogic.createClient(url, key, options);
    return {};
}

// Runs in the page.
function call({ call, args, deadline }) {
    const [manager, method] = call.split('.');
    const given = args.map((arg) => (arg === null ? undefined : arg));
    const settled = (async () => window.client[manager][method](...given))()
        .then((value) => ({ value: value ?? null }), (error) => ({ rejected: String(error) }));
    return Promise.race([settled,
        new Promise((resolve) => { setTimeout(() => resolve({ unsettled: true }), deadline); })]);
}

async function main(origin) {
    const unhandled = [];
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync',
            // To Chromium the page is one of the internet, and the service one of this machine.
            '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests'],
    });
    const page = await browser.newPage();
    page.on('pageerror', (error) => unhandled.push(String(error)));
    await page.route(`${origin}/**`, (route) =>
        route.fulfill({ contentType: 'text/html', body: '<!DOCTYPE html><title>page</title>' }));
    await page.goto(`${origin}/`);
    // While anything is routed, Playwright answers what the browser asks before a call.
    await page.unrouteAll();
    await page.addScriptTag({ path: CLIENT });
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const order = JSON.parse(line);
        const told = order.url !== undefined ? await page.evaluate(make, order)
            : await page.evaluate(call, { ...order, deadline: DEADLINE_MS });
        process.stdout.write(JSON.stringify(unhandled.length ? { unhandled: unhandled.splice(0) } : told) + '\n');
    }
    await browser.close();
}

main(process.argv[2]);
