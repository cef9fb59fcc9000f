import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { foreign } from "../../quay/api/text.ts";
import { GitHubRepository, repositoryOf } from "../review/github.ts";
import { mergeIfAllowed, propose, readDefault } from "./pullRequest.ts";
import type { PromotionStack } from "./stack.ts";
import { withVersion } from "./stackFile.ts";

/** Another version of a stack, to be proposed. */
export interface Change {
    readonly kind: "promotion" | "rollback";
    readonly version: string;
    readonly body: string;
    /** Whether the pull request is merged once GitHub lets it. Default: false. */
    readonly merges?: boolean;
}

/**
 * Returns this program's own repository on GitHub: that of the run, or of the git remote `origin`.
 * Undefined where there is none, or no token.
 */
export function ownRepository(): GitHubRepository | undefined {
    const { GITHUB_TOKEN: token } = process.env;
    const repository = repositoryOf({ ...process.env, ...fromRemote() });
    return token && repository ? new GitHubRepository(repository, token) : undefined;
}

function fromRemote(): NodeJS.ProcessEnv {
    if (process.env["GITHUB_REPOSITORY"]) return {};
    try {
        const remote = execFileSync("git", ["remote", "get-url", "origin"], {
            encoding: "utf8",
            stdio: ["ignore", "pipe", "ignore"],
        }).trim();
        const [, path] =
            /^(?:https:\/\/github\.com\/|git@github\.com:)([^/]+\/[^/]+?)(?:\.git)?$/.exec(
                remote,
            ) ?? [];
        return path === undefined ? {} : { GITHUB_REPOSITORY: path };
    } catch {
        return {};
    }
}

/**
 * Proposes the change by a pull request; where there is no repository on GitHub, changes the
 * stack's file here. Says which, and what to do next.
 */
export async function proposeVersion(
    { stack, file, text }: PromotionStack,
    { kind, version, body, merges = false }: Change,
    github: GitHubRepository | undefined,
): Promise<void> {
    if (github === undefined) {
        writeFileSync(file, withVersion(text, version));
        console.log(
            `${file} has version ${version} now: without a repository on GitHub and ` +
                "GITHUB_TOKEN there is no pull request.\n\n" +
                `  make preview STACK=${stack}\n  make up STACK=${stack}`,
        );
        return;
    }
    const content = withVersion(await readDefault(github, file), version);
    const { number, url } = await propose(github, {
        prefix: `${kind}/${stack}-`,
        version,
        title: kind === "promotion" ? `${stack}: ${version}` : `${stack}: back to ${version}`,
        body,
        file,
        content,
    });
    const isMerged = merges && (await mergeIfAllowed(github, number));
    console.log(`${stack}: ${version}: ${foreign(url)}${isMerged ? " is merged" : ""}`);
}
