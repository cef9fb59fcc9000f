import type { GitHubClient } from "./client.ts";
import { ownerVariable } from "./ownerVariable.ts";
import { isAbsent, listPolicies, pathOf } from "./rules.ts";

/** The import ids of an environment's existing objects, which GitHub refuses to create twice. */
export interface Existing {
    /** The id of the environment itself; undefined where it does not exist. */
    readonly environment: string | undefined;
    /** The id of the variable that names its stack; undefined where it does not exist. */
    readonly ownerMark: string | undefined;
    /** The ids of its branch and tag rules by name: `branch-main` → id. */
    readonly rules: ReadonlyMap<string, string>;
}

/**
 * Finds an environment's existing objects. The ids are those of the GitHub provider, which writes a
 * colon in a name as `??`.
 *
 * @throws UserError where GitHub answers with an error.
 */
export async function findExisting(
    client: GitHubClient,
    owner: string,
    repository: string,
    environment: string,
): Promise<Existing> {
    const at = pathOf(owner, repository, environment);
    const id = `${repository}:${environment.replaceAll(":", "??")}`;
    const [found, ownerMark, rules] = await Promise.all([
        client.get(at),
        client.get(`${at}/variables/${ownerVariable}`),
        listPolicies(client, at),
    ]);
    return {
        environment: isAbsent(found) ? undefined : id,
        ownerMark: isAbsent(ownerMark) ? undefined : `${id}:${ownerVariable}`,
        rules: new Map(
            rules.map((rule) => [`${rule.type}-${rule.name}`, `${id}:${String(rule.id)}`]),
        ),
    };
}
