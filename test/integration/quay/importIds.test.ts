import { equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { QuayError } from "../../../quay/api/errors.ts";
import type { Context } from "../../../quay/definition/context.ts";
import { resources } from "../../../quay/resources/index.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { contextOf } from "./context.ts";

describe("an id to import", function () {
    this.timeout(60_000);
    let server: Quay;
    let context: Context;

    before(async () => {
        server = await startQuay();
        server.createUser("alice", { superUser: true });
        server.createOrganization("acme", "alice");
        context = contextOf(server, server.createToken({ user: "alice" }));
    });
    after(() => server.stop());

    /** Reads without a state, as an import does. @returns the id found, or the error's message */
    async function read(name: string, id: string): Promise<string | undefined> {
        const resource = resources.find((one) => one.name === name);
        try {
            return (await resource?.read(id, {}, context))?.id;
        } catch (error) {
            ok(error instanceof QuayError, `${name} ${id}: ${String(error)}`);
            return error.message;
        }
    }

    const malformed = ["", ":", "a b", "Acme", "acme/app:\n", "https://quay.io/acme", "+", "/"];
    for (const { name, importId } of resources)
        it(`of ${name} that is malformed is refused in one line, which says the form`, async () => {
            const requests = server.requests().length;
            for (const id of malformed)
                equal(
                    await read(name, id),
                    `"${id}" is not an id of this type: write ${importId.format}, as in ` +
                        `${importId.example}.`,
                );
            equal(server.requests().length, requests);
        });

    /** Of the documented form, in the organization that exists. */
    const missing: Readonly<Record<string, string>> = {
        Organization: "nobody",
        Quota: "acme",
        ProxyCache: "acme",
        Repository: "acme/app",
        Robot: "acme+deploy",
        RepositoryPermission: "acme/app:robot:acme+deploy",
        RobotFederation: "acme+deploy",
        Team: "acme:devs",
        TeamMembership: "acme:devs:acme+deploy",
        DefaultPermission: "acme:team:devs:alice",
        AutoPrunePolicy: "acme",
        TagImmutabilityPolicy: "acme",
        FloatingTag: "acme/app:running",
        RepositoryMirror: "acme/app",
    };
    for (const [name, id] of Object.entries(missing))
        it(`of ${name} that does not exist finds nothing: the engine says so`, async () => {
            equal(await read(name, id), undefined);
        });

    it("of what is in a repository that does not exist finds nothing, or says in one line what is missing", async () => {
        for (const [name, id] of [
            ["Notification", "acme/app:pushes"],
            ["AutoPrunePolicy", "acme/app"],
            ["TagImmutabilityPolicy", "acme/app"],
            ["PromotedImage", `${server.registry}/acme/app:1.0.0`],
        ] as const) {
            const found = await read(name, id);
            if (found !== undefined) match(found, /^There is no .*acme\/app.*$/);
        }
    });

    it("of any text whatever finds nothing, or is refused in one line", async () => {
        const text = fc.oneof(
            fc.string({ maxLength: 30 }),
            fc.stringMatching(/^[a-z]{1,3}[/:+@ .][a-z]{0,3}[/:+,]?[a-z0-9.]{0,4}$/),
        );
        const name = fc.constantFrom(...resources.map((one) => one.name));
        await fc.assert(
            fc.asyncProperty(name, text, async (type, id) => {
                const found = await read(type, id);
                if (found !== undefined) match(found, /^[^\n]+$/);
            }),
            { numRuns: 300 },
        );
    });
});
