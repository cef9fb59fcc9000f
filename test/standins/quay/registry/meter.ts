import { Transform } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

/** Lets bytes through at a speed, and says how many. */
export function meter(bytesPerSecond: number, count: (bytes: number) => void): Transform {
    return new Transform({
        transform(chunk: Buffer, _encoding, done) {
            const pass = (): void => {
                count(chunk.length);
                done(null, chunk);
            };
            if (bytesPerSecond === Infinity) pass();
            else void wait((chunk.length / bytesPerSecond) * 1000).then(pass);
        },
    });
}
