import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * Removes a registry's image names from the Docker engine; an image keeps its other names.
 *
 * @param registry HOST:PORT
 */
export async function removeImages(registry: string): Promise<void> {
    const docker = async (...options: string[]): Promise<string> =>
        (await promisify(execFile)("docker", options)).stdout.trim();
    const format = '{{.Repository}}{{if eq .Tag "<none>"}}@{{.Digest}}{{else}}:{{.Tag}}{{end}}';
    const names = await docker("images", "--digests", "--format", format, `${registry}/*/*`);
    if (names !== "") await docker("rmi", "--force", ...new Set(names.split("\n")));
}
