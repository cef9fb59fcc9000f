import { z } from "zod";
import * as quay from "../quay/sdk/index.ts";
import { type LastResource, readLastState } from "./github/lastState.ts";
import { UserError } from "./userError.ts";

/** How a stack gets the image of its version. */
export interface ImageOrigin {
    /**
     * `build`: the stack builds it. `keep`: the stack has built it before, and does not again.
     * `lookUp`: it is what the version, or the followed tag, names in the repository.
     */
    readonly how: "build" | "keep" | "lookUp";
    /** Whether the stack has no image yet: only an `up` then needs the version published. */
    readonly isFirst: boolean;
    /** What the tag that the stack follows names now. Undefined before the first image. */
    readonly digest?: string | undefined;
}

const publishedForm = z.object({
    target: z.string(),
    digest: z.string(),
    tags: z.array(z.string()),
});
const builtForm = z.object({ sha256Digest: z.string() });

/**
 * Decides where the image of a stack with a workflow comes from. The workflow makes the versions;
 * the stack builds only its first image, where there is none of that version and where neither
 * attestation nor signature is wanted, which only the workflow can give.
 *
 * The state answers, with two exceptions, in a preview too: Quay is asked for the version where the
 * repository was imported into the state, and for the tag that the stack follows.
 *
 * @throws UserError where Quay does not say what the followed tag names.
 */
export async function findImageOrigin(stack: {
    /** The name of the image's component. */
    readonly name: string;
    /** The repository, NAMESPACE/NAME. */
    readonly repository: string;
    readonly version: string;
    /** The floating tag that the stack follows from its second deployment on. Default: none. */
    readonly follow?: string | undefined;
    /** Whether only the workflow's images count. */
    readonly isAttested: boolean;
}): Promise<ImageOrigin> {
    const { name, repository, version, follow, isAttested } = stack;
    const state = await readLastState();
    const built = builtForm.safeParse(find(state, registryImage, name)?.outputs).data;
    const published = publishedForm.safeParse(find(state, promotedImage, name)?.outputs).data;
    if (published?.target.endsWith(`/${repository}`) === true) {
        const digest = follow && (await findFollowed(repository, follow));
        const isCurrent = digest === undefined || digest === published.digest;
        // Another version is another image: what was built gets no second version.
        const isOwn =
            isCurrent &&
            built?.sha256Digest === published.digest &&
            published.tags.includes(version);
        return {
            how: isOwn ? "keep" : "lookUp",
            isFirst: false,
            ...(digest !== undefined && { digest }),
        };
    }
    if (isAttested) return { how: "lookUp", isFirst: true };
    const isImported = built === undefined && find(state, quayRepository, name) !== undefined;
    const exists = isImported && (await hasTag(repository, follow ?? version));
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

/** Returns the digest that the followed tag names now. */
async function findFollowed(repository: string, tag: string): Promise<string> {
    try {
        return (await quay.getTag({ repository, tag })).digest;
    } catch (error) {
        // Pulumi puts the name of the function before what the provider says.
        const said = String(error).replace(/^.*returned an error: /s, "");
        throw new UserError(
            `mlops:service.follow = "${tag}": what it names now is not known. ${said} Without ` +
                "this key the stack deploys mlops:service.version.",
        );
    }
}
