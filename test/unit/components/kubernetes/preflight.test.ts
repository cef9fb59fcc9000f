import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { type Kubectl, KubectlError } from "../../../../components/kubernetes/kubectl.ts";
import { checkCluster, findForeignObjects } from "../../../../components/kubernetes/preflight.ts";

const declaration = {
    context: "sandbox",
    namespace: "alice-dev",
    objects: ["deployment.apps/web-dev", "service/web-dev"],
    owner: "shop-dev",
};
const object = (kind: string, labels?: Record<string, string>) => ({
    apiVersion: kind === "Deployment" ? "apps/v1" : "v1",
    kind,
    metadata: { name: "web-dev", namespace: "alice-dev", ...(labels && { labels }) },
});
const found = (...items: object[]): string =>
    items.length === 0
        ? ""
        : JSON.stringify(
              items.length === 1
                  ? items[0]
                  : { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items },
          );
const look = (answer: string) => findForeignObjects(() => Promise.resolve(answer), declaration);

describe("the check of a stack's context", () => {
    /** A `kubectl` whose kubeconfig has these contexts; undefined: there is no kubectl. */
    const having =
        (contexts: readonly string[] | undefined, answers = true): Kubectl =>
        (verb = "") => {
            if (contexts === undefined)
                return Promise.reject(new KubectlError("kubectl was not found."));
            if (verb === "config") return Promise.resolve(contexts.join("\n"));
            return answers
                ? Promise.resolve("{}")
                : Promise.reject(new KubectlError("no route to host"));
        };
    const missing =
        /has no context "sandbox"\. It has: dev, prod\. .*set --path kubernetes:context CONTEXT/;
    type Expected = RegExp | undefined;
    const cases: [what: string, kubectl: Kubectl, preview: Expected, up: Expected][] = [
        ["passes a cluster that answers", having(["dev", "sandbox"]), undefined, undefined],
        ["names the contexts that there are", having(["dev", "prod"]), missing, missing],
        [
            "passes the preview of a pull request, which has no kubeconfig",
            having([], false),
            undefined,
            /^Error: The cluster does not answer: no route to host$/,
        ],
        ["needs an answer in an up alone", having(["sandbox"], false), undefined, /no route/],
        ["needs kubectl in an up alone", having(undefined), undefined, /kubectl was not found/],
    ];
    for (const [what, kubectl, preview, up] of cases) {
        for (const [isPreview, error] of [
            [true, preview],
            [false, up],
        ] as const) {
            it(`${what} (${isPreview ? "preview" : "up"})`, async () => {
                const check = checkCluster("sandbox", isPreview, kubectl);
                if (error === undefined) await check;
                else await rejects(check, error);
            });
        }
    }
});

