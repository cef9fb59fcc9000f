import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";
import { IdentityProvider } from "./components/identityProvider.ts";
import { LocalService } from "./components/localService.ts";
import { QuayRepository } from "./components/quayRepository.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { RobotFederation } from "./components/robotFederation.ts";
import { ServiceImage } from "./components/serviceImage.ts";
import { pullCommand, runCommand } from "./docker/commands.ts";
import { type EnvironmentOf, publisherOf, readEnvironment } from "./environment.ts";
import { preflight } from "./github/preflight.ts";
import { exportOutputs } from "./outputs.ts";
import { PromotedImage } from "./quay/index.ts";
import { workflowSettings } from "./workflowSettings.ts";

// The SDK takes a stack trace for every promise and maps each back through source maps. There are none: Node.js strips the types in place.
// Its own traces are as exact and take 0.2 s less of a preview.
Reflect.deleteProperty(Error, "prepareStackTrace");

const environment = readEnvironment();
export default exportOutputs(environment.kind === "local" ? runHere(environment) : await deliver(environment));

/** The service on this machine. */
function runHere({ service, env, oauth2, local }: EnvironmentOf<"local">) {
    const { name, version } = service;
    const image = new ServiceImage(name, { ...service, repository: name, buildArgs: { VERSION: version, ...service.buildArgs } });
    const network = new docker.Network(name);
    // Without an issuer of the user's, the stack brings one of its own, so that the service can be called at once.
    const identity = oauth2 ?? new IdentityProvider(`${name}-identity`, { audience: name, network: network.name });
    const running = new LocalService(name, {
        ...local,
        image: image.reference,
        network: network.name,
        port: { host: local.port, container: service.port, setting: "mlops:local.port" },
        env: pulumi.output(env).apply((variables) => ({
            PORT: String(service.port),
            OAUTH2_ISSUER: identity.issuer,
            OAUTH2_AUDIENCE: identity.audience,
            OAUTH2_JWKS_URI: identity.jwksUri,
            ...variables,
        })),
    });
    const tokenCommand = identity instanceof IdentityProvider ? { tokenCommand: identity.tokenCommand } : {};
    return { kind: "local" as const, version, imageId: image.reference, serviceUrl: running.serviceUrl, ...tokenCommand };
}

/** The image in its Quay repository, the robot's credentials on GitHub, and the workflow there that builds the image or checks its release. */
async function deliver(environment: EnvironmentOf<"built" | "promoted">) {
    const { service, quay, github, oauth2 } = environment;
    const { name, version } = service;
    const { repository: gitRepository, secrets: names, workflow: file } = github;
    await preflight({ ...github, path: file.path, isOurs: (content) => isManagedBy(content, thisStack()), setting: "mlops:github" });

    const repository = new QuayRepository(name, quay);
    const { robotUsername, robotToken } = repository;
    const [image, work] = environment.kind === "built" ? build(environment, repository) : promote(environment, repository);

    const secrets = new RegistrySecrets(name, {
        ...github,
        secrets: github.federation ? {} : { [names.username]: robotUsername, [names.password]: robotToken },
    });
    const { environment: place } = github;
    if (github.federation && place) new RobotFederation(name, { robot: robotUsername, repository: gitRepository, environment: place.name });
    const variables = { OAUTH2_ISSUER: oauth2?.issuer, OAUTH2_AUDIENCE: oauth2?.audience, OAUTH2_JWKS_URI: oauth2?.jwksUri };
    const workflow = new DeliveryWorkflow(
        name,
        {
            ...github,
            ...file,
            ...work,
            version,
            image: repository.image,
            login: github.federation ? { robot: robotUsername } : { usernameSecret: names.username, passwordSecret: names.password },
            health: { port: service.port, path: file.healthPath, env: variables },
        },
        { dependsOn: [secrets, image] },
    );

    return {
        kind: "published" as const,
        version,
        image: image.reference,
        digest: image.digest,
        tags: [version],
        repositoryUrl: repository.repositoryUrl,
        pullCommand: image.reference.apply(pullCommand),
        runCommand: image.reference.apply((reference) => runCommand(reference, service.port, variables)),
        robotUsername,
        workflow: workflow.url,
    };
}
