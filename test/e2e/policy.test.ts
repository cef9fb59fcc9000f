import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Quay, startQuay } from "../standins/quay/server.ts";
import { type Config, Project } from "./project.ts";

const production = JSON.parse(readFileSync(join(import.meta.dirname, "../../policy/production.json"), "utf8")) as Config;

/** What the programs of this file use. */
const imports = `
import * as docker from "@pulumi/docker";
import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { LocalService } from "./components/localService.ts";
import { QuayRepository } from "./components/quayRepository.ts";
import { ServiceImage } from "./components/serviceImage.ts";
import * as quay from "./quay/index.ts";

const digest = "sha256:" + "0".repeat(64);
`;
const workflow = (job: string, permissions = "permissions: {}"): string =>
    JSON.stringify(`on: push\n${permissions}\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: ${job}\n`);
const workflowFile = (content: string, file = ".github/workflows/build.yml"): string =>
    `new github.RepositoryFile("workflow", { repository: "app", file: "${file}", content: ${content} });`;
const pinned = `actions/checkout@${"a".repeat(40)} # v6`;

interface Case {
    readonly program: string;
    /** What the violation says; absent where there is none. */
    readonly says?: RegExp;
    readonly config?: Config;
}

/** Each policy with programs that break it, and programs that come near and keep it. */
const cases: Record<string, Record<string, Case>> = {
    "plain-text-secrets": {
        "a build argument called like a secret": {
            program: `new docker.RemoteImage("a", { name: "a", build: { context: ".", buildArgs: { NPM_TOKEN: "in-clear" } } });`,
            says: /"build\.buildArgs\.NPM_TOKEN" is in clear\..*pulumi config set --secret/s,
        },
        "an environment variable of a container": {
            program: `new docker.Container("a", { name: "a", image: digest, envs: ["PORT=1", "DB_PASSWORD=in-clear"], labels: [{ label: "mlops.service", value: "a" }] });`,
            says: /"envs\[1\]" \(DB_PASSWORD\) is in clear/,
        },
        "the token of an explicit provider": {
            program: `new github.Provider("other", { token: "in-clear" });`,
            says: /"token" is in clear/,
        },
        "a token of GitHub's where nobody expects it": {
            program: `new quay.Repository("a", { namespace: "alice", name: "a", description: "ghp_" + "a1".repeat(18) });`,
            says: /"description" looks like a GitHub token and is in clear/,
        },
        "a private key in a list": {
            program: `new docker.Container("a", { name: "a", image: digest, envs: ["SIGNED_WITH=-----BEGIN EC PRIVATE KEY-----"], labels: [{ label: "mlops.service", value: "a" }] });`,
            says: /"envs\[0\]" looks like a private key and is in clear/,
        },
        "the same things as secrets, and what only points at one": {
            program: `
                new docker.RemoteImage("a", { name: "a", build: { context: ".", secrets: [{ id: "npm_token", env: "NPM_TOKEN" }], buildArgs: pulumi.secret({ NPM_TOKEN: "x" }) } });
                new docker.Container("b", { name: "b", image: digest, envs: pulumi.secret(["DB_PASSWORD=x"]), labels: [{ label: "mlops.service", value: "a" }] });
                new github.ActionsSecret("c", { repository: "app", secretName: "QUAY_PWD", value: new quay.Robot("d", { namespace: "alice", name: "d_robot" }).token });
                new github.Provider("other", { token: pulumi.secret("x") });
                new quay.Provider("quay", { tokenVariable: "QUAY_TOKEN_OTHER" });`,
        },
    },
    "plain-text-outputs": {
        "a stack output in clear": { program: `export const token = "in-clear";`, says: /The output "token" is in clear/ },
        "a stack output that is a secret": { program: `export const token = pulumi.secret("x");` },
    },
    "robots-write-at-most": {
        "an admin": {
            program: `new quay.RepositoryPermission("a", { repository: "alice/a", robot: "alice+a_robot", role: "admin" });`,
            says: /The robot alice\+a_robot would be admin.*Give it "write" to push/,
        },
        "an admin by default": {
            program: `new quay.DefaultPermission("a", { organization: "acme", robot: "acme+a_robot", role: "admin" });`,
            says: /The robot acme\+a_robot would be admin/,
        },
        "an admin who hides it in a secret": {
            program: `new quay.RepositoryPermission("a", { repository: "alice/a", robot: "alice+a_robot", role: pulumi.secret("admin" as const) });`,
            says: /The robot alice\+a_robot would be admin/,
        },
        "a robot that writes, a person who administers": {
            program: `
                new quay.RepositoryPermission("a", { repository: "alice/a", robot: "alice+a_robot", role: "write" });
                new quay.RepositoryPermission("b", { repository: "alice/a", user: "bob", role: "admin" });`,
        },
    },
    "robots-of-one-repository": {
        "a robot of two": {
            program: `for (const name of ["a", "b"]) new quay.RepositoryPermission(name, { repository: "alice/" + name, robot: "alice+a_robot", role: "write" });`,
            says: /The robot alice\+a_robot has rights in alice\/. and in alice\/.: make a robot for each/,
        },
        "a robot of another namespace": {
            program: `new quay.RepositoryPermission("a", { repository: "acme/a", robot: "alice+a_robot", role: "read" });`,
            says: /alice\+a_robot has rights in acme\/a, of another namespace/,
        },
    },
    "hardened-workflows": {
        "an action by tag": {
            program: workflowFile(workflow("actions/checkout@v6")),
            says: /build uses actions\/checkout@v6, which may be something else/,
        },
        "an image by tag": { program: workflowFile(workflow("docker://alpine:3")), says: /build uses docker:\/\/alpine:3/ },
        "no permissions": {
            program: workflowFile(workflow(pinned, "")),
            says: /the job build has whatever permissions the repository gives/,
        },
        "all permissions": {
            program: workflowFile(workflow(pinned, "permissions: write-all")),
            says: /the job build may write everything/,
        },
        "no workflow at all": { program: workflowFile(`"on: [push"`), says: /is not a workflow that GitHub would run/ },
        "a pinned one, and another file": {
            program: `${workflowFile(workflow(pinned))}
                new github.RepositoryFile("other", { repository: "app", file: "docs/build.yml", content: ${workflow("actions/checkout@v6", "")} });`,
        },
    },
    "images-by-digest": {
        "a container of a tag": {
            program: `new docker.Container("a", { name: "a", image: "quay.io/alice/a:1.0.0", labels: [{ label: "mlops.service", value: "a" }] });`,
            says: /The container would run quay\.io\/alice\/a:1\.0\.0: a tag may point at something else tomorrow/,
        },
        "a pull by tag": { program: `new docker.RemoteImage("a", { name: "alpine:3" });`, says: /The image alpine:3 would be pulled/ },
        "digests, and what is built here": {
            program: `
                new docker.RemoteImage("a", { name: "alpine@" + digest });
                new docker.RemoteImage("b", { name: "b:ctx-1", build: { context: "." } });
                new quay.PromotedImage("c", { source: "quay.io/alice/a", target: "quay.io/alice/b", digest, tags: ["1.0.0"] });`,
        },
    },
    "agreed-names": {
        "a repository": {
            program: `new quay.Repository("a", { namespace: "alice", name: "team/app" });`,
            says: /The repository is called "team\/app", and names that match .* are agreed on/,
        },
        "a robot": { program: `new quay.Robot("a", { namespace: "alice", name: "deploy" });`, says: /The robot is called "deploy"/ },
        "what another agreement allows": {
            program: `new quay.Robot("a", { namespace: "alice", name: "deploy" });`,
            config: { "agreed-names": { robot: "^deploy$" } },
        },
    },
    "owned-containers": {
        "a container of nobody": {
            program: `new docker.Container("a", { name: "a", image: digest });`,
            says: /The container lacks the label mlops\.service/,
        },
    },
    "immutable-versions": {
        "none in production": {
            program: `new quay.Repository("a", { namespace: "alice", name: "a" }, { protect: true });`,
            says: /The tags of alice\/a can be moved.*`immutableTags`/,
            config: production,
        },
        "for another repository": {
            program: `
                new quay.Repository("a", { namespace: "alice", name: "a" }, { protect: true });
                new quay.TagImmutabilityPolicy("a", { repository: "alice/b", tagPattern: ".*" });`,
            says: /The tags of alice\/a can be moved/,
            config: production,
        },
        "for the whole namespace": {
            program: `
                new quay.Repository("a", { namespace: "alice", name: "a" }, { protect: true });
                new quay.TagImmutabilityPolicy("a", { namespace: "alice", tagPattern: ".*" });`,
            config: production,
        },
        "none elsewhere": { program: `new quay.Repository("a", { namespace: "alice", name: "a" });` },
    },
    "protected-repositories": {
        "none in production": {
            program: `new QuayRepository("a", { namespace: "alice", repository: "a", robot: "a_robot", immutableTags: ".*" });`,
            says: /"a" could be deleted with every image in it\. Set `protect`/,
            config: production,
        },
    },
};

