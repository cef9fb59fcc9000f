import { once } from "node:events";
import { connect, createServer, type ListenOptions, type NetConnectOpts } from "node:net";
import { pipeline } from "node:stream/promises";

/**
 * Forwards each connection to another server, until it is closed.
 *
 * @returns closes it: connections that are open end at once.
 */
export async function relay(from: ListenOptions, to: NetConnectOpts): Promise<() => void> {
    const closing = new AbortController();
    const server = createServer((client) => {
        const ends = pipeline(client, connect(to), client, { signal: closing.signal });
        ends.catch(() => undefined); // either side broke it off
    });
    await once(server.listen(from), "listening");
    return () => {
        server.close();
        closing.abort();
    };
}
