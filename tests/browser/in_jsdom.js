// The sample in jsdom: node in_jsdom.js ORIGIN
'use strict';
const { JSDOM, VirtualConsole } = require('jsdom');
const { html, Progress } = require('./page');

async function main(origin) {
    const progress = new Progress();
    const virtualConsole = new VirtualConsole();
    virtualConsole.on('log', (line) => progress.log(line));
    virtualConsole.on('jsdomError', (error) => progress.fail(error.detail || error));
    const dom = new JSDOM(html(origin), {
        url: `${origin}/sample.html`, runScripts: 'dangerously', virtualConsole,
    });
    await progress.ended;
    dom.window.close();
    progress.report();
}

main(process.argv[2]);
