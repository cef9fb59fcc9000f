/** The order of delivery in the stacks' files: a stack comes after the one it promotes from. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { configOf, readStackFiles, stackFile } from "./file.ts";

/** A stack, and the one whose deployment publishes what it promotes. */
export interface Delivered {
    readonly stack: string;
    readonly publisher?: string | undefined;
}

const promotion = z.object({ environment: z.string() });
const service = z.object({ name: z.string() });

/** Returns the stack whose deployment publishes what this one promotes, as its file names it. */
export function publisherIn(stack: string): string | undefined {
    return publisherOf(fileOf(stack));
}

/** Returns whether a stack's file names the policies of production (policy/README.md). */
export function isProductionIn(stack: string): boolean {
    return configIn(stack)["mlops-policy:config"] === "policy/production.json";
}

/** Returns the service that stacks deliver, as their files name it; undefined where they differ. */
export function serviceOf(stacks: readonly string[]): string | undefined {
    const [name, ...others] = new Set(
        stacks.flatMap((stack) => {
            const { data } = service.safeParse(sectionOf(fileOf(stack), "service"));
            return data === undefined ? [] : [data.name];
        }),
    );
    return others.length === 0 ? name : undefined;
}

/** Returns the configuration in a stack's file; none if it has no file. */
export function configIn(stack: string): Readonly<Record<string, unknown>> {
    return configOf(fileOf(stack));
}

/** Returns the text of a stack's file; none if it has no file. */
function fileOf(stack: string): string {
    const file = stackFile(stack);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function publisherOf(text: string): string | undefined {
    return promotion.safeParse(sectionOf(text, "promoteFrom")).data?.environment;
}

function sectionOf(text: string, name: string): unknown {
    return Object.entries(configOf(text)).find(([key]) => key.endsWith(`:${name}`))?.[1];
}

/** Returns all stacks that have a file: those of this machine, then the delivered ones. */
export function stacksIn(folder: string): string[] {
    const delivered = deliveredStacksIn(folder);
    const all = Object.keys(readStackFiles(folder)).sort(byName);
    return [...all.filter((stack) => !delivered.includes(stack)), ...delivered];
}

/** Returns those that are delivered to a registry, in the order of delivery. */
export function deliveredStacksIn(folder: string): string[] {
    const stacks = Object.entries(readStackFiles(folder))
        .filter(([, text]) => sectionOf(text, "quay") !== undefined)
        .map(([stack, text]) => ({ stack, publisher: publisherOf(text) }))
        .sort((one, other) => byName(one.stack, other.stack));
    return inDeliveryOrder(stacks).map(({ stack }) => stack);
}

const byName = (one: string, other: string): number => one.localeCompare(other, "en");

/**
 * Sorts by the order of delivery. Stacks that promote from none of the others keep their order.
 *
 * @typeParam T for example the previews of stacks.
 */
export function inDeliveryOrder<T extends Delivered>(delivered: readonly T[]): T[] {
    const depth = ({ publisher }: T, below: readonly T[] = []): number => {
        const from = delivered.find(({ stack }) => stack === publisher);
        // Two stacks that promote from each other have no order.
        if (from === undefined || below.includes(from)) return 0;
        return 1 + depth(from, [...below, from]);
    };
    return delivered
        .map((one) => ({ one, depth: depth(one) }))
        .sort((a, b) => a.depth - b.depth)
        .map(({ one }) => one);
}
