/** What the program declares and exports for each kind of stack. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { stackOutputs } from "../../contract/outputs.ts";
import { commit, declare, type Declared, digest, insideSecret, only } from "./mocks.ts";

type Config = Readonly<Record<string, unknown>>;

const service = { name: "digits", version: "1.0.0" };
const github = {
    repository: "digits",
    branch: "main",
    environment: { name: "dev" },
    workflow: { path: ".github/workflows/build.yml", name: "Build", job: "build" },
};
const published = {
    "github:owner": "alice",
    "mlops:quay": { namespace: "alice", repository: "digits", robot: "digits_robot" },
    "mlops:github": github,
};

/** The smallest configuration of each kind of stack. */
const stacks = {
    local: { "mlops:service": { ...service, context: "service" } },
    built: { ...published, "mlops:service": { ...service, context: "service" } },
    promoted: {
        ...published,
        "mlops:service": service,
        "mlops:promoteFrom": { repository: "quay.io/alice/digits_dev" },
    },
} satisfies Record<string, Config>;

const delivered = [
    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
    "github:index/repositoryEnvironment:RepositoryEnvironment",
    "github:index/repositoryFile:RepositoryFile",
    "mlops:github:DeliveryWorkflow",
    "mlops:github:RegistrySecrets",
    "mlops:quay:QuayRepository",
    "quay:index:PromotedImage",
    "quay:index:Repository",
    "quay:index:RepositoryPermission",
    "quay:index:Robot",
    "quay:index:TagImmutabilityPolicy",
];

/** The types of what each kind of stack declares. */
const declares: Record<keyof typeof stacks, readonly string[]> = {
    local: [
        "docker:index/container:Container",
        "docker:index/container:Container",
        "docker:index/network:Network",
        "docker:index/remoteImage:RemoteImage",
        "docker:index/remoteImage:RemoteImage",
        "mlops:docker:IdentityProvider",
        "mlops:docker:LocalService",
        "mlops:docker:LocalService",
        "mlops:docker:ServiceImage",
        "mlops:docker:ServiceImage",
        "random:index/randomPassword:RandomPassword",
    ],
    built: [...delivered, "docker:index/registryImage:RegistryImage", "mlops:docker:ServiceImage"],
    promoted: [...delivered, "mlops:quay:PromotedServiceImage"],
};

/** A configuration of a cluster. */
const cluster = {
    "kubernetes:context": "sandbox",
    "kubernetes:clusterIdentifier": "sandbox",
    "kubernetes:enableSecretMutable": "true",
    "mlops:oauth2": "none",
    "mlops:cluster": { namespace: "alice-dev" },
} satisfies Config;

/** The types of what a service on a cluster adds, where its repository is private. */
const onCluster = [
    "kubernetes:apps/v1:Deployment",
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:Service",
    "kubernetes:core/v1:ServiceAccount",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "mlops:kubernetes:ClusterService",
    "mlops:quay:PullRobot",
    "mlops:quay:RunningTag",
    "quay:index:FloatingTag",
    "quay:index:RepositoryPermission",
    "quay:index:Robot",
];

const programForm = z.object({ default: z.record(z.string(), z.unknown()) });
const annotatedForm = z.object({
    metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
});
const workflowForm = z.object({
    jobs: z.object({
        build: z.object({
            steps: z.array(
                z.object({ name: z.string(), env: z.record(z.string(), z.string()).optional() }),
            ),
        }),
    }),
});

