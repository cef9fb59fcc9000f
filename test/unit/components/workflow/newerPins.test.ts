import { deepEqual, equal } from "node:assert/strict";
import { newerPins, withPins } from "../../../../components/workflow/newerPins.ts";

const commit = (digit: string): string => digit.repeat(40);
const file = (checkout: string, ...more: string[]): string =>
    ["jobs:", "  a:", "    steps:", `      - uses: ${checkout}`, ...more, ""].join("\n");
const own = file(
    `actions/checkout@${commit("1")} # v7.0.1`,
    "      - name: Build",
    `        uses: docker/build-push-action@${commit("2")} # v7.3.0`,
    `      - uses: actions/checkout@${commit("1")} # v7.0.1`,
);
const newer = { repository: "actions/checkout", commit: commit("3"), release: "v7.1.0" };

describe("the pins of a workflow's file", () => {
    it("are kept where the present file has a newer release of an action", () => {
        const present = own
            .replaceAll(`${commit("1")} # v7.0.1`, `${commit("3")} # v7.1.0`)
            .replace(`${commit("2")} # v7.3.0`, `${commit("4")} # v7.2.0`);
        const pins = newerPins(own, present);
        deepEqual(pins, [newer]);
        equal(
            withPins(own, pins),
            own.replaceAll(`${commit("1")} # v7.0.1`, `${commit("3")} # v7.1.0`),
        );
        deepEqual(newerPins(withPins(own, pins), present), []);
    });

    const others: [what: string, checkout: string, ...more: string[]][] = [
        ["a release that is the same", `actions/checkout@${commit("3")} # v7.0.1`],
        ["an older release", `actions/checkout@${commit("3")} # v6.9.9`],
        ["a tag", "actions/checkout@v8 # v8.0.0"],
        ["a commit without a release", `actions/checkout@${commit("3")}`],
        ["a release that is none", `actions/checkout@${commit("3")} # main`],
        ["an action that this file does not use", `evil/action@${commit("3")} # v9.0.0`],
        [
            "one step of several",
            `actions/checkout@${commit("3")} # v7.1.0`,
            `      - uses: actions/checkout@${commit("1")} # v7.0.1`,
        ],
        ["text that is no step", `x@${commit("1")} # v1.0.0`, "      # uses: actions/checkout@"],
    ];
    for (const [what, checkout, ...more] of others)
        it(`are those of the program where the present file has ${what}`, () => {
            deepEqual(newerPins(own, file(checkout, ...more)), []);
        });
});
