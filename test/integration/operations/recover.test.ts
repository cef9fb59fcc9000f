import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ClusterService } from "../../../components/clusterService.ts";
import { declare, type Declared } from "../../unit/mocks.ts";
import { Commands } from "./commands.ts";

interface Resource {
    urn: string;
    type: string;
    id?: string;
    inputs: { metadata: { name: string; namespace?: string } };
    outputs?: Record<string, unknown>;
}
interface State {
    deployment: { resources: Resource[]; pending_operations?: object[] };
}

const provider = {
    urn: "urn:pulumi:dev::mlops::pulumi:providers:kubernetes::default_4_25_0",
    type: "pulumi:providers:kubernetes",
    id: "4bdd3d14",
    inputs: { context: "sandbox" },
};

describe("make recover of a service on a cluster", () => {
    let commands: Commands;
    let declared: Declared[];
    before(async () => {
        const program = () => {
            new ClusterService("web", {
                image: `quay.io/acme/web@sha256:${"b".repeat(64)}`,
                version: "1",
                namespace: "alice-dev",
                createNamespace: true,
                port: 8080,
                replicas: { min: 2, max: 3 },
                env: { TOKEN: pulumi.secret("hunter2") },
                pull: { registry: "quay.io", username: "acme+reader", password: "hunter3" },
                expose: { kind: "route" },
            });
        };
        const config = {
            "kubernetes:context": "sandbox",
            "kubernetes:clusterIdentifier": "sandbox",
            "kubernetes:enableSecretMutable": "true",
        };
        declared = (await declare(program, config, undefined, undefined, true)).filter(({ type }) =>
            type.startsWith("kubernetes:"),
        );
        ok(declared.length > 8, String(declared.length));
    });
    beforeEach(() => {
        commands = new Commands();
    });
    afterEach(() => {
        commands.remove();
    });

    const urnOf = ({ type, name }: Declared): string => `urn:pulumi:dev::mlops::${type}::${name}`;

    /** Recovers a stack that was creating everything. @returns the state that it imports. */
    async function recover(kubectl: string): Promise<{ code: number; err: string; state: State }> {
        const resources = declared.map((one) => ({
            urn: urnOf(one),
            type: one.type,
            custom: true,
            provider: `${provider.urn}::${provider.id}`,
            inputs: one.inputs,
        }));
        const file = commands.file("state.json", {
            deployment: {
                resources: [provider],
                pending_operations: resources.map((resource) => ({ type: "creating", resource })),
            },
        });
        commands.install(
            "pulumi",
            `case "$*" in
            whoami*) echo '{"url": "s3://states"}' ;;
            "stack export "*) cat ${file} ;;
            "stack import "*) cat >${file}.new && mv ${file}.new ${file} ;;
            esac`,
        );
        commands.install("kubectl", kubectl);
        const { code, stderr } = await commands.run("recover.ts", "dev");
        return { code, err: stderr, state: JSON.parse(readFileSync(file, "utf8")) as State };
    }

    it("knows every object, and keeps the manager of its fields", async () => {
        const { code, err, state } = await recover("echo pulumi-kubernetes-1a2b3c4d kubectl-edit");
        equal(code, 0, err);
        const made = state.deployment.resources.slice(1);
        deepEqual(made.map(({ urn }) => urn).sort(), declared.map(urnOf).sort());
        for (const { type, id, inputs, outputs } of made) {
            const { name, namespace } = inputs.metadata;
            equal(id, namespace === undefined ? name : `${namespace}/${name}`, type);
            equal(outputs?.["__fieldManager"], "pulumi-kubernetes-1a2b3c4d", type);
        }
        const targets =
            commands.asked("pulumi").find((asked) => asked.startsWith("refresh ")) ?? "";
        for (const one of declared) ok(targets.includes(`--target ${urnOf(one)}`), one.type);
        ok(
            commands
                .asked("kubectl")
                .some((asked) => / get Route\.route\.openshift\.io\/web-unit /.test(asked)),
            commands.asked("kubectl").join("\n"),
        );
    });

    it("leaves to `up` what was not created, and what others have under that name", async () => {
        const { code, err, state } = await recover(`case "$*" in
            *NetworkPolicy*) ;;
            *Deployment*) echo kubectl-client-side-apply ;;
            *) echo pulumi-kubernetes-1a2b3c4d ;;
            esac`);
        equal(code, 0, err);
        const types = state.deployment.resources.map(({ type }) => type);
        equal(
            types.some((type) => /NetworkPolicy|Deployment/.test(type)),
            false,
            types.join(" "),
        );
        equal(types.length, declared.length - 1);
    });

    it("changes nothing where the cluster cannot be asked", async () => {
        const { code, err, state } = await recover("echo 'error: no cluster' >&2; exit 1");
        equal(code, 1);
        ok(
            /^Whether \S+ was created is not known: the cluster cannot be asked\. error: no cluster\nNothing was changed\.\n$/.test(
                err,
            ),
            err,
        );
        equal(state.deployment.pending_operations?.length, declared.length);
    });

    it("looks again at what an interrupted recovery has added", async () => {
        await recover("echo pulumi-kubernetes-1a2b3c4d");
        const state = join(commands.folder, "state.json");
        const recovered = JSON.parse(readFileSync(state, "utf8")) as State;
        commands.file("state.json", { deployment: { resources: recovered.deployment.resources } });
        const { code, stderr } = await commands.run("recover.ts", "dev");
        equal(code, 0, stderr);
        const refreshed = commands.asked("pulumi").filter((asked) => asked.startsWith("refresh "));
        equal(refreshed.length, 2);
        equal(refreshed[0], refreshed[1]);
    });
});
