/** Hashing of a large build context, compared with `tar | sha256sum`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { measure, type Measurement } from "./measure.ts";

export interface HashingPair {
    readonly own: Measurement;
    readonly tar: Measurement;
}

const folders = 100;
const filesPerFolder = 100;
const bytesPerFile = 110_000;

/** Measures with 1.1 GB in 10,000 files. */
export async function measureHashing(
    pairs: number,
    done: (pair: HashingPair) => void,
): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "mlops-bench-"));
    try {
        writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY . /\n");
        for (let i = 0; i < folders; i++) {
            mkdirSync(join(folder, String(i)));
            for (let j = 0; j < filesPerFolder; j++)
                writeFileSync(join(folder, String(i), String(j)), randomBytes(bytesPerFile));
        }
        const module = join(import.meta.dirname, "../components/docker/buildContext.ts");
        const program = `
            const { hashContext } = await import(${JSON.stringify(module)});
            console.log(hashContext({ folder: ".", dockerfile: "Dockerfile" }));`;
        const own = {
            command: ["node", "--input-type=module", "--eval", program],
            folder,
            environment: {},
        };
        const tar = { command: ["bash", "-c", "tar -cf - . | sha256sum"], folder, environment: {} };
        for (let pair = 0; pair < pairs; pair++)
            done({ own: await measure(own), tar: await measure(tar) });
    } finally {
        rmSync(folder, { recursive: true });
    }
}
