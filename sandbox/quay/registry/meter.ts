import { Transform } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

const step = 20;

/** Limits a stream to a speed, which may change meanwhile, and counts its bytes. */
export function meter(bytesPerSecond: () => number, count: (bytes: number) => void): Transform {
    return new Transform({
        transform(chunk: Buffer, _encoding, done) {
            void (async () => {
                for (let left = chunk.length; left > 0; left -= (bytesPerSecond() / 1000) * step) {
                    if (bytesPerSecond() === Infinity) break;
                    await wait(step);
                }
                count(chunk.length);
                done(null, chunk);
            })();
        },
    });
}
