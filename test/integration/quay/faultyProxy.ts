import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

/** What can go wrong with a request, and whether it has its effect: */
export const faultKinds = [
    "reset", // the connection is reset before anything happened
    "lost", // it has its effect, and no answer comes
    "broken", // it has its effect, and the connection ends in the middle of the answer
    "truncated", // it has its effect, and half of the answer comes as if it were whole
    "html", // a proxy's page with 200 instead, without any effect
    "page", // a proxy's page with 200 instead of the answer
    "429",
    "500",
    "slow",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A proxy before a server, which lets something go wrong with one request. */
export class FaultyProxy {
    /** The server's address, as those see it who come through the proxy. */
    readonly url: string;
    readonly host: string;
    /** How many requests came so far. */
    seen = 0;
    readonly #server: Server;
    readonly #upstream: string;
    readonly #kind: FaultKind | undefined;
    readonly #at: number;

    private constructor(
        server: Server,
        port: number,
        upstream: string,
        kind: FaultKind | undefined,
        at: number,
    ) {
        this.#server = server;
        this.#upstream = upstream;
        this.#kind = kind;
        this.#at = at;
        this.host = `127.0.0.1:${String(port)}`;
        this.url = `http://${this.host}`;
        server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
            void this.#handle(incoming, outgoing);
        });
    }

    /** @param at which request is hit, the first being 0; without a kind none is */
    static async start(upstream: string, kind?: FaultKind, at = 0): Promise<FaultyProxy> {
        const server = createServer();
        await once(server.listen(0, "127.0.0.1"), "listening");
        const address = server.address();
        if (address === null || typeof address === "string") throw new Error("no port");
        return new FaultyProxy(server, address.port, upstream, kind, at);
    }

    stop(): void {
        this.#server.closeAllConnections();
        this.#server.close();
    }

    async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
        const kind = this.seen++ === this.#at ? this.#kind : undefined;
        const body = await buffer(incoming);
        const page = (status: number) =>
            outgoing
                .writeHead(status, { "content-type": "text/html" })
                .end("<html><h1>Maintenance</h1></html>");
        if (kind === "reset") return void incoming.socket.resetAndDestroy();
        if (kind === "html") return void page(200);
        if (kind === "429" || kind === "500") return void page(Number(kind));
        if (kind === "slow") await wait(100);
        const sent = request(`${this.#upstream}${incoming.url ?? ""}`, {
            method: incoming.method,
            headers: { ...incoming.headers, host: new URL(this.#upstream).host },
        });
        sent.end(body);
        const [answer] = (await once(sent, "response")) as [IncomingMessage];
        const content = await buffer(answer);
        if (kind === "lost") return void incoming.socket.resetAndDestroy();
        if (kind === "page") return void page(200);
        outgoing.statusCode = answer.statusCode ?? 502;
        for (const [name, value = ""] of Object.entries(answer.headers)) {
            if (["connection", "keep-alive", "transfer-encoding"].includes(name)) continue;
            const text = typeof value === "string" ? value : value.join();
            outgoing.setHeader(name, text.replaceAll(this.#upstream, this.url));
        }
        const half = content.subarray(0, Math.floor(content.length / 2));
        if (kind === "broken") {
            outgoing.setHeader("content-length", content.length + 1);
            outgoing.flushHeaders();
            outgoing.write(half, () => outgoing.socket?.destroy());
        } else if (kind === "truncated") {
            if (incoming.method !== "HEAD") outgoing.setHeader("content-length", half.length);
            outgoing.end(half);
        } else outgoing.end(content);
    }
}
