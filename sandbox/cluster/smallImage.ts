import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../toolchain/cacheFolder.ts";
import { run, temporary } from "../project.ts";

/**
 * Builds the image of a small server on this machine's Docker engine: kubectl alone, which answers
 * `/static/answer` on port 8080. It needs no base image, starts at once, and runs as any user.
 *
 * @param tag `NAME:TAG`
 * @param answer the content of `/static/answer`.
 */
export async function buildSmallImage(tag: string, answer: string): Promise<void> {
    const context = temporary("context");
    writeSmallService(context, answer);
    await run("docker", ["build", "--quiet", "--tag", tag, context]);
    rmSync(context, { recursive: true });
}

/** Writes the build context of such a server into a folder. */
export function writeSmallService(context: string, answer: string): void {
    copyFileSync(join(cacheFolder(), "cluster/bin/kubectl"), join(context, "kubectl"));
    writeFileSync(join(context, "answer"), answer);
    writeFileSync(
        join(context, "Dockerfile"),
        `FROM scratch
        COPY kubectl /
        COPY answer /www/
        USER 65534
        EXPOSE 8080
        ENTRYPOINT ["/kubectl", "proxy", "--server=http://127.0.0.1", "--address=0.0.0.0", \\
            "--port=8080", "--accept-hosts=.*", "--www=/www"]`,
    );
}
