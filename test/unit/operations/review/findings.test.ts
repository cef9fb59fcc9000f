import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { riskOf } from "../../../../operations/review/findings.ts";
import type { Change, Value } from "../../../../operations/review/preview.ts";
import {
    change,
    findings,
    preview,
    readEvents,
    recorded,
    step,
    succeeded,
    unknownValue,
} from "./previews.ts";

type Inputs = Readonly<Record<string, Value>>;

/** What a change of one resource is to a reviewer. */
function found(
    type: string,
    before: Inputs | undefined,
    after: Inputs | undefined,
    more: Partial<Change> = {},
): string[] {
    return findings(preview([change(type, before, after, more)]));
}
const replaced = { operation: "replace" };

const repository = { namespace: "alice", name: "digits", visibility: "private" };
const robot = { namespace: "alice", name: "robot" };
const permission = { repository: "alice/digits", robot: "alice+robot", role: "write" };
const environment = {
    environment: "prod",
    preventSelfReview: true,
    reviewers: [{ users: [1, 2], teams: [3] }],
    waitTimer: 5,
    deploymentBranchPolicy: { protectedBranches: true },
};
const secret = { environment: "prod", secretName: "QUAY_PWD", value: "[secret]" };

describe("what matters of", () => {
    it("a release: version, digest and workflow", () => {
        deepEqual(findings(recorded("release")), [
            "careful: workflow ‹.github/workflows/release.yml› is changed",
            "careful: version of ‹quay.example/alice/digits_prod›: ‹1.0.0› → ‹1.1.0›",
            "careful: image of ‹quay.example/alice/digits_prod›: ‹sha256:a8dea58b44c5…› → ‹sha256:80c976c7bc1d…›",
        ]);
    });

    it("a rotation: the credentials that others get", () => {
        deepEqual(findings(recorded("rotation")), [
            "careful: credentials rotated: secret ‹QUAY_PWD› of environment ‹prod› gets a new value",
            "careful: credentials rotated: secret ‹QUAY_USER› of environment ‹prod› gets a new value",
            "careful: permission widened: robot ‹[known during the deployment]› gets ‹write› on ‹alice/digits_prod›",
        ]);
        equal(
            findings(recorded("leak")).at(-1),
            "careful: credentials rotated: robot ‹alice+digits_robot› is deleted, another robot replaces it",
        );
    });

    it("everything dangerous at once, before what is not", () => {
        deepEqual(findings(recorded("dangerous")), [
            "dangerous: reviewers of environment ‹prod› removed: ‹user 1001›",
            "dangerous: protection removed: nothing stops a program from deleting ‹quay:Repository› ‹alice/digits_prod›",
            "dangerous: repository ‹alice/digits_prod› is made public: anyone may pull",
            "dangerous: robot ‹alice+digits_robot› is replaced: its credentials stop working, and the new robot has others",
            "dangerous: immutability policy removed: new tags ‹[0-9].*› of ‹alice/digits_prod› can be moved",
            "dangerous: permission widened: user ‹bob› on ‹alice/digits_prod›: ‹read› → ‹admin›",
            "careful: credentials rotated: secret ‹QUAY_PWD› of environment ‹prod› gets a new value",
            "careful: credentials rotated: secret ‹QUAY_USER› of environment ‹prod› gets a new value",
            "careful: auto-prune policy of ‹alice/digits_prod› removed: Quay no longer deletes tags like ‹ctx-.*› but the newest ‹5›",
            "careful: permission moved: ‹write› of robot ‹alice+digits_robot› on ‹alice/digits_prod› → ‹write› of robot ‹alice+other_robot›",
        ]);
    });

    it("a stack that stays as it is: nothing", () => {
        deepEqual([findings(recorded("same")), riskOf([])], [[], "routine"]);
    });

    it("a repository on Quay", () => {
        const type = "quay:index:Repository";
        const isPublic = { ...repository, visibility: "public" };
        deepEqual(found(type, undefined, repository), []);
        deepEqual(found(type, undefined, isPublic), [
            "careful: repository ‹alice/digits› is created public: anyone may pull",
        ]);
        deepEqual(found(type, isPublic, repository), [
            "careful: repository ‹alice/digits› is made private: pulling requires a login",
        ]);
        deepEqual(
            found(type, { ...repository, description: "a" }, { ...repository, description: "b" }),
            [],
        );
        deepEqual(
            found(type, { ...repository, state: "NORMAL" }, { ...repository, state: "READ_ONLY" }),
            ["careful: repository ‹alice/digits›: state ‹NORMAL› → ‹READ_ONLY›"],
        );
        const deleted = ["dangerous: repository ‹alice/digits› is deleted, with all its images"];
        deepEqual(found(type, repository, undefined), deleted);
        deepEqual(found(type, repository, { ...repository, name: "other" }, replaced), deleted);
        deepEqual(found(type, repository, undefined, { retained: true }), [
            "careful: ‹quay:Repository› ‹an-id› leaves the program and stays where it is",
        ]);
    });

    it("a robot that goes: a rotation only where its component has another", () => {
        const deleted = change("quay:index:Robot", robot, undefined);
        const other = {
            urn: "urn:other",
            type: "quay:index:Robot",
            parent: deleted.parent,
            inputs: {},
        };
        deepEqual(findings(preview([deleted])), [
            "dangerous: robot ‹alice+robot› is deleted: its credentials stop working",
        ]);
        deepEqual(
            findings(preview([deleted], { unchanged: [{ ...other, parent: "urn:elsewhere" }] }))
                .length,
            1,
        );
        deepEqual(findings(preview([deleted], { unchanged: [other] })), [
            "careful: credentials rotated: robot ‹alice+robot› is deleted, another robot replaces it",
        ]);
        const both = preview([
            deleted,
            change("quay:index:Robot", robot, undefined, { urn: "urn:other" }),
        ]);
        deepEqual(
            findings(both).map((finding) => finding.split(":")[0]),
            ["dangerous", "dangerous"],
        );
    });

    it("a permission on Quay", () => {
        const type = "quay:index:RepositoryPermission";
        const admin = { ...permission, role: "admin" };
        deepEqual(found(type, undefined, admin), [
            "dangerous: permission widened: robot ‹alice+robot› gets ‹admin› on ‹alice/digits›",
        ]);
        deepEqual(found(type, permission, admin), [
            "dangerous: permission widened: robot ‹alice+robot› on ‹alice/digits›: ‹write› → ‹admin›",
        ]);
        deepEqual(found(type, admin, permission), [
            "careful: permission narrowed: robot ‹alice+robot› on ‹alice/digits›: ‹admin› → ‹write›",
        ]);
        deepEqual(found(type, permission, undefined), [
            "careful: robot ‹alice+robot› loses ‹write› on ‹alice/digits›",
        ]);
        deepEqual(
            found(
                type,
                permission,
                { repository: "alice/digits", user: "eve", role: "admin" },
                replaced,
            ),
            [
                "dangerous: permission moved: ‹write› of robot ‹alice+robot› on ‹alice/digits› → ‹admin› of user ‹eve›",
            ],
        );
        deepEqual(
            found("quay:index:DefaultPermission", undefined, {
                organization: "acme",
                team: "ops",
                role: "admin",
            }),
            [
                "dangerous: permission widened: team ‹ops› gets ‹admin› on every new repository of ‹acme›",
            ],
        );
        deepEqual(
            found(
                "quay:index:Team",
                { organization: "acme", name: "ops", role: "member" },
                { organization: "acme", name: "ops", role: "creator" },
            ),
            [
                "dangerous: permission widened: team ‹ops› on organization ‹acme›: ‹member› → ‹creator›",
            ],
        );
        deepEqual(found("quay:index:TeamMembership", undefined, { team: "ops", member: "eve" }), [
            "dangerous: permission widened: ‹eve› joins team ‹ops›",
        ]);
    });

    it("who logs in as a robot without its password", () => {
        const type = "quay:index:RobotFederation";
        const claims = (...subjects: string[]) => ({
            robot: "alice+robot",
            claims: subjects.map((subject) => ({ issuer: "https://i", subject })),
        });
        const widened = (risk: string, subject: string) =>
            `${risk}: permission widened: logs in as robot ‹alice+robot› without its password: ‹{"issuer":"https://i","subject":"${subject}"}›`;
        deepEqual(found(type, undefined, claims("a")), [widened("dangerous", "a")]);
        deepEqual(found(type, claims("a"), claims("a", "b")), [widened("dangerous", "b")]);
        deepEqual(found(type, claims("a", "b"), claims("a")), []);
        deepEqual(found(type, claims("a"), undefined), [
            "careful: robot ‹alice+robot›: logging in requires its password again",
        ]);
    });

    it("Quay's policies", () => {
        const prune = { repository: "alice/digits", method: "creation_date", value: "30d" };
        deepEqual(found("quay:index:AutoPrunePolicy", undefined, prune), [
            "careful: auto-prune policy of ‹alice/digits›: Quay deletes all tags older than ‹30d›",
        ]);
        deepEqual(
            found("quay:index:AutoPrunePolicy", undefined, {
                ...prune,
                tagPattern: "v.*",
                tagPatternMatches: false,
            }),
            [
                "careful: auto-prune policy of ‹alice/digits›: Quay deletes tags other than ‹v.*› older than ‹30d›",
            ],
        );
        const immutable = { namespace: "alice", tagPattern: "v.*" };
        deepEqual(found("quay:index:TagImmutabilityPolicy", undefined, immutable), [
            "careful: tags ‹v.*› of ‹alice› become immutable",
        ]);
        deepEqual(
            found("quay:index:TagImmutabilityPolicy", immutable, {
                ...immutable,
                tagPattern: "v1",
            }),
            ["dangerous: immutable tags of ‹alice›: ‹v.*› → ‹v1›"],
        );
    });

    it("a stack with several repositories on GitHub: which one", () => {
        const type = "github:index/repositoryEnvironment:RepositoryEnvironment";
        const deleted = (repository: string) =>
            change(type, { environment: "prod", repository }, undefined);
        const gone = "environment ‹prod› is deleted, with its secrets and its protection";
        deepEqual(findings(preview([deleted("a"), deleted("b")])), [
            `dangerous: ‹a›: ${gone}`,
            `dangerous: ‹b›: ${gone}`,
        ]);
        const kept = { urn: "u", type, parent: "", inputs: { repository: "b" } };
        deepEqual(findings(preview([deleted("a")], { unchanged: [kept] })), [
            `dangerous: ‹a›: ${gone}`,
        ]);
        deepEqual(findings(preview([deleted("a"), deleted("a")])), [
            `dangerous: ${gone}`,
            `dangerous: ${gone}`,
        ]);
        const open = { repository: "a", secretName: "KEY", value: "[secret]" };
        const secretType = "github:index/actionsSecret:ActionsSecret";
        deepEqual(findings(preview([change(secretType, undefined, open)], { unchanged: [kept] })), [
            "dangerous: secret ‹KEY› of repository ‹a› is new: its workflows on any branch get it",
        ]);
    });

    describe("an attribute that goes from its default to absent, or back: nothing", () => {
        const type = "github:index/repositoryEnvironment:RepositoryEnvironment";
        const bare = { environment: "prod" };
        const defaults: Inputs = {
            preventSelfReview: false,
            canAdminsBypass: true,
            waitTimer: 0,
            reviewers: [],
        };
        for (const [name, value] of Object.entries(defaults)) {
            it(name, () => {
                const written = { ...bare, [name]: value };
                deepEqual(found(type, written, bare), []);
                deepEqual(found(type, bare, written), []);
            });
        }
        it("but where it really changes, it is said", () => {
            deepEqual(found(type, { ...bare, preventSelfReview: true }, bare), [
                "dangerous: environment ‹prod›: the person who starts a deployment may approve it",
            ]);
            deepEqual(found(type, { ...bare, canAdminsBypass: false }, bare), [
                "dangerous: environment ‹prod›: administrators may bypass its protection",
            ]);
        });
    });

    it("reviewers that are removed, by their names where the state has them", () => {
        const type = "github:index/repositoryEnvironment:RepositoryEnvironment";
        const component = (reviewers: object) => ({ custom: false, outputs: { reviewers } });
        const removed = readEvents([
            step(
                "update",
                "mlops:github:RegistrySecrets",
                component({ "user 1001": "alice", "team 7": "ops" }),
                component({ "user 1002": "bob" }),
            ),
            step(
                "update",
                type,
                { inputs: { environment: "prod", reviewers: [{ users: [1001, 9], teams: [7] }] } },
                { inputs: { environment: "prod", reviewers: [{ users: [1002] }] } },
            ),
            succeeded,
        ]);
        deepEqual(findings(removed), [
            "dangerous: reviewers of environment ‹prod› removed: ‹user alice (1001), user 9, team ops (7)›",
            "dangerous: permission widened: ‹user bob (1002)› may approve deployments to environment ‹prod›",
        ]);
    });

    it("a workflow that no longer locks the container down", () => {
        const type = "github:index/repositoryFile:RepositoryFile";
        const file = ".github/workflows/build.yml";
        const golden = (name: string) =>
            readFileSync(
                join(import.meta.dirname, `../../components/workflow/golden/${name}.yml`),
                "utf8",
            );
        const content = golden("build");
        const lenient = content.replace('STRICT: "true"', 'STRICT: "false"');
        const said = `dangerous: workflow ‹${file}›: the smoke test runs the container without its restrictions (mlops:container.strict)`;
        const changed = `careful: workflow ‹${file}› is changed`;
        const of = (before: string, after: string) =>
            found(type, { file, content: before }, { file, content: after });
        deepEqual(of(content, lenient), [said, changed]);
        deepEqual(of(content, content.replace("--read-only", "")), [said, changed]);
        deepEqual(of(lenient, content), [changed]);
        deepEqual(of(content, "[unknown]"), [changed]);
        deepEqual(of(content, content.replace("60", "61")), [changed]);
    });

    it("a smoke test that no longer locks the container down, though its workflow is not known", () => {
        const type = "mlops:github:DeliveryWorkflow";
        const component = (outputs: object) => ({ custom: false, outputs });
        const file = "github:index/repositoryFile:RepositoryFile";
        const path = ".github/workflows/release.yml";
        const change = (before: object, after: object, content: string | object) =>
            findings(
                readEvents([
                    step(
                        "same",
                        type,
                        component({ ...before, url: "a" }),
                        component({ ...after, url: "b" }),
                    ),
                    step(
                        "update",
                        file,
                        { inputs: { file: path, content: "a" } },
                        {
                            inputs: { file: path, content },
                            parent: `urn:pulumi:prod::mlops::${type}::digits`,
                        },
                    ),
                    succeeded,
                ]),
            );
        const said =
            "dangerous: workflow of ‹digits›: the smoke test runs the container without its restrictions (mlops:container.strict)";
        const changed = `careful: workflow ‹${path}› is changed`;
        const [strict, lenient] = [{ strict: true }, { strict: false }];
        deepEqual(change(strict, lenient, unknownValue), [said, changed]);
        deepEqual(change(strict, strict, unknownValue), [changed]);
        deepEqual(change(lenient, strict, unknownValue), [changed]);
        // The state of an earlier release has no such output.
        deepEqual(change({}, lenient, unknownValue), [changed]);
        // The file's own rule says it where its text is known.
        deepEqual(change(strict, lenient, "b"), [changed]);
    });

    it("a workflow in a new pull request, whose branch before is left where it is", () => {
        const type = "github:index/repositoryFile:RepositoryFile";
        const file = ".github/workflows/build.yml";
        const content = readFileSync(
            join(import.meta.dirname, "../../components/workflow/golden/build.yml"),
            "utf8",
        );
        const lenient = content.replace("--read-only", "");
        deepEqual(
            found(
                type,
                { file, content, branch: "pulumi/a" },
                { file, content: lenient, branch: "pulumi/b" },
                { ...replaced, retained: true },
            ),
            [
                `dangerous: workflow ‹${file}›: the smoke test runs the container without its restrictions (mlops:container.strict)`,
                "careful: ‹github:RepositoryFile› ‹an-id› leaves the program and stays where it is",
                `careful: workflow ‹${file}› is changed`,
            ],
        );
    });

    it("the tags that move with every deployment", () => {
        const type = "quay:index:PromotedImage";
        const image = { source: "q/a", target: "q/b", tags: ["1.0.0"], digest: "sha256:1" };
        const floating = (...floatingTags: string[]) => ({ ...image, floatingTags });
        const moves = (tags: string) =>
            `careful: tags ‹${tags}› of ‹q/b› move to this image, and with every later deployment`;
        const stays = (tags: string) =>
            `careful: tags ‹${tags}› of ‹q/b› no longer move: they keep the image that they name now`;
        const rows: readonly [Inputs, Inputs, readonly string[]][] = [
            [floating("latest"), floating("latest", "stable"), [moves("stable")]],
            [floating("latest"), floating(), [stays("latest")]],
            [floating("latest"), image, [stays("latest")]],
            [floating("latest"), floating("a", "b"), [moves("a, b"), stays("latest")]],
            [floating("a", "b"), floating("b", "a"), []],
            [image, floating(), []],
        ];
        for (const [before, after, said] of rows) deepEqual(found(type, before, after), said);
        deepEqual(
            found(type, undefined, floating("latest")).filter((text) => text.includes("tags")),
            [],
        );
        // The workflow that makes the versions moves the tags from now on.
        const own = { source: "q/b", target: "q/b" };
        deepEqual(
            found(
                type,
                { ...own, tags: ["1.0.0"], digest: "sha256:1", floatingTags: ["latest"] },
                { ...own, version: "1.1.0", floatingTags: [] },
            ).filter((text) => text.includes("tags")),
            [],
        );
    });

    it("a scan that decides less about what is promoted", () => {
        const type = "quay:index:PromotedImage";
        const image = { source: "q/a", target: "q/b", tags: ["1.0.0"], digest: "sha256:1" };
        const gate = (maxSeverity: string) => ({ ...image, maxSeverity });
        deepEqual(found(type, gate("medium"), image), [
            "dangerous: protection removed: images of ‹q/b› are promoted regardless of what Quay's scanner finds",
        ]);
        deepEqual(found(type, gate("medium"), gate("critical")), [
            "dangerous: protection weakened: images of ‹q/b› with findings of severity ‹medium› are promoted, the limit is now ‹critical›",
        ]);
        deepEqual(found(type, gate("critical"), gate("medium")), []);
        deepEqual(found(type, image, gate("medium")), []);
        const severityException = { digest: "sha256:1", reason: "no fix", expires: "2026-12-01" };
        deepEqual(found(type, gate("high"), { ...gate("high"), severityException }), [
            "dangerous: image ‹sha256:1› of ‹q/b› is promoted despite its scan until ‹2026-12-01›: ‹no fix›",
        ]);
        deepEqual(found(type, { ...gate("high"), severityException }, gate("high")), []);
    });

    it("a promotion that need not have run before, or not for that long", () => {
        const type = "quay:index:PromotedImage";
        const image = { source: "q/a", target: "q/b", tags: ["1.0.0"], digest: "sha256:1" };
        const gate = (soak?: string) => ({
            ...image,
            requireRunning: true,
            ...(soak !== undefined && { soak }),
        });
        const weakened = (from: string, to: string) =>
            `dangerous: protection weakened: images of ‹q/b› have to run before for ‹${to}›, not ‹${from}›`;
        const removed =
            "dangerous: protection removed: images of ‹q/b› are promoted without having run before";
        const rows: readonly [Inputs, Inputs, readonly string[]][] = [
            [gate("1h"), image, [removed]],
            [gate(), { ...image, requireRunning: false }, [removed]],
            [gate("1h"), gate("59m"), [weakened("1h", "59m")]],
            [gate("1h"), gate(), [weakened("1h", "none")]],
            [gate("1h"), gate("60m"), []],
            [gate("1h"), gate("1d"), []],
            [image, gate("1h"), []],
        ];
        for (const [before, after, said] of rows) deepEqual(found(type, before, after), said);
    });

    it("a floating tag that is removed, here or by a move", () => {
        const type = "quay:index:FloatingTag";
        const running = { repository: "alice/app", tag: "running", digest: "sha256:1" };
        const removed = "careful: tag ‹running› of ‹alice/app› is removed";
        const unknown = { ...running, digest: "[unknown]" };
        deepEqual(found(type, undefined, unknown), []);
        deepEqual(found(type, running, unknown), []);
        deepEqual(found(type, running, undefined), [removed]);
        deepEqual(found(type, running, { ...unknown, repository: "alice/other" }, replaced), [
            removed,
        ]);
    });

    it("a floating tag on another image than the program's", () => {
        const type = "quay:index:FloatingTag";
        const latest = { repository: "alice/app", tag: "latest", digest: "sha256:1" };
        const moved = change(type, latest, { ...latest, digest: "sha256:2" });
        const image = (digest: string) => ({
            urn: "urn:image",
            type: "quay:index:PromotedImage",
            parent: "",
            inputs: { digest },
        });
        const said = ["careful: tag ‹latest› of ‹alice/app› names ‹sha256:2›"];
        deepEqual(findings(preview([moved], { unchanged: [image("sha256:1")] })), said);
        deepEqual(findings(preview([moved], { unchanged: [image("sha256:2")] })), []);
        deepEqual(found(type, undefined, { ...latest, digest: "sha256:2" }), said);
    });

    it("who is told of what happens in a repository on Quay", () => {
        const type = "quay:index:Notification";
        const inputs = {
            repository: "alice/digits",
            event: "repo_push",
            method: "webhook",
            config: "[secret]",
        };
        const said = "events ‹repo_push› of ‹alice/digits› are sent by ‹webhook›";
        const toStranger = [`dangerous: ${said} to a new address`];
        deepEqual(found(type, undefined, inputs), toStranger);
        deepEqual(found(type, inputs, { ...inputs, config: "[other]" }, replaced), toStranger);
        deepEqual(found(type, inputs, { ...inputs, title: "A" }, replaced), [`careful: ${said}`]);
        deepEqual(found(type, inputs, undefined), [
            "careful: notification of ‹alice/digits› removed: no longer sent for ‹repo_push›",
        ]);
    });

    describe("a resource that is replaced at another place: gone from one, new at the other", () => {
        const mirror = {
            repository: "alice/a",
            externalReference: "quay.example.com/acme/base",
            robot: "alice+deploy",
        };
        const policy = { tagPattern: "v.*", method: "number_of_tags", value: 5 };
        const rows: readonly [
            type: string,
            before: Inputs,
            after: Inputs,
            said: readonly string[],
        ][] = [
            [
                "quay:index:RepositoryMirror",
                mirror,
                { ...mirror, repository: "alice/b" },
                [
                    "dangerous: images of ‹alice/b› are copied from ‹quay.example.com/acme/base›",
                    "careful: repository ‹alice/a› is no longer a mirror",
                ],
            ],
            [
                "quay:index:ProxyCache",
                { organization: "a", upstreamRegistry: "r.example" },
                { organization: "b", upstreamRegistry: "r.example" },
                [
                    "dangerous: images of organization ‹b› come from ‹r.example›",
                    "careful: organization ‹a› is no longer a cache",
                ],
            ],
            [
                "quay:index:TagImmutabilityPolicy",
                { ...policy, repository: "alice/a" },
                { ...policy, repository: "alice/b" },
                [
                    "dangerous: immutability policy removed: new tags ‹v.*› of ‹alice/a› can be moved",
                    "careful: tags ‹v.*› of ‹alice/b› become immutable",
                ],
            ],
            [
                "quay:index:AutoPrunePolicy",
                { ...policy, repository: "alice/a" },
                { ...policy, namespace: "alice" },
                [
                    "careful: auto-prune policy of ‹alice/a› removed: Quay no longer deletes tags like ‹v.*› but the newest ‹5›",
                    "careful: auto-prune policy of ‹alice›: Quay deletes tags like ‹v.*› but the newest ‹5›",
                ],
            ],
            [
                "quay:index:RobotFederation",
                { robot: "alice+a", claims: ["c"] },
                { robot: "alice+b", claims: ["c"] },
                [
                    "careful: robot ‹alice+a›: logging in requires its password again",
                    "careful: permission widened: logs in as robot ‹alice+b› without its password: ‹c›",
                ],
            ],
            [
                "quay:index:Quota",
                { organization: "a", limitBytes: 1, limits: [] },
                { organization: "b", limitBytes: 1, limits: [] },
                [
                    "careful: quota of organization ‹a› removed",
                    "careful: limits of organization ‹b›: ‹[]›",
                ],
            ],
            [
                "quay:index:PromotedImage",
                { source: "q/a", target: "q/b", tags: ["1"], digest: "sha256:1" },
                { source: "q/a", target: "q/c", tags: ["1"], digest: "sha256:1" },
                [
                    "careful: image of ‹q/b› is no longer managed; its tags stay",
                    "careful: version of ‹q/c›: ‹none› → ‹1›",
                    "careful: image of ‹q/c›: ‹none› → ‹sha256:1›",
                ],
            ],
            [
                "github:index/repositoryCollaborator:RepositoryCollaborator",
                { repository: "r", username: "alice", permission: "admin" },
                { repository: "r", username: "eve", permission: "admin" },
                [
                    "dangerous: permission widened: user ‹eve› has ‹admin› on ‹r›",
                    "careful: user ‹alice› no longer has access to ‹r›",
                ],
            ],
            [
                "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
                { environment: "dev", branchPattern: "*" },
                { environment: "prod", branchPattern: "*" },
                [
                    "dangerous: permission widened: branches or tags ‹*› deploy to environment ‹prod›",
                    "careful: branches or tags ‹*› no longer deploy to environment ‹dev›",
                ],
            ],
            [
                "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
                { ...secret, environment: "dev" },
                { ...secret, environment: "prod" },
                [
                    "dangerous: secret ‹QUAY_PWD› of environment ‹prod› is new: this stack does not say who may use that environment",
                    "careful: secret ‹QUAY_PWD› of environment ‹dev› is deleted",
                ],
            ],
        ];
        for (const [type, before, after, said] of rows)
            it(type, () => {
                deepEqual(found(type, before, after, replaced), said);
            });
        it("and only new where the one before stays", () => {
            deepEqual(
                found(
                    "quay:index:RepositoryMirror",
                    mirror,
                    { ...mirror, repository: "alice/b" },
                    { ...replaced, retained: true },
                ),
                [
                    "dangerous: images of ‹alice/b› are copied from ‹quay.example.com/acme/base›",
                    "careful: ‹quay:RepositoryMirror› ‹an-id› leaves the program and stays where it is",
                ],
            );
        });
    });

    it("where images are copied from, and with whose rights", () => {
        const type = "quay:index:RepositoryMirror";
        const mirror = {
            repository: "alice/copy",
            externalReference: "quay.example.com/acme/base",
            robot: "alice+deploy",
            tags: ["1.*"],
            verifyTls: true,
        };
        const copied = "dangerous: images of ‹alice/copy› are copied from";
        deepEqual(found(type, undefined, mirror), [`${copied} ‹quay.example.com/acme/base›`]);
        deepEqual(found(type, mirror, { ...mirror, externalReference: "evil.example/a/b" }), [
            `${copied} ‹evil.example/a/b›`,
        ]);
        deepEqual(found(type, mirror, { ...mirror, verifyTls: false }), [
            "dangerous: mirror ‹alice/copy›: the certificate of its source is not verified",
        ]);
        deepEqual(found(type, mirror, { ...mirror, robot: "alice+other" }), [
            "dangerous: mirror ‹alice/copy› writes as robot ‹alice+other›",
        ]);
        deepEqual(found(type, mirror, { ...mirror, tags: ["*"] }), [
            'careful: mirror ‹alice/copy› copies tags ‹["*"]›',
        ]);
    });

    it("a cache of another registry, and a quota", () => {
        const cache = { organization: "acme", upstreamRegistry: "a.example", insecure: false };
        const type = "quay:index:ProxyCache";
        const come = "dangerous: images of organization ‹acme› come from";
        deepEqual(found(type, undefined, cache), [`${come} ‹a.example›`]);
        const other = { ...cache, upstreamRegistry: "b.example" };
        deepEqual(found(type, cache, other, replaced), [`${come} ‹b.example›`]);
        deepEqual(found(type, cache, { ...cache, insecure: true }, replaced), [
            "dangerous: organization ‹acme› reaches its source over plain HTTP",
        ]);
        const quota = { organization: "acme", limitBytes: 2000 };
        deepEqual(found("quay:index:Quota", quota, { ...quota, limitBytes: 1000 }), [
            "careful: quota of organization ‹acme› lowered: ‹2000› → ‹1000› bytes",
        ]);
        deepEqual(found("quay:index:Quota", quota, { ...quota, limitBytes: 3000 }), []);
    });

    it("a signature that is no longer asked for, or by another key", () => {
        const type = "quay:index:PromotedImage";
        const image = { source: "q/a", target: "q/b", tags: ["1.0.0"], digest: "sha256:1" };
        const signed = { ...image, signature: { publicKey: "one" } };
        deepEqual(found(type, signed, image), [
            "dangerous: protection removed: images of ‹q/b› need no signature",
        ]);
        deepEqual(found(type, signed, { ...image, signature: { publicKey: "two" } }), [
            "dangerous: images of ‹q/b› have to be signed by somebody else",
        ]);
        deepEqual(found(type, image, signed), ["careful: images of ‹q/b› have to be signed"]);
    });

    it("a proof of origin that is no longer asked for, or another one", () => {
        const type = "quay:index:PromotedImage";
        const image = { source: "q/a", target: "q/b", tags: ["1.0.0"], digest: "sha256:1" };
        const proven = { ...image, provenance: { workflow: "one.yml" } };
        deepEqual(found(type, proven, image), [
            "dangerous: protection removed: images of ‹q/b› may be built anywhere",
        ]);
        deepEqual(found(type, proven, { ...image, provenance: { workflow: "two.yml" } }), [
            "dangerous: images of ‹q/b› may be built by another workflow, or for other refs",
        ]);
        deepEqual(found(type, image, proven), [
            "careful: images of ‹q/b› have to be attested by their workflow",
        ]);
    });

    it("an image whose digest is not known yet", () => {
        const image = { source: "q/a", target: "q/b", tags: ["1.0.0"] };
        deepEqual(
            found(
                "quay:index:PromotedImage",
                { ...image, digest: "sha256:1" },
                { ...image, tags: ["1.1.0"], digest: "[unknown]" },
            ),
            [
                "careful: version of ‹q/b›: ‹1.0.0› → ‹1.1.0›",
                "careful: image of ‹q/b›: ‹sha256:1› → ‹[known once it is published]›",
            ],
        );
    });

    it("different content under a version that exists: up would refuse it", () => {
        const image = { source: "q/a", target: "q/a", tags: ["1.0.0"], digest: "sha256:1" };
        const built = (content: string) => ({ name: "q/a:ctx-1", triggers: { content } });
        const rebuilt = change(
            "docker:index/registryImage:RegistryImage",
            built("1"),
            built("2"),
            replaced,
        );
        const promoted = (tags: string[]) =>
            change("quay:index:PromotedImage", image, { ...image, tags, digest: "[unknown]" });
        const refused =
            /^dangerous: version ‹1\.0\.0› of ‹q\/a› gets different content: `up` refuses/;
        equal(
            findings(preview([rebuilt, promoted(["1.0.0"])])).filter((text) => refused.test(text))
                .length,
            1,
        );
        equal(
            findings(preview([rebuilt, promoted(["1.1.0"])])).filter((text) =>
                /different content/.test(text),
            ).length,
            0,
        );
        equal(
            findings(preview([promoted(["1.0.0"])])).filter((text) =>
                /different content/.test(text),
            ).length,
            0,
        );
    });

    it("an environment on GitHub that asks for less than before", () => {
        const type = "github:index/repositoryEnvironment:RepositoryEnvironment";
        deepEqual(found(type, undefined, environment), []);
        deepEqual(found(type, environment, { ...environment, reviewers: { users: [2] } }), [
            "dangerous: reviewers of environment ‹prod› removed: ‹user 1, team 3›",
        ]);
        deepEqual(found(type, { ...environment, reviewers: [] }, environment), []);
        deepEqual(
            found(type, environment, { environment: "prod", reviewers: environment.reviewers }),
            [
                'dangerous: which branches deploy to environment ‹prod›: ‹{"protectedBranches":true}› → ‹all›',
                "dangerous: environment ‹prod›: the person who starts a deployment may approve it",
                "careful: environment ‹prod› waits ‹5› → ‹0› minutes",
            ],
        );
        deepEqual(
            found(
                type,
                { ...environment, canAdminsBypass: false },
                { ...environment, canAdminsBypass: true },
            ),
            ["dangerous: environment ‹prod›: administrators may bypass its protection"],
        );
        deepEqual(found(type, environment, undefined), [
            "dangerous: environment ‹prod› is deleted, with its secrets and its protection",
        ]);
        const policy =
            "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";
        deepEqual(
            found(
                policy,
                { environment: "prod", branchPattern: "main" },
                { environment: "prod", branchPattern: "*" },
            ),
            ["dangerous: permission widened: branches or tags ‹*› deploy to environment ‹prod›"],
        );
    });

    it("apps that no longer have to approve deployments", () => {
        const type = "mlops:github:ProtectionRules";
        const place = { repository: "service", environment: "prod" };
        const state = (apps: readonly string[]) => ({
            custom: false,
            inputs: { ...place, apps: [...apps] },
        });
        const changed = (before: readonly string[], after: readonly string[]) =>
            findings(readEvents([step("update", type, state(before), state(after)), succeeded]));
        const subject = "deployments to environment ‹prod›";
        deepEqual(changed(["gate", "scan"], ["audit", "gate"]), [
            `dangerous: protection removed: ${subject} no longer need the approval of ‹scan›`,
            `careful: ${subject} need the approval of ‹audit›`,
        ]);
        deepEqual(changed(["gate"], ["gate"]), []);
        const approval = "the approval of ‹gate› for deployments to environment ‹prod›";
        const removal = step("delete", type, state(["gate"]), null);
        deepEqual(findings(readEvents([removal, succeeded])), [
            `careful: ${approval} is no longer managed: GitHub keeps it`,
        ]);
        const environment = "github:index/repositoryEnvironment:RepositoryEnvironment";
        const gone = step("delete", environment, { inputs: place }, null);
        deepEqual(findings(readEvents([removal, gone, succeeded])), [
            "dangerous: environment ‹prod› is deleted, with its secrets and its protection",
            `careful: ${approval} is deleted with the environment`,
        ]);
    });

    it("GitHub's repositories, files, secrets, protection and access", () => {
        deepEqual(
            found(
                "github:index/repository:Repository",
                { name: "a", visibility: "private" },
                { name: "a", visibility: "public" },
            ),
            ["dangerous: GitHub repository ‹a› is made public"],
        );
        const repository = "github:index/repository:Repository";
        deepEqual(found(repository, { name: "a", private: true }, { name: "a" }), [
            "dangerous: GitHub repository ‹a› is made public",
        ]);
        deepEqual(
            found(repository, { name: "a", private: true }, { name: "a", visibility: "private" }),
            [],
        );
        deepEqual(
            found(
                "github:index/repositoryFile:RepositoryFile",
                { file: "README.md", content: "a" },
                { file: "README.md", content: "b" },
            ),
            ["careful: file ‹README.md› is changed"],
        );
        deepEqual(
            found(
                "github:index/actionsSecret:ActionsSecret",
                { ...secret, repository: "service" },
                undefined,
            ),
            ["careful: secret ‹QUAY_PWD› of repository ‹service› is deleted"],
        );
        deepEqual(
            found("github:index/branchProtection:BranchProtection", { pattern: "main" }, undefined),
            ["dangerous: protection removed: of ‹main›"],
        );
        deepEqual(
            found(
                "github:index/repositoryRuleset:RepositoryRuleset",
                { name: "rules", target: "branch" },
                { name: "rules", target: "tag" },
            ),
            ["dangerous: protection of ‹rules› is changed"],
        );
        const type = "github:index/repositoryCollaborator:RepositoryCollaborator";
        const eve = (permission: string) => ({
            repository: "service",
            username: "eve",
            permission,
        });
        deepEqual(found(type, undefined, eve("pull")), [
            "dangerous: permission widened: user ‹eve› has ‹pull› on ‹service›",
        ]);
        deepEqual(found(type, eve("admin"), eve("push")), [
            "careful: permission narrowed: user ‹eve› on ‹service›: ‹admin› → ‹push›",
        ]);
    });

    describe("a local container that is locked down less", () => {
        const type = "docker:index/container:Container";
        const strict = {
            image: "1",
            readOnly: true,
            capabilities: { drops: ["ALL"] },
            securityOpts: ["no-new-privileges:true"],
            user: "10001",
        };
        const started =
            "careful: container ‹digits› is stopped, and another started with image ‹1›";
        const rows: readonly [what: string, after: Inputs, said: readonly string[]][] = [
            [
                "its root file system",
                { ...strict, readOnly: false },
                ["dangerous: container ‹digits›: its root file system is no longer read-only"],
            ],
            [
                "its Linux capabilities",
                { ...strict, capabilities: { drops: [] } },
                ["dangerous: container ‹digits› no longer drops the Linux capabilities ‹ALL›"],
            ],
            [
                "a Linux capability that is added",
                { ...strict, capabilities: { drops: ["ALL"], adds: ["SYS_ADMIN"] } },
                ["dangerous: container ‹digits› gets the Linux capabilities ‹SYS_ADMIN›"],
            ],
            [
                "its security options",
                { ...strict, securityOpts: [] },
                [
                    "dangerous: container ‹digits›: security options removed: ‹no-new-privileges:true›",
                ],
            ],
            [
                "all privileges",
                { ...strict, privileged: true },
                [
                    "dangerous: container ‹digits› is privileged: it has root's permissions on the host",
                ],
            ],
            [
                "user root",
                { ...strict, user: "root" },
                ["dangerous: container ‹digits› runs as root"],
            ],
            [
                "user 0:0",
                { ...strict, user: "0:0" },
                ["dangerous: container ‹digits› runs as root"],
            ],
            [
                "its image's user",
                {
                    image: "1",
                    readOnly: true,
                    capabilities: strict.capabilities,
                    securityOpts: strict.securityOpts,
                },
                ["careful: container ‹digits› runs as the user of its image, no longer as ‹10001›"],
            ],
            ["another user", { ...strict, user: "10002" }, []],
            [
                "mlops:container.strict",
                { image: "1", user: "10001" },
                [
                    "dangerous: container ‹digits›: its root file system is no longer read-only",
                    "dangerous: container ‹digits› no longer drops the Linux capabilities ‹ALL›",
                    "dangerous: container ‹digits›: security options removed: ‹no-new-privileges:true›",
                ],
            ],
        ];
        for (const [what, after, said] of rows)
            it(what, () => {
                deepEqual(found(type, strict, after, replaced), [...said, started]);
                deepEqual(found(type, strict, after), said);
            });
        it("and nothing where it is locked down more", () => {
            deepEqual(found(type, { image: "1" }, strict, replaced), [started]);
            const isNew = ["careful: container ‹digits› is started with image ‹1›"];
            deepEqual(found(type, undefined, strict), isNew);
            deepEqual(found(type, undefined, { image: "1" }), isNew);
            deepEqual(found(type, strict, undefined), [
                "careful: ‹docker:Container› ‹digits› is deleted",
            ]);
        });
    });

    it("Docker's resources", () => {
        deepEqual(
            found(
                "docker:index/registryImage:RegistryImage",
                { name: "a:ctx-1" },
                { name: "a:ctx-2" },
                replaced,
            ),
            ["careful: image is built: ‹a:ctx-2›"],
        );
        deepEqual(
            found("docker:index/container:Container", { image: "1" }, { image: "2" }, replaced),
            ["careful: container ‹digits› is stopped, and another started with image ‹2›"],
        );
        deepEqual(found("docker:index/volume:Volume", { name: "data" }, undefined), [
            "dangerous: volume ‹data› is deleted, with everything in it",
        ]);
    });

    it("resources that nothing more is known of", () => {
        const type = "random:index/randomString:RandomString";
        deepEqual(found(type, undefined, { length: 1 }), []);
        deepEqual(found(type, { length: 1 }, { length: 2 }), []);
        deepEqual(found(type, { length: 1 }, undefined), [
            "careful: ‹random:RandomString› ‹digits› is deleted",
        ]);
        const properties = [{ path: "length", before: 1, after: 2, replaces: true }];
        deepEqual(found(type, { length: 1 }, { length: 2 }, { operation: "replace", properties }), [
            "careful: ‹random:RandomString› ‹digits› is replaced because of ‹length›",
        ]);
        deepEqual(found(type, undefined, {}, { operation: "import" }), [
            "careful: ‹random:RandomString› ‹digits›: ‹import›",
        ]);
    });

    it("a resource of a type that the review does not know: never routine", () => {
        const type = "aws:s3/bucketV2:BucketV2";
        const said = (operation: string) => [
            `careful: ‹aws:BucketV2› ‹digits›: ‹${operation}›; the review has no rule for this type, read the full diff`,
        ];
        deepEqual(found(type, undefined, { acl: "private" }), said("create"));
        deepEqual(found(type, { acl: "private" }, { acl: "public-read" }), said("update"));
        deepEqual(found(type, { acl: "private" }, undefined), [
            "careful: ‹aws:BucketV2› ‹digits› is deleted",
        ]);
    });
});
