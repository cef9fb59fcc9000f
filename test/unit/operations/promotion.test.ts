import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { promotionBody } from "../../../operations/promotion/body.ts";
import { withVersion } from "../../../operations/promotion/stackFile.ts";
import { versionsAfter, versionsAmong } from "../../../operations/promotion/versions.ts";
import { root } from "../files.ts";

describe("the versions among tags", () => {
    it("are in the order of Semantic Versioning, and nothing else counts", () => {
        const version = fc
            .tuple(fc.nat(20), fc.nat(20), fc.nat(20))
            .map((numbers) => numbers.join("."));
        fc.assert(
            fc.property(fc.uniqueArray(version, { minLength: 2 }), (versions) => {
                const sorted = versionsAmong(["latest", "sha-1", "running", "1", ...versions]);
                const padded = (one: string): string =>
                    one.replaceAll(/\d+/g, (digits) => digits.padStart(2, "0"));
                deepEqual(sorted.map(padded), versions.map(padded).sort().reverse());
                const [newest = "", second = ""] = sorted;
                deepEqual(versionsAfter(versions, second), [newest]);
            }),
        );
    });

    it("come after a pre-release, and all after what is no version", () => {
        deepEqual(versionsAfter(["1.1.0", "1.1.0-rc.1", "1.0.0", "v1.2.0"], "1.1.0-rc.1"), [
            "v1.2.0",
            "1.1.0",
        ]);
        deepEqual(versionsAfter(["1.0.0"], "main"), ["1.0.0"]);
    });
});

describe("another version in a stack's file", () => {
    const text = readFileSync(join(root, "Pulumi.staging.yaml"), "utf8");

    it("changes one line", () => {
        const changed = withVersion(text, "1.1.0");
        equal(changed, text.replace("version: 1.0.0", "version: 1.1.0"));
    });

    for (const version of ["1.10", "0x10", "1e3", "true", "2027-01-31", "1.1.0-rc.1", "null"]) {
        it(`is the text that was given: ${version}`, () => {
            const { config } = parse(withVersion(text, version)) as {
                config: Record<string, { version: unknown }>;
            };
            equal(config["mlops:service"]?.version, version);
        });
    }

    it("is refused where there is none to change", () => {
        throws(() => withVersion("config: {}\n", "1.1.0"), /no mlops:service with a version/);
    });
});

describe("the description of a promotion", () => {
    const promotion = {
        stack: "staging",
        from: "dev",
        version: "1.1.0",
        present: "1.0.0",
        digest: `sha256:${"a".repeat(64)}`,
        ranFor: 7200,
        health: undefined,
        scans: undefined,
        commits: [],
    };

    it("shows the texts of others as they are", () => {
        const title = "Fix `x` @alice <img src=x> [a](http://b) ::error::\u202e|";
        const body = promotionBody({
            ...promotion,
            commits: [{ sha: "1".repeat(40), author: "Mallory `@all`", title }],
        });
        match(
            body,
            /^- `111111111111` ``Fix `x` @alice <img src=x> \[a\]\(http:\/\/b\) ::error::\\u\{202e\}\|``, `` Mallory `@all` ``$/m,
        );
        match(body, /\| runs in `dev` \| for 2 h, without a break \|/);
    });

    it("says how the pods of the stack before are", () => {
        const health = { ready: 2, wanted: 3, restarts: 4, isCurrent: true };
        const rows: [
            given: Partial<typeof health & { problem: string }> | undefined,
            row: string,
        ][] = [
            [undefined, "not known"],
            [{}, "2 of 3 serve, 4 restarts"],
            [{ problem: "a `pod` waits" }, "2 of 3 serve, 4 restarts: ``a `pod` waits``"],
            [{ isCurrent: false }, "they run another image now"],
        ];
        for (const [given, row] of rows) {
            const body = promotionBody({
                ...promotion,
                health: given && { ...health, ...given },
            });
            ok(body.includes(`\n| pods there | ${row} |\n`), body);
        }
    });

    it("names the newest fifty commits, and how many there are", () => {
        const commits = Array.from({ length: 60 }, (_, index) => ({
            sha: String(index).padStart(40, "0"),
            author: "alice",
            title: `Change ${String(index)}`,
        }));
        const lines = promotionBody({ ...promotion, commits }).split("\n");
        equal(lines.filter((line) => line.includes("`Change ")).length, 50);
        match(lines.join("\n"), /`1\.0\.0`: 60\n\n- `0{10}..` `Change 59`/);
        match(lines.join("\n"), /- and 10 before/);
    });
});
