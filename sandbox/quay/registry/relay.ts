import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RegistryRequest } from "./distribution.ts";
import { meter } from "./meter.ts";
import type { Visit } from "./visit.ts";

/** Relays a request to the underlying registry. */
export async function relay(visit: Visit, request: RegistryRequest): Promise<void> {
    await pass(visit, await visit.context.distribution.ask(request));
}

/** Streams the registry's answer, with the public repository name instead of the registry's own. */
export async function pass(visit: Visit, answer: IncomingMessage): Promise<void> {
    const { context, repository, response } = visit;
    const { location, "content-type": type } = answer.headers;
    response
        .status(answer.statusCode ?? 502)
        .set(without(answer.headers, "connection", "keep-alive", "transfer-encoding"));
    if (location !== undefined) {
        const shown = `${context.url}/v2/${repository.namespace}/${repository.name}/`;
        response.set("location", location.replace(`/v2/${repository.id}/`, shown));
    }
    if (type === "application/octet-stream") await pipeline(answer, blobMeter(visit), response);
    else await pipeline(answer, response);
}

/** The transform for a blob: counts its bytes, and slows it down as the faults say. */
export function blobMeter({ context: { traffic, faults }, response }: Visit): Transform {
    return meter(
        () => faults.speed(response),
        (bytes) => {
            traffic.addBlobBytes(response, bytes);
        },
    );
}

export function without(
    headers: IncomingHttpHeaders,
    ...names: readonly string[]
): Record<string, string | string[]> {
    return Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) =>
            names.includes(name) || value === undefined ? [] : [[name, value]],
        ),
    );
}