describe("the policies", () => {
    let project: Project;
    before(async () => {
        project = await Project.create({}, { QUAY_URL: "https://quay.example.com", GITHUB_OWNER: "alice", GITHUB_TOKEN: "" });
    });
    after(() => {
        project.remove();
    });
    const preview = async (program: string, config?: Config) => {
        project.program(imports + program);
        project.checkPolicies(config);
        return project.preview();
    };

    for (const [policy, tried] of Object.entries(cases)) {
        describe(policy, () => {
            for (const [what, { program, says, config }] of Object.entries(tried)) {
                it(`${says === undefined ? "lets pass" : "refuses"} ${what}`, async () => {
                    const { failed, output } = await preview(program, config);
                    equal(failed, says !== undefined, output);
                    if (says === undefined) {
                        ok(!output.includes("Policy Violations") && !output.includes("[mandatory]"), output);
                        return;
                    }
                    match(output, says);
                    match(output, new RegExp(`\\[mandatory\\] +mlops v0\\.1\\.0 +${policy} `));
                    ok(!/in-clear|a1a1|BEGIN EC/.test(output.split("Policies:")[1] ?? ""), output);
                });
            }
        });
    }

    it("say of a public repository in production that it is one, and let it pass", async () => {
        const program = `new QuayRepository("a", { namespace: "alice", repository: "a", robot: "a_robot", immutableTags: ".*", protect: true, visibility: "public" });`;
        const { failed, output } = await preview(program, production);
        equal(failed, false, output);
        match(output, /\[advisory\] +mlops v0\.1\.0 +private-repositories .*"a" is public: anyone may pull/s);
    });

    it("are kept by all components, in production", async () => {
        const { failed, output } = await preview(
            `
            const repository = new QuayRepository("app", {
                namespace: "alice", repository: "app", robot: "app_robot", rotation: 1, immutableTags: "[0-9.]+", protect: true, autoPrune: [{ keep: 9 }],
            });
            const { robotUsername: username, robotToken: password } = repository;
            const image = new ServiceImage("app", { repository: repository.image, context: "service", publish: { version: "1.0.0", username, password } });
            new LocalService("app", { image: image.reference, network: "bridge", env: { API_TOKEN: pulumi.secret("x") } });`,
            production,
        );
        equal(failed, false, output);
        ok(!/\[(mandatory|advisory)\]|can't run/.test(output), output);
    });

    it("are kept by the local stack", async () => {
        project.configure({ service: { name: "app", version: "1.0.0", context: "service" } });
        project.program(readFileSync(join(import.meta.dirname, "../../index.ts"), "utf8"));
        project.checkPolicies();
        const { failed, output } = await project.preview();
        equal(failed, false, output);
        ok(!/\[(mandatory|advisory)\]|can't run/.test(output), output);
    });

    describe("in an up", () => {
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

        it("see what a preview could not, before the resource is made", async () => {
            const preview = await project.preview();
            equal(preview.failed, false, preview.output);
            ok(!preview.output.includes("can't run"), preview.output);
            const { failed, output } = await project.up();
            equal(failed, true);
            match(output, /The robot alice\+a_robot would be admin/);
            deepEqual(quay.requests(), []);
        });
    });
});
