import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { GitHubClient } from "../../../../components/github/client.ts";

/** A client of a server that answers in place of GitHub, whatever a test lets it answer. */
export interface Answering {
    readonly client: GitHubClient;
    close(): void;
}

/** Starts the server. */
export async function startAnswering(answer: RequestListener, token: string): Promise<Answering> {
    const server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return {
        client: new GitHubClient({ apiUrl: `http://127.0.0.1:${String(port)}` }, token),
        close() {
            server.closeAllConnections();
            server.close();
        },
    };
}
