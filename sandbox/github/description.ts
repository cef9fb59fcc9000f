import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Document } from "openapi-backend";
import { z } from "zod";

const methods = z.record(z.string(), z.looseObject({ operationId: z.string().optional() }));
const description = z.looseObject({
    paths: z.record(z.string(), methods),
    components: z.record(z.string(), z.record(z.string(), z.unknown())),
});
type Description = z.infer<typeof description>;

const openApi = z.custom<Document>((value) => description.safeParse(value).success);

/**
 * Corrects the description: can_admins_bypass, which it omits, is in answers and accepted in
 * requests; a label without a description has null there, in lists of pull requests, too.
 */
const labels = { items: { properties: { description: { nullable: true } } } };
const bypass = { properties: { can_admins_bypass: { type: "boolean" } } };
const amendments = {
    paths: {
        "/repos/{owner}/{repo}/environments/{environment_name}": {
            put: { requestBody: { content: { "application/json": { schema: bypass } } } },
        },
    },
    components: {
        schemas: { environment: bypass, "pull-request-simple": { properties: { labels } } },
    },
};

/**
 * Returns GitHub's own description of its API, reduced to some operations. The whole has 13 MB, for
 * which creating validators would take minutes.
 * @throws Error if it does not have an operation
 */
export async function loadDescription(operations: readonly string[]): Promise<Document> {
    const file = createRequire(import.meta.url).resolve(
        "@octokit/openapi/generated/api.github.com.json",
    );
    const whole = description.parse(JSON.parse(await readFile(file, "utf8")));
    const wanted = new Set(operations);
    const paths = Object.fromEntries(
        Object.entries(whole.paths).flatMap(([path, item]) => {
            const served = Object.entries(item).filter(([, { operationId }]) =>
                wanted.delete(operationId ?? ""),
            );
            return served.length === 0 ? [] : [[path, Object.fromEntries(served)]];
        }),
    );
    if (wanted.size > 0)
        throw new Error(`GitHub's description has no operation ${[...wanted].join(", ")}`);
    const { openapi, info } = whole;
    const cut = { openapi, info, paths, components: componentsOf(paths, whole) };
    return openApi.parse(forValidators(merged(cut, amendments)));
}

/** The components that something refers to, directly or indirectly. */
function componentsOf(root: unknown, whole: Description): Description["components"] {
    const found: Description["components"] = {};
    const follow = (part: unknown): void => {
        for (const [, kind = "", name = ""] of JSON.stringify(part).matchAll(
            /"\$ref":"#\/components\/(\w+)\/([^"]+)"/g,
        )) {
            const known = (found[kind] ??= {});
            if (kind === "examples" || name in known) continue;
            known[name] = whole.components[kind]?.[name];
            follow(known[name]);
        }
    };
    follow(root);
    return found;
}

function merged(base: unknown, more: unknown): unknown {
    if (!isObject(base) || !isObject(more)) return more;
    return {
        ...base,
        ...Object.fromEntries(
            Object.entries(more).map(([key, value]) => [key, merged(base[key], value)]),
        ),
    };
}

/**
 * Converts a schema for the validators. Examples, half of the description, are removed.
 * Alternatives that overlap, as GitHub's do, become anyOf. If such a schema is nullable, null
 * becomes another alternative.
 */
function forValidators(part: unknown): unknown {
    if (isList(part)) return part.map(forValidators);
    if (!isObject(part)) return part;
    const entries = Object.entries(part).filter(
        ([key]) => key !== "examples" || !("schema" in part),
    );
    const { nullable, ...rest } = Object.fromEntries(
        entries.map(([key, value]) => [key === "oneOf" ? "anyOf" : key, forValidators(value)]),
    );
    if (nullable !== true) return rest;
    if ("type" in rest)
        return {
            ...rest,
            nullable,
            ...(isList(rest["enum"]) ? { enum: [...rest["enum"], null] } : {}),
        };
    return "anyOf" in rest || "allOf" in rest ? { anyOf: [rest, { type: "null" }] } : rest;
}

function isList(value: unknown): value is readonly unknown[] {
    return Array.isArray(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
