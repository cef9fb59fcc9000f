import * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "./deliveryWorkflow.ts";
import { QuayRepository } from "./quayRepository.ts";
import { RegistrySecrets } from "./registrySecrets.ts";
import { versionTags } from "./workflow/build.ts";

/** A service, and where it is delivered. All but the namespace is plain: it names resources. */
export interface DeliveredServiceArgs {
    /** The user or organization on Quay that the image's repository belongs to. */
    readonly namespace: pulumi.Input<string>;
    /**
     * The GitHub repository with the service's sources, without its owner. The owner is the GitHub
     * provider's (`github:owner`, GITHUB_OWNER).
     */
    readonly repository: string;
    /** The branch that is built at every push. Default: `main`. */
    readonly branch?: string | undefined;
    /** The folder with the Dockerfile, in the GitHub repository. Default: its root. */
    readonly context?: string | undefined;
    /** The port that the service listens on. Default: 8080. */
    readonly port?: number | undefined;
    /** The path that answers once the service is healthy. Default: only the port is checked. */
    readonly healthPath?: string | undefined;
    /** `public` (anyone may pull) or `private`. Default: `private`. */
    readonly visibility?: "public" | "private" | undefined;
    /**
     * Whether Pulumi refuses to delete or replace the repository on Quay. Default: as the
     * component's options say.
     */
    readonly protect?: boolean | undefined;
}

/** The GitHub environment with the credentials. */
const environment = "quay";

/**
 * All that a service needs whose image GitHub builds at every push: its repository on Quay with a
 * robot, both named after it, the robot's credentials on GitHub for the branch and for git tags
 * `v*` alone, and the workflow `.github/workflows/quay-deploy.yml`. The first run, which the commit
 * of the workflow starts, makes the first image.
 *
 * @example
 * const service = new DeliveredService("fraud-scores", {
 *     namespace: "acme",
 *     repository: "fraud-scores",
 * });
 * export const image = service.image;
 */
export class DeliveredService extends pulumi.ComponentResource {
    /** The image's name for docker: HOST/NAMESPACE/NAME, without a tag. */
    declare readonly image: pulumi.Output<string>;
    /** The URL of the workflow's page on GitHub. */
    declare readonly workflow: pulumi.Output<string>;

    /**
     * @param name the service's: also that of the repository on Quay, and of the robot.
     * @throws UserError as those of RegistrySecrets and DeliveryWorkflow
     */
    constructor(name: string, args: DeliveredServiceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:platform:DeliveredService", name, {}, opts);
        const { namespace, repository, branch = "main", visibility, protect } = args;
        const image = new QuayRepository(
            name,
            { namespace, repository: name, robot: name, visibility, protect },
            { parent: this },
        );
        const secrets = new RegistrySecrets(
            name,
            {
                repository,
                environment: { name: environment, branches: [branch], tags: [versionTags] },
                secrets: { QUAY_USER: image.robotUsername, QUAY_PWD: image.robotToken },
            },
            { parent: this },
        );
        const workflow = new DeliveryWorkflow(
            name,
            {
                repository,
                branch,
                path: ".github/workflows/quay-deploy.yml",
                name: "Build and publish",
                job: "build",
                image: image.image,
                environment: { name: environment },
                login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
                health: { port: args.port ?? 8080, path: args.healthPath },
                build: { context: args.context },
            },
            { parent: this, dependsOn: secrets },
        );
        this.image = image.image;
        this.workflow = workflow.url;
        this.registerOutputs({ image: this.image, workflow: this.workflow });
    }
}
