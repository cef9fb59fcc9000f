import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ClusterService, type ClusterServiceArgs } from "./components/clusterService.ts";
import { DeliveryWorkflow } from "./components/deliveryWorkflow.ts";
import { IdentityProvider } from "./components/identityProvider.ts";
import { LocalService } from "./components/localService.ts";
import { findImageOrigin } from "./components/imageOrigin.ts";
import { PromotedServiceImage } from "./components/promotedServiceImage.ts";
import { PublishedServiceImage } from "./components/publishedServiceImage.ts";
import { PullRobot } from "./components/pullRobot.ts";
import { QuayRepository } from "./components/quayRepository.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { RobotFederation } from "./components/robotFederation.ts";
import { RunningTag } from "./components/runningTag.ts";
import { ServiceImage } from "./components/serviceImage.ts";
import { baseImagesOf } from "./components/docker/baseImage.ts";
import { checkDockerfile } from "./components/docker/checkDockerfile.ts";
import { pullCommand, runCommand } from "./components/docker/commands.ts";
import { egressTo } from "./components/kubernetes/network.ts";
import { bytesOf } from "./components/kubernetes/resources.ts";
import { checkCluster } from "./components/kubernetes/preflight.ts";
import { providerContext } from "./components/kubernetes/provider.ts";
import { findPortProblem, ownerOf } from "./components/docker/publishedPort.ts";
import { digestOf, registryOf } from "./components/docker/reference.ts";
import {
    containerToRun,
    smokeTestContainer,
    variablesOf,
} from "./components/docker/serviceContainer.ts";
import { pullRobotOf } from "./configuration/pullRobot.ts";
import { readStackConfig } from "./configuration/readStackConfig.ts";
import { workflowBuild } from "./configuration/sections/service.ts";
import type { StackConfigOf } from "./configuration/stackConfig.ts";
import { promotedPortOf, provenanceOf, publisherOf } from "./configuration/upstream.ts";
import { UserError } from "./components/messages/userError.ts";
import { preflight } from "./components/github/preflight.ts";
import { exportOutputs } from "./contract/outputs.ts";

/**
 * Declares what the current stack's file says, and returns the stack's outputs. It is the whole
 * program of a project: `export default await stack();`
 *
 * @throws UserError that lists every problem of the stack's file, or of what it names
 */
export async function stack() {
    const config = readStackConfig();
    return exportOutputs(config.kind === "local" ? await runHere(config) : await deliver(config));
}

/** Creates the service on this machine. */
async function runHere(config: StackConfigOf<"local">) {
    const { service, container, oauth2, local } = config;
    const { name, version } = service;
    const port = checkDockerfile(config);
    // Checked before the build, which may take an hour and cannot be stopped any more.
    const portProblem = pulumi.runtime.isDryRun()
        ? undefined
        : await findPortProblem(local.port, ownerOf(name), "mlops:local.port");
    if (portProblem !== undefined) throw new UserError(portProblem);

    const baseImages = await baseImagesOf(service);
    const image = new ServiceImage(name, { ...service, baseImages, repository: name });
    const network = new docker.Network(name);
    const health = {
        healthTimeout: local.healthTimeout,
        healthTimeoutSetting: "mlops:local.healthTimeout",
    };
    // Without an issuer, the stack creates its own, so that the service can be called at once.
    const identity =
        oauth2 ??
        new IdentityProvider(`${name}-identity`, {
            ...health,
            audience: name,
            network: network.name,
        });
    const running = new LocalService(name, {
        ...health,
        image: image.reference,
        network: network.name,
        port: { host: local.port, container: port, setting: "mlops:local.port" },
        healthPath: service.healthPath,
        memory: local.memory,
        cpus: local.cpus,
        container,
        env: variablesOf<pulumi.Input<string>>(config.env, identity),
    });
    const tokenCommand =
        identity instanceof IdentityProvider ? { tokenCommand: identity.tokenCommand } : {};
    const serviceUrl = pulumi.interpolate`${running.serviceUrl}`;
    return {
        kind: "local" as const,
        version,
        imageId: image.reference,
        serviceUrl,
        ...tokenCommand,
    };
}

