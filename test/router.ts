import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { Cluster } from "../sandbox/cluster/cluster.ts";

/** An answer of the sandbox's router. */
interface Answer {
    readonly status: number | undefined;
    readonly text: string;
}

/**
 * Requests the small server's answer at the router of a cluster, which goes by the Host of a
 * request. `fetch` sets that itself.
 */
export async function askRouter({ nodeIp }: Cluster, host: string): Promise<Answer> {
    const request = get({ host: nodeIp, path: "/static/answer", headers: { host }, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode, text: await text(response) };
}
