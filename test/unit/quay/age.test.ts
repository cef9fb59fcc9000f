import { equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, formatTime, secondsOf } from "../../../quay/api/age.ts";

const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const unit = fc.constantFrom("s", "m", "h", "d", "w");
const longest = 52 * units.w;

describe("an age", () => {
    it("is a number of units in seconds, up to 52 weeks", () => {
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 40_000_000 }), unit, (count, one) => {
                const seconds = count * units[one];
                equal(secondsOf(`${String(count)}${one}`), seconds > longest ? undefined : seconds);
            }),
            {
                examples: [
                    [52, "w"],
                    [53, "w"],
                    [longest, "s"],
                    [longest + 1, "s"],
                ],
            },
        );
    });

    it("is nothing else", () => {
        const near = fc.stringMatching(/^[ +.,0-9eE_-]{0,4}[0-9]{0,22} ?[smhdwyMHx]{0,2}[ \n]?$/);
        fc.assert(
            fc.property(fc.oneof(near, fc.string()), (text) => {
                const isAge = /^[1-9][0-9]*[smhdw]$/.test(text);
                const found = secondsOf(text);
                ok(isAge || found === undefined, JSON.stringify(text));
                ok(found === undefined || (found >= 1 && found <= longest), text);
            }),
            {
                numRuns: 5000,
                examples: [["1h\n"], ["01h"], ["1e1h"], ["0s"], ["1h30m"], ["9".repeat(400) + "s"]],
            },
        );
    });

    it("is the same in any unit that it is whole in", () => {
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 52 }), (weeks) => {
                const same = [
                    `${String(weeks)}w`,
                    `${String(weeks * 7)}d`,
                    `${String(weeks * 168)}h`,
                ];
                equal(new Set(same.map(secondsOf)).size, 1);
            }),
        );
    });
});

describe("a duration for people", () => {
    const rows: [seconds: number, text: string][] = [
        [0, "0 s"],
        [-5, "0 s"],
        [59.9, "59 s"],
        [60, "1 min"],
        [90, "1 min 30 s"],
        [599, "9 min 59 s"],
        [600, "10 min"],
        [745, "12 min"],
        [3600, "1 h"],
        [3661, "1 h 1 min"],
        [5400, "1 h 30 min"],
        [86_400, "1 d"],
        [86_460, "1 d"],
        [2 * 86_400 + 3 * 3600 + 59, "2 d 3 h"],
        [604_800, "7 d"],
    ];
    for (const [seconds, text] of rows)
        it(`of ${String(seconds)} seconds is ${text}`, () => {
            equal(formatDuration(seconds), text);
        });

    it("never says more than it is, and at most one unit less", () => {
        fc.assert(
            fc.property(fc.integer({ min: 1, max: longest }), (seconds) => {
                const text = formatDuration(seconds);
                match(text, /^\d+ (d( \d+ h)?|h( \d+ min)?|min( \d+ s)?|s)$/);
                const said = [...text.matchAll(/(\d+) (\w)/g)].reduce(
                    (sum, [, count, one]) =>
                        sum +
                        Number(count) * (new Map(Object.entries(units)).get(one ?? "") ?? NaN),
                    0,
                );
                ok(said <= seconds && seconds - said < 3600, text);
            }),
        );
    });
});

describe("a time for people", () => {
    const now = Date.UTC(2026, 10, 26, 23, 40) / 1000;
    const rows: [seconds: number, text: string][] = [
        [now, "23:40 UTC"],
        [now - 23 * 3600, "00:40 UTC"],
        [now - 24 * 3600, "2026-11-25 23:40 UTC"],
        [now + 30 * 60, "2026-11-27 00:10 UTC"],
    ];
    for (const [time, text] of rows)
        it(`is ${text}`, () => {
            equal(formatTime(time, now), text);
        });
});
