import { deepEqual, equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as grpc from "@grpc/grpc-js";
import docker from "@pulumi/docker/package.json" with { type: "json" };
import engineGrpc, { type IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto, { type LogSeverity } from "@pulumi/pulumi/proto/engine_pb.js";
import fc from "fast-check";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { relay } from "../../../toolchain/docker/relay.ts";

const launcher = join(import.meta.dirname, "../../../toolchain/docker/pulumi-resource-docker");
const { DEBUG, INFO, WARNING, ERROR } = engineProto.LogSeverity;

describe("the provider for Docker", function () {
    this.timeout(60_000);

    let engine: grpc.Server;
    let address: string;
    /** What reached the engine's log. */
    let logged: (readonly [number, string])[];

    beforeEach(async () => {
        logged = [];
        engine = new grpc.Server();
        const unimplemented = (_: unknown, answer: grpc.sendUnaryData<never>): void => {
            answer({ code: grpc.status.UNIMPLEMENTED });
        };
        const service: IEngineServer = {
            log: ({ request }, answer) => {
                logged.push([request.getSeverity(), request.getMessage()]);
                answer(null, new empty.Empty());
            },
            getRootResource: (_, answer) => {
                const response = new engineProto.GetRootResourceResponse();
                answer(null, response.setUrn("urn:pulumi:local".repeat(10_000)));
            },
            setRootResource: (_, answer) => {
                answer({ code: grpc.status.INVALID_ARGUMENT, details: "not now" });
            },
            startDebugging: unimplemented,
            requirePulumiVersion: unimplemented,
        };
        engine.addService(engineGrpc.EngineService, service);
        const port = await new Promise<number>((resolve, reject) => {
            engine.bindAsync(
                "127.0.0.1:0",
                grpc.ServerCredentials.createInsecure(),
                (error, at) => {
                    if (error === null) resolve(at);
                    else reject(error);
                },
            );
        });
        address = `127.0.0.1:${String(port)}`;
    });
    afterEach(() => {
        engine.forceShutdown();
    });

    /** Opens a relay to the engine, and asks through it. */
    async function connect() {
        const { address: relayed, ended } = await relay(address);
        const client = new engineGrpc.EngineClient(relayed, grpc.credentials.createInsecure());
        const log = (severity: LogSeverity, message: string, urn = ""): Promise<unknown> => {
            const request = new engineProto.LogRequest();
            request.setSeverity(severity).setMessage(message).setUrn(urn);
            return new Promise((resolve, reject) => {
                client.log(request, (error, response) => {
                    if (error === null) resolve(response);
                    else reject(error);
                });
            });
        };
        return { client, ended, log };
    }

    it("has its warnings and errors logged, and nothing below them, whatever it says", async () => {
        const { client, log } = await connect();
        try {
            await fc.assert(
                fc.asyncProperty(
                    fc.constantFrom(DEBUG, INFO, WARNING, ERROR),
                    fc.string({ unit: "binary" }),
                    fc.string(),
                    async (severity, message, urn) => {
                        logged = [];
                        await log(severity, message, urn);
                        const isProblem = severity === WARNING || severity === ERROR;
                        deepEqual(logged, isProblem ? [[severity, message]] : []);
                    },
                ),
            );
            logged = [];
            const many = Array.from({ length: 100 }, (_, at) => "x".repeat(at * 100));
            await Promise.all(many.flatMap((message) => [log(INFO, message), log(ERROR, message)]));
            equal(logged.length, many.length);
        } finally {
            client.close();
        }
    });

    it("gets the engine's other answers, and its refusals", async () => {
        const { client } = await connect();
        try {
            const urn = await new Promise<string>((resolve, reject) => {
                client.getRootResource(
                    new engineProto.GetRootResourceRequest(),
                    (error, answer) => {
                        if (error === null) resolve(answer.getUrn());
                        else reject(error);
                    },
                );
            });
            equal(urn, "urn:pulumi:local".repeat(10_000));
            const refusal = await new Promise((resolve) => {
                client.setRootResource(new engineProto.SetRootResourceRequest(), resolve);
            });
            match(String(refusal), /INVALID_ARGUMENT: not now/);
        } finally {
            client.close();
        }
    });

    describe("as a process", () => {
        let home: string;
        beforeEach(() => {
            home = mkdtempSync(join(tmpdir(), "mlops-docker-"));
        });
        afterEach(() => {
            rmSync(home, { recursive: true });
        });
        const start = (...options: string[]) =>
            spawn(launcher, [...options, address], {
                env: { ...process.env, PULUMI_HOME: home },
                stdio: ["pipe", "pipe", "pipe"],
            });
        /** Installs a plugin that runs this command. */
        const install = (command: string): void => {
            const folder = join(home, `plugins/resource-docker-v${docker.version}`);
            mkdirSync(folder, { recursive: true });
            const plugin = join(folder, "pulumi-resource-docker");
            writeFileSync(plugin, `#!/bin/sh\n${command}\n`);
            chmodSync(plugin, 0o755);
        };

        it("gives the plugin the relay's address and the engine's options, and ends like it", async () => {
            install('echo "$@"; exit 7');
            const provider = start("--logtostderr", "-v=9");
            const ended = once(provider, "close");
            const printed = await text(provider.stdout);
            match(printed, /^--logtostderr -v=9 127\.0\.0\.1:\d+\n$/);
            equal(printed.includes(address), false);
            deepEqual(await ended, [7, null]);
        });

        it("ends with the engine, also where that was killed", async () => {
            install("echo started; exec sleep 600");
            const provider = start();
            await once(provider.stdout, "data");
            const ended = once(provider, "close"); // of the output, which the plugin holds too
            engine.forceShutdown();
            await ended;
        });

        it("names the command that installs a missing plugin", async () => {
            const provider = start();
            const ended = once(provider, "close");
            match(
                await text(provider.stderr),
                /^The provider for Docker does not start \(.* ENOENT\)\. To install it: pulumi plugin/,
            );
            deepEqual(await ended, [1, null]);
        });
    });
});
