import { deepEqual, equal, fail, match, ok, rejects } from "node:assert/strict";
import { PartialError, QuayError } from "../../../quay/api/errors.ts";
import type { Context } from "../../../quay/definition/context.ts";
import type { Resource } from "../../../quay/definition/resource.ts";
import { autoPrunePolicy } from "../../../quay/resources/autoPrunePolicy.ts";
import { defaultPermission } from "../../../quay/resources/defaultPermission.ts";
import { resources } from "../../../quay/resources/index.ts";
import { floatingTag } from "../../../quay/resources/floatingTag.ts";
import { notification } from "../../../quay/resources/notification.ts";
import { organization } from "../../../quay/resources/organization.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import { proxyCache } from "../../../quay/resources/proxyCache.ts";
import { quota } from "../../../quay/resources/quota.ts";
import { repository } from "../../../quay/resources/repository.ts";
import { repositoryMirror } from "../../../quay/resources/repositoryMirror.ts";
import { repositoryPermission } from "../../../quay/resources/repositoryPermission.ts";
import { robot } from "../../../quay/resources/robot.ts";
import { robotFederation } from "../../../quay/resources/robotFederation.ts";
import { tagImmutabilityPolicy } from "../../../quay/resources/tagImmutabilityPolicy.ts";
import { team } from "../../../quay/resources/team.ts";
import { teamMembership } from "../../../quay/resources/teamMembership.ts";
import { type Properties, Secret } from "../../../quay/definition/values.ts";
import type { Fault } from "../../../sandbox/quay/faults.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { contextOf, make, type Made } from "./context.ts";

/** A resource with all the settings that it is taken through. */
interface Sample {
    readonly title: string;
    readonly resource: Resource;
    readonly inputs: Properties;
    readonly settings: readonly [Properties, ...Properties[]];
}

const [first, second] = ["repo:a/b:ref:refs/heads/main", "repo:a/b:environment:prod"].map(
    (subject) => ({ issuer: "https://token.example.com", subject }),
);
const claims = (...list: readonly (typeof first)[]) => ({
    claims: list.flatMap((claim) => (claim === undefined ? [] : [{ ...claim }])),
});
const roles = [{ role: "read" }, { role: "write" }, { role: "admin" }] as const;
const slack = { repository: "acme/app", event: "repo_push", method: "slack" };
const base = "registry.example.com/acme/base";
const prune = [
    { method: "number_of_tags", value: "20" },
    { method: "number_of_tags", value: "5", tagPattern: "sha-.*" },
    { method: "creation_date", value: "30d", tagPattern: "sha-.*", tagPatternMatches: false },
    { method: "creation_date", value: "2w" },
] as const;

