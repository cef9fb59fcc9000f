import { z } from "zod";
import { json, unprocessable } from "../answers.ts";
import type { Call } from "../call.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { fullName } from "../state.ts";

const template = z.object({
    use_default: z.boolean(),
    include_claim_keys: z.array(z.string().regex(/^\w+$/)).optional(),
    use_immutable_subject: z.boolean().optional(),
});

/** The format of the subject of the repository's OIDC tokens. */
export const oidcOperations: Operations = {
    "actions/get-custom-oidc-sub-claim-for-repo": reading("actions", (call) => {
        const { useDefault, claims, immutable } = call.repository.oidcSubject;
        return json(200, {
            use_default: useDefault,
            ...(claims === undefined ? {} : { include_claim_keys: claims }),
            use_immutable_subject: immutable,
            sub_claim_prefix: prefix(call, immutable),
        });
    }),

    "actions/set-custom-oidc-sub-claim-for-repo": writing("actions", "admin", (call) => {
        const body = template.safeParse(call.body(z.unknown()));
        if (!body.success)
            throw unprocessable(
                "Claim keys can only contain alphanumeric characters and underscores",
            );
        const { use_default: useDefault, include_claim_keys: keys } = body.data;
        const immutable = body.data.use_immutable_subject ?? call.repository.oidcSubject.immutable;
        call.repository.oidcSubject = {
            useDefault,
            claims: useDefault ? undefined : keys,
            immutable,
        };
        return json(201, {});
    }),
};

/** For example repo:octocat@123456/my-repo@456789. The ids tell apart names that are used again. */
function prefix(call: Call, immutable: boolean): string {
    const { repository } = call;
    if (!immutable) return `repo:${fullName(repository)}`;
    const owner = `${repository.owner}@${String(call.state.owner(repository).id)}`;
    return `repo:${owner}/${repository.name}@${String(repository.id)}`;
}