/**
 * Creates the image in its Quay repository, the robot's credentials on GitHub, and the workflow
 * there that builds the image or checks its release. Runs the image on the stack's cluster, if it
 * has one.
 */
async function deliver(config: StackConfigOf<"built" | "promoted">) {
    const { service, quay, github } = config;
    const { name, version } = service;
    const port = config.kind === "built" ? checkDockerfile(config) : promotedPortOf(config);
    const [declareImage] = await Promise.all([
        config.kind === "built" ? prepareOwnImage(config) : preparePromotedImage(config),
        preflight({ ...github, path: github.workflow.path, setting: "mlops:github" }),
        config.cluster && checkCluster(providerContext()),
    ]);

    const repository = new QuayRepository(name, quay);
    const { robotUsername, robotToken } = repository;
    const { environment, federation, secrets: names } = github;
    const secrets = new RegistrySecrets(name, {
        ...github,
        secrets: {
            ...(!federation && { [names.username]: robotUsername, [names.password]: robotToken }),
            ...Object.fromEntries(
                github.workflow.testSecrets.map((key) => [
                    key,
                    pulumi.secret(config.env[key] ?? ""),
                ]),
            ),
        },
    });
    const trust =
        federation && environment
            ? [
                  new RobotFederation(name, {
                      ...github,
                      environment: environment.name,
                      robot: robotUsername,
                  }),
              ]
            : [];
    const settings = {
        ...github,
        ...github.workflow,
        image: repository.image,
        login: federation
            ? { robot: robotUsername }
            : { usernameSecret: names.username, passwordSecret: names.password },
        health: {
            port,
            path: service.healthPath,
            ...smokeTestContainer(config, name),
            ...(config.cluster && { memory: bytesOf(config.cluster.memory) }),
        },
    };
    const before = [secrets, ...trust];
    let image: ReturnType<DeclareImage>;
    let workflow: DeliveryWorkflow;
    if (config.kind === "built") {
        const { deployedBy, ...own } = config.github.workflow;
        const build = {
            ...workflowBuild(config.service),
            ...own,
            floatingTags: quay.floatingTags,
            visibility: quay.visibility,
            deploy:
                deployedBy === undefined
                    ? undefined
                    : {
                          repository: deployedBy,
                          isOwn: deployedBy === github.repository,
                          stack: pulumi.getStack(),
                      },
        };
        workflow = new DeliveryWorkflow(name, { ...settings, build }, { dependsOn: before });
        image = declareImage(repository, [workflow]);
    } else {
        image = declareImage(repository, []);
        const release = { digest: image.reference.apply(digestOf) };
        workflow = new DeliveryWorkflow(
            name,
            { ...settings, version, release },
            { dependsOn: [...before, image] },
        );
    }
    const commit = pulumi.output(image.commit ?? "");
    const deployed = deployedVersion(config, commit);
    const released = { image: image.reference, version: deployed, commit, port };
    const running = runOnCluster(config, repository, released);
    return {
        kind: "published" as const,
        version: deployed,
        image: image.reference,
        digest: image.reference.apply(digestOf),
        tags: deployed.apply((tag) => [tag]),
        commit,
        repositoryUrl: repository.repositoryUrl,
        pullCommand: image.reference.apply(pullCommand),
        runCommand: image.reference.apply((reference) =>
            runCommand(reference, { port, ...containerToRun(config) }),
        ),
        ...running,
        robotUsername,
        workflow: workflow.url,
        ...(github.delivery === "pullRequest"
            ? { pullRequest: pulumi.interpolate`${workflow.pullRequestUrl}` }
            : {}),
    };
}

/** Returns the version that a stack is at: that of the commit where it follows a branch. */
function deployedVersion(
    { kind, service }: StackConfigOf<"built" | "promoted">,
    commit: pulumi.Output<string>,
): pulumi.Output<string> {
    if (kind === "promoted" || service.follow === undefined) return pulumi.output(service.version);
    return commit.apply((known) => (known === "" ? service.version : `sha-${known}`));
}

/** Declares the stack's image in its repository. The workflows are those that make versions. */
type DeclareImage = (
    repository: QuayRepository,
    workflows: readonly DeliveryWorkflow[],
) => pulumi.ComponentResource & {
    readonly reference: pulumi.Output<string>;
    readonly commit?: pulumi.Output<string>;
};

