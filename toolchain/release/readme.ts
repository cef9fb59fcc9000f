import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { root } from "./run.ts";

/**
 * Reads a README for PyPI, which knows no folder of a repository: its relative links lead to the
 * repository on GitHub.
 *
 * @param file in this project, as in `quay/README.md`.
 * @param repository OWNER/NAME; without one the links stay.
 */
export function readmeFor(file: string, repository: string | undefined): string {
    const text = readFileSync(join(root, file), "utf8");
    if (repository === undefined) return text;
    const files = `https://github.com/${repository}/blob/HEAD`;
    return text.replace(
        /\]\((?!https?:|#)([^)]+)\)/g,
        (_, to: string) => `](${files}/${posix.join(posix.dirname(file), to)})`,
    );
}
