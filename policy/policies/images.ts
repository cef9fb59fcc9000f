import type { ResourceValidationPolicy } from "@pulumi/policy";
import { z } from "zod";
import type { KnownValue } from "../knownValue.ts";
import { ofType } from "../ofType.ts";
import { containersOf } from "../podSecurity.ts";
import { ofPods } from "../workloads.ts";

/** `repository@sha256:…`, or the id of an image in the Docker engine. */
const immutable = /(?:^|@)sha256:[0-9a-f]{64}$/;
/** `repository@sha256:…`. A cluster knows no other name. */
const immutableImage = /.@sha256:[0-9a-f]{64}$/;
const comply = "a tag may point at something else tomorrow.";

export const imagesByDigest: ResourceValidationPolicy = {
    name: "images-by-digest",
    description: "Images that are run, pulled or promoted are named by their digest.",
    validateResource: [
        ofType(
            "docker:index/container:Container",
            { image: z.string().optional() },
            ({ image }, report) => {
                if (image !== undefined && !immutable.test(image)) {
                    report(
                        `The container would run ${image}: ${comply} Give it ` +
                            "REPOSITORY@sha256:…, or the id of an image that was built here.",
                    );
                }
            },
        ),
        ofType(
            "docker:index/remoteImage:RemoteImage",
            { name: z.string().optional(), build: z.unknown().optional() },
            ({ name, build }, report) => {
                if (name !== undefined && build === undefined && !immutable.test(name)) {
                    report(
                        `The image ${name} would be pulled: ${comply} Name it REPOSITORY@sha256:….`,
                    );
                }
            },
        ),
        ofType(
            "quay:index:PromotedImage",
            { digest: z.string().optional(), source: z.string().optional() },
            ({ digest, source }, report) => {
                if (digest !== undefined && !immutable.test(digest)) {
                    report(
                        `${source ?? "An image"} would be promoted as "${digest}", which is no ` +
                            "digest: give it sha256:….",
                    );
                }
            },
        ),
        ofPods(findMovable),
    ],
};

/** Finds images of a pod that are not named by their digest, and says what to do. */
export function findMovable(template: KnownValue): string[] {
    const pod = template.at("spec");
    const images = [
        ...containersOf(pod).map(({ name, container }) => ({
            what: `container ${name} would run`,
            image: container.at("image").text,
        })),
        ...pod
            .at("volumes")
            .items()
            .map((volume) => ({
                what: `volume ${volume.at("name").text ?? ""} would be`,
                image: volume.at("image.reference").text,
            })),
    ];
    return images.flatMap(({ what, image }) =>
        image === undefined || immutableImage.test(image)
            ? []
            : [`The ${what} ${image}: ${comply} Name it REPOSITORY@sha256:….`],
    );
}
