import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RegistryRequest } from "./distribution.ts";
import { meter } from "./meter.ts";
import type { Visit } from "./visit.ts";

/** Asks the registry behind, and answers what it answers. */
export async function relay(visit: Visit, request: RegistryRequest): Promise<void> {
    await pass(visit, await visit.context.distribution.ask(request));
}

/** Streams the registry's answer, with its own name for the repository replaced by the public one. */
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

/** What a visit's blob goes through: counted, and as fast as the faults say. */
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
