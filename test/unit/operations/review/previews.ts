/**
 * Previews to review: recorded ones of the real engine (test/e2e/review/record.ts), and invented
 * ones.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EventReader } from "../../../../operations/review/events.ts";
import { findingsOf } from "../../../../operations/review/findings.ts";
import {
    type Change,
    mapTexts,
    type Preview,
    previewSchema,
    type Value,
} from "../../../../operations/review/preview.ts";
import { compare, whole } from "../../../../operations/review/properties.ts";
import type { Finding } from "../../../../operations/review/rules/rule.ts";

/** @param failure what the engine said on its standard error, where it failed. */
export function recorded(name: string, failure?: string): Preview {
    return readEvents(
        readFileSync(join(import.meta.dirname, "previews", `${name}.jsonl`), "utf8").split("\n"),
        failure,
    );
}

export function readEvents(lines: readonly string[], failure?: string, stack = "prod"): Preview {
    const reader = new EventReader();
    for (const line of lines) reader.read(line);
    return reader.preview(stack, failure);
}

/** The previews that the documentation shows: nothing to do, a release, and too much at once. */
export const shown: Readonly<Record<"dev" | "staging" | "prod", Preview>> = {
    dev: { ...recorded("same"), stack: "dev" },
    staging: { ...inStaging(recorded("release")), stack: "staging", publisher: "dev" },
    prod: { ...recorded("dangerous"), stack: "prod", publisher: "staging" },
};

/** A preview of prod's repository, as one of staging's. */
function inStaging(preview: Preview): Preview {
    return previewSchema.parse(
        mapTexts(preview, (text) => text.replaceAll("digits_prod", "digits_staging")),
    );
}

/** A step as the engine tells it at its end. */
export function step(
    op: string,
    type: string,
    old: object | null,
    now: object | null,
    more: object = {},
    name = "digits",
): string {
    const urn = `urn:pulumi:prod::mlops::${type}::${name}`;
    const state = (given: object) => ({
        type,
        urn,
        custom: true,
        id: "an-id",
        parent: "urn:parent",
        inputs: {},
        outputs: {},
        ...given,
    });
    const metadata = {
        op,
        urn,
        type,
        old: old && state(old),
        new: now && state(now),
        detailedDiff: null,
        ...more,
    };
    return JSON.stringify({ resOutputsEvent: { metadata } });
}

export const succeeded = JSON.stringify({ summaryEvent: { result: "succeeded" } });

/** A value that the engine marks as secret. */
export const secretValue = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: "[secret]",
};
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function preview(changes: readonly Change[], more: Partial<Preview> = {}): Preview {
    return {
        stack: "prod",
        errors: [],
        warnings: [],
        changes: [...changes],
        unchanged: [],
        ...more,
    };
}

/** A change of a resource from these inputs to those; undefined where it is not there. */
export function change(
    type: string,
    before: Readonly<Record<string, Value>> | undefined,
    after: Readonly<Record<string, Value>> | undefined,
    more: Partial<Change> = {},
): Change {
    const properties =
        before === undefined
            ? whole("after", after ?? {})
            : after === undefined
              ? whole("before", before)
              : compare({ inputs: before, outputs: {} }, { inputs: after, outputs: {} }, []);
    return {
        urn: `urn:pulumi:prod::mlops::${type}::digits`,
        type,
        name: "digits",
        parent: "urn:parent",
        operation: before === undefined ? "create" : after === undefined ? "delete" : "update",
        id: before === undefined ? "" : "an-id",
        retained: false,
        properties,
        before: before ?? {},
        after: after ?? {},
        ...more,
    };
}

const say = ({ risk, text }: Finding): string =>
    `${risk}: ${text.map((part) => (typeof part === "string" ? part : `‹${part.value}›`)).join("")}`;

/** Returns the findings of a preview, a line each; values are in ‹›. */
export function findings(of: Preview): string[] {
    return findingsOf(of).map(say);
}
