import { equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { Project, temporary } from "../../sandbox/project.ts";

/** An image that follows its base images, as the local stack builds it. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { ServiceImage } from "./components/serviceImage.ts";
import { baseImagesOf } from "./components/docker/baseImage.ts";

const config = new pulumi.Config("mlops");
const build = { context: config.require("context"), dockerfile: "Dockerfile", buildContexts: {} };
const baseImages = await baseImagesOf({ ...build, pull: config.requireBoolean("pull") });
const image = new ServiceImage("digits", { ...build, repository: config.require("name"), baseImages });
export const { imageName, reference } = image;
`;

describe("an image that follows its base image", () => {
    const name = `e2e-base-${String(process.pid)}`;
    let quay: Quay;
    let project: Project;
    let folder: string;
    let base: string;
    let first: string | undefined;
    /** Sends a request to the API of Quay's repositories. */
    let post: (path: string, body: object) => Promise<void>;

    async function docker(...command: string[]): Promise<string> {
        const env = { ...process.env, DOCKER_CONFIG: join(folder, "docker") };
        return (await promisify(execFile)("docker", command, { env })).stdout.trim();
    }
    /**
     * Publishes another base image with the same name. This machine's Docker engine keeps the first
     * one.
     */
    async function publishBase(content: string): Promise<void> {
        const dockerfile = join(folder, "Dockerfile.base");
        writeFileSync(dockerfile, "FROM scratch\nCOPY content /content\n");
        writeFileSync(join(folder, "content"), content);
        await docker("build", "--quiet", "--tag", base, "--file", dockerfile, folder);
        await docker("push", "--quiet", base);
        first ??= await docker("images", "--quiet", base);
        await docker("tag", first, base);
    }
    /** Returns the base image's file from the built image. */
    async function contentOf(image: string): Promise<string> {
        const container = await docker("create", image, "none");
        try {
            const copy = join(folder, "copy");
            await docker("cp", `${container}:/content`, copy);
            return readFileSync(copy, "utf8");
        } finally {
            await docker("rm", container);
        }
    }
    const config = (pull: boolean) => ({ context: join(folder, "service"), name, pull });
    async function up(): Promise<string> {
        const { failed, output } = await project.up();
        equal(failed, false, output);
        return project.output("reference");
    }

    before(async () => {
        folder = temporary("base");
        quay = await startQuay();
        quay.createUser("alice");
        const token = quay.createToken({ user: "alice" });
        base = `${quay.registry}/alice/base:1`;
        mkdirSync(join(folder, "service"));
        writeFileSync(join(folder, "service/Dockerfile"), `FROM ${base}\nCOPY own /own\n`);
        writeFileSync(join(folder, "service/own"), "own");
        post = async (path, body) => {
            const { ok } = await fetch(`${quay.url}/api/v1/repository${path}`, {
                method: "POST",
                headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
                body: JSON.stringify(body),
            });
            equal(ok, true);
        };
        await post("", {
            namespace: "alice",
            repository: "base",
            visibility: "public",
            description: "",
        });
        await docker("login", quay.registry, "--username", "$oauthtoken", "--password", token);
        await publishBase("one");
        project = await Project.create(config(true), {}, undefined, program);
    });
    after(async () => {
        await project.destroy();
        project.remove();
        const listed = [name, `${quay.registry}/alice/base`].map((of) =>
            docker("images", "--quiet", of),
        );
        const images = await Promise.all(listed);
        await docker("rmi", "--force", ...new Set(images.join("\n").split("\n").filter(Boolean)));
        await quay.stop();
        rmSync(folder, { recursive: true });
    });

    it("is built once, and again when the new base image has changed", async () => {
        equal(await contentOf(await up()), "one");
        equal((await project.preview()).changes["same"], 3);
        await publishBase("two");
        const { output } = await project.preview();
        match(output, /RemoteImage.*replace|\+-.*RemoteImage/s, output);
        equal(await contentOf(await up()), "two");
        equal((await project.preview()).changes["same"], 3);
    });

    it("stays the same if it does not follow its base image", async () => {
        project.configure(config(false));
        const before = await up();
        await publishBase("three");
        equal(await up(), before);
    });

    it("follows a private one with the credentials of the Docker configuration alone", async () => {
        project.configure(config(true));
        await post("/alice/base/changevisibility", { visibility: "private" });
        await publishBase("four");
        const refused = async (folder: string): Promise<string> => {
            project.setEnvironment("DOCKER_CONFIG", folder);
            const { failed, output } = await project.up();
            equal(failed, true, output);
            equal(/\n\s+at .*\.ts:\d+/.test(output), false, output);
            return output;
        };
        const others = join(folder, "others");
        mkdirSync(others);
        match(await refused(others), /without credentials \(40[13]; to log in: docker login /);
        const auth = Buffer.from("eve:wrong").toString("base64");
        const auths = { [quay.registry]: { auth } };
        writeFileSync(join(others, "config.json"), JSON.stringify({ auths }));
        match(await refused(others), /with the credentials of "eve" in the Docker configuration/);

        project.setEnvironment("DOCKER_CONFIG", join(folder, "docker"));
        equal(await contentOf(await up()), "four");
        equal((await project.preview()).changes["same"], 3);
    });

    it("fails with a one-line error if the registry does not answer", async () => {
        project.configure(config(true));
        writeFileSync(join(folder, "service/Dockerfile"), "FROM 127.0.0.1:1/alice/base:1\n");
        const { failed, output } = await project.preview();
        equal(failed, true);
        match(
            output,
            /mlops:service\.pull is true, but the digest of the base image "127\.0\.0\.1:1\/alice\/base:1"/,
        );
        equal(/\n\s+at .*\.ts:\d+/.test(output), false, output);
    });
});
