import { z } from "zod";
import type { GitHubClient } from "./client.ts";
import { ownerVariable } from "./environment.ts";

/** What is there in an environment that GitHub refuses to make twice: by what it is, the id to import it by. */
export interface Existing {
    /** The environment itself. */
    readonly environment: string | undefined;
    /** The note of who manages it. */
    readonly note: string | undefined;
    /** Its branch and tag rules: `branch-main` → id. */
    readonly rules: ReadonlyMap<string, string>;
}

const policies = z.object({
    branch_policies: z.array(
        z.object({
            id: z.int(),
            name: z.string(),
            type: z.enum(["branch", "tag"]).default("branch"),
        }),
    ),
});

/** Looks it up. The ids are those of the GitHub provider (in which a colon within a name is written `??`). */
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
        client.get(`${at}/deployment-branch-policies?per_page=100`),
    ]);
    const listed = policies.safeParse(rules.body).data?.branch_policies ?? [];
    return {
        environment: found.status === 200 ? id : undefined,
        note: note.status === 200 ? `${id}:${ownerVariable}` : undefined,
        rules: new Map(
            listed.map((rule) => [`${rule.type}-${rule.name}`, `${id}:${String(rule.id)}`]),
        ),
    };
}
