import { z } from "zod";
import { noContent } from "../api/client.ts";
import type { QuayClient } from "../api/client.ts";
import { badId, createOnce, deleteIfThere, existsAlready } from "../definition/create.ts";
import { badRequest, notFound, PartialError, QuayError, unless } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { resource } from "../definition/resource.ts";

const importId = { format: "NAME", example: "acme" };
const twoWeeks = 1_209_600;

const answer = z.object({
    is_admin: z.boolean().optional(),
    email: z.string().nullish(),
    tag_expiration_s: z.number().optional(),
    teams: z
        .record(z.string(), z.object({ role: z.string(), description: z.string().nullish() }))
        .optional(),
});
export type OrganizationAnswer = z.output<typeof answer>;

export const organization = resource({
    name: "Organization",
    description:
        "An organization: a namespace that several people and their robots share. One that exists already is an error that says how to import it. After " +
        "deletion Quay keeps the name for a while.",
    importId,
    fixed: { name: names.namespace.describe("Its name.") },
    changing: {
        email: z
            .email("it has to be an e-mail address.")
            .optional()
            .describe("The address that Quay writes to. Default: whatever Quay has."),
        tagExpirationSeconds: z
            .int("it has to be a whole number of seconds.")
            .min(0, "it must not be negative.")
            .default(twoWeeks)
            .describe(
                "How long a deleted tag can be restored; one of the values that the server allows (quay.io: 0, 86400, 604800, 1209600, 2419200).",
            ),
    },
    outputs: {},
    id: ({ name }) => name,

    async create(inputs, context) {
        const { name, email } = inputs;
        const { api } = context;
        const exists = () =>
            existsAlready(`The organization ${name}, or a user of that name,`, name, context);
        const json = { name, email };
        const call = {
            to: `create the organization ${name}`,
            scope: "user:admin",
            json,
            once: true,
        } as const;
        await createOnce(
            api,
            async () => {
                const taken = badRequest(/already exists|already taken/i);
                if (
                    (await unless(taken, () =>
                        api.change("POST", "organization/", call, z.literal("Created")),
                    )) === undefined
                )
                    throw exists();
                return true;
            },
            async () => {
                const found = await getOrganization(api, name);
                if (found !== undefined && email !== undefined && found.email !== email)
                    throw exists();
                return found && true;
            },
        );
        if (inputs.tagExpirationSeconds !== twoWeeks) {
            try {
                await set(api, name, { tag_expiration_s: inputs.tagExpirationSeconds });
            } catch (error) {
                if (error instanceof QuayError)
                    throw new PartialError(error.message, name, {
                        ...inputs,
                        tagExpirationSeconds: twoWeeks,
                    });
                throw error;
            }
        }
        return { id: name, outputs: {} };
    },

    async read(id, { api }, old) {
        if (!names.namespace.safeParse(id).success) throw badId(id, importId);
        const found = await getOrganization(api, id);
        if (found === undefined) return undefined;
        // Without an address Quay makes something up: it counts where it is one, and somebody asked for it.
        const address = z.email().safeParse(found.email).data;
        const email = old !== undefined && old.email === undefined ? undefined : address;
        return {
            inputs: { name: id, email, tagExpirationSeconds: found.tag_expiration_s ?? twoWeeks },
            outputs: {},
        };
    },

    async update({ name, email, tagExpirationSeconds }, old, { api }) {
        await set(api, name, {
            ...(email === old.email ? {} : { email }),
            ...(tagExpirationSeconds === old.tagExpirationSeconds
                ? {}
                : { tag_expiration_s: tagExpirationSeconds }),
        });
        return {};
    },

    async delete(_old, { api }, id) {
        const call = { to: `delete the organization ${id}`, scope: "org:admin" } as const;
        // Quay answers a second deletion with 403, as for everything in a missing namespace.
        await deleteIfThere(
            () => api.change("DELETE", `organization/${id}`, call, noContent),
            async () => (await getOrganization(api, id)) !== undefined,
        );
    },
});

async function set(api: QuayClient, name: string, json: object): Promise<void> {
    await api.change(
        "PUT",
        `organization/${name}`,
        { to: `change the organization ${name}`, scope: "org:admin", json },
        z.object({ name: z.literal(name) }),
    );
}

/** The organization with its teams; undefined where there is none. @throws QuayError where the token does not administer it */
export async function getOrganization(
    api: QuayClient,
    name: string,
): Promise<OrganizationAnswer | undefined> {
    const to = `read the organization ${name}`;
    const found = await unless(notFound, () =>
        api.get(`organization/${name}`, { to, scope: "org:admin" }, answer),
    );
    // To everybody else Quay shows an empty shell, even to a token that it does not accept.
    if (found === undefined || found.is_admin === true) return found;
    await api.account();
    throw new QuayError(
        `Quay at ${api.site.url} does not let the token in ${api.options.tokenVariable} administer the organization ${name}: its account has to be one ` +
            'of its administrators, and the token needs the scope "Administer Organization" (org:admin).',
    );
}
