import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { type Config, Project, type Result } from "../../sandbox/project.ts";

const production = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../policy/production.json"), "utf8"),
) as Config;

/** The imports of the programs in this file. */
const imports = `
import { mkdirSync, writeFileSync } from "node:fs";
import * as docker from "@pulumi/docker";
import * as github from "@pulumi/github";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { ClusterService } from "./components/clusterService.ts";
import { LocalService } from "./components/localService.ts";
import { QuayRepository } from "./components/quayRepository.ts";
import { RunningTag } from "./components/runningTag.ts";
import { ServiceImage } from "./components/serviceImage.ts";
import * as quay from "./quay/sdk/index.ts";

const digest = "sha256:" + "0".repeat(64);
const labels = [{ label: "mlops.service", value: "a" }];

const security = {
    allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] },
    runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" },
};
const resources = { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "64Mi" } };
const metadata = { namespace: "digits" };
const template = (container: object, spec: object = {}) => ({
    metadata: { labels: { app: "web" } },
    spec: {
        containers: [{
            name: "web", image: "quay.io/alice/a@" + digest, securityContext: security, resources,
            ...container,
        }],
        ...spec,
    },
});
const selector = { matchLabels: { app: "web" } };
const deployment = (name: string, container: object, spec: object = {}) =>
    new k8s.apps.v1.Deployment(name, {
        metadata: { ...metadata, name },
        spec: { selector, template: template(container), ...spec },
    });
`;
const workflow = (job: string, permissions = "permissions: {}"): string =>
    `on: push\n${permissions}\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: ${job}\n`;
const workflowFile = (name: string, content: string): string =>
    `new github.RepositoryFile("${name}", { repository: "app", file: ".github/workflows/${name}.yml", content: ${JSON.stringify(content)} });`;
const pinned = `actions/checkout@${"a".repeat(40)} # v6`;

/** Each policy: a program that violates it in every way, and its message for each violation. */
const broken: Record<
    string,
    { readonly program: string; readonly says: readonly RegExp[]; readonly config?: Config }
