import { deepEqual, doesNotMatch, equal, match, ok, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { summarizeDrift } from "../../../../operations/board/drift.ts";
import { renderJson, renderMarkdown, renderText } from "../../../../operations/board/render.ts";
import type { Row } from "../../../../operations/board/row.ts";
import { parseState } from "../../../../operations/board/state.ts";
import { readEvents, step, succeeded } from "../review/previews.ts";

/** The real CLI's output for a published stack, without what the board does not read. */
const recorded = (name: string): string =>
    readFileSync(join(import.meta.dirname, `fixtures/${name}.json`), "utf8");

interface State {
    deployment: {
        resources: { type: string; inputs?: object; outputs: Record<string, unknown> }[];
    };
}
/** The recorded state with a change to the outputs of its resources of a type. */
function changed(type: string, change: (outputs: Record<string, unknown>) => void): unknown {
    const state = JSON.parse(recorded("state")) as State;
    for (const resource of state.deployment.resources.filter((one) => one.type === type))
        change(resource.outputs);
    return state;
}

const digest = "sha256:2c6e0c6f4110666200507cd5d1de7cb8a83101d163483dd54e7f0ec3092bf9cc";

describe("what the board takes from a state", () => {
    it("is what a published stack is at, who may pull it, and its robot", () => {
        const commit = "ab".repeat(20);
        const state = changed("pulumi:pulumi:Stack", (outputs) => {
            outputs["commit"] = commit;
        });
        deepEqual(parseState("local", state), {
            environment: "local",
            version: "1.0.0",
            digest,
            commit,
            since: "2026-11-22T20:14:39.969410114Z",
            published: { image: `quay.example:8080/alice/digits@${digest}`, settings: {} },
            visibility: "private",
            robot: { username: "alice+digits_robot", since: "2026-11-22T20:14:38.52312007Z" },
        });
    });

    it("is the current robot's age where there are two", () => {
        const rotated = changed("pulumi:pulumi:Stack", (outputs) => {
            outputs["robotUsername"] = "alice+digits_robot_x1y2z3";
        }) as State;
        const second = {
            type: "quay:index:Robot",
            outputs: { username: "alice+digits_robot_x1y2z3" },
            created: "2026-12-01T00:00:00Z",
        };
        rotated.deployment.resources.push(second);
        deepEqual(parseState("local", rotated)?.robot, {
            username: "alice+digits_robot_x1y2z3",
            since: "2026-12-01T00:00:00Z",
        });
    });

    it("is the id of the image that runs here, of a local stack", () => {
        const imageId = `sha256:${"ab".repeat(32)}`;
        const outputs = {
            kind: "local",
            schemaVersion: 1,
            environment: "local",
            version: "2",
            imageId,
            serviceUrl: "http://localhost:8080",
        };
        const image = (id: string, modified: string) => ({
            type: "docker:index/remoteImage:RemoteImage",
            outputs: { imageId: id },
            modified,
        });
        const resources = [
            { type: "pulumi:pulumi:Stack", outputs },
            image("sha256:other", "2026-01-01T00:00:00Z"),
            image(imageId, "2026-02-02T00:00:00Z"),
        ];
        const since = "2026-02-02T00:00:00Z";
        deepEqual(parseState("local", { deployment: { resources } }), {
            environment: "local",
            version: "2",
            digest: imageId,
            since,
        });
    });

    it("is nothing where nothing is deployed", () => {
        equal(parseState("dev", { deployment: {} }), undefined);
        equal(
            parseState("dev", { deployment: { resources: [{ type: "pulumi:pulumi:Stack" }] } }),
            undefined,
        );
    });

    it("is no guess where the outputs are not those of a deployment", () => {
        const other = changed("pulumi:pulumi:Stack", (outputs) => {
            outputs["schemaVersion"] = 9;
        });
        throws(() => parseState("dev", other), {
            message:
                'The stack "dev" does not export the outputs of a deployment: it is no stack of ' +
                "one service, or an older version deployed it (then `pulumi up` in it).",
        });
    });
});

describe("the drift on the board", () => {
    const about = (type: string, change: (urn: string) => object): string =>
        JSON.stringify(change(`urn:pulumi:prod::mlops::mlops:quay:QuayRepository$${type}::digits`));
    const refused = (type: string): string =>
        about(type, (urn) => ({
            diagnosticEvent: {
                urn,
                message: "<{%reset%}>Preview failed: QUAY_TOKEN is not set<{%reset%}>\n",
                severity: "error",
            },
        }));

    it("is what was changed and what was deleted", () => {
        const refreshed = readEvents([
            step("refresh", "quay:index:Robot", {}, {}),
            step(
                "update",
                "quay:index:Repository",
                { outputs: { visibility: "private" } },
                { outputs: { visibility: "public" } },
                { detailedDiff: { visibility: { diffKind: "update" } } },
            ),
            step("delete", "quay:index:Robot", { inputs: { name: "digits" } }, null),
            step("same", "quay:index:RepositoryPermission", {}, {}),
            succeeded,
        ]);
        deepEqual(summarizeDrift(refreshed), [
            { resource: "Repository digits", what: "changed", properties: ["visibility"] },
            { resource: "Robot digits", what: "gone", properties: [] },
        ]);
    });

    it("is an error if a provider could not check, or the CLI did not start", () => {
        const failed = readEvents(["quay:index:Robot", "quay:index:Repository"].map(refused));
        throws(() => summarizeDrift(failed), { message: "QUAY_TOKEN is not set" });
        throws(() => summarizeDrift(readEvents([], "error: no such stack")), {
            message: "no such stack",
        });
    });

    it("is an error if the check is incomplete", () => {
        const incomplete = { ...readEvents([succeeded]), unchecked: ["GITHUB_TOKEN is not set"] };
        throws(() => summarizeDrift(incomplete), { message: "GITHUB_TOKEN is not set" });
    });
});

describe("the board's forms", () => {
    const now = new Date("2026-11-25T12:00:00Z");
    const findings = { critical: 0, high: 2, medium: 0, low: 7, negligible: 0, unknown: 0 };
    const prod: Row = {
        environment: "prod",
        version: "1.0.0",
        digest,
        image: `quay.io/alice/digits_prod@${digest}`,
        since: "2026-11-22T11:00:00Z",
        visibility: "private",
        robot: { username: "alice+digits_prod", since: "2026-11-25T08:59:00Z" },
        scan: { status: "scanned", findings },
        drift: [],
        next: { version: "1.1.0", waitsFor: "It may be promoted." },
        notes: [],
    };
    const dev: Row = {
        ...prod,
        environment: "dev",
        since: "2026-11-25T11:59:01Z",
        scan: null,
        drift: null,
        next: null,
        notes: ["scan: no token"],
    };
    const local: Row = { environment: "local", version: "1.0.0", digest, notes: [] };
    const rows: Row[] = [local, dev, { environment: "staging", notes: [] }, prod];

    it("are a table for the terminal", () => {
        equal(
            renderText(rows, now),
            [
                "environment  version       digest        deployed  visibility  robot              robot's age  scan           drift  next",
                "local        1.0.0         2c6e0c6f4110  -         -           -                  -            -              -      -",
                "dev          1.0.0         2c6e0c6f4110  0 min     private     alice+digits_prod  3 h          ?              ?      ?",
                "staging      not deployed  -             -         -           -                  -            -              -      -",
                "prod         1.0.0         2c6e0c6f4110  3 d       private     alice+digits_prod  3 h          2 high, 7 low  none   1.1.0",
                "",
                "dev: scan: no token",
            ].join("\n"),
        );
    });

    it("have more columns where a service runs on a cluster", () => {
        const service = {
            name: "digits-prod",
            namespace: "alice-prod",
            context: "sandbox",
            url: "https://digits.example",
            ready: 2,
            wanted: 3,
            since: "2026-11-25T09:30:00Z",
            restarts: 4,
            image: prod.image ?? "",
            isCurrent: true,
        };
        const cpu = { used: 490, limit: 500, isThrottled: true };
        const moving = { ...service, since: undefined, url: undefined, isCurrent: false, cpu };
        const unlimited = { ...service, cpu: { used: 120, isThrottled: false } };
        const text = renderText(
            [
                { ...prod, services: [service] },
                { ...prod, environment: "staging", services: [moving, unlimited] },
                { ...prod, environment: "dev", services: null },
                local,
            ],
            now,
        );
        deepEqual(
            text.split("\n").map((line) => line.split(/ {2,}/).slice(10)),
            [
                ["pods", "rollout", "restarts", "CPU", "URL"],
                ["2/3", "2 h", "4", "-", "https://digits.example"],
                [
                    "2/3 (other image), 2/3",
                    "under way, 2 h",
                    "4, 4",
                    "490m of 500m (throttled), 120m",
                    "-, https://digits.example",
                ],
                ["?", "?", "?", "?", "?"],
                ["-", "-", "-", "-", "-"],
            ],
        );
        const markdown = renderMarkdown([{ ...prod, services: [service] }, local], now);
        deepEqual(
            markdown.split("\n").map((line) => line.split(" | ").length),
            [15, 15, 15, 15],
        );
    });

    it("say what several environments have in common once", () => {
        match(
            renderText([dev, { ...dev, environment: "staging" }], now),
            /\n\ndev, staging: scan: no token$/,
        );
    });

    it("have nothing that changes a terminal, and no cell or note without an end", () => {
        const hostile = `\x1b[2J\u202e${"x".repeat(100_000)}`;
        const odd: Row = { environment: "a", version: hostile, notes: [hostile] };
        for (const text of [renderText([odd], now), renderMarkdown([odd], now)]) {
            doesNotMatch(text, /[^\P{Cc}\n]|\p{Cf}/u);
            ok(text.length < 3000, String(text.length));
        }
    });

    it("are a table of Markdown, in which nothing is markup", () => {
        const odd: Row = { environment: "a|b", notes: ["<b>x</b>\n# y"] };
        deepEqual(renderMarkdown([odd], now).split("\n").slice(2), [
            "| a\\|b | ? | - | - | - | - | - | - | - | - |",
            "",
            "- a\\|b: \\<b\\>x\\</b\\> \\# y",
        ]);
    });

    it("have one line a row in Markdown, whatever is in it", () => {
        fc.assert(
            fc.property(fc.string(), fc.string(), (environment, version) => {
                const lines = renderMarkdown([{ environment, version, notes: [] }], now).split(
                    "\n",
                );
                equal(lines.length, 3);
                equal(lines[2]?.match(/(?<!\\)(?:\\\\)*\|/g)?.length, 11);
            }),
        );
    });

    it("are JSON with nothing left out", () => {
        deepEqual(JSON.parse(renderJson(rows)), rows);
    });
});