/** Finds out how the stack in which versions are made gets its image. */
async function prepareOwnImage({
    service,
    quay,
    github,
}: StackConfigOf<"built">): Promise<DeclareImage> {
    const { name, version, follow } = service;
    const { floatingTags } = quay;
    const { how, isFirst, tag, digest } = await findImageOrigin({
        name,
        repository: `${quay.namespace}/${quay.repository}`,
        version,
        follow,
        isAttested: github.workflow.attestation || github.workflow.signature === "keyless",
    });
    const baseImages = how === "build" ? await baseImagesOf(service) : undefined;
    // What makes the image: a git tag makes a version, and every push moves a followed tag.
    const [pushed, howToPublish] =
        follow === undefined
            ? [`the git tag v${version}`, `git tag v${version} && git push origin v${version}`]
            : [`a push to ${github.branch}`, `git push origin ${github.branch}`];
    return (owner, workflows) => {
        const { image: repository, robotUsername: username, robotToken: password } = owner;
        // The first image can be made only once the workflow is there.
        const options = afterPolicies(owner, how === "lookUp" && isFirst ? workflows : []);
        return how === "build"
            ? new ServiceImage(
                  name,
                  {
                      ...service,
                      baseImages,
                      repository,
                      publish: { version, username, password, floatingTags },
                  },
                  options,
              )
            : new PublishedServiceImage(
                  name,
                  {
                      repository,
                      version: tag,
                      isMoving: tag === follow,
                      digest,
                      floatingTags:
                          follow === undefined || tag === follow ? undefined : floatingTags,
                      builtBy: how === "keep" ? { username, password } : undefined,
                      howToPublish,
                      publishedBy: isFirst && pulumi.runtime.isDryRun() ? pushed : undefined,
                  },
                  options,
              );
    };
}

/** Takes the image from the stack before. */
function preparePromotedImage(config: StackConfigOf<"promoted">): DeclareImage {
    const { service, quay, promoteFrom } = config;
    const provenance = provenanceOf(config);
    return (owner) =>
        new PromotedServiceImage(
            service.name,
            {
                repository: owner.image,
                version: service.version,
                from: { ...promoteFrom, provenance },
                publishedBy: publisherOf(config),
                floatingTags: quay.floatingTags,
            },
            afterPolicies(owner),
        );
}

/**
 * Returns the options of an image. A corrected policy must be in force before tags are set: tags
 * that are set under the old one may stay immutable forever.
 */
function afterPolicies(repository: QuayRepository, others: readonly pulumi.Resource[] = []) {
    return { dependsOn: [repository, ...others] };
}

/** Runs the image on the stack's cluster. @returns the outputs; none if it has no cluster. */
function runOnCluster(
    config: StackConfigOf<"built" | "promoted">,
    repository: QuayRepository,
    released: Pick<ClusterServiceArgs, "image" | "version" | "commit" | "port">,
) {
    const { service, container, env, oauth2 = "none", quay, cluster } = config;
    if (cluster === undefined) return {};
    const { pull, egress, ...settings } = cluster;
    const robot = pullRobotOf(config);
    const puller =
        robot === undefined
            ? undefined
            : new PullRobot(service.name, {
                  ...pull,
                  robot,
                  namespace: quay.namespace,
                  repository: repository.fullName,
              });
    const running = new ClusterService(service.name, {
        ...service,
        ...settings,
        ...released,
        resources: cluster,
        container,
        env: variablesOf(env, oauth2),
        egress: [...egress, ...(oauth2 === "none" ? [] : egressTo(oauth2))],
        healthTimeoutSetting: "mlops:cluster.healthTimeout",
        pull: puller && {
            registry: repository.image.apply(registryOf),
            username: puller.username,
            password: puller.token,
        },
    });
    new RunningTag(service.name, {
        repository: repository.fullName,
        digest: pulumi.output(released.image).apply(digestOf),
        healthy: running.deploymentName,
    });
    const { namespace, serviceUrl } = running;
    return { namespace, serviceUrl, replicas: cluster.replicas };
}
