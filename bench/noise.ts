/** Measures the machine's speed several times during the benchmark. Other load on it shows. */
import { createHash } from "node:crypto";

/** The durations of the same piece of work, in seconds. */
const taken: number[] = [];

/** Measures how fast the machine is now, with the same piece of work on one core each time. */
export function calibrate(): void {
    const bytes = new Uint8Array(1 << 26);
    const start = performance.now();
    for (let i = 0; i < 8; i++) createHash("sha256").update(bytes).digest();
    taken.push((performance.now() - start) / 1000);
}

export function howNoisy(): string {
    const [least, most] = [Math.min(...taken), Math.max(...taken)];
    return (
        "Figures are medians. Noise: during the run, the same piece of work took " +
        `${least.toFixed(2)} to ${most.toFixed(2)} s ` +
        `(${((most / least - 1) * 100).toFixed(0)} % more).`
    );
}
