/** The maximum nesting. Quay's deepest answer, a scan, has about ten levels. */
const maxDepth = 100;

/**
 * Parses a server's JSON. Returns undefined if it is invalid, or nested deeper than Quay's answers.
 */
export function readJson(text: string): unknown {
    try {
        const value = JSON.parse(text) as unknown;
        return isDeep(value) ? undefined : value;
    } catch {
        return undefined;
    }
}

/** Parses bytes as JSON. Returns undefined if they are invalid. */
export function parseJson(bytes: Uint8Array): unknown {
    try {
        return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    } catch {
        return undefined;
    }
}

/** Iterates level by level: recursion would overflow the stack on the very input this detects. */
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
