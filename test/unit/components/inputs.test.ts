/** Components take outputs of other resources, known and unknown, where they take plain values. */
import { deepEqual, equal, notEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ClusterService } from "../../../components/clusterService.ts";
import { DeliveryWorkflow } from "../../../components/deliveryWorkflow.ts";
import { IdentityProvider } from "../../../components/identityProvider.ts";
import { LocalService } from "../../../components/localService.ts";
import { PromotedServiceImage } from "../../../components/promotedServiceImage.ts";
import { QuayRepository } from "../../../components/quayRepository.ts";
import { RegistrySecrets } from "../../../components/registrySecrets.ts";
import { RobotFederation } from "../../../components/robotFederation.ts";
import { RunningTag } from "../../../components/runningTag.ts";
import { ServiceImage } from "../../../components/serviceImage.ts";
import { declare, type Declared } from "../mocks.ts";

/** Turns a plain value into what the component is given. */
type Give = <T>(value: T) => pulumi.Input<T>;

/** A resource whose output a preview does not know. */
class Computed<T> extends pulumi.CustomResource {
    declare readonly value: pulumi.Output<T>;
    constructor(name: string) {
        super("test:index:Computed", name, { value: undefined });
    }
}

const workflow = {
    name: "Build",
    job: "build",
    path: ".github/workflows/build.yml",
    branch: "main",
    environment: { name: "dev" },
    health: { port: 8080 },
    build: {},
};

