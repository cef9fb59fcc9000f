/** Accounts on a cluster that may use one namespace alone, as on the OpenShift sandbox. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Cluster } from "./cluster.ts";

const role = join(import.meta.dirname, "../../components/kubernetes/role.yaml");

const config = z.looseObject({ clusters: z.array(z.looseObject({ name: z.string() })) });

/** OpenShift's own role `edit` has these rights, too: Kubernetes adds them to its one. */
const editsRoutes = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: {
        name: "edit-routes",
        labels: { "rbac.authorization.k8s.io/aggregate-to-edit": "true" },
    },
    rules: [
        {
            apiGroups: ["route.openshift.io"],
            resources: ["routes", "routes/custom-host"],
            verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
        },
    ],
};

/**
 * Creates namespaces that enforce Pod Security "restricted", each with an account that may do there
 * what a stack needs, and nothing anywhere else.
 *
 * @param file the path of the kubeconfig that is written: a context for each namespace, with its
 * name.
 * @param edited the namespaces whose account has the cluster's role `edit` instead of a stack's
 * own one, as on the OpenShift sandbox. Default: none.
 */
export async function createAccounts(
    cluster: Cluster,
    namespaces: readonly string[],
    file: string,
    edited: readonly string[] = [],
): Promise<void> {
    await cluster.kubectl(["apply", "--filename", "-"], JSON.stringify(editsRoutes));
    const admin = config.parse(JSON.parse(readFileSync(cluster.kubeconfig, "utf8")));
    const [{ name: clusterName } = { name: "" }] = admin.clusters;
    const tokens = await Promise.all(
        namespaces.map((namespace) =>
            createAccount(
                cluster,
                namespace,
                edited.includes(namespace)
                    ? { kind: "ClusterRole", name: "edit" }
                    : { kind: "Role", name: "mlops" },
            ),
        ),
    );
    const content = {
        ...admin,
        users: namespaces.map((name, index) => ({ name, user: { token: tokens[index] } })),
        contexts: namespaces.map((name) => ({
            name,
            context: { cluster: clusterName, user: name, namespace: name },
        })),
        "current-context": undefined,
    };
    writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
}

/** Creates a namespace and its account. @returns the account's token */
async function createAccount(
    cluster: Cluster,
    namespace: string,
    granted: { readonly kind: string; readonly name: string },
): Promise<string> {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    const account = { kind: "ServiceAccount", name: "deployer", namespace };
    const objects = [
        { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
        { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account.name, namespace } },
        {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "RoleBinding",
            metadata: { name: account.name, namespace },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", ...granted },
            subjects: [account],
        },
    ];
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    await cluster.kubectl(["apply", "--filename", "-"], list);
    await cluster.kubectl(["apply", "--namespace", namespace, "--filename", role]);
    return (
        await cluster.kubectl(["create", "token", account.name, "--namespace", namespace])
    ).trim();
}