/** In an order in which each finds what it needs. */
const samples: readonly Sample[] = [
    {
        title: "an organization",
        resource: organization,
        inputs: { name: "acme" },
        settings: [
            {},
            { email: "acme@example.com" },
            { email: "other@example.com", tagExpirationSeconds: 0 },
            { tagExpirationSeconds: 86_400 },
            { tagExpirationSeconds: 2_419_200 },
        ],
    },
    {
        title: "a repository",
        resource: repository,
        inputs: { namespace: "acme", name: "app" },
        settings: [
            {},
            { visibility: "public", description: "one\n\ntwo: ü" },
            { visibility: "public", state: "READ_ONLY" },
            { description: "mirrored", state: "MIRROR" },
        ],
    },
    {
        title: "an organization's robot",
        resource: robot,
        inputs: { namespace: "acme", name: "deploy" },
        settings: [{}, { description: "pushes" }],
    },
    {
        title: "a user's robot",
        resource: robot,
        inputs: { namespace: "alice", name: "deploy" },
        settings: [{}, { description: "pushes" }],
    },
    {
        title: "a team",
        resource: team,
        inputs: { organization: "acme", name: "devs" },
        settings: [
            {},
            { role: "creator", description: "builds" },
            { role: "admin", description: "runs" },
        ],
    },
    {
        title: "a robot in a team",
        resource: teamMembership,
        inputs: { organization: "acme", team: "devs", member: "acme+deploy" },
        settings: [{}],
    },
    {
        title: "a user in a team",
        resource: teamMembership,
        inputs: { organization: "acme", team: "devs", member: "bob" },
        settings: [{}],
    },
    ...[{ robot: "acme+deploy" }, { user: "bob" }, { team: "devs" }].map((holder) => ({
        title: `a permission of a ${Object.keys(holder).join("")}`,
        resource: repositoryPermission,
        inputs: { repository: "acme/app", ...holder },
        settings: roles,
    })),
    ...[
        { robot: "acme+deploy", creator: "alice" },
        { user: "bob" },
        { team: "devs", creator: "bob" },
    ].map((rule) => ({
        title: `a default permission of a ${Object.keys(rule).join(" by ")}`,
        resource: defaultPermission,
        inputs: { organization: "acme", ...rule },
        settings: roles,
    })),
    ...["acme+deploy", "alice+deploy"].map((username) => ({
        title: `the federation of ${username}`,
        resource: robotFederation,
        inputs: { robot: username },
        settings: [claims(first), claims(first, second), claims(second)] as const,
    })),
    ...[{ repository: "acme/app" }, { namespace: "acme" }, { namespace: "alice" }].map((place) => ({
        title: `an auto-prune policy of ${Object.values(place).join("")}`,
        resource: autoPrunePolicy,
        inputs: place,
        settings: prune,
    })),
    ...[{ repository: "acme/app" }, { namespace: "acme" }].map((place) => ({
        title: `an immutability policy of ${Object.values(place).join("")}`,
        resource: tagImmutabilityPolicy,
        inputs: place,
        settings: [
            { tagPattern: "v.*" },
            { tagPattern: "v.*", tagPatternMatches: false },
            { tagPattern: "[0-9]+", ifUnsupported: "warn" },
        ] as const,
    })),
    {
        title: "a notification",
        resource: notification,
        inputs: slack,
        settings: [
            { config: { url: "https://hooks.example.com/one" } },
            { config: { url: "https://hooks.example.com/two" }, title: "pushes" },
            {
                event: "vulnerability_found",
                config: { url: "https://hooks.example.com/two" },
                eventConfig: { level: 1 },
            },
        ],
    },
    {
        title: "a repository that is a mirror",
        resource: repository,
        inputs: { namespace: "acme", name: "copy", state: "MIRROR" },
        settings: [{}],
    },
    {
        title: "another robot",
        resource: robot,
        inputs: { namespace: "acme", name: "copy" },
        settings: [{}],
    },
    {
        title: "a mirror",
        resource: repositoryMirror,
        inputs: { repository: "acme/copy" },
        settings: [
            { externalReference: base, tags: ["1.*"], robot: "acme+deploy" },
            {
                externalReference: `${base}-two`,
                tags: ["1.*", "latest"],
                robot: "acme+copy",
                enabled: false,
                username: "reader",
                password: new Secret("ONE"),
            },
            {
                externalReference: base,
                tags: ["latest", "1.*"],
                robot: "acme+copy",
                syncIntervalSeconds: 0,
                timeoutSeconds: 600,
                verifyTls: false,
                username: "reader",
                password: new Secret("TWO"),
            },
            { externalReference: base, tags: ["*"], robot: "acme+deploy", username: "other" },
        ],
    },
    {
        title: "an organization that is a cache",
        resource: organization,
        inputs: { name: "cached" },
        settings: [{}],
    },
    {
        title: "a proxy cache",
        resource: proxyCache,
        inputs: { organization: "cached" },
        settings: [
            { upstreamRegistry: "registry.example.com" },
            { upstreamRegistry: "registry.example.com/library", expirationSeconds: 0 },
            {
                upstreamRegistry: "registry.example.com",
                insecure: true,
                username: "reader",
                password: new Secret("ONE"),
            },
            {
                upstreamRegistry: "registry.example.com",
                username: "reader",
                password: new Secret("TWO"),
            },
        ],
    },
    ...["acme", "cached"].map((name) => ({
        title: `the quota of ${name}`,
        resource: quota,
        inputs: { organization: name },
        settings: [
            { limitBytes: 1000, limits: [{ type: "Warning", percent: 80 }] },
            { limitBytes: 2000, limits: [{ type: "Reject", percent: 80 }] },
            {
                limitBytes: 2000,
                limits: [
                    { type: "Reject", percent: 100 },
                    { type: "Warning", percent: 50 },
                    { type: "Warning", percent: 80 },
                ],
            },
            { limitBytes: 1 },
        ] as const,
    })),
];

async function startWithUsers(): Promise<{ quay: Quay; token: string }> {
    const quay = await startQuay();
    // Super users alone change quotas.
    quay.createUser("alice", { superUser: true });
    quay.createUser("bob");
    return { quay, token: quay.createToken({ user: "alice" }) };
}

async function checked(
    { resource, inputs }: Sample,
    setting: Properties,
    olds: Properties,
    context: Context,
): Promise<Properties> {
    const result = await resource.check({ ...inputs, ...setting }, olds, context);
    deepEqual(result.failures, []);
    return result.inputs;
}

/**
 * Changes the existing resource to these inputs as the engine does: in place, or by a replacement.
 */
