import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import protocol from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { serve } from "../../../quay/provider/provider.ts";
import { decode, encode, Secret, unknown } from "../../../quay/definition/values.ts";
import type { Properties } from "../../../quay/definition/values.ts";

/** One call, as the engine makes it. */
function call<Response>(
    send: (callback: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
    return new Promise((resolve, reject) => {
        send((error, response) => {
            if (error === null) resolve(response);
            else reject(error);
        });
    });
}

describe("the provider protocol", () => {
    let quay: Server;
    let provider: Awaited<ReturnType<typeof serve>>;
    let client: ResourceProviderClient;
    type Answer = [status: number, body: string] | undefined;
    let answer: (method: string, url: string) => Answer | Promise<Answer>;
    const urn = "urn:pulumi:test::p::quay:index:Repository::my app";

    beforeEach(async () => {
        answer = () => [500, ""];
        quay = createServer((request, response) => {
            void Promise.resolve(answer(request.method ?? "", request.url ?? "")).then(
                ([status, body] = [0, ""]) => {
                    if (status !== 0)
                        response
                            .writeHead(status, { "content-type": "application/json" })
                            .end(body);
                },
            );
        });
        await new Promise<void>((resolve) => quay.listen(0, "127.0.0.1", resolve));
        const url = `http://127.0.0.1:${String((quay.address() as AddressInfo).port)}`;
        provider = await serve("127.0.0.1:1", { QUAY_TOKEN: "t", QUAY_URL: url });
        client = new ResourceProviderClient(
            `127.0.0.1:${String(provider.port)}`,
            grpc.credentials.createInsecure(),
        );
        const request = new protocol.ConfigureRequest();
        request.setArgs(encode({}));
        assert.ok(
            (
                await call<InstanceType<typeof protocol.ConfigureResponse>>((done) =>
                    client.configure(request, done),
                )
            ).getSupportspreview(),
        );
    });

    afterEach(() => {
        client.close();
        provider.stop();
        quay.closeAllConnections();
        quay.close();
    });

    function create(properties: Properties, preview = false) {
        const request = new protocol.CreateRequest();
        request.setUrn(urn);
        request.setName("my app");
        request.setType("quay:index:Repository");
        request.setProperties(encode(properties));
        request.setPreview(preview);
        return call<InstanceType<typeof protocol.CreateResponse>>((done) =>
            client.create(request, done),
        );
    }
    const app = {
        namespace: "alice",
        name: "app",
        visibility: "private",
        description: "",
        state: "NORMAL",
    };
    const account = (url: string): [number, string] | undefined =>
        url.includes("/user/") ? [200, '{"username":"alice"}'] : undefined;

    it("shakes hands: secrets and outputs are understood", async () => {
        const response = await call<InstanceType<typeof protocol.ProviderHandshakeResponse>>(
            (done) => client.handshake(new protocol.ProviderHandshakeRequest(), done),
        );
        assert.ok(response.getAcceptSecrets() && response.getAcceptOutputs());
    });

    it("gives its schema and version", async () => {
        const schema = await call<InstanceType<typeof protocol.GetSchemaResponse>>((done) =>
            client.getSchema(new protocol.GetSchemaRequest(), done),
        );
        assert.match(schema.getSchema(), /quay:index:Repository/);
        assert.match(
            (
                await call<InstanceType<typeof plugin.PluginInfo>>((done) =>
                    client.getPluginInfo(new emptyProto.Empty(), done),
                )
            ).getVersion(),
            /^\d+\.\d+\.\d+$/,
        );
    });

    it("replaces nothing when Quay has another address, or the token another variable", async () => {
        const request = new protocol.DiffRequest();
        request.setOldInputs(encode({ url: "https://quay.io" }));
        request.setNews(
            encode({ url: "https://quay.example.com", tokenVariable: "QUAY_TOKEN_OTHER" }),
        );
        const response = await call<InstanceType<typeof protocol.DiffResponse>>((done) =>
            client.diffConfig(request, done),
        );
        assert.equal(response.getChanges(), protocol.DiffResponse.DiffChanges.DIFF_SOME);
        assert.deepEqual(response.getDiffsList().sort(), ["tokenVariable", "url"]);
        assert.deepEqual(response.getReplacesList(), []);
        request.setNews(request.getOldInputs());
        const same = await call<InstanceType<typeof protocol.DiffResponse>>((done) =>
            client.diffConfig(request, done),
        );
        assert.equal(same.getChanges(), protocol.DiffResponse.DiffChanges.DIFF_NONE);
    });

    it("previews without a request", async () => {
        const response = await create({ ...app, description: new Secret(unknown) }, true);
        assert.equal(response.getId(), "alice/app");
        const state = decode(response.getProperties());
        assert.equal(state["fullName"], "alice/app");
        assert.deepEqual(state["description"], new Secret(unknown));
    });

    it("keeps what is there when the rest could not be set", async () => {
        answer = (method, url) =>
            account(url) ??
            (method === "POST"
                ? [201, JSON.stringify({ namespace: "alice", name: "app" })]
                : [400, `{"detail":"'description' is a required property"}`]);
        const error = await create({ ...app, state: "READ_ONLY" }).then(
            () => assert.fail("it succeeded"),
            (error: unknown) => error,
        );
        assert.ok(
            error instanceof Error &&
                "metadata" in error &&
                error.metadata instanceof grpc.Metadata,
        );
        assert.match(error.message, /repository mirroring is switched off/);
        const [details] = error.metadata.get("grpc-status-details-bin");
        assert.match(String(details), /pulumirpc\.ErrorResourceInitFailed[^]*alice\/app/);
    });

    it("quotes the names in the command that imports what exists", async () => {
        answer = (_method, url) => account(url) ?? [400, '{"detail":"Repository already exists"}'];
        await assert.rejects(
            create(app),
            /pulumi import quay:index:Repository 'my app' alice\/app\n/,
        );
    });

    it("finishes what is under way when it is cancelled, and starts nothing more", async () => {
        const [asked, release] = [
            Promise.withResolvers<undefined>(),
            Promise.withResolvers<undefined>(),
        ];
        answer = async (method, url) => {
            if (method === "POST") {
                asked.resolve(undefined);
                await release.promise;
            }
            return account(url) ?? [201, JSON.stringify({ namespace: "alice", name: "app" })];
        };
        const running = create(app);
        await asked.promise;
        await call<unknown>((done) => client.cancel(new emptyProto.Empty(), done));
        release.resolve(undefined);
        assert.equal((await running).getId(), "alice/app");
        await assert.rejects(
            create(app),
            /Cancelled before the request to create the repository alice\/app was sent/,
        );
    });

    it("names what it has where it is asked for something else", async () => {
        const request = new protocol.InvokeRequest();
        request.setTok("quay:index:getNothing");
        await assert.rejects(
            call<InstanceType<typeof protocol.InvokeResponse>>((done) =>
                client.invoke(request, done),
            ),
            /has no "quay:index:getNothing"\. It has: getRepository/,
        );
    });
});
