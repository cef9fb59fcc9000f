import { readFile } from "node:fs/promises";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import protocol from "@pulumi/pulumi/proto/provider_pb.js";
import statuses from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { QuayClient } from "../api/client.ts";
import { warn } from "./engine.ts";
import { PartialError, QuayError } from "../api/errors.ts";
import { functions } from "../functions/index.ts";
import { differencesOf } from "../definition/diff.ts";
import type { Context } from "../definition/context.ts";
import type { Diff } from "../definition/diff.ts";
import type { Resource } from "../definition/resource.ts";
import { resources } from "../resources/index.ts";
import { checkSettings, clientOptions } from "./settings.ts";
import { decode, encode, plain } from "../definition/values.ts";
import { shellWord } from "../api/shellWord.ts";
import { version } from "../api/version.ts";

/** The state of a configured provider, created for each provider resource. */
interface Provider {
    readonly engineAddress: string;
    readonly cancelled: AbortController;
    client: QuayClient | undefined;
    readonly made: Set<string>;
}

/**
 * Implements the provider protocol (pulumi/provider.proto) for the resources and functions of this
 * package.
 */
export function providerService(
    engineAddress: string,
    environment: NodeJS.ProcessEnv,
): IResourceProviderServer {
    const provider: Provider = {
        engineAddress,
        cancelled: new AbortController(),
        client: undefined,
        made: new Set(),
    };
    const contextOf = (request: {
        getUrn(): string;
        getName(): string;
        getType(): string;
    }): Context =>
        newContext(provider, request.getUrn(), (id) =>
            ["pulumi import", request.getType(), ...[request.getName(), id].map(shellWord)].join(
                " ",
            ),
        );

    return {
        handshake: unary(() => {
            const response = new protocol.ProviderHandshakeResponse();
            response.setAcceptSecrets(true);
            response.setAcceptOutputs(true);
            return response;
        }),

        getSchema: unary(async () => {
            const response = new protocol.GetSchemaResponse();
            response.setSchema(
                await readFile(new URL("../sdk/schema.json", import.meta.url), "utf8"),
            );
            return response;
        }),

        getPluginInfo: unary(() => {
            const response = new plugin.PluginInfo();
            response.setVersion(version);
            return response;
        }),

        attach: unary(() => new emptyProto.Empty()),

        cancel: unary(() => {
            provider.cancelled.abort();
            return new emptyProto.Empty();
        }),

        checkConfig: unary((request: InstanceType<typeof protocol.CheckRequest>) =>
            checked(checkSettings(decode(request.getNews()))),
        ),

        // Another URL or variable must not replace the resources: that would delete repositories.
        diffConfig: unary((request: InstanceType<typeof protocol.DiffRequest>) => {
            const [olds, news] = [
                plain(decode(request.getOldInputs())),
                plain(decode(request.getNews())),
            ];
            const changes = differencesOf("", olds, news).map(
                ([path, kind]) => [path, { kind, replace: false }] as const,
            );
            return diffed({ changes: new Map(changes), replaces: [], deleteBeforeReplace: false });
        }),

        configure: unary((request: InstanceType<typeof protocol.ConfigureRequest>) => {
            provider.client = new QuayClient(
                clientOptions(decode(request.getArgs()), environment, provider.cancelled.signal),
            );
            const response = new protocol.ConfigureResponse();
            response.setAcceptsecrets(true);
            response.setAcceptoutputs(true);
            response.setSupportspreview(true);
            return response;
        }),

        check: unary(async (request: InstanceType<typeof protocol.CheckRequest>) => {
            const resource = find(resources, request.getType());
            return checked(
                await resource.check(
                    decode(request.getNews()),
                    decode(request.getOlds()),
                    contextOf(request),
                ),
            );
        }),

        diff: unary((request: InstanceType<typeof protocol.DiffRequest>) =>
            diffed(
                find(resources, request.getType()).diff(
                    decode(request.getOldInputs()),
                    decode(request.getNews()),
                ),
            ),
        ),

        create: unary(async (request: InstanceType<typeof protocol.CreateRequest>) => {
            const resource = find(resources, request.getType());
            const context = contextOf(request);
            const inputs = decode(request.getProperties());
            const { id, state } = request.getPreview()
                ? resource.preview(inputs, context.api.site)
                : await resource.create(inputs, context);
            const response = new protocol.CreateResponse();
            response.setId(id ?? "");
            response.setProperties(encode(state));
            return response;
        }),

        read: unary(async (request: InstanceType<typeof protocol.ReadRequest>) => {
            const resource = find(resources, request.getType());
            const found = await resource.read(
                request.getId(),
                decode(request.getProperties()),
                contextOf(request),
                decode(request.getInputs()),
            );
            const response = new protocol.ReadResponse();
            if (found === undefined) return response;
            response.setId(found.id);
            response.setInputs(encode(found.inputs));
            response.setProperties(encode(found.state));
            return response;
        }),

        update: unary(async (request: InstanceType<typeof protocol.UpdateRequest>) => {
            const resource = find(resources, request.getType());
            const context = contextOf(request);
            const inputs = decode(request.getNews());
            // What an import did not know is among the inputs only.
            const old = { ...decode(request.getOldInputs()), ...decode(request.getOlds()) };
            const response = new protocol.UpdateResponse();
            response.setProperties(
                encode(
                    request.getPreview()
                        ? resource.preview(inputs, context.api.site, old).state
                        : await resource.update(request.getId(), old, inputs, context),
                ),
            );
            return response;
        }),

        delete: unary(async (request: InstanceType<typeof protocol.DeleteRequest>) => {
            await find(resources, request.getType()).delete(
                request.getId(),
                { ...decode(request.getOldInputs()), ...decode(request.getProperties()) },
                contextOf(request),
            );
            return new emptyProto.Empty();
        }),

        invoke: unary(async (request: InstanceType<typeof protocol.InvokeRequest>) => {
            const func = find(functions, request.getTok());
            const context = newContext(provider, "", (id) => id);
            const { outputs, failures } = await func.invoke(decode(request.getArgs()), context);
            const response = new protocol.InvokeResponse();
            response.setReturn(encode(outputs));
            response.setFailuresList(failures.map(failure));
            return response;
        }),

        call: unimplemented("Call"),
        construct: unimplemented("Construct"),
        parameterize: unimplemented("Parameterize"),
        getMapping: unimplemented("GetMapping"),
        getMappings: unimplemented("GetMappings"),
        list: (call) =>
            call.emit("error", {
                code: grpc.status.UNIMPLEMENTED,
                details: "List is not implemented",
            }),
    };
}

