import { readFileSync } from "node:fs";
import { join } from "node:path";
import type {
    ResourceValidation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
} from "@pulumi/policy";
import { z } from "zod";

/** The folder of the program, which a build's paths are relative to. */
const program = process.cwd();

const built = z.object({
    build: z
        .object({
            context: z.string(),
            dockerfile: z.string().default("Dockerfile"),
            target: z.string().optional(),
            buildArgs: z.record(z.string(), z.string()).default({}),
            additionalContexts: z.array(z.string()).default([]),
        })
        .optional(),
});
type Build = NonNullable<z.infer<typeof built>["build"]>;

export const baseImagesByDigest: ResourceValidationPolicy = {
    name: "base-images-by-digest",
    description: "An image that is built names its base images by their digest.",
    enforcementLevel: "advisory",
    validateResource: [
        ofBuild("docker:index/remoteImage:RemoteImage"),
        ofBuild("docker:index/registryImage:RegistryImage"),
    ],
};

function ofBuild(type: string): ResourceValidation {
    return async (resource: ResourceValidationArgs, report) => {
        if (resource.type !== type) return;
        const { build } = built.parse(resource.props);
        if (build === undefined) return;
        const text = readDockerfile(build);
        if (text === undefined) return;
        for (const image of await findMovableBases(text, build))
            report(
                `The image would be built on ${image}: a tag may point at something else ` +
                    "tomorrow. Name it NAME:TAG@sha256:… in the Dockerfile; " +
                    "`docker buildx imagetools inspect` shows the digest.",
            );
    };
}

/** Returns the Dockerfile's text; undefined where it is not written yet, as in a preview. */
function readDockerfile({ context, dockerfile }: Build): string | undefined {
    try {
        // As the Docker provider joins them: a link is not followed.
        return readFileSync(join(program, context, dockerfile), "utf8");
    } catch {
        return undefined;
    }
}

/**
 * Finds the images of a Dockerfile and of its named contexts that are not named by their digest.
 * One whose name has a variable without a value is left out: `up` checks it again.
 */
export async function findMovableBases(
    text: string,
    { target, buildArgs, additionalContexts }: Omit<Build, "context" | "dockerfile">,
): Promise<string[]> {
    // Loaded where an image is built: the parser takes a tenth of a second.
    const { findBaseImages } = await import("../../components/docker/dockerfile.ts");
    const contexts = additionalContexts.map((context) => {
        const [name = "", ...from] = context.split("=");
        return { name, image: /^docker-image:\/\/(.*)$/.exec(from.join("="))?.[1] };
    });
    const images = [
        ...findBaseImages(text, { target, buildArgs, contexts: contexts.map(({ name }) => name) }),
        ...contexts.flatMap(({ image }) => image ?? []),
    ];
    return images.filter((image) => !image.includes("$") && !/@sha256:[0-9a-f]{64}$/.test(image));
}