> = {
    "plain-text-secrets": {
        program: `
            new docker.RemoteImage("a", { name: "a", build: { context: ".", buildArgs: { NPM_TOKEN: "in-clear" } } });
            new docker.Container("b", { name: "b", image: digest, envs: ["PORT=1", "DB_PASSWORD=in-clear"], labels });
            new random.RandomId("c", { byteLength: 1, keepers: { apiKey: "in-clear" } });
            new quay.Repository("d", { namespace: "alice", name: "d", description: "ghp_" + "a1".repeat(18) });
            new docker.Container("e", { name: "e", image: digest, envs: ["SIGNED_WITH=-----BEGIN EC PRIVATE KEY-----"], labels });
            new quay.Repository("f", { namespace: "alice", name: "f", description: "7Z".repeat(20) });
            deployment("g", { env: [{ name: "PORT", value: "1" }, { name: "DB_PASSWORD", value: "in-clear" }] });`,
        says: [
            /"build\.buildArgs\.NPM_TOKEN" is in clear\..*pulumi config set --secret/,
            /"envs\[1\]" \(DB_PASSWORD\) is in clear/,
            /"keepers\.apiKey" is in clear/,
            /"description" looks like a GitHub token and is in clear/,
            /"envs\[0\]" looks like a private key and is in clear/,
            /"description" looks like a Quay token and is in clear/,
            /"spec\.template\.spec\.containers\[0\]\.env\[1\]\.value" \(DB_PASSWORD\) is in clear/,
        ],
    },
    "plain-text-outputs": {
        program: `export const token = "in-clear";`,
        says: [/The output "token" is in clear/],
    },
    "robots-write-at-most": {
        program: `
            new quay.RepositoryPermission("a", { repository: "alice/a", robot: "alice+a_robot", role: "admin" });
            new quay.DefaultPermission("b", { organization: "acme", robot: "acme+b_robot", role: "admin" });
            new quay.RepositoryPermission("c", { repository: "alice/c", robot: "alice+c_robot", role: pulumi.secret("admin" as const) });`,
        says: [
            /alice\+a_robot would be admin.*Give it "write" to push/,
            /acme\+b_robot would be admin/,
            /alice\+c_robot would be admin/,
        ],
    },
    "robots-of-one-repository": {
        program: `
            for (const name of ["a", "b"]) new quay.RepositoryPermission(name, { repository: "alice/" + name, robot: "alice+a_robot", role: "write" });
            new quay.RepositoryPermission("c", { repository: "acme/c", robot: "alice+c_robot", role: "read" });`,
        says: [
            /alice\+a_robot has rights in alice\/[ab] and in alice\/[ab]: make a robot for each/,
            /alice\+c_robot has rights in acme\/c, of another namespace/,
        ],
    },
    "hardened-workflows": {
        program: [
            workflowFile("tag", workflow("actions/checkout@v6")),
            workflowFile("image", workflow("docker://alpine:3")),
            workflowFile("none", workflow(pinned, "")),
            workflowFile("all", workflow(pinned, "permissions: write-all")),
            workflowFile("broken", "on: [push"),
        ].join("\n"),
        says: [
            /workflows\/tag\.yml: the job build uses actions\/checkout@v6.*Pin it to a commit/,
            /workflows\/image\.yml: the job build uses docker:\/\/alpine:3/,
            /workflows\/none\.yml: the job build has whatever permissions the repository gives/,
            /workflows\/all\.yml: the job build may write everything/,
            /workflows\/broken\.yml: it is not a workflow/,
        ],
    },
    "images-by-digest": {
        program: `
            new docker.Container("a", { name: "a", image: "quay.io/alice/a:1.0.0", labels });
            new docker.RemoteImage("b", { name: "alpine:3" });
            deployment("c", { image: "quay.io/alice/c:latest" });`,
        says: [
            /would run quay\.io\/alice\/a:1\.0\.0: a tag may point at something else tomorrow/,
            /alpine:3 would be pulled/,
            /The container web would run quay\.io\/alice\/c:latest: a tag may point/,
        ],
    },
    "base-images-by-digest": {
        program: `
            writeFileSync("Dockerfile.tag", "FROM python:3.11");
            new docker.RemoteImage("a", { name: "a:ctx-1", build: { context: ".", dockerfile: "Dockerfile.tag" } });
            mkdirSync("image");
            writeFileSync("image.Dockerfile", "ARG BASE=python:3.12\\nFROM $BASE");
            new docker.RegistryImage("b", { name: "quay.io/alice/b:ctx-1", build: { context: "image", dockerfile: "../image.Dockerfile" } });`,
        says: [
            /The image would be built on python:3\.11: a tag may point at something else/,
            /The image would be built on python:3\.12/,
        ],
        config: production,
    },
    "restricted-pods": {
        program: `
            deployment("a", { securityContext: { ...security, privileged: true } });
            new k8s.batch.v1.CronJob("b", {
                metadata,
                spec: {
                    schedule: "@daily",
                    jobTemplate: { spec: { template: template({ securityContext: { ...security, runAsUser: 0 } }) } },
                },
            });
            new k8s.core.v1.Pod("c", { metadata, spec: template({}, { hostNetwork: true }).spec });`,
        says: [
            /The container web: securityContext\.privileged must not be true/,
            /The container web: securityContext\.runAsUser must not be 0/,
            /The pod: hostNetwork must not be true/,
        ],
    },
    "sized-pods": {
        program: `
            deployment("a", { resources: { requests: { cpu: "1" }, limits: { cpu: "1" } } });`,
        says: [/The container web lacks resources\.requests\.memory, resources\.limits\.memory/],
    },
    "replicated-services": {
        program: `
            new k8s.policy.v1.PodDisruptionBudget("budget", { metadata, spec: { maxUnavailable: 1, selector } });
            deployment("a", {});
            deployment("b", {});
            new k8s.autoscaling.v2.HorizontalPodAutoscaler("b", {
                metadata,
                spec: { maxReplicas: 4, scaleTargetRef: { kind: "Deployment", name: "b" } },
            });`,
        says: [
            /The Deployment a may be down to one pod, or none.*Set `replicas` to 2 or more/,
            /The Deployment b may be down to one pod.*Set `minReplicas` of its autoscaler/,
        ],
        config: production,
    },
    "disruption-budgets": {
        program: `
            deployment("a", {}, { replicas: 2 });
            new k8s.policy.v1.PodDisruptionBudget("other", {
                metadata,
                spec: { maxUnavailable: 1, selector: { matchLabels: { app: "other" } } },
            });`,
        says: [/A drained node may stop all pods of the Deployment a at once/],
        config: production,
    },
    "agreed-names": {
        program: `
            new quay.Repository("a", { namespace: "alice", name: "team/app" });
            new quay.Robot("b", { namespace: "alice", name: "deploy" });`,
        says: [
            /The repository is called "team\/app", and names that match .* are agreed on/,
            /The robot is called "deploy"/,
        ],
    },
    "owned-containers": {
        program: `new docker.Container("a", { name: "a", image: digest });`,
        says: [/The container lacks the label mlops\.service/],
    },
    "immutable-versions": {
        program: `
            new quay.Repository("a", { namespace: "alice", name: "a" }, { protect: true });
            new quay.TagImmutabilityPolicy("b", { repository: "alice/b", tagPattern: ".*" });
            new quay.Repository("c", { namespace: "alice", name: "c" }, { protect: true });
            new quay.TagImmutabilityPolicy("c", { repository: "alice/c", tagPattern: "[0-9].*" });
            new quay.PromotedImage("c", {
                source: "quay.io/alice/a", target: "quay.io/alice/c", digest, tags: ["v1.0.0", "1.0.0"],
            });`,
        says: [
            /The tags of alice\/a can be moved.*`immutableTags`/,
            /The version v1\.0\.0 of alice\/c can be moved: no immutability policy matches/,
        ],
        config: production,
    },
    "protected-repositories": {
        program: `
            new QuayRepository("a", { namespace: "alice", repository: "a", robot: "a_robot", immutableTags: ".*" });
            new quay.Organization("b", { name: "acme" });`,
        says: [
            /"a" could be deleted with every image in it\. Set `protect`/,
            /"b" could be deleted/,
        ],
        config: production,
    },
};

