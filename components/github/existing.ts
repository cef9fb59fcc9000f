import type { GitHubClient } from "./client.ts";
import { ownerVariable } from "./ownership.ts";
import { isAbsent, listPolicies } from "./rules.ts";

/** What is there in an environment that GitHub refuses to make twice: by what it is, the id to import it by. */
export interface Existing {
    /** The environment itself. */
    readonly environment: string | undefined;
    /** The note of who manages it. */
    readonly note: string | undefined;
    /** Its branch and tag rules: `branch-main` → id. */
    readonly rules: ReadonlyMap<string, string>;
}

/**
 * Looks it up. The ids are those of the GitHub provider (in which a colon within a name is written
 * `??`).
 *
 * @throws UserError where GitHub refuses to tell
 */
export async function findExisting(
    client: GitHubClient,
    owner: string,
    repository: string,
    environment: string,
): Promise<Existing> {
    const at = `repos/${encodeURIComponent(owner)}/${encodeURIComponent(repository)}/environments/${encodeURIComponent(environment)}`;
    const id = `${repository}:${environment.replaceAll(":", "??")}`;
    const [found, note, rules] = await Promise.all([
        client.get(at),
        client.get(`${at}/variables/${ownerVariable}`),
        listPolicies(client, at),
    ]);
    return {
        environment: isAbsent(found) ? undefined : id,
        note: isAbsent(note) ? undefined : `${id}:${ownerVariable}`,
        rules: new Map(
            rules.map((rule) => [`${rule.type}-${rule.name}`, `${id}:${String(rule.id)}`]),
        ),
    };
}
