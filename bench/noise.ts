/** How fast the machine is, now and then while the benchmark runs: what else it does shows. */
import { createHash } from "node:crypto";

/** Seconds that the same piece of work took. */
const taken: number[] = [];

/** The same piece of work on one core: how fast the machine is just now. */
export function calibrate(): void {
    const bytes = new Uint8Array(1 << 26);
    const start = performance.now();
    for (let i = 0; i < 8; i++) createHash("sha256").update(bytes).digest();
    taken.push((performance.now() - start) / 1000);
}

export function howNoisy(): string {
    const [least, most] = [Math.min(...taken), Math.max(...taken)];
    return (
        `Figures are medians. How noisy the run was: the same piece of work took ${least.toFixed(2)} to ${most.toFixed(2)} s over the run ` +
        `(${((most / least - 1) * 100).toFixed(0)} % more).`
    );
}
