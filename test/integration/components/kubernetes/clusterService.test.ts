/** What a service on a cluster does with the answers of `kubectl`. */
import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ClusterService, type ClusterServiceArgs } from "../../../../components/clusterService.ts";
import { UserError } from "../../../../components/messages/userError.ts";
import {
    deployment,
    newImage,
    oldImage,
    pod,
    replicaSet,
} from "../../../unit/components/kubernetes/samples.ts";
import { declare, type Declared, failureOf, only } from "../../../unit/mocks.ts";

const provider = {
    "kubernetes:context": "sandbox",
    "kubernetes:clusterIdentifier": "sandbox",
    "kubernetes:enableSecretMutable": "true",
};
const allRights = JSON.stringify({
    status: { resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] },
});
const done = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const annotated = z.object({
    spec: z.object({
        template: z.object({
            metadata: z.object({ annotations: z.object({ "mlops/release": z.string() }) }),
        }),
    }),
});
/** Exposes the service and changes no pod. */
const exposed: Partial<ClusterServiceArgs> = { expose: { kind: "route" }, drain: 5 };
const foreign = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web-unit", labels: { "mlops/owner": "other-dev" } },
};

describe("a service on a cluster", () => {
    const { PATH = "" } = process.env;
    let folder: string;
    let url: string | undefined;
    /** What tells the declared release from others. */
    let release: string;
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "cluster-"));
        const script = `#!/bin/sh
case "$*" in
*" get namespace/"*" --output=name") echo namespace/alice-dev ;;
*" --ignore-not-found "*) echo "$*" >${folder}/asked && cat ${folder}/existing ;;
*" --raw=/apis/monitoring.coreos.com/v1") echo '{"resources":[{"kind":"ServiceMonitor"}]}' ;;
*" get deployment "*) cat ${folder}/deployment ;;
*" get route.route.openshift.io/web-unit "*) cat ${folder}/route ;;
*" get replicasets,pods "*) cat ${folder}/owned ;;
*" create --filename=- --output=json") echo '${allRights}' ;;
*" create --dry-run=server "*) cat >${folder}/trial; cat ${folder}/refusal >&2; test ! -s ${folder}/refusal ;;
esac
`;
        writeFileSync(join(folder, "kubectl"), script, { mode: 0o755 });
        process.env["PATH"] = `${folder}:${PATH}`;
        answer({ now: {} });
        release = releaseOf(await run(true));
    });
    beforeEach(() => {
        url = undefined;
        answer({});
    });
    after(() => {
        process.env["PATH"] = PATH;
        rmSync(folder, { recursive: true });
    });

    function answer({
        existing,
        now = deployment({ ...done, release }),
        owned = [],
        refusal = "",
        says,
    }: Answers): void {
        writeFileSync(join(folder, "refusal"), refusal);
        const ingress = [{ host: "a.example", conditions: [{ type: "Admitted", ...says }] }];
        writeFileSync(join(folder, "route"), JSON.stringify({ status: { ingress } }));
        writeFileSync(join(folder, "existing"), existing ? JSON.stringify(existing) : "");
        writeFileSync(join(folder, "deployment"), JSON.stringify(now));
        writeFileSync(join(folder, "owned"), JSON.stringify({ items: owned }));
    }

    function run(isPreview: boolean, more: Partial<ClusterServiceArgs> = {}): Promise<Declared[]> {
        const program = () => {
            const args = { image: newImage, version: "1", namespace: "alice-dev", port: 8080 };
            const service = new ClusterService("web", { ...args, healthTimeout: 1, ...more });
            service.serviceUrl.apply((found) => (url = found));
        };
        return declare(program, provider, undefined, undefined, isPreview);
    }
    function releaseOf(declared: readonly Declared[]): string {
        const { inputs } = only(declared, "kubernetes:apps/v1:Deployment");
        const { spec } = annotated.parse(inputs);
        return spec.template.metadata.annotations["mlops/release"];
    }
    const objectsOf = (declared: readonly Declared[]): number =>
        declared.filter(({ type }) => type.startsWith("kubernetes:")).length;

    for (const isPreview of [true, false]) {
        it(`is refused in ${isPreview ? "a preview" : "`up`"} where objects of others are`, async () => {
            answer({ existing: foreign });
            const error = await failureOf(run(isPreview));
            equal(error instanceof UserError, true);
            match(String(error), /Service web-unit, which other-dev owns/);
            equal(url, undefined);
        });
    }

    describe("whose context is not in the kubeconfig", () => {
        /** Makes the cluster one that kubectl cannot ask. */
        function haveContexts(contexts: string): void {
            const script = `#!/bin/sh
case "$*" in
*" config get-contexts "*) echo '${contexts}' ;;
*) echo 'context was not found' >&2; exit 1 ;;
esac
`;
            writeFileSync(join(folder, "only/kubectl"), script, { mode: 0o755 });
        }
        before(() => {
            mkdirSync(join(folder, "only"));
            process.env["PATH"] = `${join(folder, "only")}:${PATH}`;
        });
        after(() => {
            process.env["PATH"] = `${folder}:${PATH}`;
        });

        for (const isPreview of [true, false])
            it(`fails ${isPreview ? "a preview" : "`up`"}, with the contexts that there are`, async () => {
                haveContexts("dev\nkind");
                const error = await failureOf(run(isPreview));
                equal(error instanceof UserError, true);
                match(String(error), /has no context "sandbox"\. It has: dev, kind\. Choose one: /);
                equal(url, undefined);
            });

        it("fails `up` where there is no kubeconfig", async () => {
            haveContexts("");
            const error = await failureOf(run(false));
            equal(error instanceof UserError, true);
            match(String(error), /no kubeconfig has a context "sandbox"/);
        });

        it("is declared in a preview where there is no kubeconfig", async () => {
            haveContexts("");
            equal(objectsOf(await run(true, { monitor: true })), 5);
        });
    });

    it("asks for every object that it declares", async () => {
        for (const expose of [
            { kind: "route" },
            { kind: "ingress", host: "a.example" },
            { kind: "gateway", host: "a.example", gateway: "public" },
        ] as const) {
            const declared = await run(true, {
                createNamespace: true,
                replicas: { min: 2, max: 3 },
                env: { TOKEN: pulumi.secret("hunter2") },
                pull: { registry: "quay.io", username: "acme+reader", password: "hunter3" },
                monitor: true,
                expose,
            });
            const [, asked = ""] =
                / get (.*) --ignore/.exec(readFileSync(join(folder, "asked"), "utf8")) ?? [];
            deepEqual(
                asked
                    .split(" ")
                    .map((object) => object.replace(/\.[^/]*/, ""))
                    .sort(),
                declared
                    .filter(({ type }) => type.startsWith("kubernetes:"))
                    .map(({ type, inputs }) => {
                        const { name } = inputs["metadata"] as { name: string };
                        return `${type.replace(/.*:/, "").toLowerCase()}/${name}`;
                    })
                    // Nobody else has one of this name, whose end is random.
                    .filter((object) => !object.startsWith("secret/web-env-"))
                    .sort(),
            );
        }
    });

    it("is declared where there are none, and has its URL once the pods serve", async () => {
        equal(objectsOf(await run(false)), 4);
        equal(url, "http://web-unit.alice-dev.svc");
    });

    it("has the URL that the router admitted", async () => {
        answer({ says: { status: "True" } });
        equal(objectsOf(await run(false, exposed)), 5);
        equal(url, "https://a.example");
    });

    it("fails where the router refuses its host, and has no URL", async () => {
        answer({ says: { status: "False", reason: "HostAlreadyClaimed", message: "no" } });
        const error = await failureOf(run(false, exposed));
        equal(error instanceof UserError, true);
        match(String(error), /Another Route has the host a\.example: no\. Delete that one, or/);
        equal(url, undefined);
    });

    it("fails with what the pods say, and has no URL", async () => {
        answer({
            now: deployment({ ...done, release, availableReplicas: 1 }),
            owned: [
                replicaSet({ revision: 3, image: newImage, hash: "n", available: 0 }),
                replicaSet({ revision: 2, image: oldImage, hash: "o", available: 1 }),
                pod({ hash: "n", waiting: { reason: "ErrImagePull", message: "401" } }),
            ],
            says: { status: "True" },
        });
        const error = await failureOf(run(false, exposed));
        equal(error instanceof UserError, true);
        match(String(error), /rollout of web-unit in the namespace alice-dev failed\.\nThe pod/);
        match(String(error), /cannot pull its image: 401/);
        deepEqual(url, undefined);
    });

    describe("whose pods a namespace would refuse", () => {
        const quota =
            'Error from server (Forbidden): error when creating "STDIN": pods "trial-x2x4k" is ' +
            "forbidden: exceeded quota: small, requested: limits.memory=512Mi, used: " +
            "limits.memory=0, limited: limits.memory=64Mi";
        const { warn } = console;
        let warnings: string[];
        beforeEach(() => {
            warnings = [];
            console.warn = (text: string) => warnings.push(text);
            rmSync(join(folder, "trial"), { force: true });
        });
        afterEach(() => {
            console.warn = warn;
        });

        it("has a warning in a preview that says why", async () => {
            answer({ refusal: quota });
            const secrets = {
                env: { TOKEN: pulumi.secret("hunter2") },
                pull: { registry: "quay.io", username: "acme+reader", password: "hunter3" },
            };
            equal(objectsOf(await run(true, secrets)), 6);
            match(warnings.join("\n"), /New pods would be refused\. There is no room for the pods/);
            const trial = readFileSync(join(folder, "trial"), "utf8");
            match(trial, /"requests":\{"cpu":"250m","memory":"512Mi"\}/);
            equal(trial.includes("secret") || trial.includes("Secret"), false, trial);
        });

        it("has none where the account may not try", async () => {
            answer({ refusal: 'pods is forbidden: User "a" cannot create resource "pods"' });
            equal(objectsOf(await run(true)), 4);
            deepEqual(warnings, []);
            equal(existsSync(join(folder, "trial")), true);
        });

        it("is not tried in `up`, which says so itself", async () => {
            answer({ refusal: quota });
            equal(objectsOf(await run(false)), 4);
            equal(existsSync(join(folder, "trial")), false);
        });
    });

    it("is not waited for in a preview", async () => {
        answer({ now: deployment({ ...done, availableReplicas: 0 }) });
        equal(objectsOf(await run(true)), 4);
    });
});

/** What `kubectl` answers: objects of the declared names, the Deployment, its pods, its Route. */
interface Answers {
    readonly existing?: object;
    readonly now?: object;
    readonly owned?: object[];
    /** Why it refuses a pod. */
    readonly refusal?: string;
    /** What the router says of the Route. */
    readonly says?: object;
}