/** Serves the provider on the loopback interface only. */
export async function serve(
    engineAddress: string,
    environment: NodeJS.ProcessEnv,
): Promise<{ port: number; stop: () => void }> {
    const server = new grpc.Server({
        "grpc.max_receive_message_length": -1,
        "grpc.max_send_message_length": -1,
    });
    server.addService(ResourceProviderService, providerService(engineAddress, environment));
    return new Promise((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
            if (error === null) resolve({ port, stop: server.forceShutdown.bind(server) });
            else reject(error);
        });
    });
}

function newContext(
    { client, engineAddress, made }: Provider,
    urn: string,
    importCommand: (id: string) => string,
): Context {
    if (client === undefined)
        throw new QuayError("The Quay provider was asked before it was configured.");
    return {
        api: client,
        importCommand,
        forgetCommand: `pulumi state delete ${shellWord(urn)}`,
        made,
        warn: (message) => warn(engineAddress, urn, message),
    };
}

function find<T extends { readonly name: string }>(all: readonly T[], token: string): T {
    const found = all.find(({ name }) => token === `quay:index:${name}`);
    if (found !== undefined) return found;
    throw new QuayError(
        `The Quay provider ${version} has no "${token}". It has: ` +
            `${all.map(({ name }) => name).join(", ")}.`,
    );
}

function checked({
    inputs,
    failures,
}: Awaited<ReturnType<Resource["check"]>>): InstanceType<typeof protocol.CheckResponse> {
    const response = new protocol.CheckResponse();
    response.setInputs(encode(inputs));
    response.setFailuresList(failures.map(failure));
    return response;
}

/**
 * Reports a failure without naming the property to the engine, which would print its value: it may
 * be a secret. The message names the property.
 */
function failure(reason: string): InstanceType<typeof protocol.CheckFailure> {
    const failure = new protocol.CheckFailure();
    failure.setReason(reason);
    return failure;
}

function diffed(diff: Diff): InstanceType<typeof protocol.DiffResponse> {
    const { DiffResponse, PropertyDiff } = protocol;
    const { Kind } = PropertyDiff;
    const kinds = {
        add: { inPlace: Kind.ADD, replace: Kind.ADD_REPLACE },
        delete: { inPlace: Kind.DELETE, replace: Kind.DELETE_REPLACE },
        update: { inPlace: Kind.UPDATE, replace: Kind.UPDATE_REPLACE },
    };
    const response = new DiffResponse();
    response.setChanges(
        diff.changes.size > 0
            ? DiffResponse.DiffChanges.DIFF_SOME
            : DiffResponse.DiffChanges.DIFF_NONE,
    );
    response.setDiffsList([
        ...new Set([...diff.changes.keys()].map((path) => path.split(/[.[]/, 1).join(""))),
    ]);
    response.setReplacesList([...diff.replaces]);
    response.setDeletebeforereplace(diff.deleteBeforeReplace);
    response.setHasdetaileddiff(true);
    for (const [path, { kind, replace, isOutput = false }] of diff.changes) {
        const property = new PropertyDiff();
        property.setKind(kinds[kind][replace ? "replace" : "inPlace"]);
        property.setInputdiff(!isOutput);
        response.getDetaileddiffMap().set(path, property);
    }
    return response;
}

/**
 * Wraps a handler that may throw. A user's error becomes a message without a stack trace; a bug is
 * reported with one.
 */
function unary<Request, Response>(
    handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        void (async () => {
            try {
                callback(null, await handle(call.request));
            } catch (error) {
                callback(serviceError(error));
            }
        })();
    };
}

function serviceError(error: unknown): Partial<grpc.StatusObject> {
    const details =
        error instanceof QuayError
            ? error.message
            : "A mistake in the Quay provider; please report it: " +
              (error instanceof Error ? (error.stack ?? error.message) : String(error));
    const metadata = new grpc.Metadata();
    if (error instanceof PartialError) {
        const partial = new protocol.ErrorResourceInitFailed();
        partial.setId(error.id);
        partial.setProperties(encode(Object.fromEntries(Object.entries(error.state))));
        partial.setReasonsList([details]);
        const any = new anyProto.Any();
        any.pack(partial.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
        const status = new statuses.Status();
        status.setCode(grpc.status.UNKNOWN);
        status.setMessage(details);
        status.addDetails(any);
        metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    }
    return { code: grpc.status.UNKNOWN, details, metadata };
}

function unimplemented(method: string): grpc.handleUnaryCall<unknown, never> {
    return (_call, callback) => {
        callback({ code: grpc.status.UNIMPLEMENTED, details: `${method} is not implemented` });
    };
}
