import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { Scope } from "../../../quay/api/client.ts";
import type { Context } from "../../../quay/definition/context.ts";
import { autoPrunePolicy } from "../../../quay/resources/autoPrunePolicy.ts";
import { resources } from "../../../quay/resources/index.ts";
import { floatingTag } from "../../../quay/resources/floatingTag.ts";
import { notification } from "../../../quay/resources/notification.ts";
import { organization } from "../../../quay/resources/organization.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import { repository } from "../../../quay/resources/repository.ts";
import { repositoryPermission } from "../../../quay/resources/repositoryPermission.ts";
import { robot } from "../../../quay/resources/robot.ts";
import { robotFederation } from "../../../quay/resources/robotFederation.ts";
import { team } from "../../../quay/resources/team.ts";
import { teamMembership } from "../../../quay/resources/teamMembership.ts";
import { Secret, without } from "../../../quay/definition/values.ts";
import { scopes } from "../../../sandbox/quay/model.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { contextOf, make, type Made } from "./context.ts";
import { type Sample, samplesOf } from "./samples.ts";

for (const inOrganization of [false, true]) {
    describe(`every resource on its own, in ${inOrganization ? "an organization" : "a user's namespace"}`, function () {
        this.timeout(30_000);

        let quay: Quay;
        let context: Context;
        let samples: Sample[];

        beforeEach(async () => {
            quay = await startQuay();
            quay.createUser("alice", { superUser: true });
            const digest = await pushImage(quay, "alice", "alice/images", ["1.0.0"]);
            const namespace = inOrganization ? "acme" : "alice";
            samples = samplesOf(namespace, inOrganization, quay.registry, digest);
            context = contextOf(quay, quay.createToken({ user: "alice" }));
            quay.clearRequests();
        });
        afterEach(() => quay.stop());

        const changes = () =>
            quay.requests().filter(({ method }) => !["GET", "HEAD"].includes(method));
        async function makeAll(): Promise<Made[]> {
            const made: Made[] = [];
            for (const { resource, inputs } of samples)
                made.push(await make(resource, inputs, context));
            return made;
        }

        it("is here", () => {
            const ofOrganizations = [
                "Organization",
                "Team",
                "TeamMembership",
                "DefaultPermission",
                "ProxyCache",
                "Quota",
            ];
            const expected = resources.filter(
                ({ name }) => inOrganization || !ofOrganizations.includes(name),
            );
            deepEqual(new Set(samples.map(({ resource }) => resource)), new Set(expected));
        });

        it("names the scope that the token lacks, and changes nothing without it", async () => {
            for (const { resource, inputs, scope } of samples) {
                const including: readonly Scope[] =
                    scope === "repo:write" ? ["repo:write", "repo:admin"] : [scope];
                const lacking = scopes.filter((one) => !including.some((other) => other === one));
                const token = quay.createToken({ user: "alice", scopes: lacking });
                const before = JSON.stringify(quay.dump());
                await rejects(make(resource, inputs, contextOf(quay, token)), (error) => {
                    match(String(error), new RegExp(`\\(${scope}\\)`), resource.name);
                    return true;
                });
                equal(JSON.stringify(quay.dump()), before, resource.name);
                await make(resource, inputs, context);
            }
        });

        it("is read as it was made, by the id that people type too", async () => {
            for (const { resource, id, inputs, state } of await makeAll()) {
                deepEqual(
                    await resource.read(id, state, context),
                    { id, inputs, state },
                    resource.name,
                );
                const found = await resource.read(
                    resource === promotedImage ? `${id}:1.0.0` : id,
                    {},
                    context,
                );
                equal(found?.id, id);
                // An import finds everything but what the documentation says.
                deepEqual(found.state, without(state, resource.unread), resource.name);
            }
        });

        it("takes a refusal or a failure for what it is, not for a deletion", async () => {
            const made = await makeAll();
            quay.createUser("mallory");
            const strangers = [
                "wrong-token",
                quay.createToken({ user: "alice", scopes: [] }),
                quay.createToken({ user: "mallory", scopes: ["repo:read"] }),
                quay.createToken({ user: "mallory" }),
            ];
            for (const { resource, id, state } of made) {
                for (const token of strangers) {
                    await rejects(
                        resource.read(id, state, contextOf(quay, token)),
                        `${resource.name} with ${token}`,
                    );
                }
                const mend = quay.faults.add({ status: 500 });
                await rejects(resource.read(id, state, context), resource.name);
                mend();
            }
        });

        it("is deleted, also when it is gone", async () => {
            for (const { resource, id, state } of (await makeAll()).reverse()) {
                await resource.delete(id, state, context);
                if (resource !== promotedImage)
                    equal(await resource.read(id, state, context), undefined, resource.name);
                await resource.delete(id, state, context);
            }
        });

        it("is taken over where it is set already, and an error where it is set differently", async () => {
            for (const {
                resource,
                inputs,
                different,
                taken = different !== undefined,
            } of samples) {
                const first = await make(resource, inputs, context);
                if (!taken) continue;
                const before = JSON.stringify(quay.dump());
                deepEqual(await make(resource, inputs, context), first, resource.name);
                if (different !== undefined) {
                    await rejects(
                        make(resource, { ...inputs, ...different }, context),
                        /nothing was changed.*take it over with/s,
                    );
                }
                equal(JSON.stringify(quay.dump()), before, resource.name);
            }
        });

        it("is an error where it exists and holds more than a value, with the command that imports it", async () => {
            for (const { resource, inputs } of samples) {
                const { id } = await make(resource, inputs, context);
                if (![repository, robot, organization, team].includes(resource)) continue;
                await rejects(make(resource, inputs, context), (error) => {
                    ok(
                        String(error).includes(`exists already, and nothing was changed`),
                        String(error),
                    );
                    ok(String(error).includes(`pulumi import ${id}\n`), String(error));
                    return true;
                });
            }
        });

        it("is made once where the answer was lost", async () => {
            // A tag needs an image: floatingTag.test.ts.
            for (const { resource, inputs, more = 0 } of samples.filter(
                (sample) => ![promotedImage, floatingTag].includes(sample.resource),
            )) {
                quay.clearRequests();
                const heal = quay.faults.add({ method: "POST", reset: "after", times: 1 });
                const healPut = quay.faults.add({ method: "PUT", reset: "after", times: 1 });
                const { id, state } = await make(resource, inputs, context);
                heal();
                healPut();
                // Setting a value twice is the same as once; making something twice is not.
                const idempotent = [
                    repositoryPermission,
                    robotFederation,
                    team,
                    teamMembership,
                ].includes(resource);
                equal(changes().length, (idempotent ? 2 : 1) + more, resource.name);
                deepEqual((await resource.read(id, state, context))?.state, state, resource.name);
            }
        });
    });
}

