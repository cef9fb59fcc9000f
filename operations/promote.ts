/** Proposes the next version of a stack: `make promote TO=staging`. */
import { z } from "zod";
import { UserError } from "../components/messages/userError.ts";
import { QuayError } from "../quay/api/errors.ts";
import { runCommand } from "./commandLine.ts";
import { promotionBody, type Commit } from "./promotion/body.ts";
import { findCandidate } from "./promotion/candidate.ts";
import { readHealth } from "./promotion/health.ts";
import { ownRepository, proposeVersion } from "./promotion/proposeVersion.ts";
import { withdraw } from "./promotion/pullRequest.ts";
import { Source } from "./promotion/source.ts";
import { quayOf, readStack, type PromotionStack } from "./promotion/stack.ts";
import { GitHubRepository, repositoryOf } from "./review/github.ts";

const usage = `Proposes the newest version that a stack may get from the stack before it, by a pull
request that changes one line of Pulumi.STACK.yaml. One that is open is brought up to date, or gives
way to a newer version. Without a repository on GitHub and GITHUB_TOKEN it changes the file here.

  node operations/promote.ts STACK [--version VERSION] [--scheduled]

  --version VERSION   this version, not the newest
  --scheduled         does what mlops:github.promotion says: nothing for byHand, and for automatic
                      merges the pull request once GitHub lets it
  --help              this text

It needs QUAY_TOKEN (repo:read) where a repository is private, and for the pull request GITHUB_TOKEN
(contents, pull requests: write). For the list of commits, SERVICE_GITHUB_TOKEN (contents: read of
the service's repository) or GITHUB_TOKEN. For the pods in the stack before, kubectl and a
kubeconfig.`;

/** GitHub's comparison of two commits. */
const comparison = z.object({
    commits: z.array(
        z.object({
            sha: z.string(),
            commit: z.object({
                message: z.string(),
                author: z.object({ name: z.string().default("") }).nullable(),
            }),
        }),
    ),
});

await runCommand(
    {
        usage,
        options: { version: { type: "string" }, scheduled: { type: "boolean" } },
        arguments: [1, 1],
    },
    async ({ version, scheduled = false }, [name = ""]) => {
        const stack = readStack(name);
        if (scheduled && stack.promotion === "byHand") {
            console.log(`${name} is released by hand: mlops:github.promotion.`);
            return;
        }
        try {
            await promote(stack, version, scheduled && stack.promotion === "automatic");
        } catch (error) {
            throw error instanceof QuayError ? new UserError(error.message) : error;
        }
    },
);

async function promote(
    stack: PromotionStack,
    wanted: string | undefined,
    merges: boolean,
): Promise<void> {
    const { promoteFrom, version: present } = stack;
    const { repository, environment: from = repository } = promoteFrom;
    const api = quayOf(stack);
    const source = new Source(api, repository);
    const github = ownRepository();
    const candidate =
        wanted === undefined
            ? await findCandidate(source, stack)
            : await given(source, wanted, promoteFrom);
    if (candidate === undefined) {
        const closed =
            github === undefined ? [] : await withdraw(github, `promotion/${stack.stack}-`);
        console.log(`${stack.stack} has ${present}, and ${from} has nothing newer.`);
        for (const number of closed) console.log(`Closed pull request #${String(number)}.`);
        return;
    }
    if (candidate.problem !== undefined) {
        console.log(`${stack.stack}: ${candidate.version} waits. ${candidate.problem}`);
        return;
    }
    const { version, digest } = candidate;
    const [details, before, health] = await Promise.all([
        source.detailsOf(digest),
        commitIn(new Source(api, `${api.site.host}/${stack.repository}`), present),
        readHealth(from, `${repository}@${digest}`),
    ]);
    const { commit, scans, runsSince } = details;
    const body = promotionBody({
        stack: stack.stack,
        from,
        version,
        present,
        digest,
        ranFor: runsSince === undefined ? undefined : Math.floor(Date.now() / 1000) - runsSince,
        health,
        scans,
        commits: await commitsBetween(stack.service, before, commit),
    });
    await proposeVersion(stack, { kind: "promotion", version, body, merges }, github);
}

/** @throws UserError where the stack before does not have the version. */
async function given(source: Source, version: string, gate: PromotionStack["promoteFrom"]) {
    const digest = (await source.tags()).get(version);
    if (digest === undefined)
        throw new UserError(`There is no version ${version} in ${gate.repository}.`);
    return { version, digest, problem: await source.problemOf(digest, gate) };
}

/** Returns the commit of the version that a stack has; undefined where it is not known. */
async function commitIn(own: Source, version: string): Promise<string | undefined> {
    try {
        const digest = (await own.tags()).get(version);
        return digest === undefined ? undefined : (await own.detailsOf(digest)).commit;
    } catch (error) {
        if (error instanceof QuayError) return undefined;
        throw error;
    }
}

/** Reads the commits of the service's repository; undefined where that is not possible. */
async function commitsBetween(
    repository: string | undefined,
    before: string | undefined,
    after: string | undefined,
): Promise<Commit[] | undefined> {
    const { GITHUB_TOKEN, SERVICE_GITHUB_TOKEN: token = GITHUB_TOKEN } = process.env;
    const place = repositoryOf({ ...process.env, GITHUB_REPOSITORY: repository });
    if (!token || !place || before === undefined || after === undefined) return undefined;
    try {
        const service = new GitHubRepository(place, token);
        const { commits } = await service.get(`compare/${before}...${after}`, comparison);
        return commits.map(({ sha, commit: { message, author } }) => ({
            sha,
            author: author?.name ?? "",
            title: message.split("\n", 1).join(),
        }));
    } catch (error) {
        if (error instanceof UserError) return undefined;
        throw error;
    }
}
