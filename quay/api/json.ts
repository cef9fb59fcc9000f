/** The deepest answer of Quay's API, a scan, has about ten levels. */
const maxDepth = 100;

/** Reads JSON of a server's. Undefined where it is none, or too deep to be an answer of Quay's. */
export function readJson(text: string): unknown {
    try {
        const value = JSON.parse(text) as unknown;
        return isDeep(value) ? undefined : value;
    } catch {
        return undefined;
    }
}

/** What the bytes are as JSON; undefined where they are none. */
export function parseJson(bytes: Uint8Array): unknown {
    try {
        return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    } catch {
        return undefined;
    }
}

/** Level by level: recursion would exhaust the stack on exactly what this looks for. */
function isDeep(value: unknown): boolean {
    let level = [value];
    for (let depth = 0; level.length > 0; depth++) {
        if (depth > maxDepth) return true;
        level = level.flatMap((one): unknown[] =>
            typeof one === "object" && one !== null ? Object.values(one) : [],
        );
    }
    return false;
}
