import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Quay, startQuay } from "../standins/quay/server.ts";
import { Project, type Running, run, temporary } from "./project.ts";

/** A repository with everything that belongs to it, and an image that is published to it. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { QuayRepository } from "./components/quayRepository.ts";
import { ServiceImage } from "./components/serviceImage.ts";

const repository = new QuayRepository("digits", {
    namespace: "alice", repository: "digits", robot: "digits_robot", autoPrune: [{ keep: 10 }], immutableTags: "[0-9.]+",
});
const publish = { version: "1.0.0", username: repository.robotUsername, password: repository.robotToken };
const context = new pulumi.Config("mlops").require("context");
export const { digest } = new ServiceImage("digits", { repository: repository.image, context, publish });
`;

/** Every request of the chain that changes something, and one of each kind that reads. */
const steps: Record<string, { readonly method: string; readonly path: string }> = {
    "the token is proved": { method: "GET", path: "^/api/v1/user/$" },
    "the repository is made": { method: "POST", path: "^/api/v1/repository$" },
    "the robot is made": { method: "PUT", path: "^/api/v1/user/robots/digits_robot$" },
    "the robot gets its right": { method: "PUT", path: "/permissions/user/" },
    "the auto-prune policy is made": { method: "POST", path: "/autoprunepolicy/" },
    "the immutability policy is made": { method: "POST", path: "/immutabilitypolicy/" },
    "Docker logs in": { method: "GET", path: "^/v2/auth.*digits_robot" },
    "the push begins": { method: "POST", path: "^/v2/alice/digits/blobs/uploads/" },
    "a layer goes up": { method: "PATCH", path: "^/v2/alice/digits/blobs/uploads/" },
    "a layer is complete": { method: "PUT", path: "^/v2/alice/digits/blobs/uploads/" },
    "the manifest is pushed": { method: "PUT", path: "^/v2/alice/digits/manifests/ctx-" },
    "the digest is read": { method: "(GET|HEAD)", path: "^/v2/alice/digits/manifests/" },
    "the version is set": { method: "PUT", path: "^/v2/alice/digits/manifests/1.0.0" },
    "latest is set": { method: "PUT", path: "^/v2/alice/digits/manifests/latest" },
};

describe("an up that is interrupted", () => {
    let quay: Quay;
    let token: string;
    let project: Project;
    let context: string;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        context = join(temporary("context"), "service");
        mkdirSync(context);
        writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY content /content\n");
        writeFileSync(join(context, "content"), "one");
        project = await Project.create({ context }, { QUAY_URL: quay.url, QUAY_TOKEN: token }, undefined, program);
    });
    afterEach(async () => {
        const images = (await run("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", `${quay.registry}/*/*`])).stdout.trim();
        if (images !== "") await run("docker", ["rmi", ...images.split("\n")]);
        project.remove();
        rmSync(join(context, ".."), { recursive: true });
        await quay.stop();
    });

    const startUp = (): Running =>
        project.start("pulumi", "up", "--stack", "local", "--yes", "--skip-preview", "--non-interactive", "--color", "never");

    /** One `up`, and everything is there, once; the next one has nothing to do. */
    async function expectConverged(): Promise<void> {
        const first = await project.up();
        equal(first.failed, false, first.output);
        const second = await project.up();
        deepEqual(Object.keys(second.changes), ["same"], second.output);
        console.log(JSON.stringify(quay.dump()).slice(0, 3000));
    }

    for (const [index, [what, request]] of Object.entries(steps).entries()) {
        const signal = index % 2 === 0 ? "SIGINT" : "SIGTERM";
        it(`by ${signal} while ${what}: up again`, async () => {
            const held = quay.faults.hold(request);
            const up = startUp();
            await held.reached;
            up.signal(signal);
            await up.prints(/cancelling/);
            held.release();
            equal(await up.ended, 1, up.output);
            console.log(up.output);
            await expectConverged();
        });
    }
});
