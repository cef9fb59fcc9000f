import { doesNotMatch, ok } from "node:assert/strict";
import { format } from "node:util";

/** What stands in for a value of an answer: other types, terminal codes, too much of it. */
const wrong: readonly unknown[] = [null, [], {}, 1e300, "\x1b[2J\u202e\n".repeat(1000), "DEEP"];
/** JSON.stringify itself would fail on it. */
const deep = "[".repeat(20_000) + "]".repeat(20_000);

type Path = readonly (string | number)[];

/**
 * Runs with each value of each answer in JSON replaced by each wrong one. It has to succeed all the
 * same, or to fail with one clear error.
 *
 * @param isClear whether an error is one for people.
 * @returns how often it failed.
 */
export async function tryWrongAnswers(
    what: string,
    run: () => Promise<unknown>,
    isClear: (error: unknown) => error is Error,
): Promise<number> {
    const answers = new Map<string, unknown>();
    await withAnswers((answer, url) => {
        answers.set(url, answer);
        return answer;
    }, run);
    let failed = 0;
    for (const [at, answer] of answers)
        for (const path of pathsIn(answer))
            for (const put of wrong) {
                // By its URL: a server is asked again after a wrong answer.
                const error = await withAnswers(
                    (given, url) => (url === at ? withValue(given, path, put) : given),
                    run,
                ).then(
                    () => undefined,
                    (found: unknown) => found,
                );
                if (error === undefined) continue;
                const told = `${what}, ${at}, ${path.join(".")}: ${format(error)}`.slice(0, 3000);
                ok(isClear(error), told);
                ok(error.message.length < 2500, told);
                doesNotMatch(error.message, /[^\P{Cc}\n\t]|\p{Cf}/u, told);
                failed++;
            }
    return failed;
}

/** Runs with answers in JSON changed. */
async function withAnswers(
    change: (answer: unknown, url: string) => unknown,
    run: () => Promise<unknown>,
): Promise<void> {
    const original = globalThis.fetch;
    globalThis.fetch = async (...request) => {
        const answer = await original(...request);
        if (!/json/.test(answer.headers.get("content-type") ?? "")) return answer;
        const { status } = answer;
        const body = JSON.stringify(change(await answer.json(), answer.url));
        const headers = new Headers(answer.headers);
        headers.delete("content-length");
        return new Response(body.replace('"DEEP"', deep), { status, headers });
    };
    try {
        await run();
    } finally {
        globalThis.fetch = original;
    }
}

/** Returns the paths of all values in JSON but GitHub's many links, that of the whole included. */
function pathsIn(value: unknown, path: Path = []): Path[] {
    if (typeof value !== "object" || value === null) return [path];
    const inside = Array.isArray(value)
        ? value.map((one: unknown, index) => [index, one] as const)
        : Object.entries(value).filter(([key]) => !/(?<!^html)_url$|^owner$/.test(key));
    return [path, ...inside.flatMap(([key, one]) => pathsIn(one, [...path, key]))];
}

function withValue(value: unknown, [key, ...rest]: Path, put: unknown): unknown {
    if (key === undefined) return put;
    const at = (name: string | number, one: unknown): unknown =>
        name === key ? withValue(one, rest, put) : one;
    if (Array.isArray(value)) return value.map((one: unknown, index) => at(index, one));
    const fields = Object.entries(value as object);
    return Object.fromEntries(fields.map(([name, one]) => [name, at(name, one)]));
}
