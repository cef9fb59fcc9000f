/**
 * Records previews of a service on a real cluster for the unit tests. To be run after sourcing
 * toolchain/env.sh, where the cluster's programs are (`toolchain/setup.sh cluster`):
 *
 *     node test/e2e/review/recordCluster.ts
 */
import { startCluster } from "../../../sandbox/cluster/cluster.ts";
import { Project, temporary } from "../../../sandbox/project.ts";
import { recordPreview } from "./recording.ts";

const image = (letter: string): string =>
    `quay.example/alice/digits_prod@sha256:${letter.repeat(64)}`;
const settings = {
    version: "1.0.0",
    image: image("a"),
    replicas: { min: 2, max: 2 },
    host: "digits.example.com",
    secret: "first value",
    password: "first password",
    level: "info",
};
/** The image is in no registry: the first `up` fails, with all objects there. */
const program = (changes: Partial<typeof settings>, more = ""): string => {
    const { host, secret, password, level, ...args } = { ...settings, ...changes };
    return `
import * as pulumi from "@pulumi/pulumi";
import { ClusterService } from "./components/clusterService.ts";

export const { namespace } = new ClusterService("digits", {
    ...${JSON.stringify(args)},
    namespace: "digits",
    createNamespace: true,
    port: 8080,
    healthPath: "/health",
    healthTimeout: 5,
    env: { LOG_LEVEL: "${level}", CLIENT_SECRET: pulumi.secret("${secret}") },
    pull: { registry: "quay.example", username: "alice+pull", password: pulumi.secret("${password}") },
    ${host === "" ? "" : `expose: { kind: "ingress", host: "${host}" },`}
    ${more}
});
`;
};
const configOf = (context: string, identifier: string) => ({
    "kubernetes:context": context,
    "kubernetes:clusterIdentifier": identifier,
    "kubernetes:enableSecretMutable": "true",
});

const cluster = await startCluster(temporary("cluster"));
const project = await Project.create(
    configOf(cluster.context, "prod"),
    { KUBECONFIG: cluster.kubeconfig },
    undefined,
    program({}),
);
const record = async (name: string): Promise<void> => {
    // The end of the name of the Secret with the variables is random.
    const [, revision] = /digits-env-local-([0-9a-f]{8})/.exec(project.storedState()) ?? [];
    await recordPreview(`cluster-${name}`, project, {
        [cluster.context]: "prod",
        ...(revision !== undefined && { [revision]: "00000000" }),
    });
};
try {
    await record("first");
    await project.up();
    project.program(program({ version: "1.1.0", image: image("b") }));
    await record("release");
    project.program(
        program({ secret: "second value", password: "second password", level: "debug" }),
    );
    await record("rotation");
    project.program(
        program(
            { replicas: { min: 1, max: 4 }, host: "" },
            `container: { strict: false, user: "0" }, egress: [{ cidr: "10.0.0.0/8" }], drain: 0,
             resources: { memory: "1Gi" },`,
        ),
    );
    await record("dangerous");
    project.program(program({}));
    project.configure(configOf(cluster.context, "other"));
    await record("replaced");
    project.configure(configOf("other", "prod"));
    // As in the preview of a pull request.
    project.setEnvironment("KUBECONFIG", "/none");
    // An `up` that succeeds stores them.
    project.editState(({ checkpoint: { latest } }) => {
        latest.resources = latest.resources.map((resource) =>
            resource.type === "mlops:kubernetes:ClusterService"
                ? { ...resource, outputs: { context: cluster.context } }
                : resource,
        );
    });
    await record("moved");
} finally {
    project.remove();
    await cluster.stop();
}