describe("the check of a cluster before anything is declared", () => {
    it("asks for the declared objects by their names", async () => {
        const asked: (readonly string[])[] = [];
        const kubectl: Kubectl = (...args) => {
            asked.push(args);
            return Promise.resolve(found(object("Service", { "mlops/owner": "shop-dev" })));
        };
        deepEqual(await findForeignObjects(kubectl, declaration), { isMonitored: false });
        equal(asked.length, 1);
        deepEqual(asked[0]?.slice(0, 3), ["get", ...declaration.objects]);
    });

    describe("where none of the objects is there", () => {
        const namespace = "namespace/alice-dev";
        const first = (objects: readonly string[], answer: Promise<string>) =>
            findForeignObjects(
                (...args) =>
                    args[1] === namespace && args.length === 4 ? answer : Promise.resolve(""),
                { ...declaration, objects },
            );

        it("accepts a namespace that there is", async () => {
            const { problem } = await first(declaration.objects, Promise.resolve(`${namespace}\n`));
            equal(problem, undefined);
        });

        it("refuses one that is missing, with the setting that has it created", async () => {
            const { problem = "" } = await first(declaration.objects, Promise.resolve(""));
            match(problem, /^The cluster "sandbox" has no namespace alice-dev\. /);
            match(problem, /set --path mlops:cluster\.createNamespace true -s /);
        });

        it("accepts one that the stack creates", async () => {
            const objects = [namespace, ...declaration.objects];
            equal((await first(objects, Promise.resolve(""))).problem, undefined);
        });

        it("accepts an account that may not look for namespaces", async () => {
            const forbidden = new KubectlError(
                'namespaces "alice-dev" is forbidden: User "a" cannot',
            );
            const { problem } = await first(declaration.objects, Promise.reject(forbidden));
            equal(problem, undefined);
        });
    });

    it("names the rights that the account lacks", async () => {
        const forbidden = (resource: string, group: string): string =>
            `Error from server (Forbidden): ${resource} "web-dev" is forbidden: User "a" cannot get ` +
            `resource "${resource}" in API group "${group}" in the namespace "alice-dev"`;
        const message = [forbidden("deployments", "apps"), forbidden("services", "")].join("\n");
        const refusing: Kubectl = () => Promise.reject(new KubectlError(message));
        const { problem = "", warning } = await findForeignObjects(refusing, declaration);
        match(
            problem,
            /"sandbox" may not do this in the namespace alice-dev: get deployments\.apps, /,
        );
        match(problem, /get services\. .*role\.yaml$/);
        equal(warning, undefined);
    });

    describe("with a ServiceMonitor", () => {
        const monitored = { ...declaration, monitor: "web-dev" };
        const own = { "mlops/owner": "shop-dev" };

        for (const [where, kinds, isMonitored] of [
            ["where the cluster has the kind", ["PodMonitor", "ServiceMonitor"], true],
            ["not where it has others", ["PodMonitor"], false],
            ["not where it has none of the group", undefined, false],
        ] as const)
            it(`declares it ${where}`, async () => {
                const kubectl: Kubectl = (...args) => {
                    if (args[1] !== "--raw=/apis/monitoring.coreos.com/v1") {
                        const name = "servicemonitor.monitoring.coreos.com/web-dev";
                        equal(args.includes(name), isMonitored);
                        return Promise.resolve(found(object("Service", own)));
                    }
                    if (kinds !== undefined) {
                        const resources = kinds.map((kind) => ({ kind }));
                        return Promise.resolve(JSON.stringify({ resources }));
                    }
                    const message = "Error from server (NotFound): the server could not find it";
                    return Promise.reject(new KubectlError(message));
                };
                deepEqual(await findForeignObjects(kubectl, monitored), { isMonitored });
            });

        it("declares it where the cluster is out of reach, which is asked once", async () => {
            const asked: (string | undefined)[] = [];
            const kubectl: Kubectl = (command) => {
                asked.push(command);
                return command === "config"
                    ? Promise.resolve("sandbox\n")
                    : Promise.reject(new KubectlError("refused"));
            };
            const { isMonitored } = await findForeignObjects(kubectl, monitored);
            equal(isMonitored, true);
            deepEqual(asked, ["get", "config"]);
        });
    });

    it("accepts what the stack owns", async () => {
        const own = { "mlops/owner": "shop-dev" };
        equal((await look(found(object("Deployment", own)))).problem, undefined);
        const both = found(object("Deployment", own), object("Service", own));
        equal((await look(both)).problem, undefined);
    });

    it("refuses what another stack owns, or nobody, with the command that imports it", async () => {
        const { problem = "" } = await look(
            found(object("Deployment", { "mlops/owner": "shop-prod" }), object("Service")),
        );
        match(problem, /^These objects exist in alice-dev \(sandbox\)/);
        match(problem, /^ {4}Deployment web-dev, which shop-prod owns$/m);
        match(problem, /^ {4}Service web-dev$/m);
        const command = "kubectl --context sandbox --namespace alice-dev label --overwrite";
        for (const kind of ["deployment.apps", "service"])
            equal(problem.includes(`${command} ${kind}/web-dev mlops/owner=shop-dev`), true);
    });

    it("refuses a cluster without the kind that exposes the service", async () => {
        const message = `error: the server doesn't have a resource type "route"`;
        const kubectl: Kubectl = () => Promise.reject(new KubectlError(message));
        const { problem = "" } = await findForeignObjects(kubectl, declaration);
        match(problem, /no objects of the kind route: another mlops:cluster\.expose\.kind/);
    });

    it("refuses a single object of somebody else", async () => {
        match((await look(found(object("Service")))).problem ?? "", /Service web-dev/);
    });

    /** The cluster does not answer; the kubeconfig has these contexts. */
    const unreachable =
        (contexts: string): Kubectl =>
        (...args) =>
            args.join(" ") === "config get-contexts --output=name"
                ? Promise.resolve(contexts)
                : Promise.reject(new KubectlError("connection refused"));

    it("says that the cluster was not asked, and why", async () => {
        const { problem, warning } = await findForeignObjects(
            unreachable("other\nsandbox\n"),
            declaration,
        );
        equal(problem, undefined);
        equal(warning, "The cluster was not asked: connection refused");
    });

    it("says that there is no kubeconfig", async () => {
        const { problem, warning = "" } = await findForeignObjects(unreachable(""), declaration);
        equal(problem, undefined);
        match(warning, /not asked: no kubeconfig has a context "sandbox"/);
    });

    it("says that there is no kubectl", async () => {
        const { problem, warning } = await findForeignObjects(
            () => Promise.reject(new KubectlError("kubectl was not found")),
            declaration,
        );
        equal(problem, undefined);
        equal(warning, "The cluster was not asked: kubectl was not found");
    });

    it("refuses a context that the kubeconfig lacks, and names those that it has", async () => {
        const { problem = "" } = await findForeignObjects(
            unreachable("dev\nsandbox-2\n"),
            declaration,
        );
        match(
            problem,
            /no context "sandbox"\. It has: dev, sandbox-2\. Choose one: pulumi config /,
        );
    });

    it("does not hide a mistake of its own", async () => {
        await rejects(
            findForeignObjects(() => Promise.reject(new TypeError("mistake")), declaration),
            TypeError,
        );
    });
});
