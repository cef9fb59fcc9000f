import { findCandidate } from "../promotion/candidate.ts";
import { ownRepository } from "../promotion/proposeVersion.ts";
import { openPullRequests } from "../promotion/pullRequest.ts";
import { Source } from "../promotion/source.ts";
import { promotes, type PromotionStack, quayOf, readStack } from "../promotion/stack.ts";

/** A version that a stack does not have yet. */
export interface Next {
    readonly version: string;
    /** What it waits for, one sentence. */
    readonly waitsFor: string;
}

/**
 * Finds the version that a stack gets next; undefined where it promotes none, or has the newest.
 *
 * @param deployed the version that it has.
 * @throws QuayError or UserError where Quay or GitHub does not answer.
 */
export async function readNext(stack: string, deployed: string): Promise<Next | undefined> {
    if (!promotes(stack)) return undefined;
    const declared = readStack(stack);
    if (declared.version !== deployed) {
        return {
            version: declared.version,
            waitsFor:
                `${declared.file} has it, and it is not deployed: the deployment waits for an ` +
                `approval, is under way or has failed. By hand: pulumi up --stack ${stack}.`,
        };
    }
    const source = new Source(quayOf(declared), declared.promoteFrom.repository);
    const candidate = await findCandidate(source, declared);
    if (candidate === undefined) return undefined;
    const { version, problem } = candidate;
    return { version, waitsFor: problem ?? (await proposalOf(declared, version)) };
}

/** Says who has to do something for a version that may be promoted. */
async function proposalOf({ stack, file }: PromotionStack, version: string): Promise<string> {
    const github = ownRepository();
    const branch = `promotion/${stack}-${version}`;
    const [open] = github === undefined ? [] : await openPullRequests(github, branch);
    return open === undefined
        ? `It may be promoted: set mlops:service.version in ${file}.`
        : `Its pull request is open: ${open.url}`;
}
