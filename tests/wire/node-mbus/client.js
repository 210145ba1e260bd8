// SPDX-License-Identifier: MIT
// node-mbus behind lines of JSON: each request {"call": NAME, "with": [ARGUMENTS]} on stdin brings one line on stdout,
// {"value": ...} or {"error": "..."}.
'use strict';

const MbusMaster = require('node-mbus');
const lines = require('readline').createInterface({input: process.stdin});

let master = null;

const calls = {
    connect: (options) => {
        master = new MbusMaster(options);
        return master.connectAsync();
    },
    close: () => master.closeAsync(),
    getData: (address) => master.getDataAsync(address),
    scanSecondary: () => master.scanSecondaryAsync(),
    setPrimaryId: (from, to) => master.setPrimaryIdAsync(from, to),
};

(async () => {
    for await (const line of lines) {
        const request = JSON.parse(line);
        let answer;

        try {
            answer = {value: await calls[request.call](...request.with)};
        } catch (e) {
            answer = {error: e.message};
        }
        process.stdout.write(JSON.stringify(answer) + '\n');
    }
})();
