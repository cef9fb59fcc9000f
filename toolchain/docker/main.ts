/**
 * Runs Pulumi's provider for Docker without what it logs: the credentials that it pushes an image
 * with (kreuzwerker/terraform-provider-docker, resource_docker_registry_image_funcs.go). The engine
 * would show them with `--debug`, with TF_LOG, and from `-v=3` on.
 */
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import docker from "@pulumi/docker/package.json" with { type: "json" };
import { relay } from "./relay.ts";

const home = process.env["PULUMI_HOME"] || join(homedir(), ".pulumi");
const folder = join(home, "plugins", `resource-docker-v${docker.version}`);
const plugin = join(folder, "pulumi-resource-docker");

// The engine passes its own address as the last argument.
const { address, ended } = await relay(process.argv.at(-1) ?? "");
const provider = spawn(plugin, [...process.argv.slice(2, -1), address], { stdio: "inherit" });
provider.on("error", ({ message }) => {
    process.stderr.write(
        `The provider for Docker does not start (${message}). To install it: ` +
            `pulumi plugin install resource docker v${docker.version}\n`,
    );
    process.exit(1);
});
provider.on("exit", (code) => process.exit(code ?? 1));
// The engine interrupts both: they are in one process group. The provider decides when to end.
process.on("SIGINT", () => undefined);
// Without an engine, perhaps killed, nothing more must be changed.
await ended;
provider.kill();