describe("the program", () => {
    let folder: string;
    const home = process.cwd();
    const { PATH } = process.env;
    let runs = 0;
    beforeEach(() => {
        process.env["PATH"] = ""; // no cluster is asked: there is no kubectl
        folder = mkdtempSync(join(tmpdir(), "program-"));
        process.chdir(folder);
        mkdirSync("service");
        writeFileSync("service/Dockerfile", "FROM scratch\nUSER 10001\nHEALTHCHECK CMD true\n");
    });
    afterEach(() => {
        process.env["PATH"] = PATH;
        process.chdir(home);
        rmSync(folder, { recursive: true });
    });

    /** Runs index.ts anew: a module runs once for each address. */
    async function runProgram(): Promise<unknown> {
        runs += 1;
        return import(`../../index.ts?run=${String(runs)}`);
    }

    /** Writes the stack's file. @returns its values as Pulumi gives them */
    function configure(config: Config): Record<string, string> {
        writeFileSync("Pulumi.unit.yaml", stringify({ config }));
        return Object.fromEntries(
            Object.entries(config).map(([key, value]) => [key, asPulumiGivesIt(value)]),
        );
    }

    /**
     * Runs a preview of index.ts. A value `{ secure: … }` in `mlops:env` is a secret, as in a
     * stack's file.
     */
    async function preview(config: Config, call?: Parameters<typeof declare>[2]) {
        const outputs: Record<string, unknown> = {};
        const plain: Record<string, unknown> = {};
        const isSecret = JSON.stringify(config).includes('"secure"');
        const declared = await declare(
            async () => {
                const program = programForm.parse(await runProgram()).default;
                for (const [name, value] of Object.entries(program)) {
                    const output: pulumi.Output<unknown> = pulumi.output(value);
                    output.apply((known) => (outputs[name] = known));
                    if (!(await pulumi.isSecret(output)))
                        output.apply((known) => (plain[name] = known));
                }
            },
            configure(config),
            call,
            isSecret ? ["mlops:env"] : [],
        );
        return { declared, outputs, plain };
    }

    /** A public and a secret variable, and a port, as a configuration has them. */
    const withVariables = (kind: keyof typeof stacks): Config => ({
        ...stacks[kind],
        "mlops:service": { ...stacks[kind]["mlops:service"], port: 9090 },
        "mlops:env": { MODE: "fast", API_KEY: { secure: "hunter2" } },
    });

    const kinds = ["local", "built", "promoted"] as const;
    for (const kind of kinds) {
        it(`declares what a ${kind} stack needs, and exports what the contract says`, async () => {
            const { declared, outputs } = await preview(stacks[kind]);
            const types = declared.map(({ type }) => type);
            deepEqual(types.sort(), [...declares[kind], "pulumi:pulumi:Stack"].sort());
            deepEqual(stackOutputs.safeParse(outputs).error?.issues ?? [], []);
        });

        it(`has no secret in clear in a ${kind} stack: inputs, workflow file, outputs`, async () => {
            const { declared, outputs, plain } = await preview(withVariables(kind));
            const clear = JSON.stringify([declared.map(withoutSecrets), plain]);
            for (const value of ["hunter2", "token-of-", "the-generated-password"])
                equal(clear.includes(value), false, value);
            // A secret output would be unknown to its reader.
            deepEqual(plain, outputs);
        });
    }

    it("promotes only what the workflow of attestedBy has built, for the branch of its stack", async () => {
        const dev = {
            ...github,
            branch: "develop",
            workflow: { path: ".github/workflows/dev.yml" },
        };
        const release = { ...github.workflow, attestedBy: ".github/workflows/dev.yml" };
        const provenance = async (devGithub: object) => {
            const quay = { namespace: "alice", repository: "digits_dev" };
            const config = { "mlops:github": devGithub, "mlops:quay": quay };
            writeFileSync("Pulumi.dev.yaml", stringify({ config }));
            const { declared } = await preview({
                ...stacks.promoted,
                "mlops:github": { ...github, workflow: release },
                "mlops:promoteFrom": {
                    ...stacks.promoted["mlops:promoteFrom"],
                    environment: "dev",
                },
            });
            return only(declared, "quay:index:PromotedImage").inputs["provenance"];
        };
        const attesting = { ...dev, workflow: { ...dev.workflow, attestation: true } };
        const expected = {
            repository: "https://github.com/alice/digits",
            workflow: ".github/workflows/dev.yml",
            refs: ["refs/heads/develop", "refs/tags/v*"],
            issuer: "https://token.actions.githubusercontent.com",
        };
        deepEqual(await provenance(attesting), expected);
        // A workflow that no stack configures is one of this stack's branch.
        const other = { ...attesting, workflow: { path: ".github/workflows/other.yml" } };
        deepEqual(await provenance(other), {
            ...expected,
            refs: ["refs/heads/main", "refs/tags/v*"],
        });
    });

    for (const kind of ["built", "promoted"] as const) {
        it(`runs the service of a ${kind} stack on its cluster`, async () => {
            const config = { ...withVariables(kind), ...cluster };
            const { declared, outputs } = await preview(config);
            const types = declared.map(({ type }) => type);
            const secret = ["kubernetes:core/v1:Secret", "random:index/randomId:RandomId"];
            const all = [...declares[kind], ...onCluster, ...secret, "pulumi:pulumi:Stack"];
            deepEqual(types.sort(), all.sort());
            deepEqual(stackOutputs.safeParse(outputs).error?.issues ?? [], []);
            deepEqual(
                [outputs["namespace"], outputs["serviceUrl"], outputs["replicas"]],
                ["alice-dev", "http://digits-unit.alice-dev.svc", { min: 1, max: 1 }],
            );
            const { container, pullSecret } = podOf(declared);
            equal(container.image, outputs["image"]);
            deepEqual(
                container.env.map(({ name, value }) => [name, value]),
                [
                    ["API_KEY", undefined],
                    ["MODE", "fast"],
                    ["PORT", "9090"],
                ],
            );
            equal(pullSecret, "digits-pull-unit");
            const text = JSON.stringify(declared.map(withoutSecrets));
            equal(text.includes("hunter2") || text.includes("token-of-"), false);
        });
    }

    /** What a stack that follows `latest` says that it serves, here and on its cluster. */
    async function followed(image: Readonly<Record<string, unknown>>) {
        const state = Object.fromEntries(
            Object.entries(image).map(([type, outputs]) => [
                `urn:pulumi:unit::mlops::a$${type}::digits`,
                { outputs },
            ]),
        );
        const { declared, outputs } = await preview(
            {
                ...stacks.built,
                ...cluster,
                "mlops:service": { ...stacks.built["mlops:service"], follow: "latest" },
            },
            (token, inputs) =>
                token === "pulumi:pulumi:readStackResourceOutputs"
                    ? { outputs: state }
                    : token === "quay:index:getTag"
                      ? { name: inputs["tag"], digest, isManifestList: false }
                      : inputs,
        );
        deepEqual(stackOutputs.safeParse(outputs).error?.issues ?? [], []);
        const { inputs } = only(declared, "kubernetes:apps/v1:Deployment");
        const { annotations } = annotatedForm.parse(inputs).metadata;
        const { version, tags, commit } = outputs;
        return [version, tags, commit, annotations["mlops/version"], annotations["mlops/commit"]];
    }
    const taken = { target: "quay.io/alice/digits", digest };

    it("says which commit a stack serves that follows its branch", async () => {
        const version = `sha-${commit}`;
        deepEqual(await followed({ "quay:index:PromotedImage": { ...taken, tags: [] } }), [
            version,
            [version],
            commit,
            version,
            commit,
        ]);
    });

    it("says the version of its first image, whose commit is not known", async () => {
        const image = { "docker:index/registryImage:RegistryImage": { sha256Digest: digest } };
        const promoted = { "quay:index:PromotedImage": { ...taken, tags: ["1.0.0"] } };
        const known = ["1.0.0", ["1.0.0"], "", "1.0.0", "unknown"];
        deepEqual(await followed({}), known);
        deepEqual(await followed({ ...image, ...promoted }), known);
    });

    it("hands every setting of a cluster on", async () => {
        const { declared, outputs } = await preview({
            ...stacks.built,
            ...cluster,
            "mlops:oauth2": { issuer: "https://a.example:8443/", audience: "api" },
            "mlops:quay": { ...published["mlops:quay"], visibility: "public" },
            "mlops:container": { user: "10001" },
            "mlops:service": { ...stacks.built["mlops:service"], healthPath: "/health" },
            "mlops:cluster": {
                namespace: "digits",
                createNamespace: true,
                replicas: { min: 2, max: 6 },
                cpuTarget: 50,
                cpu: 0.5,
                memory: "1Gi",
                cpuLimit: "2",
                expose: { kind: "ingress", host: "api.example.org" },
                healthTimeout: 60,
                drain: 9,
                egress: [{ cidr: "10.0.0.0/8", ports: [5432] }],
                monitor: true,
                onFailure: "rollBack",
            },
        });
        deepEqual(
            [outputs["replicas"], outputs["serviceUrl"]],
            [{ min: 2, max: 6 }, "https://api.example.org"],
        );
        const { container, pullSecret } = podOf(declared);
        // A public image needs no robot that pulls.
        deepEqual(
            [pullSecret, declared.some(({ type }) => type.endsWith("PullRobot"))],
            [undefined, false],
        );
        deepEqual(container.resources, {
            requests: { cpu: "0.5", memory: "1Gi" },
            limits: { cpu: "2", memory: "1Gi" },
        });
        equal(container.securityContext.runAsUser, 10001);
        equal(container.lifecycle?.preStop.sleep.seconds, 9);
        equal(container.startupProbe.httpGet?.path, "/health");
        equal(container.startupProbe.failureThreshold, 60);
        const scaled = only(declared, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler");
        ok(JSON.stringify(scaled.inputs).includes('"averageUtilization":50'));
        only(declared, "kubernetes:core/v1:Namespace");
        only(declared, "kubernetes:monitoring.coreos.com/v1:ServiceMonitor");
        const policy = only(declared, "kubernetes:networking.k8s.io/v1:NetworkPolicy");
        const egress = JSON.stringify(policy.inputs);
        for (const rule of ['"10.0.0.0/8"', '"port":5432', '"0.0.0.0/0"', '"port":8443'])
            ok(egress.includes(rule), egress);
    });

    it("declares nothing where the kubeconfig lacks the context, and names those it has", async () => {
        process.env["PATH"] = folder;
        writeFileSync("kubectl", "#!/bin/sh\necho dev; echo kind\n", { mode: 0o755 });
        const declared = await declare(
            () => rejects(runProgram(), /no context "sandbox"\. It has: dev, kind\. Choose one: /),
            configure({ ...stacks.built, ...cluster }),
        );
        deepEqual(
            declared.map(({ type }) => type),
            ["pulumi:pulumi:Stack"],
        );
    });

    it("rotates the robot that pulls apart from the one that pushes", async () => {
        const pull = { robot: "puller", rotation: 1 };
        const { declared } = await preview({
            ...stacks.promoted,
            ...cluster,
            "mlops:cluster": { namespace: "alice-dev", pull },
        });
        const robots = declared.filter(({ type }) => type === "quay:index:Robot");
        deepEqual(robots.map(({ inputs }) => inputs["name"]).sort(), [
            "digits_robot",
            "puller",
            "puller_x1y2z3",
        ]);
        const roles = declared.filter(({ type }) => type === "quay:index:RepositoryPermission");
        deepEqual(roles.map(({ inputs }) => [inputs["robot"], inputs["role"]]).sort(), [
            ["alice+digits_robot", "write"],
            ["alice+puller", "read"],
            ["alice+puller_x1y2z3", "read"],
        ]);
    });

    it("gives the service its port and all its variables on this machine", async () => {
        const { declared } = await preview(withVariables("local"));
        deepEqual(insideSecret(serviceOf(declared)["envs"]), [
            "API_KEY=hunter2",
            "MODE=fast",
            "OAUTH2_AUDIENCE=digits",
            "OAUTH2_ISSUER=http://identity:9000",
            "OAUTH2_JWKS_URI=.well-known/jwks.json",
            "PORT=9090",
        ]);
    });

    for (const kind of ["built", "promoted"] as const) {
        it(`gives it the same in the workflow and in the command of a ${kind} stack`, async () => {
            const { declared, outputs } = await preview(withVariables(kind));
            const { env, options } = smokeTestOf(declared);
            deepEqual(options, [
                "--env=API_KEY",
                "--env=MODE=fast",
                "--env=OAUTH2_AUDIENCE=digits",
                "--env=OAUTH2_ISSUER=https://issuer.invalid/",
                "--env=OAUTH2_JWKS_URI=jwks.json",
                "--env=PORT=9090",
            ]);
            deepEqual([env["CONTAINER_PORT"], env["API_KEY"]], ["9090", "${{ secrets.API_KEY }}"]);
            match(
                String(outputs["runCommand"]),
                / -p 9090:9090 .* --env=API_KEY --env=MODE=fast (--env=OAUTH2_\w+ ){3}--env=PORT=9090 /,
            );
        });
    }

    it("gives GitHub the secrets that the smoke test needs, and no other", async () => {
        const { declared } = await preview({
            ...withVariables("promoted"),
            "mlops:env": { API_KEY: { secure: "hunter2" }, OTHER: { secure: "hunter3" } },
            "mlops:github": {
                ...stacks.promoted["mlops:github"],
                workflow: {
                    ...stacks.promoted["mlops:github"].workflow,
                    testSecrets: ["API_KEY"],
                },
            },
        });
        const secrets = declared
            .filter(({ type }) => type.endsWith(":ActionsEnvironmentSecret"))
            .map(({ inputs }) => [inputs["secretName"], insideSecret(inputs["value"])]);
        deepEqual(
            secrets.filter(([name]) => !String(name).startsWith("QUAY_")),
            [["API_KEY", "hunter2"]],
        );
    });

    it("tests the image with the memory that its pods have", async () => {
        const { declared } = await preview({ ...stacks.promoted, ...cluster });
        const { env } = smokeTestOf(declared);
        match(env["RUN_OPTIONS"] ?? "", /^--memory=536870912\n--memory-swap=536870912$/m);
    });

    const before: [what: string, files: Record<string, Config>, port: string][] = [
        ["that of the stack before it", { dev: { "mlops:service": { port: 9090 } } }, "9090"],
        ["its PORT there", { dev: { "mlops:env": { PORT: "9091" } } }, "9091"],
        [
            "that of the stack before that one",
            {
                dev: { "mlops:promoteFrom": { environment: "first" } },
                first: { "mlops:service": { port: 9092 } },
            },
            "9092",
        ],
        [
            "8080 where none configures one, and they go round in a circle",
            { dev: { "mlops:promoteFrom": { environment: "dev" } } },
            "8080",
        ],
        ["8080 where the port is no port", { dev: { "mlops:service": { port: "x" } } }, "8080"],
    ];
    const quay = { namespace: "alice", repository: "digits_dev" };
    for (const [what, files, port] of before) {
        it(`asks a promoted service on ${what}`, async () => {
            for (const [name, config] of Object.entries(files))
                writeFileSync(
                    `Pulumi.${name}.yaml`,
                    stringify({ config: { "mlops:quay": quay, ...config } }),
                );
            const promoteFrom = { repository: "quay.io/alice/digits_dev", environment: "dev" };
            const promoted = { ...stacks.promoted, "mlops:promoteFrom": promoteFrom };
            const { declared, outputs } = await preview(promoted);
            const { env, options } = smokeTestOf(declared);
            deepEqual(
                [env["CONTAINER_PORT"], options.includes(`--env=PORT=${port}`)],
                [port, true],
            );
            match(String(outputs["runCommand"]), new RegExp(` -p ${port}:${port} `));
        });
    }

    for (const oauth2 of ["none", { issuer: "https://a.example/", audience: "api" }] as const) {
        it(`names the same issuer everywhere: ${JSON.stringify(oauth2)}`, async () => {
            const expected =
                oauth2 === "none"
                    ? []
                    : [
                          "OAUTH2_AUDIENCE=api",
                          "OAUTH2_ISSUER=https://a.example/",
                          "OAUTH2_JWKS_URI=.well-known/jwks.json",
                      ];
            const all = [...expected, "PORT=8080"];
            const local = await preview({ ...stacks.local, "mlops:oauth2": oauth2 });
            deepEqual(serviceOf(local.declared)["envs"], all);
            const built = await preview({ ...stacks.built, "mlops:oauth2": oauth2 });
            const options = all.map((variable) => `--env=${variable}`);
            deepEqual(smokeTestOf(built.declared).options, options);
            ok(String(built.outputs["runCommand"]).includes(` ${options.join(" ")} `));
        });
    }
});

/** The inputs of the service's container; the identity provider has another one. */
function serviceOf(declared: readonly Declared[]): Record<string, unknown> {
    const { inputs } = only(
        declared.filter(({ name }) => name === "digits"),
        "docker:index/container:Container",
    );
    return inputs;
}

const podForm = z.object({
    spec: z.object({
        template: z.object({
            spec: z.object({
                imagePullSecrets: z.array(z.object({ name: z.string() })).default([]),
                containers: z.tuple([
                    z.object({
                        image: z.string(),
                        env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
                        resources: z.unknown(),
                        securityContext: z.object({ runAsUser: z.int().optional() }),
                        lifecycle: z
                            .object({
                                preStop: z.object({ sleep: z.object({ seconds: z.int() }) }),
                            })
                            .optional(),
                        startupProbe: z.object({
                            httpGet: z.object({ path: z.string() }).optional(),
                            failureThreshold: z.int(),
                        }),
                    }),
                ]),
            }),
        }),
    }),
});

/** The container of the service on a cluster, and the Secret that its image is pulled with. */
function podOf(declared: readonly Declared[]) {
    const { inputs } = only(declared, "kubernetes:apps/v1:Deployment");
    const { containers, imagePullSecrets } = podForm.parse(inputs).spec.template.spec;
    return { container: containers[0], pullSecret: imagePullSecrets[0]?.name };
}

/** The smoke test in the workflow file that a stack declares, and the variables in its options. */
function smokeTestOf(declared: readonly Declared[]) {
    const { inputs } = only(declared, "github:index/repositoryFile:RepositoryFile");
    const { build } = workflowForm.parse(parse(String(inputs["content"]))).jobs;
    const { env = {} } = build.steps.find(({ name }) => name === "Smoke-test the image") ?? {};
    const options = (env["RUN_OPTIONS"] ?? "").split("\n");
    return { env, options: options.filter((option) => option.startsWith("--env=")) };
}

/** Objects arrive as JSON, secrets among them as their values. */
function asPulumiGivesIt(value: unknown): string {
    if (typeof value === "string") return value;
    return JSON.stringify(value, (_, inner: unknown) =>
        typeof inner === "object" && inner !== null && "secure" in inner ? inner.secure : inner,
    );
}

/** The inputs, without those that the engine gets as secrets. */
function withoutSecrets({ inputs }: Declared): unknown {
    return JSON.parse(
        JSON.stringify(inputs, (_, value: unknown) =>
            insideSecret(value) === undefined ? value : "[secret]",
        ),
    );
}
