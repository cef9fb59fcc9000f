import { once } from "node:events";
import * as http2 from "node:http2";
import { buffer } from "node:stream/consumers";

/** A relay of a provider's requests to the engine. */
export interface Relay {
    /** The address to give the provider instead of the engine's. */
    readonly address: string;
    /** Fulfilled when the connection to the engine has ended. */
    readonly ended: Promise<unknown>;
}

const log = "/pulumirpc.Engine/Log";
/** A gRPC message of no bytes, not compressed: what `Log` returns. */
const empty = Buffer.alloc(5);

/**
 * Relays a provider's requests to the engine (pulumi/pulumi, proto/pulumi/engine.proto), but for
 * what it logs at the levels debug and info: that is answered, and goes nowhere.
 *
 * @param engine the engine's address: HOST:PORT.
 */
export async function relay(engine: string): Promise<Relay> {
    const client = http2.connect(`http://${engine}`);
    client.on("error", () => undefined); // it closes then
    const ended = new Promise((resolve) => client.once("close", resolve));
    const server = http2.createServer();
    server.on("stream", (stream, headers) => {
        const cancel = (): void => {
            stream.close(http2.constants.NGHTTP2_CANCEL);
        };
        stream.on("error", cancel);
        pass(stream, headers, client).catch(cancel); // the provider or the engine has ended
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    return { address: `127.0.0.1:${String(port)}`, ended };
}

/** Answers a request. Each has one message, and so has its answer. */
async function pass(
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    engine: http2.ClientHttp2Session,
): Promise<void> {
    const message = await buffer(stream);
    if (headers[":path"] === log && !isProblem(message)) {
        stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => {
            stream.sendTrailers({ "grpc-status": "0" });
        });
        stream.end(empty);
        return;
    }
    const request = engine.request(headers);
    let trailers: http2.IncomingHttpHeaders = {};
    request.on("error", (error: Error) => stream.destroy(error));
    request.on("trailers", (given: http2.IncomingHttpHeaders) => {
        trailers = given;
    });
    request.on("response", (given) => {
        // An error has no message, and so no trailers.
        const endStream = given["grpc-status"] !== undefined;
        stream.respond(given, { endStream, waitForTrailers: !endStream });
        if (!endStream) request.pipe(stream);
    });
    stream.on("wantTrailers", () => {
        stream.sendTrailers(trailers);
    });
    request.end(message);
}

/**
 * Whether a message, after its five bytes of length, is a warning or an error: its first field is
 * the severity then, 2 or 3. For debug, which is 0, the field is left out.
 */
function isProblem(message: Buffer): boolean {
    const severity = 1 << 3; // field 1, a number (Protocol Buffers, encoding)
    return message[5] === severity && (message[6] === 2 || message[6] === 3);
}
