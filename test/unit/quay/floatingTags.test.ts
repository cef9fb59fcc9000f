import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { floatingTagsOf, isFloating } from "../../../quay/api/floatingTags.ts";

const all = ["latest", "{{major}}", "v{{major}}.{{minor}}"];

describe("floating tags", () => {
    const cases: [versions: string[], tags: string[]][] = [
        [[], ["latest"]],
        [["1.2.3"], ["latest", "1", "v1.2"]],
        [["10.20.30"], ["latest", "10", "v10.20"]],
        [
            ["1.2.3", "1.3.0"],
            ["latest", "1", "v1.2", "v1.3"],
        ],
        ...["1.2", "1.2.3-rc.1", "v1.2.3", "2026", "sha-1.2.3", "1.2.3.4"].map(
            (version): [string[], string[]] => [[version], ["latest"]],
        ),
    ];
    for (const [versions, tags] of cases)
        it(`are ${tags.join(", ")} with the versions: ${versions.join(", ") || "none"}`, () => {
            deepEqual(floatingTagsOf(all, versions), tags);
        });

    it("are never a version that has three numbers", () => {
        const number = fc.nat(99);
        fc.assert(
            fc.property(number, number, number, (...numbers) => {
                const version = numbers.join(".");
                equal(isFloating(all, version), false);
                for (const tag of floatingTagsOf(all, [version]))
                    equal(isFloating(all, tag), true, tag);
            }),
        );
    });

    for (const tag of ["1", "v1.1", "latest"])
        it(`are taken by ${tag}`, () => {
            equal(isFloating(all, tag), true);
        });
    for (const tag of ["1.1", "1a", "v1", "v1x1", "latest1", "{{major}}"])
        it(`are not ${tag}`, () => {
            equal(isFloating(all, tag), false);
        });
});
