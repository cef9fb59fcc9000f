/** Which rights an account has on a cluster. */
import { z } from "zod";
import { type Kubectl, KubectlError, type Place } from "./kubectl.ts";

/** What a stack does with its objects, besides reading them. */
const verbs = ["create", "patch", "delete"] as const;

const rulesForm = z.object({
    status: z.object({
        resourceRules: z
            .array(
                z.object({
                    verbs: z.array(z.string()),
                    apiGroups: z.array(z.string()).default([]),
                    resources: z.array(z.string()).default([]),
                    resourceNames: z.array(z.string()).default([]),
                }),
            )
            .default([]),
    }),
});
type Rule = z.output<typeof rulesForm>["status"]["resourceRules"][number];

interface Right {
    readonly verb: string;
    readonly resource: string;
    readonly group: string;
}

/**
 * Returns the rights that an account lacks for objects of these kinds, as in `create secrets` or
 * `create deployments.apps`. None where the cluster does not say. Asks for a list first; a cluster
 * may leave rights out of it, so what is not in it is asked for one by one.
 *
 * @param kubectl makes the `kubectl` of the namespace, with this standard input.
 * @param kinds as `kubectl` names them: `deployment.apps`.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
export async function findLackingRights(
    kubectl: (input: string) => Kubectl,
    { namespace }: Place,
    kinds: readonly string[],
): Promise<string[]> {
    const needed = [...new Set(kinds)].flatMap((kind) => {
        const [, name = "", group = ""] = /^([^.]+)\.?(.*)$/.exec(kind) ?? [];
        return verbs.map((verb) => ({ verb, resource: pluralOf(name), group }));
    });
    const review = async (kind: string, specs: readonly object[], output: string) => {
        const items = specs.map((spec) => ({ apiVersion: "authorization.k8s.io/v1", kind, spec }));
        const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
        return kubectl(list)("create", "--filename=-", `--output=${output}`);
    };
    try {
        const answer = await review("SelfSubjectRulesReview", [{ namespace }], "json");
        const { resourceRules } = rulesForm.parse(JSON.parse(answer)).status;
        const unlisted = needed.filter(
            (right) => !resourceRules.some((rule) => allows(rule, right)),
        );
        if (unlisted.length === 0) return [];
        const specs = unlisted.map((right) => ({ resourceAttributes: { namespace, ...right } }));
        const allowed = await review(
            "SelfSubjectAccessReview",
            specs,
            "jsonpath={.status.allowed} ",
        );
        const answers = allowed.trim().split(" ");
        return unlisted.filter((_, index) => answers[index] === "false").map(nameOf);
    } catch (error) {
        if (error instanceof KubectlError) return [];
        throw error;
    }
}

/** Says which rights an account lacks, and where all of them are. */
export function rightsProblem({ context, namespace }: Place, rights: readonly string[]): string {
    return (
        `The account of the context "${context}" may not do this in the namespace ${namespace}: ` +
        `${rights.join(", ")}. If that is the right namespace, have it given all rights that a ` +
        "stack needs: components/kubernetes/role.yaml"
    );
}

function allows(rule: Rule, { verb, resource, group }: Right): boolean {
    const has = (names: readonly string[], name: string): boolean =>
        names.includes("*") || names.includes(name);
    return (
        has(rule.verbs, verb) &&
        has(rule.apiGroups, group) &&
        has(rule.resources, resource) &&
        rule.resourceNames.length === 0
    );
}

const nameOf = ({ verb, resource, group }: Right): string =>
    `${verb} ${resource}${group === "" ? "" : `.${group}`}`;

function pluralOf(kind: string): string {
    if (kind.endsWith("y")) return `${kind.slice(0, -1)}ies`;
    return kind.endsWith("s") ? `${kind}es` : `${kind}s`;
}