/** Similar programs that violate no policy. */
const kept: Record<string, { readonly program: string; readonly config?: Config }> = {
    "secrets, and what only says where one is": {
        program: `
            const buildArgs = pulumi.secret({ NPM_TOKEN: "x" });
            new docker.RemoteImage("a", { name: "a", build: { context: ".", secrets: [{ id: "npm_token", env: "NPM_TOKEN" }], buildArgs } });
            new docker.Container("b", { name: "b", image: digest, envs: pulumi.secret(["DB_PASSWORD=x"]), labels });
            const robot = new quay.Robot("c", { namespace: "alice", name: "c_robot" });
            new github.ActionsSecret("d", { repository: "app", secretName: "QUAY_PWD", value: robot.token });
            new quay.Provider("e", { tokenVariable: "QUAY_TOKEN_OTHER" });
            export const token = pulumi.secret("x");`,
    },
    "a robot that writes, and a person who administers": {
        program: `
            new quay.RepositoryPermission("a", { repository: "alice/a", robot: "alice+a_robot", role: "write" });
            new quay.RepositoryPermission("b", { repository: "alice/a", user: "bob", role: "admin" });`,
    },
    "a pinned workflow, and a file that is none": {
        program: `${workflowFile("build", workflow(pinned))}
            new github.RepositoryFile("other", { repository: "app", file: "docs/build.yml", content: "uses: actions/checkout@v6" });`,
    },
    "digests, and what is built here": {
        program: `
            writeFileSync("Dockerfile.digest", "FROM python:3.11@" + digest);
            new docker.RemoteImage("d", { name: "d:ctx-1", build: { context: ".", dockerfile: "Dockerfile.digest" } });
            new docker.RemoteImage("a", { name: "alpine@" + digest });
            new docker.RemoteImage("b", { name: "b:ctx-1", build: { context: "." } });
            new quay.PromotedImage("c", { source: "quay.io/alice/a", target: "quay.io/alice/b", digest, tags: ["1.0.0"] });`,
    },
    "a replicated Deployment, in production": {
        program: `
            deployment("a", { env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }] });
            new k8s.autoscaling.v2.HorizontalPodAutoscaler("a", {
                metadata,
                spec: { minReplicas: 2, maxReplicas: 4, scaleTargetRef: { kind: "Deployment", name: "a" } },
            });
            new k8s.policy.v1.PodDisruptionBudget("a", { metadata, spec: { maxUnavailable: 1, selector } });`,
        config: production,
    },
    "what a preview does not know of a Deployment, in production": {
        program: `
            const id = new random.RandomId("a", { byteLength: 1 }).dec.apply(Number);
            deployment("a", {
                image: pulumi.interpolate\`quay.io/alice/a:\${id}\`,
                securityContext: id.apply((user) => ({ runAsUser: user })),
                resources: id.apply(() => ({})),
            }, { replicas: id });
            new k8s.policy.v1.PodDisruptionBudget("a", {
                metadata,
                spec: { maxUnavailable: 1, selector: { matchLabels: { app: id.apply(String) } } },
            });`,
        config: production,
    },
    "a single Deployment, outside production": { program: `deployment("a", { env: [] });` },
    "names of another agreement": {
        program: `new quay.Robot("a", { namespace: "alice", name: "deploy" });`,
        config: { "agreed-names": { robot: "^deploy$" } },
    },
    "a repository like any, outside production": {
        program: `new quay.Repository("a", { namespace: "alice", name: "a" });`,
    },
    "immutable tags of the whole namespace": {
        program: `
            new quay.Repository("a", { namespace: "alice", name: "a" }, { protect: true });
            new quay.TagImmutabilityPolicy("a", { namespace: "alice", tagPattern: ".*" });`,
        config: production,
    },
};

