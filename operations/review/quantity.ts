/** Amounts of CPU and memory, as Kubernetes writes them and as people read them. */
import type { Value } from "./preview.ts";

const units: Readonly<Record<string, number>> = {
    n: 1e-9,
    u: 1e-6,
    m: 1e-3,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    P: 1e15,
    E: 1e18,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
    Ti: 2 ** 40,
    Pi: 2 ** 50,
    Ei: 2 ** 60,
};

/**
 * Returns a quantity as Kubernetes writes it, `500m` or `1Gi`, as a number; undefined for anything
 * else, such as a value that is not known yet.
 *
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantityOf(value: Value): number | undefined {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text !== "string") return undefined;
    const [, number, unit = ""] =
        /^(\d+(?:\.\d*)?|\.\d+)((?:[KMGTPE]i|[numkMGTPE])|[eE][+-]?\d+)?$/.exec(text) ?? [];
    if (number === undefined) return undefined;
    const factor = unit === "" ? 1 : (units[unit] ?? Number(`1${unit}`));
    const quantity = Number(number) * factor;
    return Number.isFinite(quantity) ? quantity : undefined;
}

/** Formats an amount of CPU. */
export function cores(amount: number): string {
    return `${rounded(amount)} ${amount === 1 ? "core" : "cores"}`;
}

/** Formats an amount of memory. */
export function bytes(amount: number): string {
    const names = [amount === 1 ? "byte" : "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    const power = Math.max(0, Math.min(Math.floor(Math.log2(amount) / 10), names.length - 1));
    return `${rounded(amount / 2 ** (10 * power))} ${names[power] ?? ""}`;
}

function rounded(amount: number): string {
    return String(Number(amount.toPrecision(4)));
}
