// The sample in headless Chromium, the system's own: node in_chromium.js ORIGIN
'use strict';
const { chromium } = require('playwright-core');
const { html, Progress } = require('./page');

async function main(origin) {
    const progress = new Progress();
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    const page = await browser.newPage();
    page.on('console', (message) => progress.log(message.text()));
    page.on('pageerror', (error) => progress.fail(error));
    // The page comes from here, its calls go to the service: both have one origin, as on a real site.
    await page.route(`${origin}/sample.html`, (route) =>
        route.fulfill({ contentType: 'text/html', body: html(origin) }));
    await page.goto(`${origin}/sample.html`, { waitUntil: 'commit' });
    await progress.ended;
    await browser.close();
    progress.report();
}

main(process.argv[2]).catch((error) => {
    console.error(error);
    process.exit(1);
});
