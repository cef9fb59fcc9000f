/**
 * The promotion of a large image within one registry, compared with the only way without a provider
 * for it: pull, tag, push.
 */
import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Quay } from "../sandbox/quay/server.ts";
import { basic, imageType, Registry } from "../sandbox/registryClient.ts";
import { measure, type Measurement, run } from "./measure.ts";
import { ownStartup, PulumiProject } from "./pulumiProject.ts";
import { removeImages } from "../sandbox/demo/images.ts";
import { type Requests, Servers } from "./servers.ts";

/** One promotion to an empty repository: the whole `pulumi up`. */
export interface Promotion {
    readonly program: string;
    readonly measured: Measurement;
    readonly requests: Requests;
}

const layers = 5;
const bytesPerLayer = 500_000_000;
const repository = "svc-001";

/** Measures with an image of 2.5 GB. */
export async function measurePromotion(
    rounds: number,
    done: (promotion: Promotion) => void,
): Promise<void> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlops-bench-")));
    const servers = await Servers.start(0);
    try {
        const namespace = "promotion";
        const environment = servers.createAccount(namespace, []);
        await pushLargeImage(servers.quay, namespace, environment["QUAY_TOKEN"] ?? "", folder);
        const programs = [
            { program: "components", file: "components/promotion.ts", startup: ownStartup },
            { program: "plain Pulumi: pull, tag, push", file: "plain/promotion.ts", startup: "" },
        ];
        for (let round = 0; round < rounds; round++) {
            for (const [index, { program, file, startup }] of (round % 2 === 0
                ? programs
                : programs.toReversed()
            ).entries()) {
                // An empty repository.
                const next = `next-${String(round)}-${String(index)}`;
                const config = { services: 1, registry: servers.quay.registry, namespace, next };
                const project = await PulumiProject.create(
                    join(folder, next),
                    file,
                    config,
                    environment,
                    startup,
                );
                servers.clearRequests();
                const measured = await measure(project.command("up", "--yes", "--skip-preview"));
                done({ program, measured, requests: servers.requests() });
                await run(project.command("destroy", "--yes", "--skip-preview"));
                await removeImages(servers.quay.registry);
            }
        }
    } finally {
        await servers.stop();
        rmSync(folder, { recursive: true });
    }
}

/** Pushes an image of random bytes, which cannot be compressed, that can be pulled. */
async function pushLargeImage(
    quay: Quay,
    namespace: string,
    token: string,
    folder: string,
): Promise<void> {
    const name = `${namespace}/${repository}`;
    // Create all files before the uploads: otherwise connections would idle for seconds, and close
    // just before their next use.
    const archives = Array.from({ length: layers }, (_, layer) => makeLayer(folder, String(layer)));
    const registry = await Registry.login(quay, basic("$oauthtoken", token), `${name}:pull,push`);
    const descriptors = [];
    for (const archive of archives) {
        const bytes = new Uint8Array(readFileSync(archive));
        descriptors.push({
            mediaType: "application/vnd.oci.image.layer.v1.tar",
            digest: await registry.blob(name, bytes),
            size: bytes.length,
        });
        rmSync(archive);
    }
    const rootfs = { type: "layers", diff_ids: descriptors.map(({ digest }) => digest) };
    const config = new TextEncoder().encode(
        JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs }),
    );
    const mediaType = "application/vnd.oci.image.config.v1+json";
    const configuration = {
        mediaType,
        digest: await registry.blob(name, config),
        size: config.length,
    };
    const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: imageType,
        config: configuration,
        layers: descriptors,
    });
    const { status, text } = await registry.manifest(name, "1.0.0", manifest);
    if (status !== 201) throw new Error(`the registry refuses the image: ${text}`);
}

/** @returns the archive of a file of random bytes */
function makeLayer(folder: string, file: string): string {
    const content = join(folder, file);
    const archive = `${content}.tar`;
    writeFileSync(content, randomFillSync(new Uint8Array(bytesPerLayer)));
    execFileSync("tar", ["-cf", archive, "-C", folder, file]);
    rmSync(content);
    return archive;
}
