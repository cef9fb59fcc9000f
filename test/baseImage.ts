import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Returns the base image of the example service, or what stands in for it on this machine. */
export function baseImage(): string {
    const dockerfile = readFileSync(join(import.meta.dirname, "../service/Dockerfile"), "utf8");
    const [, official = ""] = /^FROM (\S+)/m.exec(dockerfile) ?? [];
    return process.env["MLOPS_BASE_IMAGE"] || official;
}
