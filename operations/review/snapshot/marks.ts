import { createHash } from "node:crypto";
import type { Leaf } from "./leaves.ts";

/**
 * What stands for each secret of a stack in its snapshot. A mark is made of where the secret comes
 * from, not of its value, so nothing about the value can be found out from it. Equal secrets have
 * the same mark, so a preview sees whether one is put in the place of another.
 */
export class Marks {
    /** By leaf: the first place, in the alphabet, that has it. */
    readonly #origins = new Map<string, string>();
    /** By resource and leaf: what the program computes from marks. */
    readonly #computed = new Map<string, Leaf>();

    /** @param origin a place that has the secret. */
    add(leaf: Leaf, origin: string): void {
        const known = this.#origins.get(JSON.stringify(leaf));
        if (known === undefined || origin < known) this.#origins.set(JSON.stringify(leaf), origin);
    }

    /** Has what the program computes from marks stand for a secret of a resource. */
    compute(urn: string, leaf: Leaf, computed: Leaf): void {
        this.#computed.set(keyOf(urn, leaf), computed);
    }

    /** Returns what stands for a secret of a resource. */
    of(urn: string, leaf: Leaf): Leaf {
        const computed = this.#computed.get(keyOf(urn, leaf));
        if (computed !== undefined) return computed;
        if (leaf === "") return leaf;
        if (typeof leaf === "string") return markOf(this.#origins.get(JSON.stringify(leaf)) ?? urn);
        return typeof leaf === "number" ? 0 : false;
    }
}

/** Returns the mark of a secret that comes from somewhere, as 20 hexadecimal digits. */
export function markOf(origin: string): string {
    return `mlops-secret-${createHash("sha256").update(origin).digest("hex").slice(0, 20)}`;
}

function keyOf(urn: string, leaf: Leaf): string {
    return JSON.stringify([urn, leaf]);
}