describe("ids to import by", () => {
    it("that cannot be ones are answered with how to write them", async () => {
        const quay = await startQuay();
        try {
            quay.createUser("alice");
            const context = contextOf(quay, quay.createToken({ user: "alice" }));
            for (const resource of resources) {
                await rejects(resource.read("::", {}, context), (error) => {
                    const { format, example } = resource.importId;
                    ok(
                        String(error).includes(
                            `"::" is not an id of this type: write ${format}, as in ${example}.`,
                        ),
                        String(error),
                    );
                    return true;
                });
            }
            deepEqual(quay.requests(), []);
        } finally {
            await quay.stop();
        }
    });

    it("of policies and notifications may leave out what only Quay calls them, where that is one", async () => {
        const quay = await startQuay();
        try {
            quay.createUser("alice");
            const context = contextOf(quay, quay.createToken({ user: "alice" }));
            await make(repository, { namespace: "alice", name: "app" }, context);
            const config = new Secret({ url: "https://hooks.example.com/x" });
            const hook = {
                repository: "alice/app",
                event: "repo_push",
                method: "slack",
                config,
                title: "pushes",
            };
            const made = await make(notification, hook, context);
            equal((await notification.read("alice/app:pushes", {}, context))?.id, made.id);
            const policy = { repository: "alice/app", method: "number_of_tags", value: "20" };
            const first = await make(autoPrunePolicy, policy, context);
            equal((await autoPrunePolicy.read("alice/app", {}, context))?.id, first.id);
            const second = await make(autoPrunePolicy, { ...policy, value: "30" }, context);
            await rejects(autoPrunePolicy.read("alice/app", {}, context), (error) => {
                ok([first.id, second.id].every((id) => String(error).includes(id)));
                return true;
            });
        } finally {
            await quay.stop();
        }
    });
});

describe("an organization", () => {
    let quay: Quay;
    let context: Context;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        context = contextOf(quay, quay.createToken({ user: "alice" }));
    });
    afterEach(() => quay.stop());

    it("keeps deleted tags for as long as it is told to, from the start and after a change", async () => {
        const { id, inputs, state } = await make(
            organization,
            { name: "acme", tagExpirationSeconds: 86_400 },
            context,
        );
        const api = new Api(quay.url, context.api.token);
        expectReply(await api.get("/organization/acme"), 200, { tag_expiration_s: 86_400 });
        const changed = { ...inputs, tagExpirationSeconds: 604_800 };
        const after = await organization.update(id, state, changed, context);
        expectReply(await api.get("/organization/acme"), 200, { tag_expiration_s: 604_800 });
        deepEqual((await organization.read(id, after, context))?.state, after);
    });

    it("is kept in the state where the server does not know that time, and a refresh shows the one that it has", async () => {
        await rejects(
            make(organization, { name: "acme", tagExpirationSeconds: 5 }, context),
            (error) => {
                match(String(error), /Invalid tag expiration option/);
                ok(error instanceof Error && "id" in error && error.id === "acme");
                return true;
            },
        );
        equal(
            (await organization.read("acme", {}, context))?.inputs["tagExpirationSeconds"],
            1_209_600,
        );
    });

    it("has the address that it was given; without one, whatever Quay makes up is no difference", async () => {
        const given = await make(
            organization,
            { name: "acme", email: "acme@example.com" },
            context,
        );
        deepEqual((await organization.read("acme", given.state, context))?.inputs, given.inputs);
        const without = await make(organization, { name: "other" }, context);
        deepEqual(
            (await organization.read("other", without.state, context))?.inputs,
            without.inputs,
        );
        equal((await organization.read("other", {}, context))?.inputs["email"], undefined);
    });
});
