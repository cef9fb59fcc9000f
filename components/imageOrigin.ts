import { z } from "zod";
import * as quay from "../quay/sdk/index.ts";
import { type LastResource, readLastState } from "./github/lastState.ts";

/** How a stack gets the image of its version. */
export interface ImageOrigin {
    /**
     * `build`: the stack builds it. `keep`: the stack has built it before, and does not again.
     * `lookUp`: it is what the version names in the repository.
     */
    readonly how: "build" | "keep" | "lookUp";
    /** Whether the stack has no image yet: only an `up` then needs the version published. */
    readonly isFirst: boolean;
}

const publishedForm = z.object({
    target: z.string(),
    digest: z.string(),
    tags: z.array(z.string()),
});
const builtForm = z.object({ sha256Digest: z.string() });

/**
 * Decides where the image of a stack with a workflow comes from. The workflow makes the versions;
 * the stack builds only its first image, where there is none of that version and where no
 * attestation is wanted, which only the workflow can give.
 *
 * The state answers, except for a repository that was imported into it: then Quay is asked for the
 * version, in a preview too.
 */
export async function findImageOrigin(stack: {
    /** The name of the image's component. */
    readonly name: string;
    /** The repository, NAMESPACE/NAME. */
    readonly repository: string;
    readonly version: string;
    /** Whether only the workflow's images count. */
    readonly isAttested: boolean;
}): Promise<ImageOrigin> {
    const { name, repository, version, isAttested } = stack;
    const state = await readLastState();
    const built = builtForm.safeParse(find(state, registryImage, name)?.outputs).data;
    const published = publishedForm.safeParse(find(state, promotedImage, name)?.outputs).data;
    if (published?.target.endsWith(`/${repository}`) === true) {
        const isOwn = built?.sha256Digest === published.digest && published.tags.includes(version);
        return { how: isOwn ? "keep" : "lookUp", isFirst: false };
    }
    if (isAttested) return { how: "lookUp", isFirst: true };
    const isImported = built === undefined && find(state, quayRepository, name) !== undefined;
    const exists = isImported && (await hasTag(repository, version));
    return { how: exists ? "lookUp" : "build", isFirst: true };
}

const registryImage = "docker:index/registryImage:RegistryImage";
const promotedImage = "quay:index:PromotedImage";
const quayRepository = "quay:index:Repository";

function find(
    state: readonly LastResource[],
    type: string,
    name: string,
): LastResource | undefined {
    return state.find((resource) => resource.type === type && resource.name === name);
}

/** Returns false where Quay does not say: no version is moved later, either. */
async function hasTag(repository: string, tag: string): Promise<boolean> {
    try {
        const { tags } = await quay.listTags({ repository });
        return tags.some(({ name }) => name === tag);
    } catch {
        return false;
    }
}
