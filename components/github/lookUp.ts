import * as github from "@pulumi/github";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { shellWord } from "../messages/shell.ts";
import { foreign } from "../../quay/api/text.ts";
import { UserError } from "../messages/userError.ts";
import { apiPath, type GitHubAccount } from "./account.ts";
import type { Reviewers } from "./environment.ts";

/** The ids of users and teams, in the order of their names. */
export interface ReviewerIds {
    readonly users: number[];
    readonly teams: number[];
}

const identified = z.object({ id: z.int() });

/**
 * Looks up the ids of users and teams: GitHub's API takes reviewers by id. Sends one request for
 * each, in a preview too.
 *
 * @throws UserError that names those that were not found.
 */
export async function findReviewers(
    { owner }: GitHubAccount,
    { users = [], teams = [] }: Reviewers,
    parent: pulumi.Resource,
): Promise<ReviewerIds> {
    const missing: string[] = [];
    const idOf = async (endpoint: string, who: string): Promise<number> => {
        const { status, body } = await read(endpoint, parent);
        const { success, data } = identified.safeParse(body);
        if (!success) missing.push(`the ${who} (${status})`);
        return data?.id ?? 0;
    };
    const ids = {
        users: await Promise.all(
            users.map((login) => idOf(`users/${encodeURIComponent(login)}`, `user "${login}"`)),
        ),
        teams: await Promise.all(
            teams.map((slug) =>
                idOf(
                    `orgs/${owner}/teams/${encodeURIComponent(slug)}`,
                    `team "${slug}" of ${owner}`,
                ),
            ),
        ),
    };
    if (missing.length === 0) return ids;
    throw new UserError(
        "GitHub does not tell who these reviewers of the environment are: " +
            `${missing.join(", ")}. There are none of that name, or the token in GITHUB_TOKEN ` +
            "may not see them (a team: scope read:org, or the organization's permission " +
            "Members: read).",
    );
}

const customization = z.object({
    use_default: z.boolean(),
    include_claim_keys: z.array(z.string()).optional(),
    sub_claim_prefix: z.string().optional(),
});

/**
 * Returns the exact `sub` claim of identity tokens of jobs that name this environment. Reads the
 * repository's prefix from GitHub: with names (`repo:OWNER/NAME`), or with immutable ids
 * (`repo:OWNER@ID/NAME@ID`). A GitHub without a prefix in its answer uses names
 * (https://docs.github.com/actions/reference/security/oidc#immutable-subject-claims). Sends one
 * request, in a preview too.
 *
 * @throws UserError where GitHub does not answer, or the repository has a custom subject.
 */
export async function findSubject(
    { owner, webUrl }: GitHubAccount,
    repository: string,
    environment: string,
    parent: pulumi.Resource,
): Promise<string> {
    const path = apiPath("repos", owner, repository, "actions", "oidc", "customization", "sub");
    const { status, body } = await read(path, parent);
    const parsed = customization.safeParse(body);
    if (!parsed.success) {
        throw new UserError(
            `The subject of the identity tokens of ${owner}/${repository} could not be read: ` +
                `GitHub says ${foreign(status, 500)}. The token in GITHUB_TOKEN must be allowed ` +
                "to read the repository (scope repo, or Actions: read), for a preview too.",
        );
    }
    const {
        use_default: isDefault,
        include_claim_keys: keys = [],
        sub_claim_prefix: prefix = `repo:${owner}/${repository}`,
    } = parsed.data;
    if (!isDefault && keys.join() !== "repo,context") {
        throw new UserError(
            `The repository ${owner}/${repository} has identity tokens with a subject of its own ` +
                `(${foreign(keys.join(", "), 200)}), which a robot's federation cannot be set to ` +
                `beforehand. Go back to GitHub's: gh api -X PUT ${shellWord(path)} ` +
                "-F use_default=true " +
                `(${webUrl}/${owner}/${repository}/settings/actions).`,
        );
    }
    return `${prefix}:environment:${environment.replaceAll(":", "%3A")}`;
}

const contentsForm = z.object({ content: z.string() });

/**
 * Reads the text of a file on a branch; undefined where it does not exist or cannot be read. Sends
 * one request.
 */
export async function readFile(
    owner: string,
    repository: string,
    path: string,
    branch: string,
    parent: pulumi.Resource,
): Promise<string | undefined> {
    const at = apiPath("repos", owner, repository, "contents", ...path.split("/"));
    const endpoint = `${at}?ref=${encodeURIComponent(branch)}`;
    const { body } = await read(endpoint, parent);
    const content = contentsForm.safeParse(body).data?.content;
    return content === undefined ? undefined : Buffer.from(content, "base64").toString();
}

const reference = z.object({ object: z.object({ type: z.string(), sha: z.string() }) });

/**
 * Returns the commit that a git tag names; undefined where there is no such tag, or it cannot be
 * read. Sends one request, and another one where the tag has a message.
 *
 * @param repository OWNER/NAME
 */
export async function commitOfTag(
    repository: string,
    tag: string,
    parent: pulumi.Resource,
): Promise<string | undefined> {
    const at = apiPath("repos", ...repository.split("/"), "git");
    const { body } = await read(`${at}/ref/tags/${encodeURIComponent(tag)}`, parent);
    const { type, sha = "" } = reference.safeParse(body).data?.object ?? {};
    if (type !== "tag") return type === "commit" ? sha : undefined;
    const annotated = await read(`${at}/tags/${sha}`, parent);
    return reference.safeParse(annotated.body).data?.object.sha;
}

/** Reads from GitHub with the provider's client and credentials. */
async function read(
    endpoint: string,
    parent: pulumi.Resource,
): Promise<{ status: string; body: unknown }> {
    try {
        const { status, body } = await github.getRestApi({ endpoint }, { parent });
        return { status, body: JSON.parse(body) as unknown };
    } catch (error) {
        return { status: error instanceof Error ? error.message : String(error), body: undefined };
    }
}
