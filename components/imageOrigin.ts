import { z } from "zod";
import * as quay from "../quay/sdk/index.ts";
import { type LastResource, readLastState } from "./github/lastState.ts";
import { UserError } from "./messages/userError.ts";

/** How a stack gets the image of its version. */
export interface ImageOrigin {
    /**
     * `build`: the stack builds it. `keep`: the stack has built it before, and does not again.
     * `lookUp`: it is what the version, or the followed tag, names in the repository.
     */
    readonly how: "build" | "keep" | "lookUp";
    /** Whether the stack has no image yet: only an `up` then needs the version published. */
    readonly isFirst: boolean;
    /** The tag to look up: the version, or the one that the stack follows. */
    readonly tag: string;
    /** What the followed tag names now. Undefined before the first image, and where it is kept. */
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
        // Another version is another image: what was built gets no second version.
        const isVersion =
            published.tags.includes(version) &&
            (digest === undefined || digest === published.digest);
        const isOwn = isVersion && built?.sha256Digest === published.digest;
        return {
            how: isOwn ? "keep" : "lookUp",
            isFirst: false,
            ...(follow === undefined || isVersion ? { tag: version } : { tag: follow, digest }),
        };
    }
    const first = { how: "lookUp", isFirst: true, tag: follow ?? version } as const;
    if (isAttested) return first;
    const isImported = built === undefined && find(state, quayRepository, name) !== undefined;
    const tags = isImported ? await tagsIn(repository) : [];
    const tag = [first.tag, version].find((one) => tags.includes(one));
    return tag === undefined ? { ...first, how: "build", tag: version } : { ...first, tag };
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

/** Returns the tags; none where Quay does not say: no version is moved later, either. */
async function tagsIn(repository: string): Promise<readonly string[]> {
    try {
        const { tags } = await quay.listTags({ repository });
        return tags.map(({ name }) => name);
    } catch {
        return [];
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
