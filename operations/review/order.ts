import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { configOf } from "../../configuration/file.ts";
import type { Preview } from "./preview.ts";

const promotion = z.object({ environment: z.string() });

/** Returns the stack that this one promotes from, as its file says; undefined if none. */
export function publisherIn(stack: string): string | undefined {
    const file = `Pulumi.${stack}.yaml`;
    if (!existsSync(file)) return undefined;
    const config = Object.entries(configOf(readFileSync(file, "utf8")));
    const section = config.find(([key]) => key.endsWith(":promoteFrom"))?.[1];
    return promotion.safeParse(section).data?.environment;
}

/**
 * Sorts previews by the order of delivery: a stack comes after the one that it promotes from.
 * Stacks that promote from none of the others keep their order.
 */
export function inDeliveryOrder(previews: readonly Preview[]): Preview[] {
    const depth = (preview: Preview, below: readonly Preview[] = []): number => {
        const publisher = previews.find(({ stack }) => stack === preview.publisher);
        // Two stacks that promote from each other have no order.
        if (publisher === undefined || below.includes(publisher)) return 0;
        return 1 + depth(publisher, [...below, publisher]);
    };
    return previews
        .map((preview) => ({ preview, depth: depth(preview) }))
        .sort((a, b) => a.depth - b.depth)
        .map(({ preview }) => preview);
}
