/** What a cluster would refuse is said by a preview, or is an error before anything is declared. */
import { equal, match, ok } from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createAccounts } from "../../sandbox/cluster/account.ts";
import { type Cluster, hasCluster, startCluster } from "../../sandbox/cluster/cluster.ts";
import { createProject, settingsFor } from "../../sandbox/cluster/project.ts";
import { type Project, type Result, temporary } from "../../sandbox/project.ts";

const namespace = "digits";

const program = (namespace: string, more: object): string => `
    import * as pulumi from "@pulumi/pulumi";
    import { ClusterService } from "./components/clusterService.ts";
    new ClusterService("web", {
        image: "quay.io/acme/web@sha256:${"0".repeat(64)}",
        version: "1.0.0",
        namespace: "${namespace}",
        port: 8080,
        env: { TOKEN: pulumi.secret("hunter2") },
        ...${JSON.stringify(more)},
    });`;

describe("what a cluster refuses", () => {
    let folder: string;
    let cluster: Cluster;
    /** The kubeconfig of an account that may use the namespace alone. */
    let kubeconfig: string;
    let project: Project;
    const cleanUps: (() => unknown)[] = [];

    before(async function () {
        if (!hasCluster()) this.skip();
        folder = temporary("cluster");
        cleanUps.push(() => {
            rmSync(folder, { recursive: true });
        });
        cluster = await startCluster(folder);
        cleanUps.push(() => cluster.stop());
        kubeconfig = join(folder, "accounts");
        await createAccounts(cluster, [namespace], kubeconfig);
        project = await createProject(cluster, { kubeconfig, context: namespace });
        cleanUps.push(() => {
            project.remove();
        });
    });
    after(async () => {
        for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });

    async function preview(more: object = {}): Promise<Result> {
        project.program(program(namespace, more));
        return project.preview();
    }

    /** Runs a preview while the namespace has this object. */
    async function previewWith(object: object, more: object = {}): Promise<string> {
        const content = JSON.stringify({ apiVersion: "v1", ...object });
        const change = async (verb: string): Promise<string> =>
            cluster.kubectl(["--namespace", namespace, verb, "--filename", "-"], content);
        await change("create");
        const { failed, output } = await preview(more);
        await change("delete");
        equal(failed, false, output);
        return output;
    }
    const warning = "warning: New pods would be refused. ";

    it("is nothing where all is in order", async () => {
        const { failed, output } = await preview();
        equal(failed, false, output);
        equal(output.includes("warning"), false, output);
    });

    it("is a pod without room in the quota", async () => {
        const quota = {
            kind: "ResourceQuota",
            metadata: { name: "small" },
            spec: { hard: { "requests.memory": "256Mi" } },
        };
        const output = await previewWith(quota);
        ok(output.includes(`${warning}There is no room for the pods in the namespace's`), output);
        match(
            output,
            /requested: requests\.memory=512Mi, used: .*, limited: requests\.memory=256Mi/,
        );
    });

    it("is a pod without a setting that the quota asks for", async () => {
        const quota = {
            kind: "ResourceQuota",
            metadata: { name: "strict" },
            spec: { hard: { "limits.cpu": "4" } },
        };
        const output = await previewWith(quota);
        ok(output.includes(`${warning}The namespace's quota asks for more settings`), output);
        match(output, /set mlops:cluster\.cpuLimit/);
        const { output: without } = await preview({ resources: { cpuLimit: "1" } });
        equal(without.includes("warning"), false, without);
    });

    it("is a pod above a LimitRange", async () => {
        const range = {
            kind: "LimitRange",
            metadata: { name: "small" },
            spec: { limits: [{ type: "Container", max: { memory: "128Mi" } }] },
        };
        const output = await previewWith(range);
        ok(output.includes(`${warning}The namespace's LimitRange forbids the pods`), output);
        match(output, /maximum memory usage per Container is 128Mi, but limit is 512Mi/);
    });

    it("is a pod that Pod Security forbids", async () => {
        const { failed, output } = await preview({ container: { strict: false } });
        equal(failed, false, output);
        ok(output.includes(`${warning}The namespace's Pod Security forbids the pods`), output);
        match(output, /runAsNonRoot != true/);
    });

    /** Changes the account's role. */
    async function patchRole(operation: object): Promise<void> {
        await cluster.kubectl([
            ...["--namespace", namespace, "patch", "role", "mlops", "--type=json"],
            `--patch=${JSON.stringify([operation])}`,
        ]);
    }

    it("is not known of a pod where the account may not create any", async () => {
        const createPods = { apiGroups: [""], resources: ["pods"], verbs: ["create"] };
        await patchRole({ op: "remove", path: "/rules/2" });
        const { failed, output } = await preview({ container: { strict: false } });
        await patchRole({ op: "add", path: "/rules/2", value: createPods });
        equal(failed, false, output);
        equal(output.includes("would be refused"), false, output);
    });

    /** Fails before anything is declared: nothing but the program's own component is shown. */
    async function isRefused(reason: RegExp, { failed, output }: Result): Promise<void> {
        equal(failed, true, output);
        match(output, reason);
        equal(/kubernetes:\S+:(Deployment|Service|Secret)/.test(output), false, output);
        const all = ["get", "deployments,services,secrets", "--all-namespaces", "--output=name"];
        const found = (await cluster.kubectl(all)).trim();
        equal(found, "service/kubernetes\nservice/metrics-server");
    }

    for (const operation of ["preview", "up"] as const) {
        it(`is an account that lacks rights, which ${operation} names`, async () => {
            project.program(program(namespace, {}));
            await patchRole({ op: "remove", path: "/rules/0/resources/0" });
            const result = await project[operation]();
            await patchRole({ op: "add", path: "/rules/0/resources/0", value: "deployments" });
            await isRefused(
                /"digits" may not do this in the namespace digits: get deployments\.apps\. /,
                result,
            );
        });

        it(`is an account that may only read, which ${operation} says`, async () => {
            project.program(program(namespace, {}));
            const verbs = { op: "replace", path: "/rules/0/verbs" };
            await patchRole({ ...verbs, value: ["get", "list", "watch"] });
            const result = await project[operation]();
            const granted = ["get", "list", "watch", "create", "patch", "delete"];
            await patchRole({ ...verbs, value: granted });
            const { output } = result;
            const all =
                /may not do this in the namespace digits: create serviceaccounts, .*delete secrets\. /;
            match(output, /create deployments\.apps, patch deployments\.apps/);
            if (operation === "up") await isRefused(all, result);
            else match(output, new RegExp(`warning: \`up\` would be refused\\. .*${all.source}`));
        });

        it(`is a namespace that is missing, which ${operation} names`, async () => {
            // The administrator's: others may not look for namespaces.
            project.setEnvironment("KUBECONFIG", cluster.kubeconfig);
            project.configure(settingsFor(cluster.context));
            project.program(program("nowhere", {}));
            const result = await project[operation]();
            project.setEnvironment("KUBECONFIG", kubeconfig);
            project.configure(settingsFor(namespace));
            await isRefused(
                /has no namespace nowhere\. .*mlops:cluster\.createNamespace true/,
                result,
            );
        });
    }
});
