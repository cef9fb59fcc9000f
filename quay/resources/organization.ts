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
        "An organization: a namespace shared by users and robots. If it exists already, the " +
        "error says how to import it. After its deletion Quay reserves the name for a while.",
    importId,
    fixed: { name: names.namespace.describe("The name of the organization.") },
    changing: {
        email: z
            .email("must be an e-mail address.")
            .optional()
            .describe("The contact e-mail address. Default: left as it is in Quay."),
        tagExpirationSeconds: z
            .int("must be a whole number of seconds.")
            .min(0, "must not be negative.")
            .default(twoWeeks)
            .describe(
                "The time in which a deleted tag can be restored, in seconds: one of the values " +
                    "that the server allows (quay.io: 0, 86400, 604800, 1209600, 2419200).",
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
        // Without an address Quay generates a value. Ignore it if it is not an address, or if the
        // program does not set one.
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
        // Quay answers a second deletion with 403, as it does for everything in a missing
        // namespace.
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

/**
 * Returns the organization with its teams; undefined if it does not exist.
 *
 * @throws QuayError if the token does not administer the organization.
 */
export async function getOrganization(
    api: QuayClient,
    name: string,
): Promise<OrganizationAnswer | undefined> {
    const to = `read the organization ${name}`;
    const found = await unless(notFound, () =>
        api.get(`organization/${name}`, { to, scope: "org:admin" }, answer),
    );
    // To all other accounts, and even for an invalid token, Quay returns a mostly empty object.
    if (found === undefined || found.is_admin === true) return found;
    await api.account();
    throw new QuayError(
        `Quay at ${api.site.url} does not let the token in ${api.options.tokenVariable} ` +
            `administer the organization ${name}: its account has to be one ` +
            'of its administrators, and the token needs the scope "Administer Organization" ' +
            "(org:admin).",
    );
}
