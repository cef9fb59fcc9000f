import { equal, match, notEqual } from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseImage } from "../baseImage.ts";
import { Project, run, temporary } from "../../sandbox/project.ts";

/** Two clones of one service, with the same names and the same image, but separate states. */
describe("two stacks on one machine", () => {
    const name = `two-${String(process.pid)}`;
    const program = (context: string): string => `
        import * as docker from "@pulumi/docker";
        import { ServiceImage } from "./components/serviceImage.ts";
        const { imageName } = new ServiceImage("${name}", { repository: "${name}", context: "${context}" });
        const network = new docker.Network("${name}");
        export const container = new docker.Container("${name}", {
            image: imageName, networksAdvanced: [{ name: network.name }],
        }).name;`;

    it("make down of one leaves the other's container, image, network and state unchanged", async () => {
        const folder = temporary("context");
        const context = join(folder, "service");
        mkdirSync(context);
        const [one, two] = await Promise.all([
            Project.create({}, {}, undefined, program(context)),
            Project.create({}, {}, undefined, program(context)),
        ]);
        writeFileSync(
            join(context, "Dockerfile"),
            `FROM ${baseImage()}\nLABEL test=${name}\nSTOPSIGNAL SIGKILL\nCMD ["sleep", "600"]\n`,
        );
        for (const project of [one, two]) {
            const { failed, output } = await project.up();
            equal(failed, false, output);
        }
        const container = await two.output("container");
        notEqual(container, await one.output("container"));
        const state = two.storedState();

        const down = one.start("node", "operations/down.ts", "local");
        equal(await down.ended, 0, down.output);
        const { stdout } = await run("docker", [
            "inspect",
            "--format",
            "{{.State.Running}} {{len .NetworkSettings.Networks}}",
            container,
        ]);
        match(stdout, /^true 1$/m);
        const images = ["images", "--quiet", name];
        notEqual((await run("docker", images)).stdout, "");
        equal(two.storedState(), state);

        const rest = two.start("node", "operations/down.ts", "local");
        equal(await rest.ended, 0, rest.output);
        equal((await run("docker", images)).stdout, "");
        one.remove();
        two.remove();
        rmSync(folder, { recursive: true });
    });
});