async function change(made: Made, inputs: Properties, context: Context): Promise<Made> {
    const { resource, id, state } = made;
    const { replaces, deleteBeforeReplace } = resource.diff(made.inputs, inputs);
    if (replaces.length === 0) {
        return { ...made, inputs, state: await resource.update(id, state, inputs, context) };
    }
    if (deleteBeforeReplace) await resource.delete(id, state, context);
    const created = await resource.create(inputs, context);
    if (!deleteBeforeReplace) await resource.delete(id, state, context);
    return { resource, inputs, ...created };
}

/** A refresh finds just that, and a preview has nothing to do. */
async function expectInSync({ resource, id, inputs, state }: Made, context: Context) {
    const found = (await resource.read(id, state, context)) ?? fail(`${id} is not there`);
    deepEqual({ id: found.id, state: found.state }, { id, state }, resource.name);
    deepEqual([...resource.diff(found.inputs, inputs).changes], [], resource.name);
    deepEqual([...resource.diff(inputs, found.inputs).changes], [], resource.name);
}

describe("every setting of every resource", function () {
    this.timeout(60_000);

    let quay: Quay;
    let context: Context;
    let all: Made[];

    before(async () => {
        const started = await startWithUsers();
        ({ quay } = started);
        context = contextOf(quay, started.token);
        all = [];
        for (const { resource, inputs, settings } of samples)
            all.push(await make(resource, { ...inputs, ...settings[0] }, context));
    });
    after(() => quay.stop());

    it("is in this test", () => {
        // Images are in promotion.test.ts, and a tag of one in floatingTag.test.ts.
        const others = resources.filter(
            (resource) => ![promotedImage, floatingTag].includes(resource),
        );
        deepEqual(new Set(samples.map(({ resource }) => resource)), new Set(others));
    });

    // What the others depend on comes last: a robot that is replaced loses its permissions.
    for (const [index, sample] of [...samples.entries()].reverse()) {
        it(`${sample.title}: changes to every other one and back, and then nothing is left to do`, async () => {
            let made = all[index] ?? fail();
            for (const from of sample.settings) {
                for (const to of sample.settings) {
                    for (const setting of [from, to, from]) {
                        const inputs = await checked(sample, setting, made.inputs, context);
                        if (sample.resource.diff(made.inputs, inputs).changes.size === 0) continue;
                        made = await change(made, inputs, context);
                        await expectInSync(made, context);
                    }
                }
            }
        });
    }
});

describe("an update of something that was deleted by hand", function () {
    this.timeout(60_000);

    for (const sample of samples.filter(({ resource }) => resource !== organization)) {
        const { title, resource, settings } = sample;
        const [before, after] = settings;
        if (after === undefined || [robot, notification].includes(resource)) continue;
        it(`${title}: says how to go on, or makes it again`, async () => {
            const { quay, token } = await startWithUsers();
            try {
                const context = contextOf(quay, token);
                // What it needs comes before it.
                for (const other of samples.slice(0, samples.indexOf(sample)))
                    await make(other.resource, { ...other.inputs, ...other.settings[0] }, context);
                const made = await make(resource, { ...sample.inputs, ...before }, context);
                await resource.delete(made.id, made.state, context);
                const inputs = await checked(sample, after, made.inputs, context);
                const update = change(made, inputs, context);
                // These routes create or change; a robot keeps an empty federation; a cache is
                // replaced.
                if ([team, repositoryPermission, robotFederation, proxyCache].includes(resource))
                    await expectInSync(await update, context);
                else
                    await rejects(update, ({ message }: Error) => {
                        match(message, /is not on Quay any more.*Run `pulumi refresh`/);
                        return true;
                    });
            } finally {
                await quay.stop();
            }
        });
    }

    it("also where its repository is gone", async () => {
        const { quay, token } = await startWithUsers();
        try {
            const context = contextOf(quay, token);
            const home = await make(repository, { namespace: "alice", name: "app" }, context);
            const policy = { repository: "alice/app", ...prune[0] };
            const made = await make(autoPrunePolicy, policy, context);
            await repository.delete(home.id, home.state, context);
            const inputs = { ...made.inputs, value: "30" };
            await rejects(change(made, inputs, context), /pulumi refresh/);
            await rejects(make(autoPrunePolicy, policy, context), /pulumi refresh/);
        } finally {
            await quay.stop();
        }
    });
});

interface Trouble {
    readonly title: string;
    readonly fault: Fault;
    /** One such answer fails the change: Quay says that it did not do it. */
    readonly fails?: boolean;
    /** Also where every change meets it, for as long as it lasts. */
    readonly lasting?: boolean;
    /** How long the client waits for an answer, in milliseconds. */
    readonly timeout?: number;
}

