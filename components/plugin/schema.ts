/**
 * The components that programs in other languages can declare. The others have arguments that a
 * schema cannot express, or work on the machine of the program; docs/packages.md says which.
 */
import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import { DeliveredService, type DeliveredServiceArgs } from "../deliveredService.ts";
import { PullRobot, type PullRobotArgs } from "../pullRobot.ts";
import { QuayRepository, type QuayRepositoryArgs } from "../quayRepository.ts";
import {
    component,
    formsOf,
    input,
    must,
    number,
    plainFlag,
    plainNumber,
    plainText,
    property,
    secretText,
    text,
} from "./component.ts";

const rotation = plainNumber("How often the robot has been rotated. Default: 0.").optional();
const retire = plainFlag(
    "Whether to delete the robot before the current one. Default: false.",
).optional();

const keep = number("How many tags stay: the newest.");
const keepFor = text("The age at which a tag is deleted, as in 30d or 4w.");
const tagPattern = text("The tags that it applies to. Default: all.").optional();
const autoPrune = property(
    z.array(
        z.union(
            [z.strictObject({ keep, tagPattern }), z.strictObject({ keepFor, tagPattern })],
            must("have either keep (a number of tags) or keepFor (an age)"),
        ),
        must("be a list"),
    ),
    { type: "array", items: { $ref: "#/types/mlops:quay:AutoPrune" }, plain: true },
);

const either = z.enum(["public", "private"], must("be public or private"));
const visibility = property(input(either, "be public or private"), { type: "string" });
const plainVisibility = property(either, { type: "string", plain: true });

export const components = [
    component<DeliveredServiceArgs, DeliveredService>(
        "mlops:platform:DeliveredService",
        {
            description:
                "All that a service needs whose image GitHub builds at every push: its " +
                "repository on Quay with a robot, the credentials on GitHub, and the workflow.",
            inputs: z.object({
                namespace: text("The user or organization on Quay that the image belongs to."),
                repository: plainText("The GitHub repository, without its owner (github:owner)."),
                branch: plainText(
                    "The branch that is built at every push. Default: main.",
                ).optional(),
                context: plainText("The folder with the Dockerfile. Default: the root.").optional(),
                port: plainNumber(
                    "The port that the service listens on. Default: 8080.",
                ).optional(),
                healthPath: plainText(
                    "The path that answers once the service is healthy.",
                ).optional(),
                visibility: plainVisibility("`public` or `private`. Default: private.").optional(),
                protect: plainFlag(
                    "Whether Pulumi refuses to delete the repository on Quay. Default: as the " +
                        "component's options say.",
                ).optional(),
            }),
            outputs: z.object({
                image: text("The image's name for docker, without a tag."),
                workflow: text("The URL of the workflow's page on GitHub."),
            }),
        },
        DeliveredService,
    ),
    component<QuayRepositoryArgs, QuayRepository>(
        "mlops:quay:QuayRepository",
        {
            description:
                "A repository on Quay, and a robot account that has write access to it alone.",
            inputs: z.object({
                namespace: text("The user or organization that the repository belongs to."),
                repository: text("The repository's name within the namespace."),
                visibility: visibility(
                    "`public` (anyone may pull) or `private`. Default: private.",
                ).optional(),
                description: text("The repository's description. Default: not managed.").optional(),
                robot: text("The robot's name within the namespace."),
                rotation,
                retire,
                autoPrune: autoPrune(
                    "Which tags Quay deletes automatically. Default: none.",
                ).optional(),
                immutableTags: text(
                    "A regular expression for tags that cannot be moved.",
                ).optional(),
                protect: plainFlag(
                    "Whether Pulumi refuses to delete it. Default: as the component's options say.",
                ).optional(),
            }),
            outputs: z.object({
                fullName: text("The repository's name: NAMESPACE/NAME."),
                image: text("The image's name for docker, without a tag."),
                repositoryUrl: text("The URL of the repository's page."),
                robotUsername: text("The user name of the current robot."),
                robotToken: secretText("The token of the current robot."),
                pullCommand: text("The command that pulls the tag `latest`."),
            }),
        },
        QuayRepository,
    ),
    component<PullRobotArgs, PullRobot>(
        "mlops:quay:PullRobot",
        {
            description: "A robot account on Quay that has read access to one repository alone.",
            inputs: z.object({
                namespace: text("The user or organization that the robot belongs to."),
                robot: text("The name within the namespace."),
                repository: text("The repository, NAMESPACE/NAME."),
                rotation,
                retire,
            }),
            outputs: z.object({
                username: text("The user name of the current robot."),
                token: secretText("The token of the current robot."),
            }),
        },
        PullRobot,
    ),
];

export const { version } = manifest;

/** https://www.pulumi.com/docs/iac/extending-pulumi/schema/ */
export const packageSchema = {
    name: "mlops",
    displayName: "MLOps",
    version,
    description: manifest.description,
    license: manifest.license,
    types: {
        "mlops:quay:AutoPrune": {
            type: "object",
            description: "Deletes all tags but the newest `keep`, or those older than `keepFor`.",
            properties: formsOf({ keep, keepFor, tagPattern }),
        },
    },
    resources: Object.fromEntries(components.map(({ type, schema }) => [type, schema])),
};