/** Each component with an input for every argument that takes one; and what depends on those. */
const components: Record<string, { program: (give: Give) => unknown; inputs: string[] }> = {
    QuayRepository: {
        program: (give) =>
            new QuayRepository("digits", {
                namespace: give("acme"),
                repository: give("digits"),
                visibility: give("public" as const),
                description: give("Digits"),
                robot: give("pusher"),
                rotation: 1,
                autoPrune: [
                    { keep: give(20), tagPattern: give("^ctx-") },
                    { keepFor: give("30d") },
                ],
                immutableTags: give("[0-9].*"),
            }),
        inputs: [
            "quay:index:Repository.namespace",
            "quay:index:Repository.name",
            "quay:index:Repository.visibility",
            "quay:index:Repository.description",
            "quay:index:Robot.namespace",
            "quay:index:Robot.name",
            "quay:index:AutoPrunePolicy.value",
            "quay:index:TagImmutabilityPolicy.tagPattern",
        ],
    },
    PromotedServiceImage: {
        program: (give) =>
            new PromotedServiceImage("digits", {
                repository: give("quay.io/acme/prod"),
                version: give("1.0.0"),
                from: {
                    repository: give("quay.io/acme/dev"),
                    maxSeverity: give("high" as const),
                    severityException: give({
                        digest: `sha256:${"d".repeat(64)}`,
                        reason: "no fix yet",
                        expires: "2030-01-01",
                    }),
                    signature: give({ publicKey: "PEM" }),
                    provenance: give({
                        repository: "https://github.com/acme/digits",
                        workflow: ".github/workflows/build.yml",
                        refs: ["refs/heads/main"],
                    }),
                    trustedRoot: give("{}"),
                    requireRunning: give(true),
                    soak: give("1h"),
                    environment: give("dev"),
                },
                publishedBy: give("dev"),
                floatingTags: give([give("stable")]),
            }),
        inputs: [
            "target",
            "version",
            "source",
            "maxSeverity",
            "severityException",
            "signature",
            "provenance",
            "trustedRoot",
            "requireRunning",
            "soak",
            "environment",
            "publishedBy",
            "floatingTags",
        ].map((input) => `quay:index:PromotedImage.${input}`),
    },
    RunningTag: {
        program: (give) =>
            new RunningTag("digits", {
                repository: give("acme/digits"),
                digest: give(`sha256:${"d".repeat(64)}`),
                healthy: give(undefined),
            }),
        inputs: ["repository", "digest"].map((input) => `quay:index:FloatingTag.${input}`),
    },
    ServiceImage: {
        program: (give) =>
            new ServiceImage("digits", {
                repository: give("quay.io/acme/digits"),
                context: ".",
                cacheFrom: [give("type=registry,ref=quay.io/acme/cache")],
                cacheTo: [give("type=inline")],
                publish: {
                    version: give("1.0.0"),
                    username: give("acme+pusher"),
                    password: give("hunter2"),
                    floatingTags: give([give("latest")]),
                },
            }),
        inputs: [
            "docker:index/registryImage:RegistryImage.name",
            "quay:index:PromotedImage.source",
            "quay:index:PromotedImage.target",
            "quay:index:PromotedImage.floatingTags",
        ],
    },
    LocalService: {
        program: (give) =>
            new LocalService("digits", {
                image: give("sha256:1"),
                network: give("net"),
                alias: give("digits"),
                port: { container: give(9090), host: give(18080) },
                env: give({ A: give("1") }),
                memory: give(256),
                cpus: give(2),
                healthPath: give("/health"),
                healthTimeout: give(60),
            }),
        inputs: ["image", "envs", "memory", "memorySwap", "cpus"].map(
            (input) => `docker:index/container:Container.${input}`,
        ),
    },
    ClusterService: {
        program: (give) =>
            new ClusterService("digits", {
                image: give(`quay.io/acme/digits@sha256:${"d".repeat(64)}`),
                version: give("1.0.0"),
                commit: give("c0ffee"),
                namespace: give("digits"),
                createNamespace: true,
                port: give(9090),
                healthPath: give("/health"),
                env: { TOKEN: pulumi.output(give("hunter2")) },
                replicas: { min: 2, max: 3 },
                cpuTarget: give(50),
                resources: { cpu: give("1"), memory: give("1Gi"), cpuLimit: give("2") },
                healthTimeout: give(60),
                expose: {
                    kind: "ingress",
                    host: give("digits.example.com"),
                    className: give("nginx"),
                    tlsSecret: give("certificate"),
                },
                pull: {
                    registry: give("quay.io"),
                    username: give("acme+reader"),
                    password: give("hunter3"),
                },
            }),
        inputs: [
            "core/v1:Namespace.metadata.name",
            "apps/v1:Deployment.metadata.annotations.mlops/version",
            "apps/v1:Deployment.metadata.annotations.mlops/digest",
            "apps/v1:Deployment.metadata.annotations.mlops/commit",
            "apps/v1:Deployment.spec.progressDeadlineSeconds",
            ...[
                "image",
                "ports.0.containerPort",
                "readinessProbe.httpGet.path",
                "resources.requests.cpu",
                "resources.limits.memory",
                "resources.limits.cpu",
                "startupProbe.failureThreshold",
            ].map((input) => `apps/v1:Deployment.spec.template.spec.containers.0.${input}`),
            "autoscaling/v2:HorizontalPodAutoscaler.spec.metrics.0.resource.target.averageUtilization",
            "networking.k8s.io/v1:Ingress.spec.ingressClassName",
            "networking.k8s.io/v1:Ingress.spec.tls.0.hosts.0",
            "networking.k8s.io/v1:Ingress.spec.tls.0.secretName",
            "networking.k8s.io/v1:Ingress.spec.rules.0.host",
        ].map((input) => `kubernetes:${input}`),
    },
    IdentityProvider: {
        program: (give) =>
            new IdentityProvider("identity", {
                audience: give("digits"),
                network: give("net"),
                healthTimeout: give(60),
            }),
        inputs: ["docker:index/container:Container.envs"],
    },
    RegistrySecrets: {
        program: (give) =>
            new RegistrySecrets("digits", {
                repository: give("digits"),
                environment: { name: "dev", branches: ["main"], protectionRules: ["gate"] },
                secrets: { QUAY_USER: give("acme+pusher") },
            }),
        inputs: [
            "RepositoryEnvironment",
            "RepositoryEnvironmentDeploymentPolicy",
            "ActionsEnvironmentVariable",
            "ActionsEnvironmentSecret",
        ].map(
            (type) =>
                `github:index/${type[0]?.toLowerCase() ?? ""}${type.slice(1)}:${type}.repository`,
        ),
    },
    RobotFederation: {
        program: (give) =>
            new RobotFederation("digits", {
                robot: give("acme+pusher"),
                repository: give("digits"),
                environment: give("dev"),
                issuer: give("https://issuer.example.com"),
            }),
        inputs: ["quay:index:RobotFederation.robot", "quay:index:RobotFederation.claims"],
    },
    "DeliveryWorkflow by commit": {
        program: (give) =>
            new DeliveryWorkflow("digits", {
                ...workflow,
                repository: give("digits"),
                image: give("quay.io/acme/digits"),
                login: { robot: give("acme+pusher") },
            }),
        inputs: ["repository", "content"].map(
            (input) => `github:index/repositoryFile:RepositoryFile.${input}`,
        ),
    },
    "DeliveryWorkflow by pull request": {
        program: (give) =>
            new DeliveryWorkflow("digits", {
                ...workflow,
                delivery: "pullRequest",
                repository: give("digits"),
                image: give("quay.io/acme/digits"),
                login: { robot: give("acme+pusher") },
            }),
        inputs: [
            "github:index/branch:Branch.repository",
            "github:index/repositoryFile:RepositoryFile.content",
            "github:index/repositoryPullRequest:RepositoryPullRequest.baseRepository",
        ],
    },
};

