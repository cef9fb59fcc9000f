import { equal, match } from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseImage } from "../baseImage.ts";
import { Project, temporary } from "../../sandbox/project.ts";

describe("a build that takes longer than buildTimeout", () => {
    it("is ended with the setting that allows more, and with the log of its steps", async () => {
        const folder = temporary("context");
        const context = join(folder, "service");
        mkdirSync(context);
        const project = await Project.create(
            { context },
            {},
            undefined,
            `import * as pulumi from "@pulumi/pulumi";
            import { ServiceImage } from "./components/serviceImage.ts";
            const context = new pulumi.Config("mlops").require("context");
            new ServiceImage("slow", { repository: "slow", context, buildTimeout: 1 });`,
        );
        try {
            // The folder's name keeps the engine from using a cached step.
            const steps = `RUN echo ${folder} && sleep 300`;
            writeFileSync(join(context, "Dockerfile"), `FROM ${baseImage()}\n${steps}\n`);
            const { failed, output } = await project.up();
            equal(failed, true);
            match(output, /The build takes longer than mlops:service\.buildTimeout allows/);
            match(output, /pulumi config set --path mlops:service\.buildTimeout 2/);
            const log = /How far it came: (\S+)/.exec(output)?.[1] ?? "";
            match(readFileSync(join(project.folder, log), "utf8"), /sleep 300/);
        } finally {
            await project.destroy();
            project.remove();
            rmSync(folder, { recursive: true });
        }
    });
});
