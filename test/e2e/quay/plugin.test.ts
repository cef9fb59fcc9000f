import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { generate } from "selfsigned";
import * as quay from "../../../quay/sdk/index.ts";
import { startQuay } from "../../../sandbox/quay/server.ts";
import { Project } from "./project.ts";
import { needsStandIn } from "./target.ts";

const folder = join(import.meta.dirname, "../../../quay");
/** The signature of an encrypted value in the state. */
const sealed = "1b47061264138c4ac30d75fd1eb44270";

/** A robot in a YAML program, which does not say that the token is a secret. */
class PlainRobot extends pulumi.CustomResource {
    declare readonly token: pulumi.Output<string>;

    constructor(name: string, args: pulumi.Inputs) {
        super("quay:index:Robot", name, args);
    }
}

describe("the plugin of the Quay provider", function () {
    before(needsStandIn("servers with faults of their own"));
    this.timeout(120_000);

    it("shows its schema to the Pulumi CLI", async () => {
        const command = ["package", "get-schema", join(folder, "pulumi-resource-quay")];
        const { stdout } = await promisify(execFile)("pulumi", command, { maxBuffer: 2 ** 24 });
        const shown = JSON.parse(stdout) as Record<string, unknown>;
        const written = JSON.parse(
            await readFile(join(folder, "sdk/schema.json"), "utf8"),
        ) as Record<string, unknown>;
        for (const part of [
            "name",
            "version",
            "resources",
            "functions",
            "types",
            "config",
            "provider",
        ]) {
            assert.deepEqual(shown[part], written[part], part);
        }
    });

    it("encrypts a robot's token in the state however it is declared: by other classes, an import, a refresh", async () => {
        const server = await startQuay();
        server.createUser("alice");
        const environment = {
            QUAY_URL: server.url,
            QUAY_TOKEN: server.createToken({ user: "alice" }),
        };
        const [project, other] = await Promise.all([
            Project.create(environment),
            Project.create(environment),
        ]);
        try {
            const program = () => {
                return Promise.resolve({
                    token: new PlainRobot("deploy", {
                        namespace: "alice",
                        name: "deploy",
                        token: undefined,
                    }).token,
                });
            };
            const { outputs } = await project.program(program).up();
            const token = String(outputs["token"]);
            assert.match(token, /^[A-Z0-9]{64}$/);
            await project.refresh();
            await other.import([{ type: "quay:index:Robot", name: "deploy", id: "alice+deploy" }]);
            for (const { state, resources } of [
                { state: await project.state(), resources: await project.resources() },
                { state: await other.state(), resources: await other.resources() },
            ]) {
                assert.ok(!state.includes(token));
                const [robot] = resources;
                assert.ok(
                    JSON.stringify(robot?.outputs["token"]).includes(sealed),
                    JSON.stringify(robot?.outputs),
                );
            }
        } finally {
            await Promise.all([project.remove(), other.remove(), server.stop()]);
        }
    });

    it("reaches a Quay behind a proxy, with a trusted certificate; the engine's connection does not use the proxy", async () => {
        const server = await startQuay({ features: { autoPrune: false } });
        server.createUser("alice");
        const { private: key, cert } = await generate(
            [{ name: "commonName", value: "quay.test" }],
            {
                keySize: 2048,
                algorithm: "sha256",
                extensions: [
                    { name: "subjectAltName", altNames: [{ type: 2, value: "quay.test" }] },
                ],
            },
        );
        const authority = join(tmpdir(), `quay-e2e-${String(process.pid)}.pem`);
        await writeFile(authority, cert);
        const front = createTlsServer({ key, cert }, (socket) => {
            const behind = connect(Number(new URL(server.url).port), "127.0.0.1");
            socket.on("error", () => behind.destroy()).pipe(behind);
            behind.on("error", () => socket.destroy()).pipe(socket);
        });
        const asked: string[] = [];
        const proxy = createHttpServer().on("connect", ({ url = "" }, socket) => {
            asked.push(url);
            if (url !== "quay.test:443") return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
            const there = connect(portOf(front), "127.0.0.1", () => {
                socket.write("HTTP/1.1 200 OK\r\n\r\n");
                socket.on("error", () => there.destroy()).pipe(there);
                there.on("error", () => socket.destroy()).pipe(socket);
            });
        });
        await Promise.all(
            [front, proxy].map(
                (one) => new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve)),
            ),
        );
        const project = await Project.create({
            QUAY_URL: "https://quay.test",
            QUAY_TOKEN: server.createToken({ user: "alice" }),
            NODE_EXTRA_CA_CERTS: authority,
            https_proxy: `http://127.0.0.1:${String(portOf(proxy))}`,
        });
        try {
            const { changes, printed } = await project
                .program(() => {
                    const { fullName } = new quay.Repository("app", {
                        namespace: "alice",
                        name: "app",
                    });
                    const policy = {
                        method: "number_of_tags",
                        value: "20",
                        ifUnsupported: "warn",
                    } as const;
                    new quay.AutoPrunePolicy("prune", { repository: fullName, ...policy });
                    return Promise.resolve();
                })
                .up(true); // with flags for the provider
            assert.deepEqual(changes, { create: 3 });
            assert.match(
                printed.stdout,
                /warning: Quay at https:\/\/quay\.test has no auto-prune policy/,
            );
            assert.deepEqual(new Set(asked), new Set(["quay.test:443"]));
        } finally {
            await Promise.all([project.remove(), rm(authority), server.stop()]);
            for (const one of [front, proxy]) one.close();
            proxy.closeAllConnections();
        }
    });
});

function portOf(server: Server): number {
    return (server.address() as AddressInfo).port;
}