describe("inputs of the component", () => {
    let folder: string;
    const home = process.cwd();
    const { PATH } = process.env;
    before(() => {
        process.env["PATH"] = ""; // no cluster is asked: there is no kubectl
        folder = mkdtempSync(join(tmpdir(), "inputs-"));
        mkdirSync(join(folder, "service"));
        writeFileSync(join(folder, "service/Dockerfile"), "FROM scratch");
        process.chdir(join(folder, "service"));
    });
    after(() => {
        process.env["PATH"] = PATH;
        process.chdir(home);
        rmSync(folder, { recursive: true });
    });

    for (const [component, { program, inputs }] of Object.entries(components)) {
        describe(component, () => {
            it("may be outputs: the child resources get their values", async () => {
                const plain = await preview(() => program((value) => value));
                for (const input of inputs) notEqual(valuesOf(plain, input)[0], undefined, input);
                deepEqual(
                    await preview(() => program((value) => pulumi.output(0).apply(() => value))),
                    plain,
                );
            });

            it("may be unknown in a preview, which declares the same resources", async () => {
                const plain = await preview(() => program((value) => value));
                let count = 0;
                const unknown = await preview(() =>
                    program(<T>(): pulumi.Output<T> => new Computed<T>(String(count++)).value),
                );
                deepEqual(namesOf(unknown), namesOf(plain));
                for (const input of inputs)
                    for (const value of valuesOf(unknown, input))
                        equal(pulumi.isUnknown(value), true, input);
            });
        });
    }
});

async function preview(program: () => unknown): Promise<Declared[]> {
    const config = {
        "github:owner": "acme",
        "kubernetes:context": "sandbox",
        "kubernetes:clusterIdentifier": "sandbox",
        "kubernetes:enableSecretMutable": "true",
    };
    const declared = await declare(program, config, () => ({
        status: "200 OK",
        body: JSON.stringify({ use_default: true }),
    }));
    return declared
        .filter(({ type }) => type !== "test:index:Computed")
        .sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

const nameOf = ({ type, name }: Declared): string => `${type} ${name}`;

function namesOf(declared: readonly Declared[]): string[] {
    return declared.map(nameOf);
}

/** Returns the values of an input, TYPE.PATH, of all resources of that type. */
function valuesOf(declared: readonly Declared[], input: string): unknown[] {
    const [, type, path = ""] = /^(.*:\w+)\.(.+)$/.exec(input) ?? [];
    const found = declared.filter((resource) => resource.type === type);
    if (found.length === 0) throw new Error(`there is no ${String(type)}`);
    return found.map(({ inputs }) => valueAt(inputs, path.split(".")));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
    return path.reduce<unknown>(
        (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
        value,
    );
}