const troubles: readonly Trouble[] = [
    { title: "a reset before it was done", fault: { reset: "before" } },
    { title: "a reset before the answer", fault: { reset: "after" } },
    { title: "a page instead of doing it", fault: { status: 200 }, lasting: true },
    { title: "a page instead of the answer", fault: { answer: "html" }, lasting: true },
    { title: "half of the answer", fault: { answer: "cut" }, lasting: true },
    { title: "half of the answer and a closed connection", fault: { answer: "broken" } },
    { title: "an answer without a body", fault: { answer: "empty" }, lasting: true },
    { title: "JSON of another form", fault: { answer: "other" }, lasting: true },
    { title: "an answer that comes too late", fault: { answer: 350 }, timeout: 150 },
    { title: "429", fault: { status: 429, retryAfter: "0" } },
    { title: "500 before it was done", fault: { status: 500 }, fails: true },
    { title: "500 when it was done", fault: { answer: "failed" }, fails: true },
    { title: "502", fault: { status: 502, retryAfter: "0" } },
    { title: "503", fault: { status: 503, retryAfter: "0" }, lasting: true },
];

describe("every change of every resource", function () {
    this.timeout(60_000);

    /** The whole Quay when all is made, and when all is changed, without any trouble. */
    const expected: string[] = [];

    before(async () => {
        const { quay, token } = await startWithUsers();
        const context = contextOf(quay, token);
        expected.push(...(await lifeOf(quay, context, async (run) => run())));
        await quay.stop();
    });

    for (const { title, fault, fails = false, lasting = false, timeout = 30_000 } of troubles) {
        for (const times of lasting ? [1, undefined] : [1]) {
            it(`meets ${title}, ${times === 1 ? "once" : "each time"}`, async () => {
                const { quay, token } = await startWithUsers();
                try {
                    const context = contextOf(quay, token, [], { timeout });
                    const life = await lifeOf(quay, context, async (run) => {
                        const heals = ["POST", "PUT", "DELETE"].map((method) =>
                            quay.faults.add({ ...fault, method, ...(times && { times }) }),
                        );
                        const result = await run().catch((error: unknown) => {
                            ok(error instanceof QuayError, String(error));
                            return error;
                        });
                        for (const heal of heals) heal();
                        if (!(result instanceof QuayError)) return result;
                        ok(fails || times === undefined, String(result));
                        return run(); // what the next `up` or `destroy` does
                    });
                    deepEqual(life, expected);
                } finally {
                    await quay.stop();
                }
            });
        }
    }

    /** Makes all, changes all and deletes all. @returns what there was in between */
    async function lifeOf(
        quay: Quay,
        context: Context,
        attempt: <T>(run: () => Promise<T>) => Promise<T>,
    ): Promise<string[]> {
        const all: Made[] = [];
        const life: string[] = [];
        for (const sample of samples) {
            const inputs = await checked(sample, sample.settings[0], {}, context);
            const { resource } = sample;
            let partial: PartialError | undefined;
            const made = await attempt(async () => {
                if (partial !== undefined) return completed(resource, partial, inputs, context);
                try {
                    return { resource, inputs, ...(await resource.create(inputs, context)) };
                } catch (error) {
                    if (error instanceof PartialError) partial = error;
                    throw error;
                }
            });
            all.push(made);
        }
        for (const made of all) await expectInSync(made, context);
        life.push(contentOf(quay));
        for (const [index, made] of all.entries()) {
            const sample = samples[index] ?? fail();
            const setting = sample.settings[1] ?? sample.settings[0];
            const inputs = await checked(sample, setting, made.inputs, context);
            const { changes, replaces } = made.resource.diff(made.inputs, inputs);
            if (changes.size === 0 || replaces.length > 0) continue;
            all[index] = await attempt(() => change(made, inputs, context));
        }
        for (const made of all) await expectInSync(made, context);
        life.push(contentOf(quay));
        for (const { resource, id, state } of all.toReversed()) {
            await attempt(() => resource.delete(id, state, context));
            if (resource !== organization)
                equal(await resource.read(id, state, context), undefined, resource.name);
        }
        life.push(contentOf(quay));
        return life;
    }

    /** What the next `up` does with what was made in part: the state has it, so it is updated. */
    async function completed(
        resource: Resource,
        { id, state }: PartialError,
        inputs: Properties,
        context: Context,
    ): Promise<Made> {
        const olds = Object.fromEntries(Object.entries(state));
        return { resource, id, inputs, state: await resource.update(id, olds, inputs, context) };
    }

    /** What Quay has, without what it generates. */
    function contentOf(quay: Quay): string {
        const generated = ["secrets", "tokens", "password", "token", "created"];
        generated.push("deletedNotifications", "sync_start_date");
        const text = JSON.stringify(quay.dump(), (key, value: unknown) =>
            generated.includes(key) || (key === "id" && typeof value === "number")
                ? undefined
                : value,
        );
        return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID");
    }
});