describe("the policies", () => {
    let project: Project;
    before(async () => {
        project = await Project.create(
            {
                "kubernetes:context": "none",
                "kubernetes:clusterIdentifier": "none",
                "kubernetes:enableSecretMutable": "true",
            },
            // No cluster can be reached: a preview does not need one.
            { QUAY_URL: "https://quay.example.com", GITHUB_TOKEN: "", KUBECONFIG: "/nowhere" },
        );
    });
    after(() => {
        project.remove();
    });
    const preview = async (program: string, config?: Config) => {
        project.program(imports + program);
        project.checkPolicies(config);
        return project.preview();
    };
    const expectKept = ({ failed, output }: Result): void => {
        equal(failed, false, output);
        ok(!/mlops@v[\d.]+ \[|can't run/.test(output), output);
    };

    for (const [policy, { program, says, config }] of Object.entries(broken)) {
        it(`reject violations of ${policy}`, async () => {
            const { failed, output } = await preview(program, config);
            equal(failed, true, output);
            const violations = output.split("\n").filter((line) => !line.startsWith("    mlops@"));
            for (const said of says)
                ok(
                    violations.some((line) => said.test(line)),
                    `${String(said)} is not in ${output}`,
                );
            const policies = [...output.matchAll(/mlops@v[\d.]+ \[mandatory\] +(\S+)/g)].map(
                ([, name]) => name,
            );
            deepEqual([...new Set(policies)], [policy], output);
            const lines = violations.filter((line) => line.includes("is in clear"));
            ok(!/in-clear|a1a1|BEGIN EC/.test(lines.join()), "a secret in a violation");
        });
    }

    for (const [what, { program, config }] of Object.entries(kept)) {
        it(`accept ${what}`, async () => {
            expectKept(await preview(program, config));
        });
    }

    it("warn about a public repository in production, but accept it", async () => {
        const program = `new QuayRepository("a", { namespace: "alice", repository: "a", robot: "a_robot", immutableTags: ".*", protect: true, visibility: "public" });`;
        const { failed, output } = await preview(program, production);
        equal(failed, false, output);
        match(
            output,
            /mlops@v[\d.]+ \[advisory\] +private-repositories .*"a" is public: anyone may pull/s,
        );
    });

    it("accept all components, in production", async () => {
        const result = await preview(
            `
            const repository = new QuayRepository("app", {
                namespace: "alice", repository: "app", robot: "app_robot", rotation: 1, immutableTags: "[0-9.]+", protect: true, autoPrune: [{ keep: 9 }],
            });
            const { robotUsername: username, robotToken: password } = repository;
            const image = new ServiceImage("app", { repository: repository.image, context: "service", publish: { version: "1.0.0", username, password } });
            new LocalService("app", { image: image.reference, network: "bridge", env: { API_TOKEN: pulumi.secret("x") } });
            new ClusterService("app", {
                image: "quay.io/alice/app@" + digest, version: "1.0.0", namespace: "app", createNamespace: true, port: 8080,
                replicas: { min: 2, max: 6 }, expose: { kind: "route" }, env: { LOG: "info", API_TOKEN: pulumi.secret("x") },
                pull: { registry: "quay.io", username: "alice+app_pull", password: pulumi.secret("x") }, monitor: true,
            });
            new RunningTag("app", { repository: "alice/app", digest, healthy: image.reference });`,
            production,
        );
        expectKept(result);
    });

    it("advise to name base images by their digest, outside production", async () => {
        const { failed, output } = await preview(
            `writeFileSync("Dockerfile.tag", "FROM python:3.11");
            new docker.RemoteImage("a", { name: "a:ctx-1", build: { context: ".", dockerfile: "Dockerfile.tag" } });`,
        );
        equal(failed, false, output);
        match(output, /mlops@v[\d.]+ \[advisory\] +base-images-by-digest .*python:3\.11/s);
    });

    it("accept the local stack", async () => {
        project.configure({ service: { name: "app", version: "1.0.0", context: "service" } });
        project.program(readFileSync(join(import.meta.dirname, "../../index.ts"), "utf8"));
        project.checkPolicies();
        expectKept(await project.preview());
    });

    describe("during an up", () => {
        let quay: Quay;
        let project: Project;
        before(async () => {
            quay = await startQuay();
            quay.createUser("alice");
            const env = { QUAY_URL: quay.url, QUAY_TOKEN: quay.createToken({ user: "alice" }) };
            const program = `${imports}
                const role = new random.RandomShuffle("role", { inputs: ["admin"] }).results.apply(([first]) => first === "admin" ? "admin" as const : "read" as const);
                new quay.RepositoryPermission("a", { repository: "alice/a", robot: "alice+a_robot", role });`;
            project = await Project.create({}, env, undefined, program);
            project.checkPolicies();
        });
        after(async () => {
            project.remove();
            await quay.stop();
        });

        it("check values that a preview does not know, before the resource is created", async () => {
            const preview = await project.preview();
            equal(preview.failed, false, preview.output);
            ok(!preview.output.includes("can't run"), preview.output);
            const { failed, output } = await project.up();
            equal(failed, true);
            match(output, /The robot alice\+a_robot would be admin/);
            deepEqual(quay.requests(), []);
        });

        it("check the Dockerfile of a ServiceImage, before it is built", async () => {
            project.setEnvironment("MLOPS_BASE_IMAGE", "python:3.11.2-bullseye");
            project.program(`${imports}
                new ServiceImage("app", { repository: "app", context: "service" });`);
            project.checkPolicies(production);
            const { failed, output } = await project.up();
            equal(failed, true);
            match(output, /The image would be built on python:3\.11\.2-bullseye/);
        });
    });
});
