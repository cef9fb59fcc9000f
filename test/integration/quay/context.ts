import { deepEqual } from "node:assert/strict";
import { QuayClient } from "../../../quay/api/client.ts";
import type { ClientOptions } from "../../../quay/api/client.ts";
import type { Context } from "../../../quay/definition/context.ts";
import type { Resource } from "../../../quay/definition/resource.ts";
import type { Properties } from "../../../quay/definition/values.ts";
import type { Quay } from "../../../sandbox/quay/server.ts";

/** Retries come at once: how long they wait is tested with the client. */
export const retryDelay = 1;

/** What resources and functions work with: a running Quay, asked with a token. */
export function contextOf(
    quay: Quay,
    token: string,
    warnings: string[] = [],
    options: Pick<ClientOptions, "timeout"> = {},
): Context {
    const site = { url: quay.url, host: quay.registry };
    const { signal } = new AbortController();
    return {
        api: new QuayClient({
            site,
            tokenVariable: "QUAY_TOKEN",
            token,
            maxParallelRequests: 8,
            signal,
            retryDelay,
            ...options,
        }),
        importCommand: (id) => `pulumi import ${id}`,
        forgetCommand: "pulumi state delete URN",
        made: new Set(),
        warn: (message) => {
            warnings.push(message);
            return Promise.resolve();
        },
    };
}

/** A resource that was made. */
export interface Made {
    readonly resource: Resource;
    readonly id: string;
    readonly inputs: Properties;
    readonly state: Properties;
}

/** Checks the inputs and makes the resource, as the engine does. */
export async function make(resource: Resource, given: Properties, context: Context): Promise<Made> {
    const { inputs, failures } = await resource.check(given, {}, context);
    deepEqual(failures, []);
    return { resource, inputs, ...(await resource.create(inputs, context)) };
}
